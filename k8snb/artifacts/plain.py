"""What is plain data: values whose operators and methods run no code of the user's and keep nothing in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8snb.artifacts.loaded import loaded

if TYPE_CHECKING:
    from collections.abc import Iterable

_PACKAGES = ("numpy", "pandas", "pyarrow", "datetime", "decimal", "fractions", "uuid", "pathlib", "zoneinfo")
_NOT_OF_THEM = ("numpy.random", "pandas.core.groupby", "pandas.core.window", "pandas.core.resample", "pandas.io")
_OTHERS = frozenset({
    ("builtins", "bytearray"), ("builtins", "complex"), ("builtins", "frozenset"), ("builtins", "range"),
    ("builtins", "set"), ("builtins", "slice"),
    ("collections", "Counter"), ("collections", "OrderedDict"), ("collections", "deque"),
    ("k8snb.artifacts.rebuild", "make_array"), ("k8snb.artifacts.rebuild", "make_base"),
    ("k8snb.artifacts.rebuild", "make_block"), ("k8snb.artifacts.rebuild", "make_references"),
})  # fmt: skip
"""A ``defaultdict`` grows where it is read, an iterator goes on."""

_ATOMS = (int, float, complex, str, bytes, bool, type(None), range)


def is_plain(module: str, name: str) -> bool:
    """Say whether a global in a pickle makes plain data."""
    package = module.partition(".")[0]
    return (package in _PACKAGES and not module.startswith(_NOT_OF_THEM)) or (module, name) in _OTHERS


def copies_on_write() -> bool:
    """Say whether what is derived from a frame can be changed without changing the frame: since pandas 3."""
    pandas = loaded("pandas")
    return pandas is None or int(pandas.__version__.partition(".")[0]) >= 3  # noqa: PLR2004


def are_apart(value: Any, others: Iterable[object]) -> bool:
    """Say whether a value surely shares nothing that can be changed with others, which are plain data."""
    if type(value) in _ATOMS:
        return True
    numpy, pandas = loaded("numpy"), loaded("pandas")
    if numpy is not None and isinstance(value, numpy.generic):
        return True
    others = list(others)
    if any(value is other for other in others) or not all(_is_flat(other, numpy, pandas) for other in others):
        return False
    if numpy is not None and isinstance(value, numpy.ndarray):
        return value.base is None and not value.dtype.hasobject
    return _is_frame(value, pandas) and _has_plain_columns(value, numpy, pandas)


def _is_flat(value: object, numpy: Any, pandas: Any) -> bool:
    """Say whether a value is a frame or an array, whose elements are no frames or arrays in turn."""
    return (numpy is not None and type(value) is numpy.ndarray) or _is_frame(value, pandas)


def _is_frame(value: object, pandas: Any) -> bool:
    return pandas is not None and type(value) in {pandas.DataFrame, pandas.Series}


def _has_plain_columns(frame: Any, numpy: Any, pandas: Any) -> bool:
    """Say whether a frame holds numbers, times and text alone, and nothing beside."""
    dtypes = [frame.dtype] if frame.ndim == 1 else list(frame.dtypes)
    return not frame.attrs and all(
        isinstance(dtype, pandas.StringDtype) or (isinstance(dtype, numpy.dtype) and not dtype.hasobject)
        for dtype in dtypes
    )
