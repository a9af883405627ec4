"""Originals in the place of their copies: wherever a value holds a copy, and nowhere else."""

from __future__ import annotations

import collections
import functools
import random

import numpy as np
import pytest

from k8snb.artifacts.graft import graft

CELL = """
class Own:
    def __init__(self, of): self.of = of
    def copy(self): return Own(self.of)
class Closed:
    def __init__(self, of): self.of = of
    def __reduce__(self): return Closed, (self.of,)
class Slot:
    __slots__ = ("of",)
    def __init__(self, of): self.of = of
class OwnDict(dict): pass
class OwnList(list): pass
Pair = collections.namedtuple("Pair", "p q")
def closure(held):
    return lambda: held
def default(held):
    def function(first=None, given=held, *, named=(held,)): return first, given, named
    return function
def attribute(held):
    def function(): pass
    function.held = held
    return function
"""
NOTEBOOK = {"__name__": "__main__", "collections": collections}
exec(compile(CELL, "<cell>", "exec", dont_inherit=True), NOTEBOOK)
Own, closure, default, attribute = (NOTEBOOK[name] for name in ("Own", "closure", "default", "attribute"))
Closed, Slot, OwnDict, OwnList, Pair = (NOTEBOOK[name] for name in ("Closed", "Slot", "OwnDict", "OwnList", "Pair"))


def itself(value):
    return value


def circle(held):
    made = [held]
    made.append(made)
    return made


# How a value holds something, and how to get that out of it again.
HOLDERS = {
    "itself": (lambda held: held, lambda value: value),
    "list": (lambda held: [0, held], lambda value: value[1]),
    "deque": (lambda held: collections.deque([held]), lambda value: value[0]),
    "dict": (lambda held: {"k": held}, lambda value: value["k"]),
    "tuple": (lambda held: (0, held), lambda value: value[1]),
    "instance": (lambda held: Own([held]), lambda value: value.of[0]),
    "closure": (closure, lambda value: value()),
    "default": (default, lambda value: value()[1]),
    "default of a keyword": (default, lambda value: value()[2][0]),
    "attribute of a function": (attribute, lambda value: value.held),
    "named tuple": (lambda held: Pair(held, 0), lambda value: value.p),
    "own dict": (lambda held: OwnDict(k=held), lambda value: value["k"]),
    "ordered dict": (lambda held: collections.OrderedDict(k=held), lambda value: value["k"]),
    "own list": (lambda held: OwnList([held]), lambda value: value[0]),
    "slot": (Slot, lambda value: value.of),
    "partial": (lambda held: functools.partial(print, [held], k=held), lambda value: value.args[0][0]),
    "keyword of a partial": (lambda held: functools.partial(print, [held], k=held), lambda value: value.keywords["k"]),
    "method": (lambda held: Own(held).copy, lambda value: value.__self__.of),
    "one tuple twice": (lambda held: [(held,)] * 2, lambda value: value[1][0]),
    "circle": (circle, lambda value: value[1][1][0]),
    "nested": (lambda held: ({"k": [(held,)]},), lambda value: value[0]["k"][0][0]),
}


@pytest.mark.parametrize("copy", [[1], {"a": 1}, Own(1), np.arange(3), {1, 2}], ids=type)
@pytest.mark.parametrize(("hold", "get"), HOLDERS.values(), ids=HOLDERS)
def test_copies_are_replaced_wherever_they_are(hold, get, copy):
    original = copy.copy()
    holder = hold(copy)
    values = {"x": copy, "y": holder}
    assert get(values["y"]) is copy
    assert graft(values, {"x": original})
    assert values["x"] is original
    assert get(values["y"]) is original


@pytest.mark.parametrize(
    ("make", "left"),
    [
        (lambda held: iter([0, held]), lambda held: [held]),
        (lambda held: iter((0, held)), lambda held: [held]),
        (lambda held: iter(collections.deque([0, held])), lambda held: [held]),
        (lambda held: reversed([held, 0]), lambda held: [held]),
        (lambda held: reversed((held, 0)), lambda held: [held]),
        (lambda held: enumerate([0, held]), lambda held: [(1, held)]),
        (lambda held: zip([0, held], [0, held], strict=True), lambda held: [(held, held)]),
        (lambda held: map(itself, [0, held]), lambda held: [held]),
        (lambda held: filter(None, [1, held]), lambda held: [held]),
    ],
)
def test_iterators_go_on_from_where_they_are(make, left):
    copy, original = [1], [1]
    iterator = make(copy)
    next(iterator)
    values = {"x": copy, "y": [iterator] * 2}
    assert graft(values, {"x": original})
    assert values["y"][0] is values["y"][1]
    now = list(values["y"][0])
    assert now == left(original)
    assert (now[0][1] if isinstance(now[0], tuple) else now[0]) is original


def test_an_iterator_that_has_ended_has_ended():
    iterator = iter([])
    list(iterator)
    values = {"x": [1], "y": iterator}
    assert graft(values, {"x": [1]})
    assert list(values["y"]) == []


def test_containers_stay_the_objects_that_they_are():
    copy, original = [1], [1]
    inner = {"k": copy}
    outer, untouched = [inner, inner], (1, [2])
    values = {"x": copy, "y": outer, "z": untouched}
    assert graft(values, {"x": original})
    assert values["y"] is outer
    assert outer[0] is outer[1] is inner
    assert values["z"] is untouched


def test_what_is_inside_an_original_is_found_too():
    copy, original = {"rows": [[1], [2]]}, {"rows": [[1], [2]]}
    values = {"x": copy, "y": [copy["rows"][1]], "z": copy["rows"]}
    assert graft(values, {"x": original})
    assert values["y"][0] is original["rows"][1]
    assert values["z"] is original["rows"]


def test_originals_are_left_as_they_are():
    copy, original = [[1]], [[1]]
    inner = original[0]
    assert graft({"x": copy, "y": [copy]}, {"x": original})
    assert original == [[1]]
    assert original[0] is inner


def test_functions_of_one_closure_go_on_sharing_it():
    def make(held):
        def put(value):
            nonlocal held
            held = value

        return put, lambda: held

    copy, original = [1], [1]
    values = {"x": copy, "f": make(copy)}
    assert graft(values, {"x": original})
    put, get = values["f"]
    assert get() is original
    put(2)
    assert get() == 2


def test_a_function_that_has_a_variable_in_common_with_a_copy_has_it_with_the_original():
    def make():
        count = 0

        def more(step=1, *, times=[1]):  # noqa: B006
            """Count on."""
            nonlocal count
            count += step * times[0]

        more.kept = more
        return more, lambda: count

    (more, get), (_, original) = make(), make()
    was, get.__module__ = more, "__main__"
    more.__module__ = original.__module__ = "__main__"
    values = {"get": get, "more": [more]}
    assert graft(values, {"get": original})
    [more] = values["more"]
    more()
    assert original() == 1
    assert more.kept is more
    for name in ("__defaults__", "__kwdefaults__", "__doc__", "__qualname__"):
        assert getattr(more, name) == getattr(was, name)


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[1:3],
        lambda a: a[::-1, ::2],
        lambda a: a.T,
        lambda a: a.reshape(-1),
        lambda a: a[2, 3:],
        lambda a: a.view(np.uint8),
    ],
)
def test_views_of_a_copy_look_at_the_original(view):
    copy, original = np.arange(20.0).reshape(4, 5), np.arange(20.0).reshape(4, 5)
    values = {"x": copy, "y": [view(copy)], "z": view(copy).copy()}
    assert graft(values, {"x": original})
    seen, expected = values["y"][0], view(original)
    assert (seen.shape, seen.dtype, seen.strides) == (expected.shape, expected.dtype, expected.strides)
    original[...] = -1
    np.testing.assert_array_equal(seen, expected)
    assert not np.shares_memory(values["z"], original)
    seen[...] = 0
    assert (view(original) == 0).all()


def test_a_view_of_a_read_only_original_is_read_only():
    copy, original = np.arange(5), np.arange(5)
    part = copy[1:]
    for array in (copy, original, part):
        array.flags.writeable = False
    values = {"x": copy, "y": part}
    assert graft(values, {"x": original})
    assert np.shares_memory(values["y"], original)
    assert not values["y"].flags.writeable


def test_an_array_beside_the_copy_in_memory_stays_where_it_is():
    memory = np.arange(20)
    copy, beside, original = memory[:10], memory[10:], np.arange(10)
    values = {"x": copy, "y": beside}
    assert graft(values, {"x": original})
    assert values["y"] is beside


@pytest.mark.parametrize(
    "hold",
    [
        Closed,
        lambda held: [Closed(held)],
        lambda held: Own((Closed(held),)),
        lambda held: closure(Closed(held)),
        lambda held: map(len, [Closed(held)]),
    ],
)
def test_what_only_code_can_tell_of_keeps_what_it_holds_and_then_nothing_is_replaced(hold):
    copy, original = [1], [1]
    beside = [copy]
    values = {"x": copy, "y": hold(copy), "z": beside}
    assert not graft(values, {"x": original})
    assert values["x"] is copy
    assert values["z"] is beside
    assert beside[0] is copy


@pytest.mark.parametrize("beside", [random.Random(1), np.random.default_rng(1), Closed([1]), Closed(closure(1))])
def test_what_only_code_can_tell_of_is_no_hindrance_where_it_holds_no_copy(beside):
    copy, original = [1], [1]
    values = {"x": copy, "y": [copy, beside]}
    assert graft(values, {"x": original})
    assert values["y"][0] is original
    assert values["y"][1] is beside


def test_what_has_become_of_a_copy_stands_in_its_place_with_what_is_inside_it():
    copy, later = [[1], [2]], [[2], [1]]
    first = copy[0]
    values = {"x": copy, "y": [copy], "z": [first]}
    assert graft(values, {}, {"x": later})
    assert values["x"] is values["y"][0] is later
    assert values["z"][0] is first
    assert later == [[2], [1]]


@pytest.mark.parametrize(
    ("copy", "original"),
    [([[1]], [[1], [2]]), ([[1]], ([1],)), ({"a": [1]}, {}), ([[1]], [(1,)]), ([[1]], [None])],
)
def test_what_has_another_form_by_now_is_left_alone(copy, original):
    inner = copy["a"] if isinstance(copy, dict) else copy[0]
    values = {"x": copy, "y": [inner]}
    assert graft(values, {"x": original})
    assert values["x"] is original
    assert values["y"][0] is inner


def test_what_is_deep_inside_is_replaced():
    copy, original = [1], [1]
    chain = Own(copy)
    for _ in range(5000):
        chain = Own(chain)
    values = {"x": copy, "y": chain}
    assert graft(values, {"x": original})
    for _ in range(5001):
        chain = chain.of
    assert chain is original
