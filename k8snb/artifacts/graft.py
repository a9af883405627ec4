"""Puts objects that a process has already in the place of their copies in a value that was loaded."""

from __future__ import annotations

import functools
import gc
from collections import deque
from contextlib import suppress
from functools import partial
from operator import is_
from types import BuiltinMethodType, CellType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from k8snb.artifacts import rebuild, views
from k8snb.artifacts.compare import is_closed, is_frame, is_iterator, parts, slots_of
from k8snb.artifacts.identity import is_atomic
from k8snb.artifacts.loaded import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_ATOMS = frozenset({int, float, complex, str, bytes, bool, type(None), type})

FOLLOWED = 10_000
"""Objects behind one that only its own code can tell of that are looked at for copies."""

Pairs = dict[int, tuple[Any, Any]]
"""By the copy's id: a copy and its original."""


def graft(
    values: dict[str, object],
    originals: Mapping[str, object],
    successors: Mapping[str, object] = MappingProxyType({}),
    *,
    copies: Iterable[tuple[object, object]] = (),
) -> bool:
    """Put originals in the place of their copies, wherever these are in values; say whether that is possible.

    What only its own code can tell of keeps what it holds: where it may hold a copy, nothing is replaced.

    Parameters
    ----------
    values : dict of str to object
        As they were loaded, the copies among them; the names of the copies stand for the originals then.
    originals : mapping of str to object
        Objects of this process that some of the values are copies of.
    successors : mapping of str to object, optional
        What others of the values have become: that may have another form, and what is inside is not replaced by itself.
    copies : iterable of tuple of object and object, optional
        Copies that may be in the values, and their originals.
    """
    pairs: Pairs = {id(values[name]): (values[name], later) for name, later in successors.items()}
    for name, original in originals.items():
        _pair(values[name], original, pairs)
    for copy, original in copies:
        _pair(copy, original, pairs)
    originals = {**originals, **successors}
    if not pairs and not originals:
        return True
    if _holds_what_cannot_be_replaced(values, pairs):
        return False
    replacing = _Replacing(pairs)
    values |= {name: originals[name] if name in originals else replacing.of(value) for name, value in values.items()}
    replacing.inside()
    return True


def _holds_what_cannot_be_replaced(values: Mapping[str, object], pairs: Pairs) -> bool:
    seen: set[int] = set()
    todo = list(values.values())
    while todo:
        one = todo.pop()
        if id(one) not in seen and id(one) not in pairs:
            seen.add(id(one))
            if is_closed(one) and _leads_to(one, pairs):
                return True
            todo += parts(one) or ()
    return False


def _leads_to(closed: object, pairs: Pairs) -> bool:
    """Say whether an object may hold a copy, as far as the garbage collector tells."""
    if not gc.is_tracked(closed):
        return True
    seen: set[int] = set()
    todo = [closed]
    while todo and len(seen) < FOLLOWED:
        one = todo.pop()
        if id(one) in pairs:
            return True
        if id(one) not in seen and not isinstance(one, type | ModuleType):
            seen.add(id(one))
            todo += (parts(one) or ()) if isinstance(one, FunctionType) or _is_array(one) else gc.get_referents(one)
    return bool(todo)


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
    """Walks values and replaces copies in place, each container once, and what is in it after what it is in."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._arrays = [(copy, original) for copy, original in pairs.values() if _is_array(copy)]
        frames = [(one, other) for one, other in pairs.values() if is_frame(one)]
        blocks = [pair for one, other in frames for pair in zip(one._mgr.blocks, other._mgr.blocks, strict=False)]  # noqa: SLF001
        self._references = {id(one.refs): other.refs for one, other in blocks}
        self._todo: list[tuple[Any, Any]] = []
        self._seen = {id(original): original for _, original in pairs.values()}

    def of(self, value: Any) -> Any:
        """Return what stands for a value from now on; what is in it `inside` replaces."""
        kind: Any = type(value)
        if kind in _ATOMS:
            return value
        if id(value) in self._pairs:
            return self._pairs[id(value)][1]
        if id(value) in self._seen:
            return value
        self._seen[id(value)] = value
        if (made := self._anew(value, kind)) is not value:
            self._pairs[id(value)] = value, made
            self._seen[id(made)] = made
        elif not is_atomic(kind):
            self._todo.append((value, kind))
        return made

    def _anew(self, value: Any, kind: Any) -> Any:
        """Return another object in the place of one that cannot change, where parts of that are replaced."""
        if issubclass(kind, tuple):
            return self._tuple(value, kind)
        if kind is MethodType:
            owner = self.of(value.__self__)
            return value if owner is value.__self__ else MethodType(self.of(value.__func__), owner)
        if kind is BuiltinMethodType:
            owner = self.of(value.__self__)
            return value if owner is value.__self__ else getattr(owner, value.__name__)
        if kind is FunctionType:
            return self._function(value)
        if is_iterator(value):
            return self._iterator(value)
        return self._view(value) if _is_array(value) else value

    def _function(self, function: FunctionType) -> FunctionType:
        """Return a function, another one where it has a variable in common with an original: it cannot be given one."""
        cells = function.__closure__ or ()
        cells_now = tuple(map(self.of, cells))
        if all(map(is_, cells_now, cells)):
            return function
        made = FunctionType(function.__code__, function.__globals__, function.__name__, closure=cells_now)
        made.__defaults__, made.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
        for name in functools.WRAPPER_ASSIGNMENTS:
            setattr(made, name, getattr(function, name))
        made.__dict__.update(function.__dict__)
        self._todo.append((made, FunctionType))
        return made

    def _iterator(self, value: Any) -> Any:
        """Return an iterator that has come as far, another one where it goes through something else."""
        make, args, *place = value.__reduce__()
        args_now = tuple(map(self.of, args))
        if all(map(is_, args_now, args)):
            return value
        made = make(*args_now)
        for one in place:
            made.__setstate__(one)
        return made

    def inside(self) -> None:
        """Replace what the objects consist of that were met, however deep it is."""
        while self._todo:
            self._inside(*self._todo.pop())

    def _tuple(self, value: Any, kind: Any) -> Any:
        """Return a tuple, another one where parts of it are replaced."""
        parts_now = tuple(map(self.of, tuple.__iter__(value)))
        if all(map(is_, parts_now, tuple.__iter__(value))):
            made = value
        else:
            made = parts_now if kind is tuple else tuple.__new__(kind, parts_now)
            self._seen[id(made)] = made
            if hasattr(value, "__dict__"):
                made.__dict__.update(value.__dict__)
        if kind is not tuple:
            self._in_attributes(made, kind)
        return made

    def _inside(self, value: Any, kind: Any) -> None:
        """Replace what an object consists of, which goes on as what it is."""
        if kind is FunctionType:
            self._in_function(value)
        elif kind is CellType:
            self._in_cell(value)
        elif kind is partial:
            self._in_partial(value)
        elif issubclass(kind, dict):
            self._fill(partial(dict.__setitem__, value), dict.items(value))
        elif issubclass(kind, list):
            self._fill(partial(list.__setitem__, value), enumerate(list.__iter__(value)))
        elif kind is deque:
            self._fill(value.__setitem__, enumerate(value))
        elif is_frame(value):
            self._in_frame(value)
        if kind is not FunctionType and not isinstance(value, type):
            self._in_attributes(value, kind)

    def _fill(self, put: Callable[[Any, Any], None], items: Iterable[tuple[Any, Any]]) -> None:
        for key, part in list(items):
            if (other := self.of(part)) is not part:
                put(key, other)

    def _in_attributes(self, value: Any, kind: Any) -> None:
        attributes = getattr(value, "__dict__", None)
        if type(attributes) is dict:
            self._fill(attributes.__setitem__, attributes.items())
        if kind.__module__ == "__main__":
            filled = [(name, getattr(value, name)) for name in slots_of(kind) if hasattr(value, name)]
            self._fill(partial(object.__setattr__, value), filled)

    def _in_partial(self, value: Any) -> None:
        self._fill(value.keywords.__setitem__, value.keywords.items())
        value.__setstate__((self.of(value.func), self.of(value.args), value.keywords, value.__dict__))

    def _in_function(self, function: FunctionType) -> None:
        function.__defaults__ = self.of(function.__defaults__)
        for own in (function.__kwdefaults__ or {}, function.__dict__):
            self._fill(own.__setitem__, own.items())

    def _in_cell(self, cell: CellType) -> None:
        with suppress(ValueError):  # an empty one
            cell.cell_contents = self.of(cell.cell_contents)

    def _in_frame(self, frame: Any) -> None:
        """Let a frame look at an original's memory, and know of the frames that do so too."""
        for block in frame._mgr.blocks:  # noqa: SLF001 - pandas has no public word for what is asked here
            if _is_array(block.values) and (values := self._view(block.values)) is not block.values:
                block.values = values
                if (references := self._references.get(id(block.refs))) is not None:
                    block.refs = references
                    references.add_reference(block)

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
