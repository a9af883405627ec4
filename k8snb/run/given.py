"""What steps are given in fact: results tell which variables share objects, and which objects were changed unforeseen.

The pipeline says from the code alone which steps may make what a step reads. When these have ended, their records say
more, and the sources and the order of the steps that have not started yet are made out anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snb.pipeline.model import Step
from k8snb.run.request import RunRequest
from k8snb.runner.spec import KERNEL, Ref, Result


class Given:
    """Keeps what the steps of one run have read and made.

    Parameters
    ----------
    request : RunRequest

    Attributes
    ----------
    attempts : dict of str to int
        Of each step that has started: the number of its last attempt.
    results : dict of str to Result
        Of each step that has ended.
    """

    def __init__(self, request: RunRequest) -> None:
        self._steps = {step.name: step for step in request.pipeline.steps}
        self._places = {name: place for place, name in enumerate(self._steps)}
        self._captured = request.captured
        self.attempts: dict[str, int] = {}
        self.results: dict[str, Result] = {}
        self._read: dict[str, dict[str, list[Ref]]] = {}

    def inputs(self, step: Step) -> dict[str, list[Ref]]:
        """Return where each input of a step that starts now comes from, the nearest first; remember it."""
        given = {
            name: [ref for source in sources for ref in self._versions(step, name, self._ref(source))]
            for name, sources in step.inputs.items()
            if not (name in step.perhaps and any(self._cannot_travel(name, source) for source in sources))
        }
        self._read[step.name] = given
        return given

    def _cannot_travel(self, name: str, source: str | None) -> bool:
        return source is not None and source in self.results and name in self.results[source].unpackable

    def changers(self, step: Step) -> list[str]:
        """Return the steps that have not ended and change, under another name, an object that a step reads."""
        found = {
            other.name
            for name, sources in step.inputs.items()
            for source in sources
            for other in self._between(source, step)
            if other.name not in self.results and self._shares(other, source, self._group(step, source, name))
        }
        return sorted(found)

    def contradicted(self, step: Step) -> list[tuple[str, str]]:
        """Return the steps below that have read what a step has changed as it was before, and the names."""
        later = [self._steps[other] for other in self._read if self._places[other] > self._places[step.name]]
        return [
            (other.name, name)
            for other in later
            for name, ref in sorted(self.results[step.name].changed.items())
            if self._origin(name, self._in_fact(other.name, name)) == self._origin(name, ref)
            and self._same_version(other, step, name, ref)
        ]

    def uses(self, step: str, maker: str) -> bool:
        """Say whether a step that has started may have got something from another."""
        return any(ref.step == maker for refs in self._read.get(step, {}).values() for ref in refs)

    def ended(self, step: str, result: Result) -> None:
        """Take in what a step has made."""
        self.results[step] = result

    def forget(self, step: str) -> None:
        """Forget what a step has read and made: it is to run again."""
        self._read.pop(step, None)
        self.results.pop(step, None)

    def _ref(self, source: str | None) -> Ref:
        return KERNEL if source is None else Ref(source, attempt=self.attempts[source])

    def _versions(self, step: Step, name: str, ref: Ref) -> list[Ref]:
        """Return a reference to an object after those to what steps in between have changed it to, the last first."""
        versions = [ref]
        for other in self._between(ref.step, step):
            result = self.results.get(other.name)
            latest = versions[0]
            if result is None or name not in result.taken_over:
                continue
            if self._origin(name, result.taken_over[name]) != self._origin(name, latest):
                continue
            if self._same_version(step, other, name, latest):
                versions.insert(0, self._ref(other.name))
        return versions

    def _origin(self, name: str, ref: Ref | None) -> Ref | None:
        """Return where an object comes from that steps have put out again as it was."""
        while ref is not None and ref.step is not None and (result := self.results.get(ref.step)) is not None:
            if name not in result.shared:
                break
            ref = result.shared[name]
        return ref

    def _same_version(self, step: Step, other: Step, name: str, ref: Ref) -> bool:
        """Say whether two steps mean the same object by a name that both have from one place."""
        return ref.step is not None or step.versions.get(name) == other.versions.get(name)

    def _between(self, source: str | None, step: Step) -> Iterator[Step]:
        first = -1 if source is None else self._places[source]
        for name, place in self._places.items():
            if first < place < self._places[step.name]:
                yield self._steps[name]

    def _shares(self, step: Step, source: str | None, names: tuple[str, ...]) -> bool:
        """Say whether a step changes one of the names, as it gets them from a source."""
        return any(name in step.cell.facts.changes and source in step.inputs.get(name, ()) for name in names)

    def _group(self, step: Step, source: str | None, name: str) -> tuple[str, ...]:
        """Return the names that share an object with a name, as the source has it."""
        if source is None:
            group = self._captured.get(step.name, {}).get(name)
            return group.names if group is not None else ()
        result = self.results.get(source)
        return next((g.names for g in result.groups if name in g.names), ()) if result is not None else ()

    def _in_fact(self, step: str, name: str) -> Ref | None:
        """Return where a step that has started has got a name from."""
        for ref in self._read[step].get(name, ()):
            if ref.step is None:
                there = name in self._captured.get(step, {})
            else:
                there = any(name in group.names for group in self.results[ref.step].groups)
            if there:
                return ref
        return None
