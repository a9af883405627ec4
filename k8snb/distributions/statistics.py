"""Data sets -> `Statistics`: column by column, so that one column of each is in memory."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from k8snb.distributions.columns import Column, RefusedColumnError
from k8snb.distributions.features import feature
from k8snb.distributions.model import DataSet, Feature, Statistics
from k8snb.distributions.sets import table
from k8snb.distributions.tables import Table
from k8snb.errors import InputError

_UNREADABLE = (TypeError, ValueError, NotImplementedError, ArithmeticError, AttributeError)
"""What libraries, and values with methods of their own, raise; it shall not keep other columns from being compared."""


def statistics(data: Mapping[str, Any]) -> Statistics:
    """Return what is known of data sets and how far they are apart.

    Parameters
    ----------
    data : mapping of str to object
        Names and data sets; the others are compared with the first one.

    Raises
    ------
    InputError
        What is no data set, or has no rows, or shares no column with another.
    """
    with ExitStack() as opened:
        tables = {}
        for name, one in data.items():
            tables[name] = table(one, name)
            opened.callback(tables[name].close)
        return _statistics(tables)


def _statistics(tables: Mapping[str, Table]) -> Statistics:
    if all(len(one.names) == 1 for one in tables.values()):  # two columns are meant, whatever they are called
        called = next(iter(tables.values())).names
        tables = {name: replace(one, names=called) for name, one in tables.items()}
    names = dict.fromkeys(column for one in tables.values() for column in one.names)
    if len(tables) > 1 and not any(all(name in one.names for one in tables.values()) for name in names):
        told = "; ".join(f"{name}: {', '.join(one.names[:5])}" for name, one in tables.items())
        raise InputError(f"the data sets have no column in common ({told})", fix="give them the same column names")
    where = [{column: i for i, column in enumerate(one.names)} for one in tables.values()]
    features: list[Feature] = []
    refused: list[tuple[str, str]] = []
    for name in names:
        try:
            columns = [_column(one, at.get(name)) for one, at in zip(tables.values(), where, strict=True)]
            features.append(feature(name, columns))
        except RefusedColumnError as error:
            refused.append((name, str(error)))
        except _UNREADABLE as error:
            refused.append((name, f"it cannot be read ({type(error).__name__}: {error})"))
    sets = tuple(DataSet(name, one.rows) for name, one in tables.items())
    return Statistics(sets, tuple(features), tuple(refused))


def _column(one: Table, at: int | None) -> Column | None:
    return None if at is None else one.column(at)
