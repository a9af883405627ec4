"""Loads k8snb into a shell and takes it out again; imports nothing heavy."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from k8snb.notebook import complete, failures, hooks
from k8snb.notebook.magics import K8sMagics
from k8snb.notebook.running import Running
from k8snb.notebook.skew import SkewMagics

if TYPE_CHECKING:
    from k8snb.notebook.session import Session


_unloaded: WeakKeyDictionary[Any, hooks.Hooks] = WeakKeyDictionary()
"""Hooks of shells that the extension was taken out of: ``%reload_ext`` takes it out and loads it again."""


def load(shell: Any) -> None:
    """Register magics and hooks; what an earlier load in the shell knew of steps and results is known again."""
    unload(shell)
    own = _unloaded.pop(shell, None)
    if own is None:
        own = hooks.Hooks(shell, _make_session)
        executed = enumerate(shell.history_manager.input_hist_raw)
        own.executed += [Running(source, number=number) for number, source in executed if source.strip()]
    hooks.install(own)
    failures.install(shell)
    atexit.register(own.close)
    shell.register_magics(K8sMagics(shell, own), SkewMagics(shell, own))
    complete.install(shell, complete.Completer(own))


def unload(shell: Any) -> None:
    """Take magics and hooks away."""
    own = hooks.remove()
    if own is not None:
        own.close()
        _unloaded[shell] = own
        failures.remove(shell)
        complete.remove(shell)
        atexit.unregister(own.close)
        for kind in shell.magics_manager.magics.values():
            for name in [n for n in kind if n.startswith("k8s_")]:
                del kind[name]


def _make_session(shell: Any, own: hooks.Hooks) -> Session:
    from k8snb.notebook.session import Session

    session = Session(shell, lambda: own.running)
    for cell in own.executed:
        session.remember(cell)
    return session
