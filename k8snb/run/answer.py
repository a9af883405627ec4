"""Waits for a store so that an interrupt is heard meanwhile, and not for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from k8snb.artifacts.store import Store
from k8snb.errors import StoreError

PATIENCE = 30.0
"""Seconds that a store has to tell of a few runs."""

T = TypeVar("T")


def answer(store: Store, ask: Callable[[], T], *, patience: float | None = None) -> T:
    """Ask a store for something in a thread of its own, and wait for what comes.

    Parameters
    ----------
    store : Store
    ask : callable
        Returns what is asked for. It goes on where nobody waits any more.
    patience : float, optional
        Seconds that it may take; 0: as long as it takes. By default `PATIENCE`.

    Raises
    ------
    StoreError
        Nothing has come.
    """
    done: Future[T] = Future()

    def work() -> None:
        try:
            done.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - whoever waits is to have it
            done.set_exception(error)

    patience = PATIENCE if patience is None else patience
    threading.Thread(target=work, name="k8snb-store", daemon=True).start()
    try:
        wait([done], patience or None)
    except KeyboardInterrupt as interrupt:
        interrupt._render_traceback_ = lambda: ["KeyboardInterrupt"]  # type: ignore[attr-defined]  # IPython's word
        raise
    if not done.done():
        fix = "is it up, and is this machine in its network (VPN, proxy)?"
        raise StoreError(f"no answer within {patience:.0f} s", where=store.place, fix=fix)
    return done.result()
