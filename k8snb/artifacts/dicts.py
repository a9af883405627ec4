"""Whether dicts are unchanged, told by the version that CPython up to 3.13 gives a dict with each change (PEP 509)."""

from __future__ import annotations

import copy
import functools
import itertools
import operator
import pickle
from typing import TYPE_CHECKING, Any

from k8snb.artifacts import pointers
from k8snb.artifacts.loaded import loaded

if TYPE_CHECKING:
    from collections.abc import Callable

_VERSION = 24
"""Bytes before it in a dict: behind the references, the type and how many items there are."""


def version(value: dict[Any, Any]) -> int:
    """Return the version of a dict."""
    found: int = pointers.word(value, _VERSION, loaded("numpy")).item()
    return found


def versions(places: Any, numpy: Any) -> Any:
    """Return the versions of the dicts in these places."""
    return pointers.words(places, _VERSION, numpy)[:, 0]


@functools.cache
def have_versions() -> bool:
    """Whether a dict has a version that each way of changing it changes, and no way of reading it: it is tried."""
    numpy = loaded("numpy")
    if numpy is None or not pointers.are_known() or dict.__basicsize__ != _VERSION + 3 * 8:
        return False
    dicts = [_made() for _ in range(3)]
    tags = [pointers.word(one, _VERSION, numpy) for one in dicts]
    one, last = dicts[1], [tag.item() for tag in tags]
    for change in _CHANGES:
        before = [*one, *one.values()]
        change(one)
        now = [tag.item() for tag in tags]
        if now[1] in last or now[::2] != last[::2] or pointers.are_same(before, [*one, *one.values()]):
            return False
        last = now
    for read in _READS:
        read(one)
    return len({*last}) == len(dicts) and [tag.item() for tag in tags] == last


def _made() -> dict[Any, Any]:
    made: dict[Any, Any] = pickle.loads(pickle.dumps({"a": 1.5, "b": [2], 3: "c"}, protocol=5))  # noqa: S301 - our own
    return made


class _Holder:
    """Has a dict as its attributes."""


_OFTEN = 40
"""As often as it takes that Python runs instructions that are made for what they have met."""


_new = itertools.count(1000)


def _set_item(one: dict[Any, Any]) -> None:
    one["a"] = next(_new)


def _set_attribute(one: dict[Any, Any]) -> None:
    holder = _Holder()
    holder.__dict__ = one
    holder.a = next(_new)  # type: ignore[attr-defined]


def _often(change: Callable[[dict[Any, Any]], object], one: dict[Any, Any]) -> None:
    for _ in range(_OFTEN):
        change(one)


def _set_global(one: dict[Any, Any]) -> None:
    exec("global a\na = 'global'", one)  # noqa: S102
    del one["__builtins__"]


_CHANGES: list[Callable[[dict[Any, Any]], object]] = [
    lambda one: one.update(a=2.5),
    lambda one: operator.setitem(one, "a", 2),
    lambda one: operator.setitem(one, "a", 2.0),
    lambda one: operator.setitem(one, "new", None),
    lambda one: one.setdefault("newer", []),
    lambda one: operator.delitem(one, "new"),
    lambda one: one.pop("newer"),
    lambda one: one.popitem(),
    lambda one: one.update({"a": 4, "z": 5}),
    lambda one: one.update([("a", 6)]),
    lambda one: one.__ior__({"z": 7}),
    lambda one: dict.__init__(one, y=8),
    lambda one: one.update({i: i for i in range(100)}),
    lambda one: exec("a = 'local'", {}, one),  # noqa: S102
    _set_global,
    functools.partial(_often, _set_item),
    _set_item,
    functools.partial(_often, _set_attribute),
    _set_attribute,
    lambda one: one.clear(),
    lambda one: one.update({"a": 1.5, "b": [2]}),
]

_READS: list[Callable[[dict[Any, Any]], object]] = [
    len, list, repr, copy.copy, copy.deepcopy, pickle.dumps, bool, dict,
    lambda one: [one["a"], one.get("b"), one.get("none"), "a" in one],
    lambda one: [*one.items(), *one.values(), *one.keys(), *reversed(one)],
    lambda one: (one == dict(one), one | {"a": 1}, {**one}, one.setdefault("a")),
    lambda one: "{a}{b}".format(**one),
    lambda one: eval("a", {}, one),  # noqa: S307
]  # fmt: skip
