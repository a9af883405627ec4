"""Two runs side by side: what they were started with, how their steps went, and what these showed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, zip_longest

from k8snb.artifacts.groups import Group
from k8snb.artifacts.store import NotFound
from k8snb.errors import HistoryError
from k8snb.run.history import Run
from k8snb.run.past_step import StepRun
from k8snb.run.seen import Drawn, seen, without_chance
from k8snb.runner.spec import Spec

LINES = 500
"""The last lines of what a step shows that are compared."""

DIFFERENCES = 20
"""Lines of a step at most that are told to differ."""

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
class Pictures:
    """What a step has drawn in two runs, each in its order.

    Parameters
    ----------
    left, right : sequence of Drawn
    """

    left: Sequence[Drawn]
    right: Sequence[Drawn]

    @property
    def differing(self) -> list[int]:
        """The numbers, from 1, of those that differ or that only one run has."""
        return [i for i, (one, other) in enumerate(zip_longest(self.left, self.right), 1) if one != other]


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
    given : tuple of Pair
        Values of the kernel that the step was given and that differ, in words.
    drawn : Pictures
        Figures, tables and other displays.
    """

    name: str
    left: StepRun | None
    right: StepRun | None
    code_differs: bool = False
    shown: tuple[Pair, ...] = ()
    more: int = 0
    given: tuple[Pair, ...] = ()
    drawn: Pictures = field(default_factory=lambda: Pictures((), ()))


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
        spec, another = one.spec(), other.spec()
        mine, theirs = seen(one.events()), seen(other.events())
    except (NotFound, HistoryError):  # what has been deleted
        return Steps(name, one, other)
    pairs = _differences(mine.lines[-LINES:], theirs.lines[-LINES:], name)
    shown = tuple(islice(pairs, DIFFERENCES))
    reuses = any(step.reused for run in (left, right) for step in run.steps)
    return Steps(
        name,
        one,
        other,
        code_differs=spec.source_digest != another.source_digest,
        shown=shown,
        more=sum(1 for _ in pairs),
        given=tuple(_given(spec, another, in_both=reuses)),
        drawn=Pictures(mine.drawn, theirs.drawn),
    )


def _given(spec: Spec, other: Spec, *, in_both: bool) -> Iterator[Pair]:
    """Yield the kernel's values that differ, in words.

    Parameters
    ----------
    spec, other : Spec
    in_both : bool
        Only values that both have been given: results of steps that were reused look like the kernel's.
    """
    left, right = ({name: group for group in one.captured for name in group.names} for one in (spec, other))
    for name in sorted(left.keys() & right.keys() if in_both else left.keys() | right.keys()):
        mine, theirs = left.get(name), right.get(name)
        if mine is None or theirs is None or _content(mine) != _content(theirs):
            yield Pair(name, *(None if group is None else _in_words(group, name) for group in (mine, theirs)))


def _content(group: Group) -> list[str]:
    return [group.pickle.digest, *(part.digest for parts in group.buffers for part in parts)]


def _in_words(group: Group, name: str) -> str:
    return (group.summary or {}).get(name, "")


def _differences(lines: list[str], others: list[str], name: str) -> Iterator[Pair]:
    """Yield the lines that differ, as well as they can be set side by side."""
    left, right = ([without_chance(line) for line in side] for side in (lines, others))
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from (Pair(name, *sides) for sides in zip_longest(lines[a:b], others[c:d]))
