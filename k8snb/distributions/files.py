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
from k8snb.distributions.columns import ROWS
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
    file = Path(path).expanduser()
    if not file.exists():
        near = [one.name for one in file.parent.iterdir()] if file.parent.is_dir() else []
        raise InputError(f"there is no file {file}", where=name, fix=suggest(file.name, near, "give its path"))
    return _read(file, name, lambda: _of_file(file, name))


def _read(path: object, name: str, read: Callable[[], Table]) -> Table:
    try:
        return read()
    except pa.ArrowInvalid as error:
        raise InputError(f"{path} cannot be read: {str(error).splitlines()[0]}", where=name) from error


def _of_file(file: Path, name: str) -> Table:
    if file.is_dir():
        return of_dataset(ds.dataset(file, format="parquet"))
    kind = _kind(file, name)
    return _of_text(file, file) if kind == "csv" else of_dataset(ds.dataset(file, format=kind))


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
    """Read files of one schema column by column: a dataset takes no files that are open."""
    schema = files[0].schema_arrow

    def batches(column: str) -> Iterator[Any]:
        for file in files:
            for batch in file.iter_batches(ROWS >> 2, columns=[column]):
                yield batch.column(0)

    def take(at: Any, columns: Sequence[int]) -> list[list[Any]]:
        names = [schema.names[i] for i in columns]
        every = (batch.select(names) for file in files for batch in file.iter_batches(ROWS >> 4, columns=names))
        return taken(every, at, len(columns))

    rows = sum(file.metadata.num_rows for file in files)
    return Table(unique(schema.names), rows, lambda i: of_chunks(schema.types[i], batches(schema.names[i])), take=take)


def _kind(file: PurePath, name: str) -> str:
    ending = file.with_suffix("").suffix if file.suffix in _COMPRESSED else file.suffix
    if (kind := _FORMATS.get(ending.lower())) is None:
        fix = f"one of {', '.join(_FORMATS)}"
        raise InputError(f"{file.name}: of which format it is cannot be told", where=name, fix=fix)
    return kind


def _of_text(path: PurePath, source: Any) -> Table:
    """Read a file of text once, into a file that can be read column by column."""
    separator = "\t" if ".tsv" in path.suffixes else ","
    if path.suffix in _COMPRESSED:
        source = pa.input_stream(source, compression=_COMPRESSED[path.suffix])
    parsed = pyarrow.csv.open_csv(
        source,
        read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK),
        parse_options=pyarrow.csv.ParseOptions(delimiter=separator),
        convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
    )
    folder = Path(tempfile.mkdtemp(prefix="k8snb-"))
    close = partial(shutil.rmtree, folder, ignore_errors=True)
    try:
        with pq.ParquetWriter(folder / "rows.parquet", parsed.schema, compression="lz4") as writer:
            for batch in parsed:
                writer.write_batch(batch)
        return replace(of_dataset(ds.dataset(folder, format="parquet")), close=close)
    except BaseException:
        close()
        raise
