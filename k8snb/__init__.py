"""Run annotated notebook cells as Kubernetes pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8snb.distributions.facets.dive import Dive
    from k8snb.distributions.skew import Skew
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


def skew(*data: Any, **named: Any) -> Skew:
    """Return how the distributions of data sets differ from those of the first one.

    In a step it is computed in the pod, and only statistics come back.

    Parameters
    ----------
    *data : object
        Data sets, two or more: frames, arrays (rows x columns), lists, dicts of columns, Arrow tables, paths of
        Parquet, CSV and Arrow files, ``s3://`` addresses of such.
    **named : object
        More of them, by name: ``train=a, test=b``; and thresholds, see `k8snb.distributions.verdict.Thresholds`:
        ``psi``, ``js``, ``l_infinity``, ``ks``, ``alpha``.

    Returns
    -------
    k8snb.distributions.skew.Skew
        A notebook shows it: the verdict, and Facets Overview of all sets.

    Raises
    ------
    InputError
        What is no data set, has no rows, or has no column in common with the others.

    Examples
    --------
    >>> k8snb.skew([1, 2, 3], [1, 2, 3]).drifted
    []
    """
    from k8snb.distributions.skew import skew as compute

    return compute(*data, **named)


def dive(*data: Any, **more: Any) -> Dive:
    """Return rows of data sets, to be looked at in Facets Dive.

    Parameters
    ----------
    *data : object
        Data sets, as `skew` takes them; one or more.
    **more : object
        More of them, by name; ``rows=5_000``: how many are shown at most, evenly chosen; ``columns=[...]``: which;
        ``color``, ``across``, ``down``: columns by which rows are coloured and put side by side or below each other.

    Returns
    -------
    k8snb.distributions.facets.dive.Dive

    Raises
    ------
    InputError
        What is no data set, has no rows, or has no such column.

    Examples
    --------
    >>> k8snb.dive({"x": [1, 2, 3]})
    set 1: all 3 rows
    """
    from k8snb.distributions.facets.dive import dive as look

    return look(*data, **more)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away again: what ``%unload_ext k8snb`` calls."""
    from k8snb.notebook import extension

    extension.unload(shell)
