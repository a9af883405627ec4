"""What is said of names whose objects are only looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ANY = "*"
"""In place of an argument's position: whatever the function is called with."""


@dataclass(frozen=True)
class Handed:
    """An argument of a call that has to leave it alone.

    Parameters
    ----------
    callee : str
        A function's, a class's or a method's name.
    method : bool
    position : int or str
        The argument's place, from 0, or its name; ``"self"``: what the method is called on; `ANY`.
    """

    callee: str
    method: bool
    position: int | str


@dataclass(frozen=True)
class Look:
    """That an object is only looked at.

    Parameters
    ----------
    needs : frozenset of Handed
        It is so if these leave it alone.
    into : frozenset of str
        Other names whose objects may contain it, or be a part of it, in the end.
    """

    needs: frozenset[Handed]
    into: frozenset[str]


@dataclass(frozen=True)
class Looking:
    """What calling a function or a method only looks at.

    Parameters
    ----------
    by_place : tuple of str
        Its parameters that have a place.
    parameters : frozenset of str
        All of them.
    looks : mapping of str to Look
        Those whose objects it only looks at and keeps nowhere.
    is_maker : bool
        What it returns is new: perhaps it contains what it was given, but changing it changes nothing else.
    """

    by_place: tuple[str, ...]
    parameters: frozenset[str]
    looks: Mapping[str, Look]
    is_maker: bool = False


@dataclass(frozen=True)
class Looks:
    """What is known of one cell.

    Parameters
    ----------
    names : mapping of str to Look
        Of the namespace.
    functions, methods : mapping of str to tuple of Looking
        By name, of what the cell defines.
    assigned : frozenset of str
        Names that it binds other than by ``def``, in whatever scope.
    """

    names: Mapping[str, Look] = field(default_factory=dict)
    functions: Mapping[str, tuple[Looking, ...]] = field(default_factory=dict)
    methods: Mapping[str, tuple[Looking, ...]] = field(default_factory=dict)
    assigned: frozenset[str] = frozenset()
