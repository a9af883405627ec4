"""What may have become of names on the ways that lead to a point of a cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from k8snb.analysis.scopes import Key

INCOMING, BOUND, UNBOUND = 1, 2, 4
"""Flags: a name may still be what it was before, may have been bound, may have been deleted."""


@dataclass(eq=False)
class Deferred:
    """Code that runs later or never: a function, a lambda, a generator, a class's methods.

    Parameters
    ----------
    names : set of str
        All names of the namespace that its code, nested code too, reads.
    reads, changes : dict of Key to int
        What running it may read before binding it and may change in place, with the line.
    binds : dict of Key to int
        What running it may do to names: `BOUND` and `UNBOUND` flags.
    sure : frozenset of Key
        What a plain call has surely bound when it returns.
    calls : list of Call
        Deferred code that it may run in turn.
    born : State or None
        Where it was made: what was bound there is bound whenever it runs.
    is_class : bool
    hooks : bool
        A class that may run code when another is derived from it.
    """

    names: set[str] = field(default_factory=set)
    reads: dict[Key, int] = field(default_factory=dict)
    changes: dict[Key, int] = field(default_factory=dict)
    binds: dict[Key, int] = field(default_factory=dict)
    sure: frozenset[Key] = frozenset()
    calls: list[Call] = field(default_factory=list)
    born: State | None = None
    is_class: bool = False
    hooks: bool = False


Origin = Deferred | Key | None
"""What a name may stand for: code of this cell, the object of another name, or (None) anything."""

ANYTHING: frozenset[Origin] = frozenset({None})


class State:
    """Flags and origins of names at a point. Names that nothing was done to are `INCOMING`."""

    __slots__ = ("flags", "origins", "read", "seen")

    def __init__(self) -> None:
        self.flags: dict[Key, int] = {}
        self.origins: dict[Key, frozenset[Origin]] = {}
        self.read: set[Key] = set()  # names whose incoming value was read on every way here
        self.seen: Exits | None = None  # the exits that know this state already

    def copy(self) -> State:
        """Return a state that changes on its own."""
        new = State()
        new.flags, new.origins, new.read = dict(self.flags), dict(self.origins), set(self.read)
        new.seen = self.seen
        return new

    def flag(self, key: Key) -> int:
        """Return the flags of a name."""
        return self.flags.get(key, INCOMING)

    def bind(self, key: Key, origins: frozenset[Origin] = ANYTHING) -> None:
        """Note that a name is bound now."""
        self.flags[key], self.origins[key], self.seen = BOUND, origins, None

    def unbind(self, key: Key) -> None:
        """Note that a name is unbound now."""
        self.flags[key], self.origins[key], self.seen = UNBOUND, ANYTHING, None

    def forget(self, scope: int) -> None:
        """Drop the names of a scope that is left."""
        for key in [key for key in self.flags if isinstance(key, tuple) and key[0] == scope]:
            del self.flags[key], self.origins[key]

    def same(self, other: State) -> bool:
        """Say whether two states differ in nothing but what was read."""
        return self.flags == other.flags and self.origins == other.origins


@dataclass
class Exits:
    """States in which control leaves a piece of code other than at its end; None: it never does."""

    raised: State | None = None
    broken: State | None = None
    continued: State | None = None
    returned: State | None = None

    WAYS: ClassVar[tuple[Literal["raised", "broken", "continued", "returned"], ...]] = (
        "raised",
        "broken",
        "continued",
        "returned",
    )

    def add(self, way: Literal["raised", "broken", "continued", "returned"], state: State | None) -> None:
        """Note one more state that leaves by a way."""
        if way == "raised" and state is not None:
            if state.seen is self:
                return
            state.seen = self
        setattr(self, way, join(getattr(self, way), state))

    def merge(self, other: Exits) -> None:
        """Note all states of others."""
        for way in self.WAYS:
            self.add(way, getattr(other, way))


@dataclass(frozen=True, eq=False)
class Call:
    """A point where deferred code may run, or escape to where it may: the name it goes by, the code, the state."""

    key: Key | None
    code: tuple[Deferred, ...]
    state: State


def join(one: State | None, other: State | None) -> State | None:
    """Return what holds where two ways meet; None is a way that is never gone."""
    if one is None or other is None:
        state = one or other
        return state.copy() if state else None
    new = State()
    for key in one.flags.keys() | other.flags.keys():
        new.flags[key] = one.flag(key) | other.flag(key)
        new.origins[key] = one.origins.get(key, ANYTHING) | other.origins.get(key, ANYTHING)
    new.read = one.read & other.read
    return new


def union(parts: Iterable[frozenset[Origin]]) -> frozenset[Origin]:
    """Return all origins of several."""
    return frozenset[Origin]().union(*parts)
