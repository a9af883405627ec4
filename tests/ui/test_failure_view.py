"""What is shown of a step's failure."""

from __future__ import annotations

from k8snb.run.events import StepState
from k8snb.ui.failure import LONGEST, bundle


def test_no_traceback_becomes_markup() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    made = bundle(StepState("a", "failed", "", traceback=("\x1b[31mTraceback", hostile), fix=hostile))
    assert made["text/plain"] == f"step a failed:\nTraceback\n{hostile}\nway out: {hostile}"
    assert "<img" not in made["text/html"]
    assert made["text/html"].count("&lt;img") == 2
    assert "border-left" in made["text/html"]


def test_of_a_long_traceback_the_beginning_and_the_end_are_shown() -> None:
    made = bundle(StepState("a", "failed", "", traceback=("first", "x" * 1_000_000, "last")))
    text = made["text/plain"]
    assert len(text) < LONGEST + 200
    assert text.startswith("step a failed:\nfirst\n")
    assert "characters left out" in text
    assert text.endswith("last")
