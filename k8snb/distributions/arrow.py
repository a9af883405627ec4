"""An Arrow table, and all that can be read as one (polars, DuckDB), as a `Table`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from k8snb.distributions.columns import ROWS, Column, Part, RefusedColumnError, label_of, of_objects, short_time
from k8snb.distributions.model import Kind
from k8snb.distributions.tables import Table, unique
from k8snb.errors import InputError

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
except ModuleNotFoundError as error:
    raise InputError(
        "to read Arrow tables and files, pyarrow is needed", fix="pip install 'k8snb[skew]'; in steps: import pyarrow"
    ) from error


def of_arrow(data: Any, name: str) -> Table:
    """Return an Arrow table, batch, array or dataset as a table.

    Raises
    ------
    InputError
        A stream of batches: it could be read only once.
    """
    if isinstance(data, ds.Dataset):
        return of_dataset(data)
    if isinstance(data, pa.RecordBatchReader):
        raise InputError(f"{name} is a stream, which can be read only once", where=name, fix=f"{name}.read_all()")
    if isinstance(data, (pa.Array, pa.ChunkedArray)):
        return Table(
            ("value",),
            len(data),
            lambda _: of_chunks(data.type, cut(data)),
            take=lambda at, _: [_objects(data.take(at))],
        )
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    elif not isinstance(data, pa.Table):
        try:
            data = pa.table(data)
        except pa.ArrowInvalid:  # one column: a polars Series
            return of_arrow(pa.chunked_array(data), name)
    return Table(
        unique(data.column_names),
        data.num_rows,
        lambda i: of_chunks(data.schema.types[i], cut(data.column(i))),
        take=lambda at, columns: [_objects(data.column(i).take(at)) for i in columns],
    )


def of_dataset(data: Any) -> Table:
    """Return a dataset (files that need not fit into memory) as a table: each column is read for itself."""
    fields = list(data.schema)

    def column(i: int) -> Column:
        batches = data.to_batches(
            columns=[fields[i].name], batch_size=ROWS >> 2, batch_readahead=2, fragment_readahead=1
        )
        return of_chunks(fields[i].type, (batch.column(0) for batch in batches))

    def take(at: np.ndarray[Any, Any], columns: Sequence[int]) -> list[list[Any]]:
        return taken(data.to_batches(columns=[fields[i].name for i in columns], batch_size=ROWS >> 4), at, len(columns))

    return Table(unique([field.name for field in fields]), data.count_rows(), column, take=take)


def taken(batches: Iterable[Any], at: np.ndarray[Any, Any], width: int) -> list[list[Any]]:
    """Return rows of batches, column by column, as Python objects.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
    at : numpy.ndarray
        Positions, increasing.
    width : int
        Columns.
    """
    found: list[list[Any]] = [[] for _ in range(width)]
    start = 0
    for batch in batches:
        low, high = np.searchsorted(at, [start, start + len(batch)])
        chosen = batch.take(pa.array(at[low:high] - start))
        for values, column in zip(found, chosen.columns, strict=True):
            values.extend(_objects(column))
        start += len(batch)
    return found


def _objects(column: Any) -> list[Any]:
    """Return values as Python objects; times as text, for some are finer or further away than Python's."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.cast(column.type.storage_type)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        if pa.types.is_timestamp(column.type) and column.type.tz is not None:
            column = column.cast(pa.timestamp(column.type.unit))  # as UTC
        texts = pc.replace_substring(column.cast(pa.string()), " ", "T").to_pylist()
        return [None if text is None else short_time(text) for text in texts]
    if pa.types.is_duration(column.type):
        column = column.cast(pa.duration("us"), safe=False)
    return list(column.to_pylist())


def of_chunks(kind: Any, chunks: Iterable[Any]) -> Column:
    """Return a column of an Arrow type.

    Parameters
    ----------
    kind : pyarrow.DataType
    chunks : iterable of pyarrow.Array

    Raises
    ------
    RefusedColumnError
    """
    if isinstance(kind, pa.BaseExtensionType):
        return of_chunks(kind.storage_type, (chunk.storage for chunk in chunks))
    called = str(kind)
    if pa.types.is_dictionary(kind):
        chunks = list(chunks)
        plain = partial(of_chunks, kind.value_type, (chunk.dictionary_decode() for chunk in chunks))
        numbers = _kind(kind.value_type) is not None
        return Column("label", called, (_labels(chunk) for chunk in chunks), plain if numbers else None)
    if pa.types.is_null(kind):
        return Column("nothing", called, [Part(sum(map(len, chunks)), np.empty(0))])
    if (told := _kind(kind)) is not None:
        return Column(told, called, (_numbers(chunk, told) for chunk in chunks))
    if pa.types.is_nested(kind):
        return of_objects([value for chunk in chunks for value in chunk.to_pylist()], called)
    if _is_text(kind):
        return Column("label", called, (_labels(chunk) for chunk in chunks))
    raise RefusedColumnError(f"{called} has no distribution that can be compared")


def cut(data: Any) -> Iterator[Any]:
    """Yield an array, chunked or not, in parts of limited size."""
    pieces = data.chunks if isinstance(data, pa.ChunkedArray) else [data]
    return (piece.slice(start, ROWS) for piece in pieces for start in range(0, len(piece), ROWS))


def _kind(kind: Any) -> Kind | None:
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time"
    if pa.types.is_duration(kind) or pa.types.is_time(kind):
        return "duration"
    return None


def _is_text(kind: Any) -> bool:
    of = pa.types
    texts = of.is_string, of.is_large_string, of.is_string_view
    binary = of.is_binary, of.is_large_binary, of.is_fixed_size_binary, of.is_binary_view
    return any(is_so(kind) for is_so in (*texts, *binary))


def _numbers(chunk: Any, kind: Kind) -> Part:
    there = chunk.drop_null()
    if kind == "time":
        there = there.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    elif kind == "duration":
        there = _as_duration(there)
    elif pa.types.is_decimal(there.type) or pa.types.is_float16(there.type):
        there = there.cast(pa.float64())
    elif kind == "boolean":
        there = there.cast(pa.int8())
    values = there.to_numpy(zero_copy_only=False)
    if kind == "number":
        values = values.astype(np.float64, copy=False)
        values = values[~np.isnan(values)]
    return Part(len(chunk) - len(values), values)


def _as_duration(values: Any) -> Any:
    if pa.types.is_time(values.type):
        values = values.cast(pa.time64("us") if pa.types.is_time64(values.type) else pa.time32("ms"), safe=False)
        scale = 1 if pa.types.is_time64(values.type) else 1000
        whole = values.cast(pa.int64() if pa.types.is_time64(values.type) else pa.int32()).cast(pa.int64())
        return pc.multiply(whole, scale)
    return values.cast(pa.duration("us"), safe=False).cast(pa.int64())


def _labels(chunk: Any) -> Part:
    counted = pc.value_counts(chunk)
    labels: Counter[str] = Counter()
    for value, count in zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True):
        if value is not None:
            labels[label_of(value)] += count
    return Part(len(chunk) - labels.total(), labels=labels)
