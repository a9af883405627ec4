"""Instances of the notebook's classes whose own code a usual load would run before they have their attributes."""

from __future__ import annotations

import copyreg
from collections import Counter, OrderedDict, defaultdict
from types import FunctionType
from typing import Any

from k8snb.artifacts.identity import is_atomic

_CONTAINERS = {kind: kind for kind in (dict, list, set, OrderedDict, defaultdict)} | {Counter: dict}
"""What a class may derive from, and the class whose methods fill it."""

_FILL = frozenset({
    "__init__", "__setitem__", "__missing__", "append", "extend", "add", "update",
    "__iter__", "__getitem__", "__len__", "items", "keys", "values",
})  # fmt: skip
"""Methods that packing a container, or filling it, may call as it is usual."""

_CHOOSE = frozenset({
    "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__",
})  # fmt: skip
"""Methods by which a class chooses how it is packed."""


_PROTOCOL = 5


def loads_too_early(kind: type) -> bool:
    """Say whether a usual load of an instance calls methods of the notebook's that may need its attributes."""
    own, others = _names_and_bases(kind)
    if not own.isdisjoint(_CHOOSE) or any(base not in {*_CONTAINERS, object} for base in others):
        return False
    return "__getattr__" in own or (others != [object] and not own.isdisjoint(_FILL))


def has_own_hash(kind: type) -> bool:
    """Say whether the notebook says what the hash of an instance is: a set may need it while the instance is loaded."""
    own, others = _names_and_bases(kind)
    return isinstance(kind.__hash__, FunctionType) and own.isdisjoint(_CHOOSE) and others == [object]


def has_own_new(kind: type) -> bool:
    """Say whether the notebook says how an instance is made: a usual load would call that without its arguments."""
    own, others = _names_and_bases(kind)
    values = [base for base in others if base is not object]
    return "__new__" in own and own.isdisjoint(_CHOOSE) and len(values) < 2 and _VALUES.issuperset(values)  # noqa: PLR2004


_VALUES = frozenset({int, float, complex, str, bytes, tuple})


def reduce_made(obj: Any) -> Any:
    """Pack an instance as the value that it is, without its class's own way to make one, and its attributes."""
    kind: Any = next((base for base in type(obj).__mro__ if base in _VALUES), object)
    value = kind.__getnewargs__(obj) if kind is not object else ()
    return make_of, (kind, type(obj), *value), (*_attributes_and_slots(obj), None, None), None, None, fill


def make_of(base: Any, kind: type, *value: Any) -> Any:
    """Make an instance as its base would."""
    return base.__new__(kind, *value)


def _names_and_bases(kind: type) -> tuple[set[str], list[type]]:
    """Return what the notebook's classes among a class and its bases define, and the other bases."""
    own = {name for base in kind.__mro__ if base.__module__ == "__main__" for name in vars(base)}
    return own, [base for base in kind.__mro__ if base.__module__ != "__main__"]


def reduce_hashed(obj: Any) -> Any:
    """Pack an instance so that it has what is plain, of which its hash is made, before what may lead back to it."""
    attributes, slots = _attributes_and_slots(obj)
    every = {**attributes, **slots}
    plain = {name: value for name, value in every.items() if _is_plain(value)}
    if len(plain) == len(every):
        return NotImplemented
    rest = {name: value for name, value in every.items() if name not in plain}
    return make_with, (type(obj), plain), (rest, tuple(attributes)), None, None, add


def make_with(kind: type, attributes: dict[str, Any]) -> Any:
    """Make an instance with some of its attributes."""
    obj: Any = object.__new__(kind)
    for name, value in attributes.items():
        object.__setattr__(obj, name, value)
    return obj


def add(obj: Any, state: tuple[dict[str, Any], tuple[str, ...]]) -> None:
    """Give an instance the other attributes, and all of them their order."""
    rest, order = state
    for name, value in rest.items():
        object.__setattr__(obj, name, value)
    if order:
        attributes = object.__getattribute__(obj, "__dict__")
        in_order = {name: attributes[name] for name in order}
        attributes.clear()
        attributes.update(in_order)


def _is_plain(value: Any) -> bool:
    kinds: list[Any] = [*map(type, value)] if type(value) is tuple else [type(value)]
    return all(map(is_atomic, kinds))


def attributes(obj: Any) -> Any:
    """Return the dict that an instance has its attributes in, without running its code; None where it has none."""
    try:
        return object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return None


def reduce_with_dict(obj: Any) -> Any:
    """Pack an instance so that its dict, which something else holds too (``vars(args)``), stays that dict."""
    reduced = obj.__reduce_ex__(_PROTOCOL)
    usual = isinstance(reduced, tuple) and len(reduced) > 2 and reduced[2] is attributes(obj)  # noqa: PLR2004
    return (*(*reduced, None, None)[:5], set_dict) if usual and not hasattr(obj, "__setstate__") else NotImplemented


def set_dict(obj: Any, own: dict[str, Any]) -> None:
    """Give an instance a dict for its attributes."""
    object.__setattr__(obj, "__dict__", own)


def reduce(obj: Any) -> Any:
    """Pack an instance as its attributes and what it contains."""
    base = _base(obj)
    contents = [*base.items(obj)] if isinstance(obj, dict) else [*base.__iter__(obj)] if base is not None else None
    factory = obj.default_factory if isinstance(obj, defaultdict) else None
    state = (*_attributes_and_slots(obj), contents, factory)
    return copyreg.__newobj__, (type(obj),), state, None, None, fill  # type: ignore[attr-defined]


def fill(obj: Any, state: tuple[dict[str, Any], dict[str, Any], list[Any] | None, Any]) -> None:
    """Give an instance its attributes and contents without running any code of its class."""
    attributes, slots, contents, factory = state
    if attributes:
        object.__getattribute__(obj, "__dict__").update(attributes)
    for name, value in slots.items():
        object.__setattr__(obj, name, value)
    if isinstance(obj, defaultdict):
        defaultdict.__init__(obj, factory)
    base = _base(obj)
    if isinstance(obj, dict):
        for key, value in contents or ():
            base.__setitem__(obj, key, value)
    elif base is not None:
        (list.extend if base is list else set.update)(obj, contents or ())


def _attributes_and_slots(obj: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    state: Any = object.__getstate__(obj)
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    return attributes or {}, slots or {}


def _base(obj: Any) -> Any:
    """Return the class whose methods fill an instance; None where it contains nothing."""
    return next((_CONTAINERS[base] for base in type(obj).__mro__ if base in _CONTAINERS), None)
