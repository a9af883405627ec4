"""Instances of the notebook's classes whose own code a usual load would run before they have their attributes."""

from __future__ import annotations

import copyreg
from collections import Counter, OrderedDict, defaultdict
from typing import Any

_CONTAINERS = {kind: kind for kind in (dict, list, set, OrderedDict, defaultdict)} | {Counter: dict}
"""What a class may derive from, and the class whose methods fill it."""

_FILL = frozenset({"__init__", "__setitem__", "__missing__", "append", "extend", "add", "update"})
_CHOOSE = frozenset({
    "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__",
})  # fmt: skip
"""Methods by which a class chooses how it is packed."""


def loads_too_early(kind: type) -> bool:
    """Say whether a usual load of an instance calls methods of the notebook's that may need its attributes."""
    if kind.__module__ != "__main__":
        return False
    own = {name for base in kind.__mro__ if base.__module__ == "__main__" for name in vars(base)}
    others = [base for base in kind.__mro__ if base.__module__ != "__main__"]
    if not own.isdisjoint(_CHOOSE) or any(base not in {*_CONTAINERS, object} for base in others):
        return False
    return "__getattr__" in own or (others != [object] and not own.isdisjoint(_FILL))


def reduce(obj: Any) -> Any:
    """Pack an instance as its attributes and what it contains."""
    contents = [*dict.items(obj)] if isinstance(obj, dict) else [*_base(obj).__iter__(obj)] if _base(obj) else None
    factory = obj.default_factory if isinstance(obj, defaultdict) else None
    state = (object.__getstate__(obj), contents, factory)
    return copyreg.__newobj__, (type(obj),), state, None, None, fill  # type: ignore[attr-defined]


def fill(obj: Any, state: tuple[Any, list[Any] | None, Any]) -> None:
    """Give an instance its attributes and contents without running any code of its class."""
    attributes, contents, factory = state
    attributes, slots = attributes if isinstance(attributes, tuple) else (attributes, None)
    if attributes:
        object.__getattribute__(obj, "__dict__").update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(obj, name, value)
    if isinstance(obj, defaultdict):
        defaultdict.__init__(obj, factory)
    base = _base(obj)
    if isinstance(obj, dict):
        for key, value in contents or ():
            base.__setitem__(obj, key, value)
    elif base is not None:
        (list.extend if base is list else set.update)(obj, contents or ())


def _base(obj: Any) -> Any:
    """Return the class whose methods fill an instance; None where it contains nothing."""
    return next((_CONTAINERS[base] for base in type(obj).__mro__ if base in _CONTAINERS), None)
