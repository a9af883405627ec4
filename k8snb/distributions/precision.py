"""Floats without their last digits: 0.1 as a float32 and as a float64, or 0.3 and 0.1 + 0.2, are one value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

_Array = np.ndarray[Any, Any]

_MANTISSA = 52

_KEPT = {"float16": 10, "halffloat": 10, "float32": 23, "float": 23}
"""Bits of the mantissa that a type has: fewer would part values that it rounds; Arrow's ``float`` has 32 bits."""

_KEPT_OF_64 = 40
"""So few that arithmetic does not change them."""


def bits(types: Iterable[str]) -> int:
    """Return how many bits of the mantissa can be compared, of columns of types as their libraries write them."""
    return min((_of(one.lower()) for one in types), default=_KEPT_OF_64)


def rounded(values: _Array, kept: int) -> _Array:
    """Return float64, none of them NaN or near the greatest, to some bits of the mantissa; in the same order."""
    dropped = _MANTISSA - kept
    whole = np.ascontiguousarray(values).view(np.int64) + (1 << (dropped - 1))
    return (whole & -(1 << dropped)).view(np.float64)


def _of(called: str) -> int:
    inner = called.removeprefix("sparse[").partition("[")[0].partition(",")[0].rstrip("]")
    return _KEPT.get(inner, _KEPT_OF_64)
