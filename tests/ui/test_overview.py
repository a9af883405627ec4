"""The steps of a run at a glance."""

from __future__ import annotations

import pytest

from k8snb.run.events import StepState
from k8snb.ui.graph import levels, unclear
from k8snb.ui.overview import Shown, bundle


def test_steps_stand_in_columns_by_what_they_wait_for() -> None:
    after = {"load": (), "other": (), "left": {"load"}, "right": {"load", "gone"}, "both": {"left", "right", "other"}}
    assert levels(after) == [["load", "other"], ["left", "right"], ["both"]]
    assert levels({}) == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({"a": "", "b": "a", "c": "b", "d": "ab"}, {}),
        ({"a": "", "b": "a", "c": "ab", "d": "abc"}, {}),
        ({"a": "", "b": "", "c": "ab", "d": "c"}, {}),
        ({"a": "", "b": "", "c": "a", "d": "b", "e": "cd"}, {"c": ("a",), "d": ("b",)}),
        ({"a": "", "b": "", "c": "a", "d": "cb", "e": "cz"}, {"c": ("a",), "e": ("c",)}),
        ({"a": "", "b": "", "c": "a", "d": "c"}, {"c": ("a",), "d": ("c",)}),
    ],
)
def test_what_columns_do_not_tell_is_told(after: dict[str, str], told: dict[str, tuple[str, ...]]) -> None:
    assert unclear(after) == told


def test_a_step_says_what_it_waits_for_where_its_place_does_not() -> None:
    steps = {
        "load": Shown(StepState("load", "succeeded")),
        "other": Shown(StepState("other", "running")),
        "left": Shown(StepState("left", "running"), 3.0, after=("load",)),
        "right": Shown(StepState("right", "waiting"), after=tuple("abcdef")),
    }
    made = bundle([["load", "other"], ["left", "right"]], steps)
    columns = made["text/plain"].split(" → ")
    assert columns[1] == "(left ● running 3.0 s (after load) | right ○ waiting (after a, b, c, 3 more))"
    assert "running 3.0 s (after load)" in made["text/html"]


def test_an_arrow_comes_into_the_next_line_with_its_column() -> None:
    steps = {name: Shown(StepState(name, "waiting")) for name in "ab"}
    first, second = bundle([["a"], ["b"]], steps)["text/html"].split("white-space: nowrap")[1:]
    assert "→" not in first
    assert second.index("→") < second.index("b <span")


def test_text_says_what_the_picture_shows() -> None:
    steps = {
        "load": Shown(StepState("load", "succeeded", "", 0.5)),
        "left": Shown(StepState("left", "running"), 3.0),
        "right": Shown(StepState("right", "waiting", "no room: cpu")),
    }
    made = bundle([["load"], ["left", "right"]], steps)
    assert (
        made["text/plain"] == "load ✓ succeeded 0.50 s → (left ● running 3.0 s | right ○ waiting)\nright: no room: cpu"
    )
    for told in ("load", "succeeded 0.50 s", "running 3.0 s", "right: no room: cpu"):
        assert told in made["text/html"]


def test_no_name_or_reason_becomes_markup() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    made = bundle([[hostile]], {hostile: Shown(StepState(hostile, "failed", hostile))})
    assert "<img" not in made["text/html"]
    assert made["text/html"].count("&lt;img") == 3


def test_of_many_steps_those_are_shown_that_run_or_have_failed() -> None:
    states = {f"s{i}": "succeeded" if i < 500 else "waiting" for i in range(1000)} | {"s7": "failed", "s500": "running"}
    steps = {name: Shown(StepState(name, state)) for name, state in states.items()}  # type: ignore[arg-type]
    made = bundle(levels(dict.fromkeys(steps, ())), steps)
    assert made["text/plain"].splitlines() == [
        "1000 steps: 499 waiting, 1 running, 499 succeeded, 1 failed",
        "(s7 ✗ failed | s500 ● running)",
    ]
    assert made["text/html"].count("border: 1px") == 2
    running = {name: Shown(StepState(name, "running")) for name in steps}
    assert len(bundle(levels(dict.fromkeys(steps, ())), running)["text/html"]) < 30_000


def test_a_failed_step_shows_its_traceback_open_until_it_is_shown_below() -> None:
    state = StepState("a", "failed", "ValueError: <b>", 1.0, ("Traceback", "\x1b[31mValueError: <b>\x1b[0m"))
    html = bundle([["a"]], {"a": Shown(state, is_below=False)})["text/html"]
    assert "<details open><summary>" in html
    assert 'Traceback\n<span class="ansi-red-fg">ValueError: &lt;b&gt;</span></pre>' in html
    assert "Traceback" not in bundle([["a"]], {"a": Shown(state)})["text/html"]


def test_what_did_not_run_is_told_with_the_reason_and_a_failure_with_the_way_out() -> None:
    steps = {"train": Shown(StepState("train", "failed", "too much memory", fix="--memory 2Gi"))}
    steps |= {name: Shown(StepState(name, "skipped", "not run: train failed")) for name in ("test", "report")}
    told = bundle([[name] for name in steps], steps)
    notes = ["train: too much memory; way out: --memory 2Gi", "test, report: not run: train failed"]
    assert told["text/plain"].splitlines()[1:] == notes
    for note in notes:
        assert note in told["text/html"]


def test_what_runs_and_is_not_shown_below_shows_its_last_line() -> None:
    shown = {"a": Shown(StepState("a", "running"), 1.0, is_below=False, last_line="epoch 3 <i>")}
    told = bundle([["a"]], shown)
    assert told["text/plain"].endswith("\na: epoch 3 <i>")
    assert "a: epoch 3 &lt;i&gt;" in told["text/html"]
