"""The steps of a run at a glance."""

from __future__ import annotations

from k8snb.run.events import StepState
from k8snb.ui.overview import Shown, bundle, levels


def test_steps_stand_in_columns_by_what_they_wait_for() -> None:
    after = {"load": (), "other": (), "left": {"load"}, "right": {"load", "gone"}, "both": {"left", "right", "other"}}
    assert levels(after) == [["load", "other"], ["left", "right"], ["both"]]
    assert levels({}) == []


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
