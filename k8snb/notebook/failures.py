"""How the notebook shows a step's exception: as the step's own traceback, whatever class it is of."""

from __future__ import annotations

from typing import Any

from k8snb.errors import StepFailed


def install(shell: Any) -> None:
    """Show steps' exceptions; where somebody shows some of their own way already, that stays."""
    if not shell.custom_exceptions:
        shell.set_custom_exc((StepFailed,), _show)


def remove(shell: Any) -> None:
    """Show them as IPython does."""
    if shell.custom_exceptions == (StepFailed,):
        shell.set_custom_exc((), None)


def _show(shell: Any, kind: type[StepFailed], error: StepFailed, traceback: Any, tb_offset: int | None = None) -> None:
    """Show an error; in IPython syntax errors and groups, which a step's error may be too, have no way of their own."""
    if isinstance(error, SyntaxError | BaseExceptionGroup):
        stand_in = type(kind.__name__, (StepFailed,), {})(error.what)
        stand_in.step, stand_in.failure = error.step, error.failure
        kind, error = type(stand_in), stand_in
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
