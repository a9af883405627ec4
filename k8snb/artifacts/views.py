"""Which arrays are views of one memory, and that memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[Any]

# Deciding exactly whether two strided views share an element can take for ever; past this effort they count as sharing.
_EFFORT = 1000


class _Memory:
    """A stretch of memory in the form that numpy takes without copying."""

    def __init__(self, owner: Array, start: int, size: int, *, readonly: bool) -> None:
        self.owner = owner
        self.__array_interface__ = {"data": (start, readonly), "shape": (size,), "typestr": "|u1", "version": 3}


@dataclass(frozen=True)
class Extent:
    """The bytes from a view's first to its last, with what is between its elements.

    Parameters
    ----------
    array : ndarray
        Keeps the memory alive.
    start, end : int
        Addresses.
    of_frame : bool
        The array holds values of a frame, which copies what it shares with other frames before it writes to it.
    """

    array: Array
    start: int
    end: int
    of_frame: bool = False

    def bytes(self, *, readonly: bool) -> Any:
        """Return the memory itself as an array of bytes."""
        import numpy as np

        return np.asarray(_Memory(self.array, self.start, self.end - self.start, readonly=readonly))


def extent(array: Array, *, of_frame: bool = False) -> Extent:
    """Return the memory that a (not empty) array reaches."""
    start = end = array.__array_interface__["data"][0]
    for length, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            start += (length - 1) * stride
        else:
            end += (length - 1) * stride
    return Extent(array, start, end + array.itemsize, of_frame)


def owner(array: Array) -> Array:
    """Return the array that the memory of a view belongs to."""
    import numpy as np

    while isinstance(base := _base(array), np.ndarray):
        array = base
    return array


def _base(array: Array) -> object:
    base: object = array.base
    if isinstance(base, _Memory):
        return base.owner
    # What `numpy.lib.stride_tricks` returns keeps the array in an object of its own.
    return getattr(base, "base", None) if type(base).__name__ == "DummyArray" else base


def holds(array: Array, stretch: Extent) -> bool:
    """Say whether a stretch of memory is an array's."""
    whole = extent(array)
    return whole.start <= stretch.start and stretch.end <= whole.end


def clusters(extents: Iterable[Extent]) -> list[list[Extent]]:
    """Return the groups of two or more different arrays that share memory, transitively.

    What only frames share is no one's business but theirs.
    """
    found: list[list[list[Extent]]] = []
    end = -1
    for one in sorted(extents, key=lambda e: e.start):
        if one.start >= end:
            found.append([])
        end = max(end, one.end)
        sharing = [group for group in found[-1] if any(_share(one, other) for other in group)]
        merged = [one, *(e for group in sharing for e in group)]
        found[-1] = [group for group in found[-1] if group not in sharing] + [merged]
    return [group for stretch in found for group in stretch if _is_shared(group)]


def _is_shared(group: list[Extent]) -> bool:
    different = {(id(one.array), one.of_frame) for one in group}
    return len(different) > 1 and not all(one.of_frame for one in group)


def merge(cluster: list[Extent]) -> Extent:
    """Return the memory that a cluster of views reaches together."""
    array = max((e.array for e in cluster), key=lambda a: a.flags.writeable)
    return Extent(array, min(e.start for e in cluster), max(e.end for e in cluster))


def _share(one: Extent, other: Extent) -> bool:
    import numpy as np

    if one.start >= other.end or other.start >= one.end:
        return False
    try:
        return np.shares_memory(one.array, other.array, max_work=_EFFORT)  # type: ignore[arg-type] # any int
    except RuntimeError:  # TooHardError, whose home differs between versions of numpy
        return True
