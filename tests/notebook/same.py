"""Whether two values of two kernels are the same, as far as a user can tell."""

from __future__ import annotations

import copy
import io
import itertools
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

_NOTHING = object()


def same(one: Any, other: Any, seen: frozenset[int] = frozenset()) -> bool:  # noqa: C901, PLR0911, PLR0912 - a case for each kind
    """Compare by type, structure and content; functions, classes and modules by name."""
    if type(one).__qualname__ != type(other).__qualname__:
        return False
    if id(one) in seen:
        return True
    seen |= {id(one)}
    match one:
        case types.ModuleType():
            return one.__name__ == other.__name__
        case type() | types.FunctionType() | types.BuiltinFunctionType():
            return one.__qualname__ == other.__qualname__
        case pd.DataFrame() | pd.Series() | pd.Index():
            return one.equals(other)
        case np.ndarray() if one.dtype != object:
            return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
        case float() if one != one:  # noqa: PLR0124 - nan
            return other != other  # noqa: PLR0124
        case str() | bytes() | bool() | int() | float() | complex() | None:
            return one == other
        case dict():
            return list(map(str, one)) == list(map(str, other)) and _all(one.values(), other.values(), seen)
        case list() | tuple() | deque() | np.ndarray():
            return len(one) == len(other) and _all(one, other, seen)
        case set() | frozenset():
            return sorted(map(repr, one)) == sorted(map(repr, other))
    if isinstance(one, io.IOBase) and not isinstance(one, io.StringIO | io.BytesIO):
        return repr(one) == repr(other) and one.closed == other.closed
    if isinstance(one, Iterator):
        return _all(copy.copy(one), copy.copy(other), seen)
    try:
        state, others = one.__reduce_ex__(4), other.__reduce_ex__(4)
    except TypeError:  # it cannot be looked into
        return True
    if isinstance(state, str):
        return state == others
    return _all(map(_listed, state), map(_listed, others), seen)


def _listed(part: Any) -> Any:
    """Return what an iterator of a reduced object gives."""
    return list(part) if isinstance(part, types.GeneratorType) or type(part).__name__.endswith("iterator") else part


def _all(ones: Any, others: Any, seen: frozenset[int]) -> bool:
    pairs = itertools.zip_longest(ones, others, fillvalue=_NOTHING)
    return all(same(a, b, seen) for a, b in pairs)
