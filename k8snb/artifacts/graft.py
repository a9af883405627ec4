"""Puts objects that a process has already in the place of their copies in a value that was loaded."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from operator import is_
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any

from k8snb.artifacts import rebuild, views
from k8snb.artifacts.compare import is_closed, parts
from k8snb.artifacts.loaded import loaded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None), type})

Pairs = dict[int, tuple[Any, Any]]
"""By the copy's id: a copy and its original."""


def graft(values: dict[str, object], originals: Mapping[str, object]) -> bool:
    """Put originals in the place of their copies, wherever these are in values; say whether that is possible.

    What only its own code can tell of, an iterator for example, keeps what it holds: then nothing is replaced.

    Parameters
    ----------
    values : dict of str to object
        As they were loaded, the copies among them; the names of the copies stand for the originals then.
    originals : mapping of str to object
        Objects of this process that some of the values are copies of.
    """
    pairs: Pairs = {}
    for name, original in originals.items():
        _pair(values[name], original, pairs)
    if _holds_what_cannot_be_replaced(values, pairs):
        return False
    replacing = _Replacing(pairs)
    values |= {name: originals[name] if name in originals else replacing.of(value) for name, value in values.items()}
    return True


def _holds_what_cannot_be_replaced(values: Mapping[str, object], pairs: Pairs) -> bool:
    seen: set[int] = set()
    todo = list(values.values())
    while todo:
        one = todo.pop()
        if id(one) not in seen and id(one) not in pairs:
            seen.add(id(one))
            if is_closed(one):
                return True
            todo += parts(one) or ()
    return False


def _pair(copy: object, original: object, pairs: Pairs) -> None:
    """Note which object each part of a copy is a copy of, as far as the two have the same form."""
    todo = [(copy, original)]
    while todo:
        one, other = todo.pop()
        inside = parts(one)
        if inside is None or type(one) is not type(other) or id(one) in pairs:
            continue
        pairs[id(one)] = one, other
        others = parts(other)
        if others is not None and len(inside) == len(others):
            todo += zip(inside, others, strict=True)


class _Replacing:
    """Walks values and replaces copies in place, each container once."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._arrays = [(copy, original) for copy, original in pairs.values() if _is_array(copy)]
        self._seen = {id(original): original for _, original in pairs.values()}

    def of(self, value: Any) -> Any:
        """Return what stands for a value from now on."""
        kind = type(value)
        if kind in _ATOMS or id(value) in self._seen:
            return value
        if id(value) in self._pairs:
            return self._pairs[id(value)][1]
        self._seen[id(value)] = value
        if kind is tuple:
            made = tuple(map(self.of, value))
            return value if all(map(is_, made, value)) else made
        if kind in {list, deque}:
            self._fill(value, enumerate(value))
        elif kind is dict:
            self._fill(value, value.items())
        elif kind is FunctionType:
            self._in_function(value)
        elif kind is CellType:
            self._in_cell(value)
        elif _is_array(value):
            return self._view(value)
        elif type(attributes := getattr(value, "__dict__", None)) is dict:
            self._fill(attributes, attributes.items())
        return value

    def _fill(self, container: Any, items: Iterable[tuple[Any, Any]]) -> None:
        for key, part in list(items):
            if (other := self.of(part)) is not part:
                container[key] = other

    def _in_function(self, function: FunctionType) -> None:
        for cell in function.__closure__ or ():
            self.of(cell)
        function.__defaults__ = self.of(function.__defaults__)
        for own in (function.__kwdefaults__ or {}, function.__dict__):
            self._fill(own, own.items())

    def _in_cell(self, cell: CellType) -> None:
        with suppress(ValueError):  # an empty one
            cell.cell_contents = self.of(cell.cell_contents)

    def _view(self, array: Any) -> Any:
        """Return an array that looks at an original's memory where the given one looks at its copy's."""
        if array.size == 0 or array.dtype.hasobject:
            return array
        reach = views.extent(array)
        start = array.__array_interface__["data"][0]
        for copy, original in self._arrays:
            span = views.extent(copy)
            if reach.end <= span.start or span.end <= reach.start or copy.strides != original.strides:
                continue
            shift = views.extent(original).start - span.start
            there = views.Extent(original, reach.start + shift, reach.end + shift)
            if views.holds(views.owner(original), there):
                memory = there.bytes(readonly=not original.flags.writeable)
                form = array.dtype, array.shape, array.strides, start - reach.start, array.flags.writeable
                return rebuild.make_array(type(array), memory, *form)
        return array


def _is_array(value: object) -> bool:
    numpy = loaded("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray) and value.size > 0
