"""Many objects of one type: their memory tells at once that all of them are unchanged, one by one it takes too long."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Protocol

from k8snb.artifacts import dicts, pointers, views
from k8snb.artifacts.forms import PLAIN_KINDS, UnknownFormError, form_of, is_out_of_band
from k8snb.artifacts.loaded import loaded
from k8snb.artifacts.rebuild import memo_is_visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from k8snb.artifacts.views import Extent

MANY = 128
"""Objects of one type that are a crowd."""


def has_any(some: Sequence[Crowd], ids: list[int]) -> bool:
    """Say whether an object of some crowds has one of these ids."""
    numpy = loaded("numpy")
    if not some or numpy is None:
        return False
    ordered = numpy.sort(numpy.array(ids, numpy.uint64))
    return any(crowd.has_any(ordered) for crowd in some)


class Crowd(Protocol):
    """Many objects, as they were when this was made."""

    def is_same(self) -> bool:
        """Say whether they surely are what they were."""

    def has_any(self, ids: Any) -> bool:
        """Say whether one of them has one of these ids: an array of them in order."""

    def extents(self, others: Iterable[Extent]) -> list[Extent]:
        """Return the memory of those that may share some with others."""


def are_told() -> bool:
    """Say whether crowds are told from the rest here, and all that a pickle has made is known fast."""
    return memo_is_visible() and loaded("numpy") is not None and pointers.are_known()


def part(objects: list[Any], limit: int) -> tuple[list[Crowd], list[Any]]:
    """Part all that a pickle has made into crowds and those of the rest that can be changed; tuples are left out.

    Parameters
    ----------
    objects : list of object
        Must not be changed any more.
    limit : int
        How many the rest may be.

    Raises
    ------
    UnknownFormError
    """
    numpy = loaded("numpy")
    if len(objects) < MANY or numpy is None or not pointers.are_known():
        if len(objects) > limit:
            raise UnknownFormError
        return [], [one for one in objects if type(one) is not tuple]
    crowds: list[Crowd] = []
    blocks: dict[Any, list[Any]] = {}
    count = 0
    places = pointers.addresses(objects, numpy)
    for start in range(0, len(objects), pointers.BLOCK):
        block = places[start : start + pointers.BLOCK]
        for kind, these in _by_type(objects, start, block, numpy):
            if kind is dict and len(these) >= MANY and dicts.have_versions():
                crowds.append(_Dicts(objects, block[these], numpy))
                continue
            blocks.setdefault(kind, []).append(these + start)
            count += len(these) if kind is not numpy.ndarray else 0
        if count > limit:
            raise UnknownFormError
    found = {kind: numpy.concatenate(some) for kind, some in blocks.items()}
    # Which arrays frames hold matters to nobody else, and only a walk tells that they do.
    shows = all(form.shows for kind in found if (form := form_of(kind)))
    if shows and len(found.get(numpy.ndarray, ())) >= MANY and _arrays_are_known():
        crowd = _Arrays(objects, found[numpy.ndarray], numpy)
        found[numpy.ndarray] = crowd.others
        crowds.append(crowd)
    rest = [objects[i] for indices in found.values() for i in indices.tolist()]
    if len(rest) > limit:
        raise UnknownFormError
    return crowds, rest


def _by_type(objects: list[Any], start: int, block: Any, numpy: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each type in a block of the list whose objects can be changed, and where they are in the block."""
    kinds = pointers.words(block, pointers.TYPE, numpy)[:, 0]
    left = numpy.ones(len(kinds), bool)
    while left[first := int(left.argmax())]:
        kind: Any = type(objects[start + first])
        is_one = kinds == id(kind)
        left ^= is_one
        if form_of(kind) is not None and kind is not tuple:
            yield kind, numpy.flatnonzero(is_one)


class _Dicts:
    def __init__(self, objects: list[Any], places: Any, numpy: Any) -> None:
        self._objects = objects  # keeps them where they are
        self._places, self._numpy = places, numpy
        self._versions = dicts.versions(places, numpy)

    def is_same(self) -> bool:
        return pointers.are_equal(dicts.versions(self._places, self._numpy), self._versions)

    def has_any(self, ids: Any) -> bool:
        return _any_in(self._places, ids, self._numpy)

    def extents(self, _: Iterable[Extent]) -> list[Extent]:
        return []


_HEAD = ("data", "dimensions", "lengths", "strides", "base", "dtype", "flags")
"""The words of an array behind its references and its type, as ``numpy/ndarraytypes.h`` has them."""

_HEAD_START = 16

_HALF = 0xFFFFFFFF  # of a word: what is behind an int is no part of it


class _Arrays:
    """Arrays that are views of memory which is known by its digests: those of the indices that are not `others`."""

    def __init__(self, objects: list[Any], indices: Any, numpy: Any) -> None:
        self._objects, self._numpy = objects, numpy
        places = pointers.addresses(objects, numpy)[indices]
        heads = _heads(places, numpy)
        bases, dtypes = (heads[:, _HEAD.index(name)] for name in ("base", "dtype"))
        mine = _which(bases, lambda i: is_out_of_band(objects[indices[i]]), numpy)
        mine &= _which(dtypes, lambda i: objects[indices[i]].dtype.kind in PLAIN_KINDS, numpy)
        self.others = indices[~mine]
        self._indices, self._places, self._heads = indices[mine], places[mine], heads[mine]
        self._dtypes = [objects[i].dtype for i in _one_of_each(dtypes[mine], self._indices, numpy)]  # keeps them
        self._bases = [objects[i].base for i in _one_of_each(bases[mine], self._indices, numpy)]
        self._shapes = _shapes(self._heads, numpy)

    def is_same(self) -> bool:
        heads = _heads(self._places, self._numpy)
        # Only where the heads are the same it is known that there is something behind their pointers.
        return bool((heads == self._heads).all()) and all(
            map(pointers.are_equal, self._shapes, _shapes(heads, self._numpy))
        )

    def has_any(self, ids: Any) -> bool:
        return _any_in(self._places, ids, self._numpy)

    def extents(self, others: Iterable[Extent]) -> list[Extent]:
        whole = [views.extent(base) for base in self._bases]
        if not any(one.start < other.end and other.start < one.end for other in others for one in whole):
            return []
        return [views.extent(self._objects[i]) for i in self._indices.tolist() if self._objects[i].size]


def _heads(places: Any, numpy: Any) -> Any:
    return pointers.words(places, _HEAD_START, numpy, len(_HEAD))


def _shapes(heads: Any, numpy: Any) -> list[Any]:
    """Return the lengths and strides that arrays with these heads have: of all that have as many, together."""
    counts = heads[:, _HEAD.index("dimensions")] & numpy.uint64(_HALF)
    starts = [heads[:, _HEAD.index(name)] for name in ("lengths", "strides")]
    return [
        pointers.words(start[counts == count], 0, numpy, count)
        for count in numpy.unique(counts).tolist()
        for start in starts
        if count
    ]


def _which(words: Any, is_so: Any, numpy: Any) -> Any:
    """Say for each word whether something is so, asked for one place of each that stands there often."""
    found, first, inverse, counts = numpy.unique(words, return_index=True, return_inverse=True, return_counts=True)
    asked = [count >= _OFTEN and is_so(i) for i, count in zip(first.tolist(), counts.tolist(), strict=True)]
    return numpy.array(asked, bool)[inverse] if len(found) else numpy.zeros(0, bool)


_OFTEN = 8


def _one_of_each(words: Any, indices: Any, numpy: Any) -> list[int]:
    first: list[int] = indices[numpy.unique(words, return_index=True)[1]].tolist()
    return first


def _any_in(places: Any, ids: Any, numpy: Any) -> bool:
    return len(ids) > 0 and bool((ids.take(numpy.searchsorted(ids, places), mode="clip") == places).any())


@functools.cache
def _arrays_are_known() -> bool:
    """Whether the memory of arrays has at its places what numpy says of them."""
    numpy = loaded("numpy")
    assert numpy is not None
    owned = numpy.arange(24, dtype=numpy.float32)
    probes = [owned, owned[::2], owned.reshape(2, 3, 4).T, owned.reshape(4, 6).copy(order="F"), owned[3:].view("u1")]
    probes += [
        numpy.array(1.0),
        numpy.zeros((0, 3)),
        numpy.broadcast_to(owned[0], (5, 2)),
        numpy.frombuffer(b"abc", "S1"),
    ]
    heads = _heads(pointers.addresses(probes, numpy), numpy)
    for one, words in zip(probes, heads, strict=True):
        head = dict(zip(_HEAD, words.tolist(), strict=True))
        head |= {name: head[name] & _HALF for name in ("dimensions", "flags")}
        lengths, strides = head.pop("lengths"), head.pop("strides")
        told = {
            "data": one.__array_interface__["data"][0],
            "dimensions": one.ndim,
            "base": 0 if one.base is None else id(one.base),
            "dtype": id(one.dtype),
            "flags": one.flags.num,
        }
        if told != head:
            return False
        for start, numbers in ((lengths, one.shape), (strides, one.strides)):
            behind = pointers.words(numpy.array([start][: one.ndim], numpy.uint64), 0, numpy, one.ndim)
            if behind.view(numpy.int64).ravel().tolist() != [*numbers]:
                return False
    return True
