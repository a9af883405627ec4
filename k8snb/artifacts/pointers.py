"""Objects' memory, read with numpy where Python's own loop takes too long: what a container holds, and more."""

from __future__ import annotations

import functools
import sys
from operator import is_
from typing import TYPE_CHECKING, Any

from k8snb.artifacts.loaded import loaded

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEW = 128
"""Objects that are compared one by one as fast as numpy is asked."""

_SIZE = 8  # bytes of a pointer

BLOCK = 16384
"""Objects whose words stay in the processor's cache."""

TYPE = 8
"""Bytes before an object's type."""


def are_same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Say whether two lists hold the same objects in the same order."""
    if len(one) != len(other):
        return False
    numpy = loaded("numpy")
    if len(one) < _FEW or numpy is None or type(one) is not list or type(other) is not list or not _list_is_known():
        return all(map(is_, one, other))
    return _same_bytes(_pointers(one, numpy), _pointers(other, numpy), numpy)


def are_same_elements(one: Any, other: Any) -> bool:
    """Say whether two arrays of objects, of the same shape and each in one piece, hold the same objects in memory."""
    numpy = loaded("numpy")
    first, second = (_memory(a.__array_interface__["data"][0], a.nbytes, numpy) for a in (one, other))
    return _same_bytes(first, second, numpy)


def addresses(objects: list[Any], numpy: Any) -> Any:
    """Return where the objects of a list are: its own memory, good as long as it is neither changed nor thrown away."""
    return _pointers(objects, numpy).view(numpy.uint64)


def words(places: Any, offset: int, numpy: Any, count: int = 1) -> Any:
    """Return the words of eight bytes that are so far behind each place: an address in memory that somebody keeps.

    Returns
    -------
    ndarray, shape (len(places), count)

    Raises
    ------
    ValueError
        Some places are not whole words apart.
    """
    found = numpy.empty((len(places), count), numpy.uint64)
    if not len(places):
        return found
    low, high = int(places.min()), int(places.max())
    memory = _memory(low + offset, high - low + count * _SIZE, numpy).view(numpy.uint64)  # touched at the places only
    for start in range(0, len(places), BLOCK):
        apart = places[start : start + BLOCK] - numpy.uint64(low)
        if int(numpy.bitwise_or.reduce(apart)) % _SIZE:
            raise ValueError
        steps = (apart >> numpy.uint64(3)).view(numpy.int64)[:, None]
        if count > 1:
            steps = steps + numpy.arange(count)
        memory.take(steps, out=found[start : start + BLOCK], mode="clip")  # none is out of bounds: that is the fastest
    return found


def word(value: object, offset: int, numpy: Any) -> Any:
    """Return the word so far behind an object's start as an array of one, which follows it."""
    return _memory(id(value) + offset, _SIZE, numpy).view(numpy.uint64)


@functools.cache
def are_known() -> bool:
    """Whether lists and the heads of objects are what ``cpython/object.h`` says: their references, then their type."""
    numpy = loaded("numpy")
    if numpy is None or not _list_is_known() or object.__basicsize__ != 2 * _SIZE:
        return False
    probes = [1000, 2.5, "a", [], {}, object(), numpy.arange(3), list]
    places = addresses(probes, numpy)
    kinds = words(places, TYPE, numpy)[:, 0]
    return bool([*map(id, probes)] == places.tolist() and [id(type(one)) for one in probes] == kinds.tolist())


@functools.cache
def _list_is_known() -> bool:
    """Whether a list is what ``cpython/listobject.h`` says: a head, the length, the pointers' address, the room."""
    return (
        sys.implementation.name == "cpython"
        and sys.maxsize == 2**63 - 1
        and list.__basicsize__ == object.__basicsize__ + 3 * _SIZE
    )


def _pointers(objects: list[Any], numpy: Any) -> Any:
    place = id(objects) + list.__basicsize__ - 2 * _SIZE
    [address] = _memory(place, _SIZE, numpy).view(numpy.uint64).tolist()
    return _memory(address, len(objects) * _SIZE, numpy)


def _memory(address: int, size: int, numpy: Any) -> Any:
    return numpy.asarray(_Bytes(address, size))


class _Bytes:
    """Bytes of this process in the form that numpy takes without copying."""

    def __init__(self, address: int, size: int) -> None:
        self.__array_interface__ = {"data": (address, True), "shape": (size,), "typestr": "|u1", "version": 3}


def _same_bytes(one: Any, other: Any, numpy: Any) -> bool:
    return are_equal(one.view(numpy.uint64), other.view(numpy.uint64))


def are_equal(one: Any, other: Any) -> bool:
    """Say whether two arrays of one length are equal."""
    blocks = range(0, len(one), BLOCK)
    return all(bool((one[i : i + BLOCK] == other[i : i + BLOCK]).all()) for i in blocks)
