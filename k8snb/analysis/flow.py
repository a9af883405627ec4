"""What may have become of names on the ways that lead to a point of a cell."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from k8snb.analysis.facts import Function, Pass
from k8snb.analysis.scopes import Key

INCOMING, BOUND, UNBOUND = 1, 2, 4
"""Flags: a name may still be what it was before, may have been bound, may have been deleted."""


_numbers = itertools.count(1)


@dataclass(eq=False)
class Deferred:
    """Code that runs later or never: a function, a lambda, a generator, a class's methods.

    Parameters
    ----------
    names : set of str
        All names of the namespace that its code, nested code too, reads.
    reads, changes : dict of Key to int
        What running it may read before binding it and may change in place, with the line.
    deep : set of Key
        Those of `changes` in which perhaps not the object itself is changed but one inside it.
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
    parameters : tuple of str
        Of a function.
    altered, returned, returned_itself : set of str
        Parameters whose objects it may change in place, those whose objects its result may be or contain, and those
        whose objects it may be, or be a part of.
    defaults : dict of str to frozenset of str
        For parameters: names of the namespace whose objects their defaults may be or contain.
    gives : set of str
        Names of the namespace whose objects its result may be or contain.
    passes : dict of (AST, int or str, Function) to Pass
        By call, argument and what is called: the objects that it hands to calls.
    altered_results, altered_parts, called_results, returned_results : set of AST
        Calls whose results it changes in place, those where it changes something inside these, and those whose results
        it calls, or returns.
    label, mark : str
        The name that it is defined with; one that no other code has.
    inner : set of str
        Names of the namespace that functions inside it use: what it returns may be one of them.
    inner_changes : set of Key
        Names whose objects functions inside it change.
    stateful, makes_stateful : bool
        Calling it changes it: variables that it closes over, or its defaults; calling what it returns does.
    methods : dict of str to Deferred
        Of a class.
    changes_class : bool
        A method that changes the class of what it is called on.
    getters : frozenset of str
        Methods of a class that reading an attribute runs.
    methods_out : set of str
        Methods, uncalled, that what it returns may be or contain.
    inner_passes : list of Pass
        What functions inside it hand to methods of what the parameters here stand for.
    """

    names: set[str] = field(default_factory=set)
    reads: dict[Key, int] = field(default_factory=dict)
    changes: dict[Key, int] = field(default_factory=dict)
    deep: set[Key] = field(default_factory=set)
    binds: dict[Key, int] = field(default_factory=dict)
    sure: frozenset[Key] = frozenset()
    calls: list[Call] = field(default_factory=list)
    born: State | None = None
    is_class: bool = False
    hooks: bool = False
    parameters: tuple[str, ...] = ()
    altered: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    returned_itself: set[str] = field(default_factory=set)
    gives: set[str] = field(default_factory=set)
    defaults: dict[str, frozenset[str]] = field(default_factory=dict)
    passes: dict[tuple[ast.AST, int | str, Function], Pass] = field(default_factory=dict)
    altered_results: set[ast.AST] = field(default_factory=set)
    altered_parts: set[ast.AST] = field(default_factory=set)
    called_results: set[ast.AST] = field(default_factory=set)
    returned_results: set[ast.AST] = field(default_factory=set)
    label: str = ""
    mark: str = field(default_factory=lambda: f"<{next(_numbers)}>")
    inner: set[str] = field(default_factory=set)
    inner_changes: set[Key] = field(default_factory=set)
    stateful: bool = False
    makes_stateful: bool = False
    methods: dict[str, Deferred] = field(default_factory=dict)
    changes_class: bool = False
    getters: frozenset[str] = frozenset()
    methods_out: set[str] = field(default_factory=set)
    inner_passes: list[Pass] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Parameter:
    """What a caller hands to a function."""

    code: Deferred
    name: str


@dataclass(frozen=True)
class Result:
    """What a call returns, or a part of that, in the code that makes it."""

    code: Deferred
    call: ast.AST
    part: bool = False


@dataclass(frozen=True)
class Before:
    """The object that a name came in with, whatever it stands for now."""

    key: Key


@dataclass(frozen=True)
class Module:
    """An imported module."""


Origin = Deferred | Parameter | Result | Before | Module | Key | None
"""What a name may stand for: code of this cell, a caller's object, what a call returns, the object of another name, or
(None) anything."""

ANYTHING: frozenset[Origin] = frozenset({None})


class State:
    """Flags and origins of names at a point. Names that nothing was done to are `INCOMING`."""

    __slots__ = ("flags", "held", "origins", "read", "seen")

    def __init__(self) -> None:
        self.flags: dict[Key, int] = {}
        self.origins: dict[Key, frozenset[Origin]] = {}
        self.held: dict[Key, frozenset[Origin]] = {}  # what else the objects of names may contain
        self.read: set[Key] = set()  # names whose incoming value was read on every way here
        self.seen: Exits | None = None  # the exits that know this state already

    def copy(self) -> State:
        """Return a state that changes on its own."""
        new = State()
        new.flags, new.origins, new.read = dict(self.flags), dict(self.origins), set(self.read)
        new.held = dict(self.held)
        new.seen = self.seen
        return new

    def flag(self, key: Key) -> int:
        """Return the flags of a name."""
        return self.flags.get(key, INCOMING)

    def bind(self, key: Key, origins: frozenset[Origin] = ANYTHING) -> None:
        """Note that a name is bound now."""
        self.flags[key], self.origins[key], self.seen = BOUND, origins, None
        self.held.pop(key, None)

    def hold(self, key: Key, origins: frozenset[Origin]) -> None:
        """Note that the object of a name may contain others."""
        if more := origins - {key, None}:
            self.held[key] = self.held.get(key, frozenset()) | more
            self.seen = None

    def unbind(self, key: Key) -> None:
        """Note that a name is unbound now."""
        self.flags[key], self.origins[key], self.seen = UNBOUND, ANYTHING, None
        self.held.pop(key, None)

    def forget(self, scope: int) -> None:
        """Drop the names of a scope that is left."""
        for key in [key for key in self.flags if isinstance(key, tuple) and key[0] == scope]:
            del self.flags[key], self.origins[key]
            self.held.pop(key, None)

    def same(self, other: State) -> bool:
        """Say whether two states differ in nothing but what was read."""
        return self.flags == other.flags and self.origins == other.origins and self.held == other.held


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
    for key in one.held.keys() | other.held.keys():
        new.held[key] = one.held.get(key, frozenset()) | other.held.get(key, frozenset())
    new.read = one.read & other.read
    return new


def union(parts: Iterable[frozenset[Origin]]) -> frozenset[Origin]:
    """Return all origins of several."""
    return frozenset[Origin]().union(*parts)
