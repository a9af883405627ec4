"""Two runs side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from k8snb.artifacts.store import Store, open_store
from k8snb.images.code import Code
from k8snb.run.compare import DIFFERENCES, Comparison, Pair, compare
from k8snb.run.history import find
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
    one = Script(text=b"loaded\n 5%\r 100%\naccuracy \x1b[32m0.97\x1b[0m\n<A at 0x7f0011223344>\nsame\n")
    other = Script(text=b"loaded\n 100%\naccuracy 0.94\n<A at 0x7f9911223344>\nmore\nsame\n")
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


def test_logs_that_were_deleted_leave_the_rest(store: Store) -> None:
    made = [run(store, {"a": Script(text=b"x")})[0] for _ in range(2)]
    store.delete_tree(f"runs/{made[0]}/a")
    (steps,) = compare(*(find(store, one) for one in made)).steps
    assert (steps.shown, steps.left is not None) == ((), True)
