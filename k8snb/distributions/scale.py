"""Numbers of several data sets as float64 that keep their differences, whatever their size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_Array = np.ndarray[Any, Any]

EXACT = 1 << 53
"""Whole numbers below are exact as a float64."""

_GREAT = 2.0**1000
"""From here on a difference of two may be no float64."""

_FACTOR = 2.0**10


@dataclass(frozen=True)
class Scale:
    """What values were before: ``offset + factor * value``."""

    offset: int = 0
    factor: float = 1.0

    def back(self, values: _Array) -> tuple[float, ...]:
        """Return values as they were before."""
        return tuple((values * self.factor + self.offset).tolist())


def on_one_scale(arrays: Sequence[_Array]) -> tuple[list[_Array], Scale]:
    """Return sorted arrays as float64 on one scale.

    Parameters
    ----------
    arrays : sequence of numpy.ndarray
        Sorted; whole numbers or float64.

    Returns
    -------
    arrays : list of numpy.ndarray
        Still sorted. Whole numbers are counted from the least of all where they are near each other but too great to
        be told apart otherwise; very great ones are made smaller, by a power of two.
    scale : Scale
    """
    there = [one for one in arrays if len(one)]
    if there and all(one.dtype.kind in "iu" for one in there):
        least, greatest = min(int(one[0]) for one in there), max(int(one[-1]) for one in there)
        if max(-least, greatest) > EXACT > greatest - least:
            return [counted_from(one, least) for one in arrays], Scale(offset=least)
    floats = [one.astype(np.float64, copy=False) for one in arrays]
    if any(_greatest(one) > _GREAT for one in floats):
        return [one / _FACTOR for one in floats], Scale(factor=_FACTOR)
    return floats, Scale()


def counted_from(values: _Array, least: int) -> _Array:
    """Return whole numbers, none of them below `least`, counted from there: differences that no float64 would keep."""
    if not len(values):
        return values.astype(np.float64)
    return (values.astype(np.uint64) - np.uint64(least % (1 << 64))).astype(np.float64)


def _greatest(values: _Array) -> float:
    finite = finite_of(values)
    return float(max(-finite[0], finite[-1])) if len(finite) else 0.0


def finite_of(values: _Array) -> _Array:
    """Return the finite ones of a sorted array."""
    return values[np.searchsorted(values, -np.inf, "right") : np.searchsorted(values, np.inf, "left")]
