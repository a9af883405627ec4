"""Anything that holds rows and columns -> a `Table`: frames, arrays, lists, dicts, Arrow tables, files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from k8snb.distributions.columns import objects, of_array, of_objects
from k8snb.distributions.described import Described, of_described
from k8snb.distributions.tables import Positions, Table, unique
from k8snb.errors import InputError

_KINDS = "a frame, an array, a list, a dict of columns, an Arrow table, or the path of a Parquet or CSV file"


_WAYS = {"LazyFrame": "{name}.collect()"} | dict.fromkeys(("generator", "map", "zip", "filter", "set"), "list({name})")


NAMES = ("reference", "comparison")
"""Of two data sets that have no names."""


def called(data: Sequence[Any], named: Mapping[str, Any], example: str) -> dict[str, Any]:
    """Return data sets by their names.

    Parameters
    ----------
    data : sequence of object
        Those without a name.
    named : mapping of str to object
    example : str
        How it is done.

    Raises
    ------
    InputError
        There are none, or two have one name.
    """
    names = NAMES if len(data) == len(NAMES) else tuple(f"set {i}" for i in range(1, len(data) + 1))
    if both := set(names) & set(named):
        raise InputError(f"two data sets are called {', '.join(sorted(both))}")
    if not names and not named:
        raise InputError("no data", fix=example)
    return dict(zip(names, data, strict=True)) | dict(named)


def table(data: Any, name: str) -> Table:
    """Return data as a table.

    Parameters
    ----------
    data : object
        See the module.
    name : str
        The data set's, for errors.

    Raises
    ------
    InputError
        It is none of these, has no rows, or its columns are not of one length.
    """
    found = _table(data, name)
    if not found.names or not found.rows:
        found.close()
        raise InputError(f"{name} has no {'rows' if found.names else 'columns'}", where=name)
    return found


def _table(data: Any, name: str) -> Table:
    found = _of_library(data, name) or _of_python(data, name)
    if found is None:
        kind = type(data).__name__
        fix = _WAYS.get(kind, "").format(name=name) or None
        raise InputError(f"{name} is of type {kind}: what is compared is {_KINDS}", where=name, fix=fix)
    return found


def _of_library(data: Any, name: str) -> Table | None:
    """Read what pandas or pyarrow can read; neither is imported where it is not needed."""
    library = type(data).__module__.partition(".")[0]
    if library == "pandas" and (hasattr(data, "dtype") or hasattr(data, "dtypes")):
        from k8snb.distributions.frames import of_pandas

        return of_pandas(data)
    if library == "pyarrow" or hasattr(data, "__arrow_c_stream__"):
        from k8snb.distributions.arrow import of_arrow

        return of_arrow(data, name)
    if isinstance(data, str) or hasattr(data, "__fspath__"):
        from k8snb.distributions.files import of_path

        return of_path(data, name)
    return None


def _of_python(data: Any, name: str) -> Table | None:
    if isinstance(data, Described):
        return of_described(data)
    if isinstance(data, Mapping):
        return _of_columns(dict(data), name)
    if isinstance(data, (list, tuple, range)):
        return _of_list(data, name)
    if hasattr(data, "tocsc"):
        return _of_sparse(data.tocsc())
    if hasattr(data, "__array__"):
        return _of_array(_array(data), name)
    return None


def _array(data: Any) -> np.ndarray[Any, Any]:
    if isinstance(data, np.ma.MaskedArray):
        return data
    return np.asarray(data)  # a matrix, too, whose columns would be matrices


def _of_array(data: np.ndarray[Any, Any], name: str) -> Table:
    if data.dtype.names:
        names = data.dtype.names
        return _by_column(unique(names), len(data), lambda i: data[names[i]])
    if data.ndim == 0:
        raise InputError(f"{name} is an array of one value: rows are needed", where=name)
    if data.ndim == 1:
        return _by_column(("value",), len(data), lambda _: data)
    shape = data.shape[1:]
    flat = data.reshape(len(data), -1)
    names = tuple(", ".join(map(str, index)) for index in np.ndindex(*shape))
    return _by_column(names, len(data), lambda i: flat[:, i])


def _of_sparse(data: Any) -> Table:
    rows, columns = data.shape
    return _by_column(unique(range(columns)), rows, lambda i: data[:, [i]].toarray().ravel())


def _by_column(names: tuple[str, ...], rows: int, array: Callable[[int], np.ndarray[Any, Any]]) -> Table:
    """Return a table whose columns are arrays."""
    return Table(
        names,
        rows,
        lambda i: of_array(array(i)),
        take=lambda at, columns: [objects(array(i)[at]) for i in columns],
    )


def _of_list(data: Sequence[Any], name: str) -> Table:
    if data and all(isinstance(row, Mapping) for row in data):
        names = list(dict.fromkeys(key for row in data for key in row))
        return _by_list(unique(names), len(data), lambda i, at: [data[row].get(names[i]) for row in at])
    if data and all(isinstance(row, (list, tuple)) or getattr(row, "ndim", 0) == 1 for row in data):
        width = len(data[0])
        if ragged := next((i for i, row in enumerate(data) if len(row) != width), None):
            told = f"row {ragged} of {name} has {len(data[ragged])} values, row 0 has {width}"
            raise InputError(f"{told}: rows of one length are needed", where=name)
        return _by_list(unique(range(width)), len(data), lambda i, at: [data[row][i] for row in at])
    if data and all(getattr(row, "ndim", 0) > 1 for row in data):
        return _of_array(np.asarray(data), name)
    return _by_list(("value",), len(data), lambda _, at: [data[row] for row in at])


def _by_list(names: tuple[str, ...], rows: int, values: Callable[[int, Iterable[int]], list[Any]]) -> Table:
    """Return a table whose columns are Python objects; `values` picks rows of one."""
    return Table(
        names,
        rows,
        lambda i: of_objects(values(i, range(rows))),
        take=lambda at, columns: [values(i, at.tolist()) for i in columns],
    )


def _of_columns(data: dict[object, Any], name: str) -> Table:
    names = unique(list(data))
    inner = [_inner(column, own, name) for own, column in zip(names, data.values(), strict=True)]
    if len({one.rows for one in inner}) > 1:
        told = ", ".join(f"{own} {one.rows:,}" for own, one in list(zip(names, inner, strict=True))[:5])
        raise InputError(f"the columns of {name} are not of one length: {told}", where=name)

    def take(at: Positions, chosen: Sequence[int]) -> list[list[Any]]:
        return [values for i in chosen if (of_one := inner[i].take) is not None for values in of_one(at, [0])]

    return Table(names, inner[0].rows if inner else 0, lambda i: inner[i].column(0), take=take)


def _inner(column: Any, own: str, name: str) -> Table:
    found = _table(column, f"{name}[{own!r}]") if not isinstance(column, str) else None
    if found is None or len(found.names) != 1:
        raise InputError(
            f"{name}[{own!r}] is no column: what is compared is a list or a one-dimensional array", where=name
        )
    return found
