"""Two runs side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from k8snb.artifacts.groups import Group, Part
from k8snb.artifacts.store import Store, open_store
from k8snb.images.code import Code
from k8snb.run.compare import DIFFERENCES, Comparison, Pair, Pictures, compare
from k8snb.run.events import Clear, Display, Text
from k8snb.run.history import find
from k8snb.run.record import Reused
from k8snb.run.seen import seen
from tests.run.fakes import Script, request, run


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path))


def compared(store: Store, *sides: dict[str, Script], **parameters: Any) -> Comparison:
    made = []
    for side, scripts in enumerate(sides):
        wanted = request({name: set() for name in scripts})
        given = {name: values[side] for name, values in parameters.items() if values[side] is not None}
        made.append(run(store, scripts, replace(wanted, parameters=given))[0])
    left, right = (find(store, one) for one in made)
    return compare(left, right)


def test_parameters_that_differ(store: Store) -> None:
    found = compared(
        store, {"a": Script()}, {"a": Script()}, lr=(0.1, 0.2), epochs=(3, 3), seed=(None, "1"), x=(1, None)
    )
    assert found.parameters == (Pair("lr", "0.1", "0.2"), Pair("x", "1", None), Pair("seed", None, "'1'"))
    assert found.same_parameters == 1


def test_lines_that_differ_are_set_side_by_side(store: Store) -> None:
    one = Script(
        text=b"loaded\n 5%\r 100% [00:01<00:00, 93.5it/s]\naccuracy \x1b[32m0.97\x1b[0m\n<A at 0x7f0011223344>\nsame\n"
    )
    other = Script(text=b"loaded\n 100% [00:02<00:00, 41.8it/s]\naccuracy 0.94\n<A at 0x7f9911223344>\nmore\nsame\n")
    (steps,) = compared(store, {"a": one}, {"a": other}).steps
    assert steps.shown == (Pair("a", "accuracy 0.97", "accuracy 0.94"), Pair("a", None, "more"))
    assert (steps.more, steps.code_differs) == (0, False)


def test_steps_of_one_run_only_come_last_and_what_did_not_start_has_shown_nothing(store: Store) -> None:
    found = compared(store, {"b": Script(), "a": Script(fails=True)}, {"z": Script(), "a": Script()})
    assert [(s.name, s.left is not None, s.right is not None) for s in found.steps] == [
        ("b", True, False),
        ("a", True, True),
        ("z", False, True),
    ]


def test_many_differences_are_counted(store: Store) -> None:
    sides = [{"a": Script(text=b"".join(b"%d %d\n" % (i, side) for i in range(100)))} for side in (1, 2)]
    (steps,) = compared(store, *sides).steps
    assert len(steps.shown) == DIFFERENCES
    assert steps.more == 100 - DIFFERENCES


def test_other_code_is_told(store: Store) -> None:
    wanted = request({"a": set()})
    made = [
        run(store, {"a": Script()}, replace(wanted, code=Code({"steps/a.py": code}, {})))[0] for code in (b"1", b"2")
    ]
    (steps,) = compare(*(find(store, one) for one in made)).steps
    assert steps.code_differs


def group(name: str, digest: str, words: str) -> Group:
    return Group((name,), Part(digest, 9), summary={name: words})


def given(name: str, *values: Group) -> dict[str, dict[str, Group]]:
    return {name: {one: value for value in values for one in value.names}}


def test_the_kernels_values_that_differ_are_named_also_where_they_are_the_same_in_words(store: Store) -> None:
    sides = (
        given(
            "a", group("n", "1", "int 3"), group("X", "2", "ndarray"), group("same", "3", "str"), group("gone", "4", "")
        ),
        given("a", group("n", "5", "int 4"), group("X", "6", "ndarray"), group("same", "3", "str")),
    )
    made = [run(store, {"a": Script()}, replace(request({"a": set()}), captured=side))[0] for side in sides]
    (steps,) = compare(*(find(store, one) for one in made)).steps
    assert steps.given == (Pair("X", "ndarray", "ndarray"), Pair("gone", "", None), Pair("n", "int 3", "int 4"))


def test_what_a_run_has_reused_does_not_look_like_a_value_of_the_kernel(store: Store) -> None:
    first = run(store, {"a": Script(), "b": Script()}, request({"a": set(), "b": {"a"}}))[0]
    result = find(store, first).step("a").result()
    assert result is not None
    reused = {"a": Reused(result, store)}
    wanted = replace(request({"b": set()}), captured=given("b", group("x", "1", "int 3")), reused=reused)
    again = run(store, {"b": Script()}, replace(wanted, after={"a": frozenset(), "b": frozenset({"a"})}))[0]
    a, b = compare(find(store, first), find(store, again)).steps
    assert (a.code_differs, b.given) == (False, ())


PNG, OTHER = {"image/png": "iVBO", "text/plain": "<Figure>"}, {"image/png": "iVBP", "text/plain": "<Figure>"}


def events(*shown: dict[str, str]) -> list[Display]:
    return [Display("a", data, {}) for data in shown]


def test_what_was_drawn_differs_or_not() -> None:
    table = {"text/html": "<table id='T_0a1b2'>1</table>", "text/plain": "1"}
    again = {"text/html": "<table id='T_ffff0'>1</table>", "text/plain": "1"}
    left, right = seen(events(PNG, table, PNG)), seen(events(OTHER, again, PNG, {"text/plain": "2"}))
    pictures = Pictures(left.drawn, right.drawn)
    assert [one.kind for one in pictures.left] == ["figure", "table", "figure"]
    assert [one.picture for one in pictures.left] == ["data:image/png;base64,iVBO", "", "data:image/png;base64,iVBO"]
    assert pictures.differing == [1]
    assert Pictures(left.drawn, left.drawn[:2]).differing == [3]
    assert right.lines == ["<Figure>", "1", "<Figure>", "2"]


def test_a_display_that_was_replaced_and_what_was_cleared_do_not_count() -> None:
    first = Display("a", PNG, {}, "one")
    left = seen(
        [
            Text("a", "stdout", b"gone"),
            *events(PNG),
            Clear("a", wait=False),
            first,
            Display("a", OTHER, {}, "one", update=True),
        ]
    )
    assert left == seen(events(OTHER))


def test_logs_that_were_deleted_leave_the_rest(store: Store) -> None:
    made = [run(store, {"a": Script(text=b"x")})[0] for _ in range(2)]
    store.delete_tree(f"runs/{made[0]}/a")
    (steps,) = compare(*(find(store, one) for one in made)).steps
    assert (steps.shown, steps.left is not None) == ((), True)
