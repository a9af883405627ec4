"""Files of rows and columns as a `Table`: Parquet, CSV and Arrow files, folders of them, and what is in S3."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from k8snb.distributions.arrow import of_dataset
from k8snb.distributions.sets import Table
from k8snb.errors import InputError, suggest

_FORMATS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".arrow": "ipc",
    ".feather": "ipc",
}

_BLOCK = 1 << 25
"""Bytes of text by which the types of columns are told."""

_COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")


def of_path(path: str | os.PathLike[str], name: str) -> Table:
    """Return a file, or a folder of Parquet files, as a table.

    Parameters
    ----------
    path : str or path-like
    name : str
        The data set's, for errors.

    Raises
    ------
    InputError
        It is not there, has no known ending, or is not what its ending says.
    """
    file = Path(path).expanduser()
    if not file.exists():
        near = [one.name for one in file.parent.iterdir()] if file.parent.is_dir() else []
        raise InputError(f"there is no file {file}", where=name, fix=suggest(file.name, near, "give its path"))
    try:
        kind = _kind(file, name)
        return _of_text(file) if kind == "csv" else of_dataset(ds.dataset(file, format=kind))
    except pa.ArrowInvalid as error:
        raise InputError(f"{file} cannot be read: {str(error).splitlines()[0]}", where=name) from error


def _kind(file: Path, name: str) -> str:
    if file.is_dir():
        return "parquet"
    ending = file.with_suffix("").suffix if file.suffix in _COMPRESSED else file.suffix
    if (kind := _FORMATS.get(ending.lower())) is None:
        raise InputError(
            f"{file.name}: of which format it is cannot be told", where=name, fix=f"one of {', '.join(_FORMATS)}"
        )
    return kind


def _of_text(file: Path) -> Table:
    """Read a file of text once, into a file that can be read column by column."""
    separator = "\t" if ".tsv" in file.suffixes else ","
    parsed = pyarrow.csv.open_csv(
        file,
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
