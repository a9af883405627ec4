"""Enumerations: members are made again with all that they have, without the user's code that has made them once."""

from __future__ import annotations

from typing import Any

STATE = "k8snb's members"
"""The key of what members have besides their values, among the attributes of a class."""

MAKERS = frozenset({"__new_member__", "_new_member_", "_use_args_"})
"""Attributes of the class that say how it makes members."""

_CACHE = "_inverted_"
_OWN = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_", _CACHE})


def members_of(kind: Any) -> tuple[type, dict[str, tuple[Any, tuple[Any, ...]]]] | None:
    """Return what the members of an enumeration are made of, aliases too; None where only its own code knows it.

    Returns
    -------
    tuple of type and dict of str to tuple
        The type of its members, and by name the value and what the type makes the member of.
    """
    data: Any = kind._member_type_
    plain = data.__new__ is object.__new__
    if not (plain or (data.__module__ == "builtins" and hasattr(data, "__getnewargs__"))):
        return None
    named = kind.__members__.items()
    return data, {name: (one.value, () if plain else data.__getnewargs__(one)) for name, one in named}


def state_of(kind: Any) -> dict[str, dict[str, Any]]:
    """Return the attributes that the members of an enumeration have been given."""
    given = [one for one in kind if not _OWN.issuperset(vars(one))]
    return {one.name: {n: None if n in _OWN else v for n, v in vars(one).items() if n != _CACHE} for one in given}


def set_state(kind: Any, state: dict[str, dict[str, Any]]) -> None:
    """Give members their attributes."""
    for name, attributes in state.items():
        there = vars(kind.__members__[name])
        now = {n: there[n] if n in _OWN else value for n, value in attributes.items()}
        there.clear()
        there.update(now)


def make(
    bases: tuple[Any, ...],
    name: str,
    qualname: str,
    made_of: tuple[Any, dict[str, tuple[Any, tuple[Any, ...]]]],
    module: str,
    number: str,
    _: None,
) -> Any:
    """Make an enumeration with its members; what else it has, is set later."""
    from cloudpickle import cloudpickle

    data, members = made_of
    kinds = list(members.values())

    def new(kind: Any, place: Any) -> Any:
        value, args = kinds[place[0] if isinstance(place, tuple) else place]
        one = (object if data.__new__ is object.__new__ else data).__new__(kind, *args)
        one._value_ = value
        return one

    meta: Any = type(bases[-1])
    inside = meta.__prepare__(name, bases)
    inside["__new__"] = new
    for place, member in enumerate(members):
        inside[member] = place
    made = meta.__new__(meta, name, bases, inside)
    made.__module__, made.__qualname__ = module, qualname
    for own in MAKERS & vars(made).keys():
        type.__delattr__(made, own)
    return cloudpickle._lookup_class_or_track(number, made)  # noqa: SLF001
