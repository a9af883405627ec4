"""The one daemon thread with an event loop, through which synchronous callers reach the engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def submit(coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    """Run a coroutine on the portal's loop.

    Returns
    -------
    concurrent.futures.Future
        Waiting for its result is interrupted by ``KeyboardInterrupt``; the coroutine goes on until it is cancelled.
    """
    return asyncio.run_coroutine_threadsafe(coroutine, _running_loop())


def call(function: Callable[[], None]) -> None:
    """Call a function on the portal's thread, soon."""
    _running_loop().call_soon_threadsafe(function)


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop  # noqa: PLW0603 - one thread for the process, made when first needed
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="k8snb", daemon=True).start()
        return _loop
