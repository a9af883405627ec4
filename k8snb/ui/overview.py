"""The steps of a run at a glance: what waits for what, what goes on side by side, how far each is."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from k8snb.run.events import State, StepState
from k8snb.run.terminal import drawn
from k8snb.ui.colours import QUIET, RED
from k8snb.ui.states import ORDER, colour, sign
from k8snb.ui.words import time_in_words

_TELLING: frozenset[State] = frozenset({"starting", "running", "failed", "cancelled"})

TRACEBACK = 3000
"""Characters of a traceback at most."""

MOST = 60
"""Steps that are shown one by one; of more those that run or have failed, and how many are in each state."""


@dataclass(frozen=True)
class Shown:
    """How far a step is.

    Parameters
    ----------
    state : StepState
    since : float or None
        Seconds since it came into the state, while it starts or runs.
    reused : bool
        It does not run: it has before, and its results are used.
    is_below : bool
        What it has printed and raised is shown below.
    last_line : str
        Of what it has printed, where that is not shown below yet.
    """

    state: StepState
    since: float | None = None
    reused: bool = False
    is_below: bool = True
    last_line: str = ""

    @property
    def name(self) -> str:
        """The state."""
        return "reused" if self.reused else self.state.state

    @property
    def words(self) -> str:
        """The state and how long it has taken."""
        seconds = self.state.seconds or self.since
        took = "" if not seconds else f" {time_in_words(seconds)}"
        return f"{self.name}{took}"


def levels(after: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return steps in columns: each comes in the first after all that it waits for.

    Parameters
    ----------
    after : mapping of str to iterable of str
        For each step, in an order in which they can run, those that it waits for; others than these do not count.
    """
    depths: dict[str, int] = {}
    for step, others in after.items():
        depths[step] = 1 + max((depths[other] for other in others if other in depths), default=-1)
    found: list[list[str]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for step, depth in depths.items():
        found[depth].append(step)
    return found


def bundle(columns: Sequence[Sequence[str]], steps: Mapping[str, Shown]) -> dict[str, str]:
    """Return the overview as text and as HTML without scripts, which survives where nothing is trusted.

    Parameters
    ----------
    columns : sequence of sequence of str
        As `levels` returns them.
    steps : mapping of str to Shown
    """
    if len(steps) <= MOST:
        return {"text/plain": _text(columns, steps), "text/html": _html(columns, steps)}
    counts = Counter(shown.name for shown in steps.values())
    line = f"{len(steps)} steps: {', '.join(f'{counts[state]} {state}' for state in ORDER if counts[state])}"
    telling = [step for column in columns for step in column if steps[step].state.state in _TELLING][:MOST]
    some = {step: steps[step] for step in telling}
    return {
        "text/plain": "\n".join(filter(None, (line, _text([telling] if telling else [], some)))),
        "text/html": f'<div style="font-size: smaller">{line}</div>{_html([[step] for step in telling], some, "")}',
    }


def _text(columns: Sequence[Sequence[str]], steps: Mapping[str, Shown]) -> str:
    def of_column(column: Sequence[str]) -> str:
        told = [f"{step} {sign(steps[step].name)} {steps[step].words}" for step in column]
        return told[0] if len(told) == 1 else f"({' | '.join(told)})"

    notes = (f"{names}: {_note(shown)}" for names, shown in _notes(steps))
    return "\n".join([" → ".join(map(of_column, columns)), *notes])


def _html(columns: Sequence[Sequence[str]], steps: Mapping[str, Shown], between: str = "→") -> str:
    arrow = (
        f'<span style="display: inline-block; vertical-align: middle; color: {QUIET}; padding: 0 6px">{between}</span>'
    )
    notes = "".join(_html_note(names, shown) for names, shown in _notes(steps))
    graph = arrow.join(_column(column, steps) for column in columns)
    return f'<div style="font-size: smaller; line-height: 1.5">{graph}{notes}</div>'


def _notes(steps: Mapping[str, Shown]) -> list[tuple[str, Shown]]:
    """Return the steps of which there is more to say: why they wait, failed or did not run, or what they print.

    Those that did not run for one reason come together.
    """
    found: list[tuple[str, Shown]] = []
    skipped: dict[str, list[str]] = {}
    for step, shown in steps.items():
        if shown.state.state == "skipped":
            skipped.setdefault(shown.state.detail, []).append(step)
        elif _note(shown):
            found.append((step, shown))
    return found + [(", ".join(names), steps[names[0]]) for why, names in skipped.items() if why]


def _note(shown: Shown) -> str:
    way_out = f"way out: {shown.state.fix}" if shown.state.fix else ""
    return "; ".join(filter(None, (shown.state.detail, way_out))) or shown.last_line


def _html_note(names: str, shown: Shown) -> str:
    """Return what there is to say of a step, with its traceback while that is not shown below."""
    note = html.escape(f"{names}: {_note(shown)}")
    if shown.state.state != "failed":
        return f'<div style="color: {QUIET}">{note}</div>'
    reason = f'<span style="color: {RED}">{sign("failed")} {note}</span>'
    traceback = "" if shown.is_below else drawn("\n".join(shown.state.traceback))[-TRACEBACK:]
    if not traceback:
        return f"<div>{reason}</div>"
    style = "margin: 0; max-height: 20em; overflow: auto; white-space: pre-wrap; font-family: monospace"
    return f'<details open><summary>{reason}</summary><pre style="{style}">{html.escape(traceback)}</pre></details>'


def _column(column: Sequence[str], steps: Mapping[str, Shown]) -> str:
    boxes = "".join(_box(step, steps[step]) for step in column)
    return f'<span style="display: inline-block; vertical-align: middle">{boxes}</span>'


def _box(step: str, shown: Shown) -> str:
    ink = colour(shown.name)
    name, words = html.escape(step), html.escape(shown.words)
    style = f"border: 1px solid {ink}; border-radius: 4px; padding: 1px 8px; margin: 2px 0"
    return (
        f'<div style="{style}"><span style="color: {ink}">{sign(shown.name)}</span> '
        f'{name} <span style="color: {QUIET}">{words}</span></div>'
    )
