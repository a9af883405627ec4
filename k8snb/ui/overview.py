"""The steps of a run at a glance: what waits for what, what goes on side by side, how far each is."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from k8snb.run.events import State, StepState
from k8snb.ui.colours import QUIET
from k8snb.ui.failure import as_html, shortened
from k8snb.ui.states import ORDER, badge_of, colour, sign
from k8snb.ui.words import time_in_words

_TELLING: frozenset[State] = frozenset({"starting", "running", "failed", "cancelled"})

TRACEBACK = 40
"""Lines of a traceback at most."""

_NAMED = 4
"""Steps that one waits for that are named."""

_SMALL = "font-size: smaller; line-height: 1.5"

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
    after : tuple of str
        The steps that it waits for, where its place does not tell.
    """

    state: StepState
    since: float | None = None
    reused: bool = False
    is_below: bool = True
    last_line: str = ""
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The state."""
        return "reused" if self.reused else self.state.state

    @property
    def words(self) -> str:
        """The state, how long it has taken, and what it waits for where its place does not tell."""
        seconds = self.state.seconds or self.since
        took = time_in_words(seconds) if seconds else ""
        after = ", ".join(_some(self.after))
        return " ".join(filter(None, (self.name, took, f"(after {after})" if after else "")))


def _some(names: Sequence[str]) -> Sequence[str]:
    return names if len(names) <= _NAMED else [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more"]


def bundle(columns: Sequence[Sequence[str]], steps: Mapping[str, Shown], preparing: str = "") -> dict[str, str]:
    """Return the overview as text and as HTML without scripts, which survives where nothing is trusted.

    Parameters
    ----------
    columns : sequence of sequence of str
        As `k8snb.ui.graph.levels` returns them.
    steps : mapping of str to Shown
    preparing : str
        What is done before they can start.
    """
    told = _bundle(columns, steps)
    if not preparing:
        return told
    text, note = f"{told['text/plain']}\n{preparing}", f'<div style="{_SMALL}; {QUIET}">{html.escape(preparing)}</div>'
    return {"text/plain": text, "text/html": f"{told['text/html']}{note}"}


def _bundle(columns: Sequence[Sequence[str]], steps: Mapping[str, Shown]) -> dict[str, str]:
    if len(steps) <= MOST:
        return {"text/plain": _text(columns, steps), "text/html": _html(columns, steps)}
    counts = Counter(shown.name for shown in steps.values())
    line = f"{len(steps)} steps: {', '.join(f'{counts[state]} {state}' for state in ORDER if counts[state])}"
    telling = [step for column in columns for step in column if steps[step].state.state in _TELLING][:MOST]
    some = {step: steps[step] for step in telling}
    return {
        "text/plain": "\n".join(filter(None, (line, _text([telling] if telling else [], some)))),
        "text/html": f'<div style="{_SMALL}">{line}</div>{_html([[step] for step in telling], some, "")}',
    }


def _text(columns: Sequence[Sequence[str]], steps: Mapping[str, Shown]) -> str:
    def of_column(column: Sequence[str]) -> str:
        told = [" ".join(filter(None, (step, sign(steps[step].name), steps[step].words))) for step in column]
        return told[0] if len(told) == 1 else f"({' | '.join(told)})"

    notes = (f"{names}: {_note(shown)}" for names, shown in _notes(steps))
    return "\n".join([" → ".join(map(of_column, columns)), *notes])


def _html(columns: Sequence[Sequence[str]], steps: Mapping[str, Shown], between: str = "→") -> str:
    notes = "".join(_html_note(names, shown) for names, shown in _notes(steps))
    graph = "".join(_column(column, steps, between if i else "") for i, column in enumerate(columns))
    return f'<div style="{_SMALL}">{graph}{notes}</div>'


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
        return f'<div style="{QUIET}">{note}</div>'
    reason = f"{badge_of('failed')} {note}"
    if shown.is_below or not shown.state.traceback:
        return f"<div>{reason}</div>"
    traceback = as_html(shortened(shown.state.traceback, TRACEBACK), "max-height: 20em; overflow: auto")
    return f"<details open><summary>{reason}</summary>{traceback}</details>"


def _column(column: Sequence[str], steps: Mapping[str, Shown], arrow: str) -> str:
    """Return a column with the arrow before it; where there is no room for it, both come into the next line."""
    style = "display: inline-block; vertical-align: middle"
    before = f'<span style="{style}; {QUIET}; padding: 0 6px">{arrow}</span>' if arrow else ""
    boxes = "".join(_box(step, steps[step]) for step in column)
    own = f'<span style="{style}; white-space: normal">{boxes}</span>'
    return f'<span style="{style}; white-space: nowrap">{before}{own}</span> '


def _box(step: str, shown: Shown) -> str:
    style = f"border: 1px solid {colour(shown.name)}; border-radius: 4px; padding: 1px 8px; margin: 2px 0"
    words = f'<span style="{QUIET}">{html.escape(shown.words)}</span>'
    return f'<div style="{style}">{badge_of(shown.name)} {html.escape(step)} {words}</div>'
