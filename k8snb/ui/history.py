"""Runs of the past: a table of them, one with its steps, two side by side; as HTML without scripts and as text."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from k8snb.run.compare import Comparison, Pair, Pictures, Steps
from k8snb.run.history import UNREADABLE, Run
from k8snb.run.past_step import StepRun
from k8snb.run.record import INTERRUPTED
from k8snb.run.seen import Drawn
from k8snb.ui.colours import QUIET
from k8snb.ui.states import badge_of, sign
from k8snb.ui.words import moment_in_words, time_in_words

SHOWN = 20
"""Runs in the table where no other number is asked for."""

_PARAMETERS = 60
"""Characters of a run's parameters in the table."""


_PICTURE_BYTES = 300_000
"""Bytes of all pictures that a comparison shows, of both runs: it is saved in the notebook."""


@dataclass(frozen=True)
class _Cell:
    text: str
    state: str = ""
    pictures: tuple[str, ...] = ()


_Row = Sequence[_Cell | str]


class Runs(list[Run]):
    """Runs, the newest last; a notebook shows them as a table."""

    def __repr__(self) -> str:
        return table(self)["text/plain"]

    def _repr_html_(self) -> str:
        return table(self)["text/html"]


def table(runs: Sequence[Run], *, more: bool = False, now: datetime | None = None) -> dict[str, str]:
    """Return a table of runs, the newest first, as text and as HTML.

    Parameters
    ----------
    runs : sequence of Run
        The newest last.
    more : bool
        There are older ones.
    now : datetime, optional
        What times are told by.
    """
    if not runs:
        return _bundle("no runs yet: %k8s_run makes one")
    now = now or datetime.now().astimezone()
    heads = ("run", "state", "when", "took", "steps", "who", "stack", "parameters")
    rows = [_row(run, now) for run in reversed(runs)]
    told = [heads, *([cell if isinstance(cell, str) else cell.text for cell in row] for row in rows)]
    kept = [i for i in range(len(heads)) if i < _ALWAYS or any(row[i] for row in told[1:])]
    note = f"the {len(runs)} newest; --limit N shows more" if more else ""
    return _bundle("", [heads[i] for i in kept], [[row[i] for i in kept] for row in rows], [note] if note else [])


_ALWAYS = 5
"""Columns that are there also where they are empty."""


def one(run: Run, *, now: datetime | None = None) -> dict[str, str]:
    """Return a run with its steps, as text and as HTML."""
    rows: list[_Row] = [
        [step.name, _went(step, took=False), _took(step), str(step.attempts or ""), "; ".join(_why(step))]
        for step in run.steps
    ]
    notes = [f"parameters: {_parameters(run)}"] if run.parameters else []
    return _bundle(headline(run, now=now), ["step", "state", "took", "attempts", "why"], rows, notes)


def headline(run: Run, *, now: datetime | None = None) -> str:
    """Return a run in a line: which, whose, when, and how it went."""
    now = now or datetime.now().astimezone()
    who = f" by {run.user}" if run.user else ""
    took = f" {'for' if run.state == 'running' else 'in'} {time_in_words(run.seconds)}"
    when = moment_in_words(run.started, now)
    return f"run {run.id} of {run.pipeline}, {when}{who} on stack {run.stack}: {run.state}{took}"


def reused(run: Run) -> str:
    """Return which steps have not run, and which runs' results of them were used; empty without any."""
    by_run: dict[str, list[str]] = {}
    for step in run.steps:
        if step.reused:
            where = f"{step.reused} in {step.elsewhere}" if step.elsewhere else step.reused
            by_run.setdefault(where, []).append(step.name)
    told = "; ".join(f"{', '.join(names)} from run {one}" for one, names in by_run.items())
    return f"reused: {told}" if told else ""


def log_line(step: StepRun, attempt: int | None, ended: int, *, now: datetime | None = None) -> str:
    """Return whose log it is in a line, and how far it goes.

    Parameters
    ----------
    step : StepRun
    attempt : int or None
        None: the last one.
    ended : int
        Lines with a newline at their end that the store has of it.
    now : datetime, optional
        What times are told by.
    """
    now = now or datetime.now().astimezone()
    number, run = attempt or step.attempts, step.run
    which = f", attempt {number} of {step.attempts}" if step.attempts > 1 else ""
    which += f", reused from run {step.reused}" if step.reused else ""
    result = step.result(number)
    if number < step.attempts:
        state = "another attempt followed"
    elif result is None and step.state in {"starting", "running"}:
        state = f"{step.state}; this is what the store has so far"
    elif step.state == INTERRUPTED:
        went_on = f"the step went on and has {result.state}" if result else "the step may go on: this is what there is"
        state = f"the run was interrupted; {went_on}"
    else:
        state = step.state
    lacks = (
        f"; the store lacks its last {result.log_lines - ended} lines" if result and result.log_lines > ended else ""
    )
    who = f" by {run.user}" if run.user else ""
    return f"{step.name}{which}, run {run.id}, {moment_in_words(run.started, now)}{who}: {state}{lacks}"


def comparison(found: Comparison, *, now: datetime | None = None) -> dict[str, str]:
    """Return two runs side by side, as text and as HTML; a word says what differs."""
    now = now or datetime.now().astimezone()
    left, right = found.left, found.right
    rows: list[_Row] = [
        ["state", _state(left.state), _state(right.state), _word(left.state != right.state)],
        ["when", *(moment_in_words(run.started, now) for run in (left, right)), ""],
        ["took", *(time_in_words(run.seconds) for run in (left, right)), ""],
    ]
    facts = {"pipeline": (left.pipeline, right.pipeline), "who": (left.user, right.user)}
    facts["stack"] = left.stack, right.stack
    rows += [[what, *both, "differs"] for what, both in facts.items() if both[0] != both[1]]
    rows += [_pair(f"parameter {pair.name}", pair) for pair in found.parameters]
    room = _PICTURE_BYTES
    for steps in found.steps:
        rows.append([f"step {steps.name}", _went(steps.left), _went(steps.right), ", ".join(_differences(steps))])
        rows += _reasons(steps)
        rows += [_given(pair) for pair in steps.given]
        rows += [_pair("  shows", pair) for pair in steps.shown]
        if steps.more:
            rows.append(["  shows", "", "", f"{steps.more} more lines differ"])
        if steps.drawn.left or steps.drawn.right:
            pictures, room = _side_by_side(steps.drawn, room)
            rows.append(_drawn(steps.drawn, pictures))
    same = found.same_parameters
    notes = [f"{same} other {'parameter is' if same == 1 else 'parameters are'} the same"] if same else []
    return _bundle("", ["", left.id, right.id, "difference"], rows, notes)


# --- words ---------------------------------------------------------------------------------------------------------


def _row(run: Run, now: datetime) -> list[_Cell | str]:
    if run.state == UNREADABLE:
        return [run.id, _state(run.state), moment_in_words(run.started, now), "", "", "", "", ""]
    return [
        run.id,
        _state(run.state),
        moment_in_words(run.started, now),
        time_in_words(run.seconds),
        ", ".join(_steps(run)),
        run.user,
        run.stack,
        _shortened(_parameters(run)),
    ]


def _steps(run: Run) -> Iterator[str]:
    """Yield how many steps are done, and which of the others there is something to say of."""
    states = {step.name: step.state for step in run.steps}
    yield f"{sum(state == 'succeeded' for state in states.values())} of {len(states)}"
    for telling in ("failed", "running", "starting", INTERRUPTED, "cancelled"):
        if names := [name for name, state in states.items() if state == telling]:
            yield f"{_some(names)} {telling}"
    if names := [step.name for step in run.steps if step.reused]:
        yield f"{_some(names)} reused"


def _some(names: Sequence[str]) -> str:
    some = names if len(names) <= _NAMED else [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more"]
    return ", ".join(some)


_NAMED = 3
"""Steps that are named of those in one state."""


def _parameters(run: Run) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in run.parameters.items())


def _shortened(text: str) -> str:
    return text if len(text) <= _PARAMETERS else f"{text[: _PARAMETERS - 1]}…"


def _state(state: str) -> _Cell:
    return _Cell(state, state)


def _took(step: StepRun) -> str:
    return time_in_words(step.seconds) if step.seconds else ""


def _went(step: StepRun | None, *, took: bool = True) -> _Cell:
    if step is None:
        return _Cell("not in this run")
    state = _state("reused" if step.reused else step.state)
    return _Cell(f"{state.text} {_took(step)}".rstrip(), state.state) if took else state


def _why(step: StepRun) -> Iterator[str]:
    reused = f"it ran in run {step.reused}" if step.reused else ""
    yield from filter(None, (reused, step.error, step.fix and f"way out: {step.fix}"))


def _differences(steps: Steps) -> Iterator[str]:
    if steps.left is None or steps.right is None:
        yield f"only in the {'second' if steps.left is None else 'first'} run"
    elif steps.left.state != steps.right.state:
        yield "state differs"
    if steps.code_differs:
        yield "code differs"


def _reasons(steps: Steps) -> Iterator[_Row]:
    """Yield the row that says why a step did not succeed."""
    reasons = ["" if step is None else step.error for step in (steps.left, steps.right)]
    if any(reasons):
        yield ["  why", *reasons, _word(reasons[0] != reasons[1])]


def _pair(name: str, pair: Pair) -> _Row:
    sides = ("" if side is None else side for side in (pair.left, pair.right))
    only = "only in the first run" if pair.right is None else "only in the second run" if pair.left is None else ""
    return [name, *sides, only or "differs"]


def _given(pair: Pair) -> _Row:
    """Return the row for a value of the kernel; two values may be one in words."""
    name, left, right, word = _pair(f"  given {pair.name}", pair)
    return [name, left, right, "another value" if left == right else word]


def _side_by_side(drawn: Pictures, room: int) -> tuple[list[tuple[str, ...]], int]:
    """Return the figures that differ, as pairs that there is room for, and the room that is left."""
    pairs: list[tuple[str, str]] = []
    for number in drawn.differing:
        pair = [side[number - 1].picture if number <= len(side) else "" for side in (drawn.left, drawn.right)]
        if (size := sum(map(len, pair))) <= room:
            pairs.append((pair[0], pair[1]))
            room -= size
    return [tuple(filter(None, side)) for side in zip(*pairs, strict=True)] or [(), ()], room


def _drawn(pictures: Pictures, shown: Sequence[tuple[str, ...]]) -> _Row:
    numbers = pictures.differing
    many = len(numbers) == max(len(pictures.left), len(pictures.right))
    which = "" if many else f": {', '.join(f'number {number}' for number in numbers)}"
    return [
        "  draws",
        *(_Cell(_kinds(side), "", shown[i]) for i, side in enumerate((pictures.left, pictures.right))),
        f"differs{which}" if numbers else "the same",
    ]


def _kinds(drawn: Sequence[Drawn]) -> str:
    counts = Counter(one.kind for one in drawn)
    return ", ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts.items())


def _word(differs: bool) -> str:
    return "differs" if differs else ""


# --- tables --------------------------------------------------------------------------------------------------------


def _bundle(
    title: str, heads: Sequence[str] = (), rows: Sequence[_Row] = (), notes: Sequence[str] = ()
) -> dict[str, str]:
    cells = [[cell if isinstance(cell, _Cell) else _Cell(cell) for cell in row] for row in rows]
    lines = filter(None, (title, *_text(heads, cells), *notes))
    above, below = (f'<div style="{QUIET}">{html.escape(text)}</div>' for text in (title, "\n".join(notes)))
    body = (above if title else "") + (_html(heads, cells) if heads else "") + (below if notes else "")
    return {
        "text/plain": "\n".join(lines),
        "text/html": f'<div style="font-size: smaller; line-height: 1.5">{body}</div>',
    }


def _text(heads: Sequence[str], rows: Sequence[Sequence[_Cell]]) -> Iterator[str]:
    told = ([f"{sign(cell.state)} {cell.text}" if cell.state else cell.text for cell in row] for row in rows)
    texts = [list(heads), *told]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts if heads else ():
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _html(heads: Sequence[str], rows: Sequence[Sequence[_Cell]]) -> str:
    style = "text-align: left; vertical-align: top; padding: 1px 14px 1px 0; white-space: pre-wrap"
    head = "".join(
        f'<th scope="col" style="{style}; font-weight: normal; {QUIET}">{html.escape(text)}</th>' for text in heads
    )
    body = "".join(
        f"<tr>{''.join(_html_cell(cell, style, is_head=i == 0) for i, cell in enumerate(row))}</tr>" for row in rows
    )
    table = f'<table style="border: none"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div style="overflow: auto">{table}</div>'


def _html_cell(cell: _Cell, style: str, *, is_head: bool) -> str:
    badge = f"{badge_of(cell.state)} " if cell.state else ""
    tag, scope = ("th", ' scope="row"') if is_head else ("td", "")
    weight = "; font-weight: normal; white-space: pre" if is_head else ""
    figures = "".join(f'<img alt="" src="{html.escape(one)}" style="{_FIGURE}">' for one in cell.pictures)
    return f'<{tag}{scope} style="{style}{weight}">{badge}{html.escape(cell.text)}{figures}</{tag}>'


_FIGURE = "display: block; width: 320px; max-width: 100%; margin: 4px 0"
