"""Frames and series of pandas, compared by their values: reading alone rearranges how they keep them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    Column = tuple[Any, int]


def alike(one: Any, other: Any) -> bool:
    """Say whether two frames, or two series, have the same labels, types, values and attributes."""
    return _told(one) == _told(other) and _same_axes(one, other) and _same_columns(one, other)


def memory(frame: Any) -> list[Any]:
    """Return the arrays that hold a frame's values and whose elements are in their own memory."""
    return [array for block in frame._mgr.blocks for array in arrays(block.values).values()]  # noqa: SLF001


def objects(frame: Any) -> list[Any]:
    """Return the arrays of a frame whose elements are objects of any kind."""
    values = (block.values for block in frame._mgr.blocks)  # noqa: SLF001
    return [array for array in values if isinstance(array, _numpy().ndarray) and array.dtype.hasobject]


def arrays(values: Any) -> dict[str, Any]:
    """Return the arrays that hold a block's values, by the names of attributes; without a name: all of it."""
    found = {"": values} if isinstance(values, _numpy().ndarray) else {n: getattr(values, n, None) for n in _INNER}
    return {
        name: array
        for name, array in found.items()
        if isinstance(array, _numpy().ndarray) and array.size and not array.dtype.hasobject
    }


_INNER = ("_ndarray", "_data", "_mask", "_codes")
"""Attributes of extension arrays."""


def _numpy() -> Any:
    return sys.modules["numpy"]


def _told(frame: Any) -> tuple[object, ...]:
    name = frame.name if frame.ndim == 1 else None
    return type(frame), frame.shape, repr(name), repr(frame.attrs), frame.flags.allows_duplicate_labels


def _same_axes(one: Any, other: Any) -> bool:
    return all(a.identical(b) for a, b in zip(one.axes, other.axes, strict=True))


def _same_columns(one: Any, other: Any) -> bool:
    mine, others = dict(_columns(one)), dict(_columns(other))
    return all(_same_values(column, others[place]) for place, column in mine.items())


def _columns(frame: Any) -> Iterator[tuple[int, Column]]:
    """Yield each column's place, and the array and the row of it that hold its values."""
    for block in frame._mgr.blocks:  # noqa: SLF001 - pandas has no public word for what is asked here
        for row, place in enumerate(block.mgr_locs.as_array.tolist()):
            yield place, (block.values, row)


def _same_values(one: Column, other: Column) -> bool:
    a, b = (values[row] if values.ndim > 1 else values for values, row in (one, other))
    if type(a) is not type(b) or a.dtype != b.dtype:
        return False
    if not hasattr(a, "tobytes"):  # an extension array
        return bool(a.equals(b))
    if a.dtype.hasobject:
        return all(x is y or (type(x) is type(y) and repr(x) == repr(y)) for x, y in zip(a, b, strict=True))
    return bool(a.tobytes() == b.tobytes())
