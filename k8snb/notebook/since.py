"""What has changed of a step since it last ran: its code, its options, what it is given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from k8snb.artifacts.transfer import digest
from k8snb.notebook.cells import Cells, Entry
from k8snb.pipeline.model import Step
from k8snb.pipeline.options import StepOptions
from k8snb.runner.spec import SUCCEEDED, Key, Result
from k8snb.ui.words import time_in_words


@dataclass(frozen=True)
class LastRun:
    """A step as it last ran.

    Parameters
    ----------
    source : str
    options : StepOptions
    captured : mapping of str to str
        Digests of the kernel's values that it was given, by name.
    given_by : mapping of str to Key
        The attempts whose results it was given, by step; steps whose results it does not use still count.
    result : Result
    """

    source: str
    options: StepOptions
    captured: Mapping[str, str]
    given_by: Mapping[str, Key | None]
    result: Result


class LastRuns:
    """The steps as they last ran.

    Parameters
    ----------
    cells : Cells
    """

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._of_step: dict[str, LastRun] = {}

    def note(self, step: Step, entry: Entry, result: Result) -> None:
        """Remember a step as it has just run."""
        given_by = _given_by(step, self._cells)
        self._of_step[step.name] = LastRun(entry.source, entry.options, _captured(entry), given_by, result)

    def reusable(self, steps: Iterable[Step], done: Collection[str]) -> set[str]:
        """Return which of the steps that have run still have results of what they would be given now.

        Parameters
        ----------
        steps : iterable of Step
            In the pipeline's order.
        done : collection of str
            Those that have run since their cells were executed, and are not to run in any case.
        """
        steps = list(steps)
        names = {step.name for step in steps}
        found: set[str] = set()
        for step in steps:
            last, given_by = self._of_step.get(step.name), _given_by(step, self._cells)
            if step.name not in done or last is None:
                continue
            if (given_by.keys() & names) <= found and all(last.given_by.get(o) == key for o, key in given_by.items()):
                found.add(step.name)
        return found

    def in_words(self, step: Step, entry: Entry) -> str:
        """Say when a step last ran, and what is another since; nothing of one that has not run."""
        last = self._of_step.get(step.name)
        if last is None:
            return ""
        when = datetime.fromtimestamp(last.result.ended).astimezone()  # the card is there tomorrow too
        how = "" if last.result.state == SUCCEEDED else f" and {last.result.state}"
        changed = ", ".join((*_changed(last, step, entry, self._cells), *self._changed_further_up(step)))
        told = f"changed since: {changed}" if changed else "nothing has changed since"
        if not changed and entry.has_run:
            told = f"cached, {told}"
        elif not changed and entry.tried and last.result.state == SUCCEEDED:
            told = f"{told}, but a step above it has failed: it will run again"
        return f"{when:%Y-%m-%d %H:%M}{how}, {time_in_words(last.result.ended - last.result.started)}; {told}"

    def _changed_further_up(self, step: Step) -> Iterator[str]:
        """Yield the steps of which the results are those that a step was given, but that were given something else."""
        for other, key in _given_by(step, self._cells).items():
            if (
                key is not None
                and self._of_step[step.name].given_by.get(other) == key
                and self._is_behind(other, set())
            ):
                yield f"what step {other} was given"

    def _is_behind(self, step: str, seen: set[str]) -> bool:
        """Whether a step would be given something else now, or one that it was given results of."""
        seen.add(step)
        for other, key in self._of_step[step].given_by.items() if step in self._of_step else ():
            entry = self._cells.step(other)
            if entry is None or entry.ran_as != key or (other not in seen and self._is_behind(other, seen)):
                return True
        return False

    def result_of(self, step: Step, entry: Entry) -> Result | None:
        """Return how a step has ended when it last ran, if its code was the same."""
        last = self._of_step.get(step.name)
        return last.result if last is not None and _code(entry.source) == _code(last.source) else None


def _changed(last: LastRun, step: Step, entry: Entry, cells: Cells) -> Iterator[str]:
    if _code(entry.source) != _code(last.source):
        yield "its code"
    for name in (field.name for field in fields(StepOptions) if field.compare):
        if getattr(entry.options, name) != getattr(last.options, name):
            yield f"--{name.replace('_', '-')}"
    captured = _captured(entry)
    yield from sorted(name for name, value in captured.items() if last.captured.get(name) != value)
    for other, key in _given_by(step, cells).items():
        if key is None:
            yield f"step {other}, which has not run as it is now"
        elif last.given_by.get(other) != key:
            yield f"the results of step {other}"


def _code(source: str) -> str:
    """Return a cell without the line that makes it a step."""
    first, _, rest = source.lstrip().partition("\n")
    return rest if "%%k8s_step" in first else source


def _captured(entry: Entry) -> dict[str, str]:
    return {name: digest(group) for name, group in entry.capture.groups.items()}


def _given_by(step: Step, cells: Cells) -> dict[str, Key | None]:
    """Return the attempts that have made what a step reads now, by step; None: that step has not run."""
    sources = sorted({source for names in step.inputs.values() for source in names if source is not None})
    entries = {source: cells.step(source) for source in sources}
    return {source: entry.ran_as if entry is not None else None for source, entry in entries.items()}
