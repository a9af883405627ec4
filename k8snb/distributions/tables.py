"""Rows and columns, whatever holds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from k8snb.distributions.columns import Column, label

Positions = np.ndarray[Any, np.dtype[np.intp]]
"""Of rows."""


@dataclass(frozen=True)
class Table:
    """Rows and columns, read one column at a time.

    Parameters
    ----------
    names : tuple of str
        Different ones.
    rows : int
    column : callable
        Takes the position of a column; raises RefusedColumnError.
    close : callable
        Gives back what reading it needs.
    take : callable or None
        Takes positions of rows, increasing, and of columns; returns these columns' values, as their library's Python
        objects. None: no rows are left.
    """

    names: tuple[str, ...]
    rows: int
    column: Callable[[int], Column]
    close: Callable[[], None] = lambda: None
    take: Callable[[Positions, Sequence[int]], list[list[Any]]] | None = None


def unique(names: Sequence[object]) -> tuple[str, ...]:
    """Return column names as different texts: the second ``x`` is ``x (2)``, ``("a", 1)`` is ``a, 1``."""
    used: set[str] = set()
    found = []
    for name in names:
        text = called = label(", ".join(map(str, name)) if isinstance(name, tuple) else str(name))
        number = 1
        while called in used:
            number += 1
            called = f"{text} ({number})"
        used.add(called)
        found.append(called)
    return tuple(found)
