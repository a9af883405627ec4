"""Packs the kernel's values that a step reads, as they are when its cell is executed."""

from __future__ import annotations

import itertools
import time
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from k8snb.artifacts.describe import amount
from k8snb.artifacts.groups import Group
from k8snb.artifacts.marks import Known, Marked, is_marked
from k8snb.artifacts.packing import pack
from k8snb.artifacts.store import Store
from k8snb.artifacts.transfer import save


@dataclass(frozen=True)
class Capture:
    """Values of the kernel in the scratch store.

    Parameters
    ----------
    groups : mapping of str to Group
        By name; names that share an object have the same group.
    failures : mapping of str to str
        Names whose value cannot travel, and why.
    seconds : float
    found : mapping of str to callable
        By the marks of the captured objects: return these, as long as they are there.
    """

    groups: Mapping[str, Group] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    found: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    @property
    def originals(self) -> dict[str, Any]:
        """The captured objects by their marks, as far as they are there still."""
        there = {mark: find() for mark, find in self.found.items()}
        return {mark: value for mark, value in there.items() if value is not None}

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(g.size for g in self._distinct())

    def larger_than(self, limit: int) -> list[str]:
        """Say which values are larger than so many bytes."""
        large = sorted((g for g in self._distinct() if g.size > limit), key=lambda g: g.size, reverse=True)
        return [
            f"{', '.join(sorted(g.names))}: {amount(g.size)} are stored each time that this cell is executed, "
            "and loaded by the step: make it in a step"
            for g in large
        ]

    def with_more(self, other: Capture) -> Capture:
        """Return both."""
        return Capture(
            {**self.groups, **other.groups},
            {**self.failures, **other.failures},
            self.seconds + other.seconds,
            {**self.found, **other.found},
        )

    def _distinct(self) -> Collection[Group]:
        return {g.pickle.digest: g for g in self.groups.values()}.values()


Find = Callable[[str], tuple[bool, Any]]
"""Whether the kernel has a value for a name, and the value."""


def capture(
    names: Iterable[str], find: Find, *, namespace: dict[str, Any], store: Store, known: Known = MappingProxyType({})
) -> Capture:
    """Pack values with all that the functions and classes among them use, and save them.

    Parameters
    ----------
    names : iterable of str
        Those that the kernel does not have are left out.
    find : callable
        Looks a name up.
    namespace : dict
        The notebook's.
    store : Store
        The scratch store.
    known : mapping of int to Marked, optional
        Objects that have a mark already.
    """
    started = time.perf_counter()
    values = _found(names, find)
    while True:
        known = {**known, **_new_marks(values, known)}
        packing = pack(values, namespace=namespace, known=known)
        needs = {need for packed in packing.packed for need in packed.needs}
        more = _found(needs - values.keys(), find)
        if not more:
            break
        values |= more
    groups = [save(store, packed) for packed in packing.packed]
    return Capture(
        {name: group for group in groups for name in group.names},
        {name: str(why) for name, why in packing.failures.items()},
        time.perf_counter() - started,
        {known[id(value)].mark: _reference(value) for value in values.values() if id(value) in known},
    )


_numbers = itertools.count()


def _new_marks(values: Mapping[str, Any], known: Known) -> dict[int, Marked]:
    new = {id(value): value for value in values.values() if id(value) not in known and is_marked(value)}
    return {one: Marked(value, f"kernel#{next(_numbers)}") for one, value in new.items()}


def _reference(value: Any) -> Callable[[], Any]:
    """Return what finds an object again; where that is possible, it does not keep it alive."""
    try:
        return weakref.ref(value)
    except TypeError:
        return lambda: value


def _found(names: Iterable[str], find: Find) -> dict[str, Any]:
    looked_up = {name: find(name) for name in sorted(names)}
    return {name: value for name, (there, value) in looked_up.items() if there}
