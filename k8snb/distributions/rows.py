"""Rows of data sets as plain JSON values: some of them, evenly chosen, where there are many."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np

from k8snb.distributions.columns import is_missing, label_of, shortened
from k8snb.distributions.scale import EXACT
from k8snb.distributions.sets import table
from k8snb.distributions.tables import Table
from k8snb.errors import InputError

Plain = str | int | float | None
"""What a cell holds; None: missing, or infinite."""

_LONG = 200
"""Characters of a text."""

_DIGITS = 7
"""Of a number that is no whole one."""


@dataclass(frozen=True)
class Rows:
    """Rows of a data set.

    Parameters
    ----------
    name : str
    of : int
        How many the set has.
    taken : int
        How many these are.
    columns : dict of str to list of Plain
        Those that are shown, and their values.
    names : tuple of str
        All columns that the set has.
    """

    name: str
    of: int
    taken: int
    columns: dict[str, list[Plain]]
    names: tuple[str, ...]


def rows(data: Mapping[str, Any], count: int, choose: Callable[[Sequence[str]], Sequence[str]] = tuple) -> list[Rows]:
    """Return rows of data sets.

    Parameters
    ----------
    data : mapping of str to object
        Names and data sets, as `k8snb.distributions.sets.table` takes them.
    count : int
        Rows at most, of all sets together: as many of each, and more of some where others have fewer.
    choose : callable
        Takes the names of all columns that there are; returns those to be read.

    Raises
    ------
    InputError
        What is no data set, or one that has no rows any more.
    """
    tables: dict[str, Table] = {}
    try:
        for name, one in data.items():
            tables[name] = table(one, name)
        shares = _shared_out([one.rows for one in tables.values()], count)
        names = choose(list(dict.fromkeys(name for one in tables.values() for name in one.names)))
        return [_rows(name, one, share, names) for (name, one), share in zip(tables.items(), shares, strict=True)]
    finally:
        for one in tables.values():
            one.close()


def plain(value: Any) -> Plain:
    """Return a Python object as JSON has it: a number, a text, a time as ISO writes it, or None."""
    if is_missing(value):
        return None
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, Integral):
        return int(value) if abs(int(value)) < EXACT else str(value)
    if isinstance(value, (Real, Decimal)):
        return _rounded(float(value))
    return shortened(label_of(value.isoformat() if isinstance(value, date) else value), _LONG)


def _rounded(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return value if value == int(value) else float(f"{value:.{_DIGITS}g}")


def _shared_out(sizes: Sequence[int], count: int) -> list[int]:
    """Return how many rows to take of each set."""
    shares = [0] * len(sizes)
    left = count
    for rank, i in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        shares[i] = min(sizes[i], left // (len(sizes) - rank))
        left -= shares[i]
    return shares


def _rows(name: str, of: Table, count: int, names: Sequence[str]) -> Rows:
    if of.take is None:
        raise InputError(f"of {name} only statistics are left: it has no rows", where=name)
    chance = np.random.default_rng(0)
    at = np.arange(of.rows) if count >= of.rows else np.sort(chance.choice(of.rows, count, replace=False))
    where = {column: i for i, column in enumerate(of.names)}
    chosen = [column for column in names if column in where]
    values = of.take(at, [where[column] for column in chosen]) if chosen else []
    found = {column: list(map(plain, one)) for column, one in zip(chosen, values, strict=True)}
    return Rows(name, of.rows, len(at), found, of.names)
