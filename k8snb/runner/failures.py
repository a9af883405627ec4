"""An exception as it is written down: its name, its text, and its traceback as the user sees it."""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING

from k8snb.runner.spec import Failure

if TYPE_CHECKING:
    from traceback import TracebackException

_HERE = os.path.dirname(__file__) + os.sep  # noqa: PTH120 - pathlib would be imported for this


def describe(error: BaseException) -> Failure:
    """Describe an exception with its causes, notes and, for groups, the exceptions inside."""
    return Failure(type(error).__name__, _text(error), _traceback(error))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:  # noqa: BLE001 - the user's __str__ may raise anything
        return f"<its text cannot be had: {type(broken).__name__}>"


def _traceback(error: BaseException) -> list[str]:
    own = getattr(error, "_render_traceback_", None)  # IPython's way for an exception to say how it is shown
    if callable(own):
        try:
            return [str(line) for line in own()]
        except Exception:  # noqa: BLE001, S110
            pass
    shown = traceback.TracebackException.from_exception(error, compact=True)
    _leave_out_runner(shown)
    return "".join(shown.format()).rstrip("\n").split("\n")


def _leave_out_runner(shown: TracebackException | None) -> None:
    """Leave the runner's own frames out, as in ``print``; but not where there are no others."""
    if shown is None:
        return
    users = [frame for frame in shown.stack if not frame.filename.startswith(_HERE)]
    if users:
        shown.stack[:] = users
    for inner in (shown.__cause__, shown.__context__, *(shown.exceptions or ())):
        _leave_out_runner(inner)
