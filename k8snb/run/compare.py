"""Two runs side by side: what they were started with, how their steps went, and what these showed."""

from __future__ import annotations

import difflib
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice, zip_longest

from k8snb.artifacts.store import NotFound
from k8snb.run.events import Clear, Display, Text
from k8snb.run.history import Run, StepRun
from k8snb.run.lines import lines_of

LINES, WIDTH = 500, 200
"""The last lines of what a step shows that are compared, and how many characters of each."""

DIFFERENCES = 20
"""Lines of a step at most that are told to differ."""

_NOT_TEXT = re.compile(r"\x1b\[[0-9;]*m")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
_READERS = 8


@dataclass(frozen=True)
class Pair:
    """Two values of one thing; None: one of the runs has none.

    Parameters
    ----------
    name : str
    left, right : str or None
    """

    name: str
    left: str | None
    right: str | None


@dataclass(frozen=True)
class Steps:
    """A step in both runs; None: one of them has none.

    Parameters
    ----------
    name : str
    left, right : StepRun or None
    code_differs : bool
        Both were started, with other code.
    shown : tuple of Pair
        Lines that they showed and that differ, the first `DIFFERENCES` of them.
    more : int
        How many others differ.
    """

    name: str
    left: StepRun | None
    right: StepRun | None
    code_differs: bool = False
    shown: tuple[Pair, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class Comparison:
    """Two runs.

    Parameters
    ----------
    left, right : Run
    parameters : tuple of Pair
        Those that differ.
    same_parameters : int
        How many do not.
    steps : tuple of Steps
        In the order of the left run's pipeline, then those that only the right one has.
    """

    left: Run
    right: Run
    parameters: tuple[Pair, ...]
    same_parameters: int
    steps: tuple[Steps, ...]


def compare(left: Run, right: Run) -> Comparison:
    """Compare two runs.

    Raises
    ------
    StoreError
    """
    names = list(dict.fromkeys([*left.record.steps, *right.record.steps]))
    with ThreadPoolExecutor(_READERS) as pool:
        steps = tuple(pool.map(partial(_steps, left, right), names))
    every = dict.fromkeys([*left.parameters, *right.parameters])
    pairs = [Pair(name, _text(left, name), _text(right, name)) for name in every]
    differ = tuple(pair for pair in pairs if pair.left != pair.right)
    return Comparison(left, right, differ, len(pairs) - len(differ), steps)


def _text(run: Run, parameter: str) -> str | None:
    return repr(run.parameters[parameter]) if parameter in run.parameters else None


def _steps(left: Run, right: Run, name: str) -> Steps:
    both = [run.step(name) if name in run.record.steps else None for run in (left, right)]
    one, other = both
    if one is None or other is None or not (one.attempts and other.attempts):
        return Steps(name, one, other)
    try:
        code_differs = one.spec().source_digest != other.spec().source_digest
        lines, others = (list(deque(shown_by(step), LINES)) for step in (one, other))
    except NotFound:  # logs that have been deleted
        return Steps(name, one, other)
    pairs = _differences(lines, others, name)
    shown = tuple(islice(pairs, DIFFERENCES))
    return Steps(name, one, other, code_differs, shown, sum(1 for _ in pairs))


def _differences(lines: list[str], others: list[str], name: str) -> Iterator[Pair]:
    """Yield the lines that differ, as well as they can be set side by side."""
    left, right = ([_ADDRESS.sub("0x", line) for line in side] for side in (lines, others))
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from (Pair(name, *sides) for sides in zip_longest(lines[a:b], others[c:d]))


def shown_by(step: StepRun) -> Iterator[str]:
    """Yield the lines that a step printed and, as text, displayed, as they stood at the end."""
    shown: list[tuple[str | None, list[bytes]]] = []  # what was displayed under which id; text has none
    for event in step.events():
        match event:
            case Text(_, _, data):
                if not shown or shown[-1][0] != _PRINTED:
                    shown.append((_PRINTED, []))
                shown[-1][1].append(data)
            case Display(_, bundle, _, display_id, update):
                text = [str(bundle.get("text/plain", "")).encode()]
                if update:
                    shown = [(was, text if was == display_id else old) for was, old in shown]
                else:
                    shown.append((display_id, text))
            case Clear():
                shown.clear()
    for _, pieces in shown:
        for line in lines_of(pieces):
            yield _as_seen(line)


_PRINTED = "\0"


def _as_seen(line: bytes) -> str:
    """Return what stands there in the end: without colours, and after the last carriage return."""
    text = line.decode(errors="replace").rstrip("\r\n").rpartition("\r")[2]
    return _NOT_TEXT.sub("", text)[:WIDTH]
