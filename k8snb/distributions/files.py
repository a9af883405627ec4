"""Files of rows and columns as a `Table`: Parquet, CSV and Arrow files, folders of them, and what is in a bucket."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from k8snb.distributions.addresses import ADDRESS, files_at
from k8snb.distributions.arrow import of_arrow, of_chunks, of_dataset, taken
from k8snb.distributions.columns import ROWS, Column
from k8snb.distributions.tables import Table, unique
from k8snb.errors import InputError, suggest

_FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".arrow": "ipc",
    ".feather": "ipc",
}

_COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4"}

_BLOCK = 1 << 25
"""Bytes of text by which the types of columns are told."""


def of_path(path: str | os.PathLike[str], name: str) -> Table:
    """Return a file, or a folder of Parquet files, as a table.

    Parameters
    ----------
    path : str or path-like
        Or an address in a bucket.
    name : str
        The data set's, for errors.

    Raises
    ------
    InputError
        It is not there, has no known ending, or is not what its ending says.
    StoreError
        The bucket cannot be read.
    """
    if isinstance(path, str) and ADDRESS.fullmatch(path):
        return _read(path, name, lambda: _of_address(path, name))
    if isinstance(path, str) and "://" in path:
        raise InputError(f"{path} cannot be read", where=name, fix="a path, or s3://bucket/path, gs://... or az://...")
    file = Path(path).expanduser()
    if not file.exists():
        near = [one.name for one in file.parent.iterdir()] if file.parent.is_dir() else []
        raise InputError(f"there is no file {file}", where=name, fix=suggest(file.name, near, "give its path"))
    return _read(file, name, lambda: _of_file(file, name))


def _read(path: object, name: str, read: Callable[[], Table]) -> Table:
    try:
        return read()
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(f"{path} cannot be read: {str(error).splitlines()[0]}", where=name) from error


def _of_file(file: Path, name: str) -> Table:
    if file.is_dir():
        return of_dataset(_folder(file))
    kind = _kind(file, name)
    return _of_text(file, file) if kind == "csv" else of_dataset(ds.dataset(file, format=kind))


def _folder(folder: Path) -> ds.Dataset:
    """Return the Parquet files of a folder, with the columns that any of them has and those that its folders name."""
    first = ds.dataset(folder, format="parquet", partitioning="hive")
    schema = _together([first.schema, *(fragment.physical_schema for fragment in first.get_fragments())])
    return ds.dataset(folder, format="parquet", partitioning="hive", schema=schema)


def _together(schemas: list[Any]) -> Any:
    return pa.unify_schemas(schemas, promote_options="permissive")


def _of_address(address: str, name: str) -> Table:
    files = files_at(address, name)
    kind = _kind(PurePath(files[0][0]), name)
    if kind == "parquet":
        return _of_parquet([pq.ParquetFile(file) for _, file in files])
    [(path, file), *more] = files
    if more:
        raise InputError(f"{address} is a folder of {len(files)} files that are no Parquet files", where=name)
    if kind == "csv":
        return _of_text(PurePath(path), file)
    return of_arrow(pa.ipc.open_file(file).read_all(), name)


def _of_parquet(files: list[pq.ParquetFile]) -> Table:
    """Read files column by column: a dataset takes no files that are open."""
    schema = _together([file.schema_arrow for file in files])

    def batches(columns: Sequence[int], rows: int) -> Iterator[Any]:
        fields = [schema.field(i) for i in columns]
        names = [field.name for field in fields]
        for file in files:
            for batch in file.iter_batches(rows, columns=names):
                yield pa.record_batch([_column(batch, field) for field in fields], schema=pa.schema(fields))

    def column(i: int) -> Column:
        return of_chunks(schema.types[i], (batch.column(0) for batch in batches([i], ROWS >> 2)))

    def take(at: Any, columns: Sequence[int]) -> list[list[Any]]:
        return taken(batches(columns, ROWS >> 4), at, len(columns))

    rows = sum(file.metadata.num_rows for file in files)
    return Table(unique(schema.names), rows, column, take=take)


def _column(batch: Any, field: Any) -> Any:
    """Return a column of a file, as the files have it together."""
    if field.name not in batch.schema.names:
        return pa.nulls(len(batch), field.type)
    found = batch.column(field.name)
    return found if found.type == field.type else found.cast(field.type)


def _kind(file: PurePath, name: str) -> str:
    ending = file.with_suffix("").suffix if file.suffix in _COMPRESSED else file.suffix
    if (kind := _FORMATS.get(ending.lower())) is None:
        fix = f"one of {', '.join(_FORMATS)}"
        raise InputError(f"{file.name}: of which format it is cannot be told", where=name, fix=fix)
    return kind


def _parsed(path: PurePath, source: Any, separator: str) -> Any:
    if path.suffix in _COMPRESSED:
        source = pa.input_stream(source, compression=_COMPRESSED[path.suffix])
    return pyarrow.csv.open_csv(
        source,
        read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK),
        parse_options=pyarrow.csv.ParseOptions(delimiter=separator),
        convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
    )


def _of_text(path: PurePath, source: Any) -> Table:
    """Read a file of text once, into a file that can be read column by column."""
    parsed = _parsed(path, source, "\t" if ".tsv" in path.suffixes else ",")
    head = parsed.schema.names
    if len(head) == 1 and (separator := next((one for one in ";\t|" if one in head[0]), None)):
        if not isinstance(source, os.PathLike):
            source.seek(0)
        parsed = _parsed(path, source, separator)
    folder = Path(tempfile.mkdtemp(prefix="k8snb-"))
    close = partial(shutil.rmtree, folder, ignore_errors=True)
    try:
        names = unique(parsed.schema.names)
        schema = pa.schema([field.with_name(name) for field, name in zip(parsed.schema, names, strict=True)])
        with pq.ParquetWriter(folder / "rows.parquet", schema, compression="lz4") as writer:
            for batch in parsed:
                writer.write_batch(batch.rename_columns(list(names)))
        return replace(of_dataset(ds.dataset(folder, format="parquet")), close=close)
    except BaseException:
        close()
        raise
