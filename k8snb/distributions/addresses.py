"""Data at addresses (``s3://bucket/rows.parquet``), read through the artifact store's client."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from k8snb.artifacts.store import Store, open_store
from k8snb.errors import InputError

ADDRESS = re.compile(r"(s3|gs|az)://[^/]+/.+")

Open = Callable[[str], Store | None]

_known: list[Open] = []


def know(opens: Open) -> None:
    """Let addresses be opened by a function first: it returns None for those that it does not know."""
    _known[:] = [opens]


def files_at(address: str, name: str) -> list[tuple[str, Any]]:
    """Return the files at an address: one object, or those of a folder.

    Parameters
    ----------
    address : str
    name : str
        The data set's, for errors.

    Returns
    -------
    list of (str, file)
        Paths, and what reads them.

    Raises
    ------
    InputError
        There is nothing.
    StoreError
    """
    folder, _, last = address.rstrip("/").rpartition("/")
    store = _open(folder)
    if store.exists(last):
        return [(last, store.reader(last))]
    found = [path for path in store.list(last) if not path.rpartition("/")[2].startswith(("_", "."))]
    if not found:
        raise InputError(f"there is nothing at {address}", where=name, fix="check the address")
    return [(path, store.reader(path)) for path in found]


def _open(folder: str) -> Store:
    for opens in _known:
        if (store := opens(folder)) is not None:
            return store
    return open_store(folder)
