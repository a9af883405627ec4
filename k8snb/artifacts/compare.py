"""Whether two values are alike: the same structure, types and contents, the same objects shared in the same places."""

from __future__ import annotations

import array
import collections
import copyreg
import functools
import types
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from blake3 import blake3

from k8snb.artifacts import identity
from k8snb.artifacts.loaded import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class State(NamedTuple):
    """What an object consists of: other objects, in order, and what can be compared as it is."""

    parts: Sequence[Any]
    own: Any = None


def alike(one: object, other: object) -> bool:
    """Say whether two values are alike."""
    partners: dict[int, int] = {}
    kept: list[State] = []  # what objects have made of themselves to be compared must not go before the end
    todo = [(one, other)]
    while todo:
        mine, others = todo.pop()
        kind: Any = type(mine)
        if not _same_type(kind, type(others)):
            return False
        look = _look_of(kind)
        if look is None:
            if mine is not others and not _same_value(mine, others):
                return False
            continue
        if id(mine) in partners:
            if partners[id(mine)] != id(others):
                return False
            continue
        partners[id(mine)] = id(others)
        if look is _of_frame:
            from k8snb.artifacts import frames

            if not frames.alike(mine, others):
                return False
            continue
        first, second = (_of_own_state(obj) or look(obj) for obj in (mine, others))
        kept += first, second
        if len(first.parts) != len(second.parts) or not _same_value(first.own, second.own):
            return False
        todo += zip(first.parts, second.parts, strict=True)
    return len(set(partners.values())) == len(partners)


def _same_type(one: Any, other: Any) -> bool:
    """Say whether types are one, or stand for one class of the notebook that was loaded twice."""
    return one is other or (one.__module__ == other.__module__ == "__main__" and one.__qualname__ == other.__qualname__)


def _same_value(one: Any, other: Any) -> bool:
    try:
        return bool(one == other) or repr(one) == repr(other)  # not a number is not equal to itself
    except Exception:  # noqa: BLE001 - the objects' own code
        return False


def parts(obj: object) -> Sequence[Any] | None:
    """Return the objects that an object consists of; None where it cannot change, or is a class."""
    kind: Any = type(obj)
    look = None if isinstance(obj, type) else _look_of(kind)
    if look is None:
        return None
    if look is _of_frame:
        from k8snb.artifacts import frames

        return frames.memory(obj)
    if look is _of_array and not cast("Any", obj).dtype.hasobject:
        return _attributes(obj)
    return () if look is _of_pickle else look(obj).parts


def is_closed(obj: object) -> bool:
    """Say whether only an object's own code can tell what it consists of."""
    kind: Any = type(obj)
    return not isinstance(obj, type) and _look_of(kind) is _of_pickle


def is_frame(obj: object) -> bool:
    """Say whether an object is a frame or a series."""
    kind: Any = type(obj)
    return _look_of(kind) is _of_frame


def is_iterator(obj: object) -> bool:
    """Say whether an object is an iterator that can be made anew over something else."""
    return type(obj) in _ITERATORS


@functools.lru_cache(maxsize=1024)
def _look_of(kind: Any) -> Callable[[Any], State] | None:
    """Return what tells of objects of a type; None where they are compared as they are."""
    look = _LOOKS.get(kind) or next((look for base, look in _bases() if issubclass(kind, base)), None)
    if look is not None or identity.is_atomic(kind):
        return look
    if _plainly_reduced(kind):
        return functools.partial(_of_instance, slots_of(kind))
    return _of_pickle


def slots_of(kind: Any) -> tuple[str, ...]:
    """Return the names of the slots that instances of a class may have."""
    return tuple(copyreg._slotnames(kind))  # type: ignore[attr-defined]  # noqa: SLF001 - it has no other name


def _bases() -> Iterator[tuple[type, Callable[[Any], State]]]:
    """Yield classes and what tells of objects of any class derived from them."""
    yield type, _of_class
    yield tuple, _of_sequence
    if numpy := loaded("numpy"):
        yield numpy.ndarray, _of_array
    if pandas := loaded("pandas"):
        yield pandas.DataFrame, _of_frame
        yield pandas.Series, _of_frame
        yield pandas.Index, _of_index


def _of_sequence(obj: Any) -> State:
    return State(list(obj))


def _of_mapping(obj: Any) -> State:
    return State([*obj, *obj.values()])


def _of_set(obj: Any) -> State:
    return State((), obj)


def _of_function(obj: types.FunctionType) -> State:
    if obj.__module__ != "__main__":
        return State((), (obj.__module__, obj.__qualname__))
    more = [*(obj.__kwdefaults__ or {}).values(), *obj.__dict__.values()]
    return State([*(obj.__closure__ or ()), *(obj.__defaults__ or ()), *more], (obj.__code__, tuple(obj.__dict__)))


def _of_cell(obj: types.CellType) -> State:
    try:
        return State([obj.cell_contents])
    except ValueError:
        return State(())


def _of_class(obj: type) -> State:
    """Tell of a class of the notebook: its attributes, which methods may change."""
    if obj.__module__ != "__main__":
        return State((), (obj.__module__, obj.__qualname__))
    own = {name: value for name, value in sorted(vars(obj).items()) if name not in _OF_TYPE and _tells(value)}
    return State([*own.values(), *obj.__bases__], tuple(own))


_OF_TYPE = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "_abc_impl", "__abstractmethods__", "__slotnames__"}
    | {"_value2member_map_"}  # grows where members of a flag are combined
    | {"__pydantic_validator__", "__pydantic_serializer__"}  # compiled from what else the class keeps
)


def _tells(attribute: object) -> bool:
    """Say whether a class's attribute may change; what slots and the like are made of does not."""
    return not isinstance(attribute, types.MemberDescriptorType | types.GetSetDescriptorType)


_REMEMBERED = {
    "pandas.core": {"_cache"},  # of groups of a frame
    "scipy.sparse": {"_has_canonical_format", "_has_sorted_indices"},
}
"""Attributes in which objects keep what they have found out about their other attributes, by package."""


def _of_instance(slots: Sequence[str], obj: Any) -> State:
    """Tell of an instance: its class, its attributes, its slots and, where it is a container too, what it contains."""
    attributes: dict[str, Any] = getattr(obj, "__dict__", {})
    for package, remembered in _REMEMBERED.items():
        if type(obj).__module__.startswith(package):
            attributes = {name: value for name, value in attributes.items() if name not in remembered}
    filled = [name for name in slots if hasattr(obj, name)]
    parts = [type(obj), *attributes.values(), *(getattr(obj, name) for name in filled)]
    own: tuple[Any, ...] = (*attributes, *filled)
    if isinstance(obj, collections.OrderedDict):  # its order is its own
        parts += [*collections.OrderedDict.keys(obj), *dict.values(obj)]
    elif isinstance(obj, dict):
        parts += [*dict.keys(obj), *dict.values(obj)]
    elif isinstance(obj, list):
        parts += list.__iter__(obj)
    elif isinstance(obj, set):
        own = (*own, set(set.__iter__(obj)))
    return State(parts, own)


def _of_own_state(obj: Any) -> State | None:
    """Tell of an instance what it says itself that it consists of: an image has its pixels where no attribute shows."""
    if not isinstance(getattr(type(obj), "__getstate__", None), types.FunctionType):
        return None
    try:
        return State([obj.__getstate__()])
    except Exception:  # noqa: BLE001 - the object's own code
        return None


def _attributes(obj: object) -> list[Any]:
    return list(getattr(obj, "__dict__", {}).values())


def _of_array(obj: Any) -> State:
    attributes = _attributes(obj)
    own = (obj.shape, obj.dtype, obj.strides if obj.size else None, obj.flags.writeable)
    if obj.dtype.hasobject:
        return State([*attributes, *obj.ravel().tolist()], own)
    return State(attributes, (*own, blake3(obj.tobytes()).digest()))


def _of_frame(_: Any) -> State:
    """Stand for frames and series, which are compared by `k8snb.artifacts.frames`."""
    raise NotImplementedError


def _of_index(obj: Any) -> State:
    return State((), (_Index(obj), tuple(obj.names)))


class _Index:
    """An index, which numpy would compare label by label."""

    def __init__(self, index: Any) -> None:
        self.index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Index) and bool(self.index.identical(other.index))

    __hash__ = None  # type: ignore[assignment]


def _of_pickle(obj: Any) -> State:
    """Tell of an object that only its own code can tell of."""
    from k8snb.artifacts.pickler import Pickler

    pickler = Pickler(None, {})
    try:
        pickler.dump(obj)
    except Exception as error:  # noqa: BLE001 - the object's own code
        return State((), f"{type(error)}: {error}")
    digest = blake3()
    for chunk in pickler.chunks:
        digest.update(chunk)
    for buffer in pickler.buffers:
        digest.update(buffer)
    return State((), digest.digest())


def _of_iterator(obj: Any) -> State:
    """Tell of an iterator that is made anew of what it goes through; one that has ended goes through nothing."""
    make, args, *place = obj.__reduce__()
    return State(() if make is iter and not place else args, (make, *place))


def _plainly_reduced(kind: Any) -> bool:
    """Say whether a pickle of an instance is its class and its attributes; that of a ``StringIO`` has more."""
    plain = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ in _REDUCES
    state = kind.__getstate__
    told = state is object.__getstate__ or isinstance(state, types.FunctionType)
    return plain and told and kind not in copyreg.dispatch_table


_REDUCES = (object.__reduce__, set.__reduce__, collections.OrderedDict.__reduce__, collections.defaultdict.__reduce__)

_ITERATORS = frozenset(
    map(type, (iter([]), iter(()), iter(collections.deque()), iter(bytearray()), reversed([])))
).union((enumerate, filter, map, reversed, zip))

_LOOKS: dict[type, Callable[[Any], State]] = {
    **dict.fromkeys(_ITERATORS, _of_iterator),
    list: _of_sequence,
    tuple: _of_sequence,
    set: _of_set,
    frozenset: _of_set,
    collections.deque: lambda obj: State(list(obj), obj.maxlen),
    dict: _of_mapping,
    collections.OrderedDict: _of_mapping,
    collections.defaultdict: lambda obj: State([obj.default_factory, *obj, *obj.values()]),
    collections.Counter: _of_mapping,
    bytearray: lambda obj: State((), bytes(obj)),
    array.array: lambda obj: State((), (obj.typecode, obj.tobytes())),
    types.FunctionType: _of_function,
    types.CellType: _of_cell,
    types.GenericAlias: lambda obj: State([obj.__origin__, *obj.__args__]),
    types.UnionType: lambda obj: State(list(obj.__args__)),
    types.MethodType: lambda obj: State([obj.__self__, obj.__func__]),
    types.BuiltinMethodType: lambda obj: State([obj.__self__], obj.__qualname__),
    functools._lru_cache_wrapper: lambda obj: State([obj.__wrapped__], repr(obj.cache_parameters())),  # noqa: SLF001
    staticmethod: lambda obj: State([obj.__func__]),
    classmethod: lambda obj: State([obj.__func__]),
    property: lambda obj: State([obj.fget, obj.fset, obj.fdel]),
    functools.partial: lambda obj: State([obj.func, *obj.args, *obj.keywords.values()], tuple(obj.keywords)),
}
