"""Marks: which object a stored value is, and which steps have changed it since.

One object is stored again and again: by the kernel for each step that reads it, by each step that puts it into what it
makes. Its mark says that these are copies of one object, and which of two copies is what the object is now: a step that
changes it writes itself behind the mark.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from k8snb.artifacts import identity

if TYPE_CHECKING:
    from collections.abc import Hashable

_HIDDEN = "'"


class Marked(NamedTuple):
    """An object of this process and its mark."""

    object: Any
    mark: str


Known = Mapping[int, Marked]
"""Marked objects by their ids."""


def is_marked(value: object) -> bool:
    """Say whether anyone can notice which object a value is; functions and classes of libraries are everywhere."""
    if isinstance(value, types.FunctionType | type):
        return value.__module__ == "__main__"
    return isinstance(value, tuple) or not identity.is_atomic(cast("Hashable", type(value)))  # a tuple's parts change


def after(mark: str, step: str) -> str:
    """Return the mark of an object that a step has changed."""
    return f"{mark} {step}"


def is_later(one: str, other: str) -> bool:
    """Say whether marks are of one object, and the first of what the second has become."""
    return one.startswith(f"{other} ")


def first(mark: str) -> str:
    """Return what the marks of one object have in common."""
    return mark.partition(" ")[0]


def latest(marks: Iterable[str]) -> str:
    """Return the mark of what an object has become last; the first of several."""
    found = ""
    for mark in marks:
        if not found or is_later(mark, found):
            found = mark
    return found


def key_of(mark: str) -> str:
    """Return the key under which an object is stored that no variable stands for, but that one contains."""
    return _HIDDEN + mark


def mark_of(key: str) -> str:
    """Return the mark that a key was made of."""
    return key.removeprefix(_HIDDEN)


def is_variable(key: str) -> bool:
    """Say whether the key of a stored value is a variable's name."""
    return not key.startswith(_HIDDEN)
