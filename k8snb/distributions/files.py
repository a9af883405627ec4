"""Files of rows and columns as a `Table`: Parquet, CSV and Arrow files, folders of them, and what is in S3."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

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
        if (kind := _kind(file, name)) == "csv":
            return of_dataset(_as_parquet(file))
        return of_dataset(ds.dataset(file, format=kind))
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


def _as_parquet(file: Path) -> Any:
    """Return a text file as a dataset that can be read column by column: parsed once, kept until the end of the process."""
    separator = "\t" if ".tsv" in file.suffixes else ","
    reader = pyarrow.csv.open_csv(file, parse_options=pyarrow.csv.ParseOptions(delimiter=separator))
    folder = tempfile.TemporaryDirectory(prefix="k8snb-")
    target = Path(folder.name) / "rows.parquet"
    with pq.ParquetWriter(target, reader.schema, compression="lz4") as writer:
        for batch in reader:
            writer.write_batch(batch)
    found = ds.dataset(target)
    found_and_folder = _Kept(found, folder)
    return found_and_folder.dataset
