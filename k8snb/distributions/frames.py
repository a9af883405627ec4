"""A pandas frame or series as a `Table`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from k8snb.distributions.columns import ROWS, Column, Part, RefusedColumnError, label, label_of, of_array, of_objects
from k8snb.distributions.model import Kind
from k8snb.distributions.tables import Table, unique

_Series = Any  # pandas' own types differ between its versions


def of_pandas(data: Any) -> Table:
    """Return a frame or a series as a table; an index is no column."""
    if isinstance(data, pd.Index):
        data = data.to_series(index=range(len(data)))
    if isinstance(data, pd.Series):
        return _by_series(["value" if data.name is None else data.name], len(data), lambda _: data)
    if not isinstance(data, pd.DataFrame):
        return _by_series(["value"], len(data), lambda _: pd.Series(data))
    return _by_series(list(data.columns), len(data), lambda i: data.iloc[:, i])


def _by_series(names: list[Any], rows: int, series: Callable[[int], _Series]) -> Table:
    return Table(
        unique(names),
        rows,
        lambda i: of_series(series(i)),
        take=lambda at, columns: [series(i).iloc[at].tolist() for i in columns],
    )


def of_series(series: _Series) -> Column:
    """Return a series as a column; raises RefusedColumnError."""
    dtype = series.dtype
    called = str(dtype)
    if (values := _plain(series, dtype)) is not None:
        return of_array(values, called)
    if isinstance(dtype, pd.CategoricalDtype):
        plain = None if _is_text(dtype.categories.dtype) else partial(_without_categories, series)
        return Column("label", "category", (_categories(part) for part in _cut(series)), plain)
    if isinstance(dtype, pd.ArrowDtype):
        return _of_arrow(series, dtype)
    if types.is_complex_dtype(dtype):
        raise RefusedColumnError("complex numbers have no order")
    if (kind := _kind(dtype)) is not None:
        return Column(kind, called, (_numbers(part, kind) for part in _cut(series)))
    if types.is_string_dtype(dtype) and not types.is_object_dtype(dtype):
        return Column("label", called, (_texts(part) for part in _cut(series)))
    return of_objects(series.to_numpy(dtype=object), called)


def _plain(series: _Series, dtype: Any) -> np.ndarray[Any, Any] | None:
    """Return what numpy has a type for."""
    if isinstance(dtype, np.dtype):
        return np.asarray(series)
    if isinstance(dtype, pd.SparseDtype):
        return np.asarray(series.sparse.to_dense())
    if isinstance(dtype, pd.PeriodDtype):
        return np.asarray(series.dt.to_timestamp())
    return None


def _kind(dtype: Any) -> Kind | None:
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_integer_dtype(dtype):
        return "integer"
    if types.is_float_dtype(dtype):
        return "number"
    if types.is_datetime64_any_dtype(dtype):
        return "time"
    if types.is_timedelta64_dtype(dtype):
        return "duration"
    return None


def _is_text(dtype: Any) -> bool:
    return bool(types.is_object_dtype(dtype) or types.is_string_dtype(dtype) or _kind(dtype) is None)


def _without_categories(series: _Series) -> Column:
    codes = series.cat.codes.to_numpy()
    there = codes >= 0
    column = of_series(pd.Series(series.cat.categories).iloc[codes[there]])
    missing = Part(len(codes) - int(np.count_nonzero(there)))
    return Column(column.kind, "category", chain([missing], column.parts))


def _of_arrow(series: _Series, dtype: Any) -> Column:
    import pyarrow as pa

    from k8snb.distributions.arrow import cut, of_chunks

    column = of_chunks(dtype.pyarrow_dtype, cut(pa.array(series.array)))
    return replace(column, type=str(dtype))


def _cut(series: _Series) -> Iterator[_Series]:
    return (series.iloc[start : start + ROWS] for start in range(0, len(series), ROWS))


def _numbers(series: _Series, kind: Kind) -> Part:
    there = series.dropna()
    if kind == "time":
        there = there.dt.tz_convert("UTC").dt.tz_localize(None) if there.dt.tz is not None else there
        values = there.to_numpy(dtype="datetime64[us]").astype(np.int64)
    elif kind == "duration":
        values = there.to_numpy(dtype="timedelta64[us]").astype(np.int64)
    else:
        values = there.to_numpy()
        values = values.astype(
            np.float64 if kind == "number" else values.dtype if values.dtype.kind in "iu" else np.int64
        )
        values = values[~np.isnan(values)] if kind == "number" else values
    return Part(len(series) - len(values), values)


def _texts(series: _Series) -> Part:
    there = series.dropna()
    return Part(len(series) - len(there), labels=Counter(map(label, there.tolist())))


def _categories(series: _Series) -> Part:
    counts = series.value_counts(sort=False, dropna=True)
    labels: Counter[str] = Counter()
    for value, count in zip(counts.index, counts.to_numpy(), strict=True):
        if count:
            labels[label_of(value)] += int(count)
    return Part(len(series) - labels.total(), labels=labels)
