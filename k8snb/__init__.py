"""Run annotated notebook cells as Kubernetes pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8snb.ui.history import Runs

__version__ = "0.1.0"


def load_ipython_extension(shell: Any) -> None:
    """Register the magics: what ``%load_ext k8snb`` calls."""
    from k8snb.notebook import extension

    extension.load(shell)


def runs(stack: str | None = None, *, limit: int | None = 100) -> Runs:
    """Return the runs that a stack's artifact store knows of, the newest last.

    Parameters
    ----------
    stack : str, optional
        The stack's name; without it the active one: the notebook's, or what files and environment say.
    limit : int or None
        How many at most, the newest; None: all.

    Returns
    -------
    list of k8snb.run.history.Run
        A notebook shows it as a table.

    Raises
    ------
    StackError
        There is no such stack.
    StoreError
        Its store cannot be reached, or refuses.

    Examples
    --------
    >>> k8snb.runs()[-1].step("train").outputs["model"]  # doctest: +SKIP
    """
    from k8snb.notebook import past

    return past.runs(stack, limit=limit)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away again: what ``%unload_ext k8snb`` calls."""
    from k8snb.notebook import extension

    extension.unload(shell)
