"""An exception as it is written down: its name, its text, and its traceback as the user sees it."""

from __future__ import annotations

import os
import traceback
from types import TracebackType
from typing import TYPE_CHECKING

from k8snb.runner.spec import Failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from traceback import TracebackException

    from k8snb.runner.shell import StepShell

_HERE = os.path.dirname(__file__) + os.sep  # noqa: PTH120 - pathlib would be imported for this

LONGEST = 100_000
"""Characters of a traceback with its surroundings at most; a longer one is without them."""


def describe(error: BaseException, shell: Callable[[], StepShell] | None = None) -> Failure:
    """Describe an exception with its causes, notes and, for groups, the exceptions inside.

    Parameters
    ----------
    error : BaseException
    shell : callable, optional
        Makes IPython's shell, where the traceback is to look as in a kernel.
    """
    return Failure(type(error).__name__, _text(error), _traceback(error, shell))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:  # noqa: BLE001 - the user's __str__ may raise anything
        return f"<its text cannot be had: {type(broken).__name__}>"


def _traceback(error: BaseException, shell: Callable[[], StepShell] | None) -> list[str]:
    own = getattr(error, "_render_traceback_", None)  # IPython's way for an exception to say how it is shown
    if callable(own):
        try:
            return [str(line) for line in own()]
        except Exception:  # noqa: BLE001, S110
            pass
    # What ends the process must be told soon; in a kernel syntax errors and groups look as they do here.
    plain = SyntaxError | ExceptionGroup | MemoryError
    if shell is not None and isinstance(error, Exception) and not isinstance(error, plain):
        try:
            if len(text := _as_in_a_kernel(error, shell())) < LONGEST:
                return text.split("\n")
        except Exception:  # noqa: BLE001, S110 - the plain one needs nobody
            pass
    shown = traceback.TracebackException.from_exception(error, compact=True)
    _leave_out_runner(shown)
    return "".join(shown.format()).rstrip("\n").split("\n")


def _as_in_a_kernel(error: BaseException, shell: StepShell) -> str:
    """Return the traceback as IPython shows it: with colours, and the lines around each that is meant."""
    seen: list[BaseException] = []
    chained: list[BaseException | None] = [error]
    while chained:
        one = chained.pop()
        if one is not None and one not in seen:
            seen.append(one)
            one.__traceback__ = _without_runner(one.__traceback__)
            chained += one.__cause__, one.__context__
    shown: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__, tb_offset=0)
    return "\n".join(shown).rstrip("\n")


def _without_runner(found: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the runner's own frames, as in ``print``; but not where there are no others."""
    frames: list[TracebackType] = []
    frame = found
    while frame is not None:
        frames.append(frame)
        frame = frame.tb_next
    kept: TracebackType | None = None
    for frame in reversed(frames):
        if not frame.tb_frame.f_code.co_filename.startswith(_HERE):
            kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept or found


def _leave_out_runner(shown: TracebackException | None) -> None:
    """Leave the runner's own frames out, as in ``print``; but not where there are no others."""
    if shown is None:
        return
    users = [frame for frame in shown.stack if not frame.filename.startswith(_HERE)]
    if users:
        shown.stack[:] = users
    for inner in (shown.__cause__, shown.__context__, *(shown.exceptions or ())):
        _leave_out_runner(inner)
