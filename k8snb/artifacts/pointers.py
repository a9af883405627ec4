"""Whether two containers hold the very same objects, told by their pointers where Python's own loop takes too long."""

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
    return bool(numpy.array_equal(one.view(numpy.uint64), other.view(numpy.uint64)))
