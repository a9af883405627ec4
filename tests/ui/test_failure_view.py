"""What is shown of a step's failure."""

from __future__ import annotations

from k8snb.run.events import StepState
from k8snb.ui.failure import LONGEST, MOST, bundle


def test_no_traceback_becomes_markup() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    made = bundle(StepState("a", "failed", "", traceback=("\x1b[31mTraceback", "", hostile), fix=hostile))
    assert made["text/plain"] == f"step a failed:\nTraceback\n\n{hostile}\nway out: {hostile}"
    assert "<img" not in made["text/html"]
    assert made["text/html"].count("&lt;img") == 2
    assert "border-left" in made["text/html"]


def test_a_traceback_has_the_colours_of_the_page() -> None:
    line = "\x1b[32m----> \x1b[39m\x1b[31m1\x1b[39m \x1b[30;43m1\x1b[39;49m\x1b[30;43m/0\x1b[39;49m"
    made = bundle(StepState("a", "failed", "", traceback=(line,)))
    assert made["text/plain"] == "step a failed:\n----> 1 1/0"
    assert '<span class="ansi-green-fg">----&gt; </span>' in made["text/html"]
    assert '<span class="ansi-yellow-bg">1/0</span>' in made["text/html"]


def test_of_a_long_traceback_the_beginning_and_the_end_are_shown() -> None:
    frames = tuple(f"frame {i}" for i in range(10_000))
    made = bundle(StepState("a", "failed", "", traceback=(*frames, "ValueError: " + "x" * 1_000_000, "last")))
    lines = made["text/plain"].split("\n")
    assert len(lines) == MOST + 2
    assert lines[:2] == ["step a failed:", "frame 0"]
    assert "… 9,842 lines left out …" in lines
    assert (lines[-1], len(lines[-2])) == ("last", LONGEST + 1)
