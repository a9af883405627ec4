"""The values that a step of a past run has made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from k8snb.artifacts.groups import Group
from k8snb.errors import HistoryError, InputError, UnpackableError, not_loaded, suggest
from k8snb.runner.inputs import bind
from k8snb.runner.spec import SUCCEEDED, Ref, Result

if TYPE_CHECKING:
    from k8snb.run.past_step import StepRun


class Outputs(Mapping[str, Any]):
    """The values that a step made, by name: listed at once, each fetched when it is asked for.

    Parameters
    ----------
    step : StepRun
    result : Result or None
        None: it has made nothing yet.
    """

    def __init__(self, step: StepRun, result: Result | None) -> None:
        self._step, self._result = step, result
        self._groups = {name: group for group in (result.groups if result else ()) for name in group.names}
        self._namespace: dict[str, Any] = {"__name__": "__main__"}
        self._fetched: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._fetched:
            self._fetch(name, self._group(name))
        return self._fetched[name]

    def __contains__(self, name: object) -> bool:
        return name in self._groups

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._groups))

    def __len__(self) -> int:
        return len(self._groups)

    def __repr__(self) -> str:
        told = ((name, (self._groups[name].summary or {}).get(name, "")) for name in self)
        return f"<outputs of {self._step.name}: {', '.join(f'{n} ({s})' if s else n for n, s in told) or 'none'}>"

    def _group(self, name: str) -> Group:
        step, result = self._step, self._result
        if name in self._groups:
            return self._groups[name]
        where = f"step {step.name}, run {step.run.id}"
        if result is not None and name in result.unpackable:
            raise UnpackableError(f"{name} cannot travel: {result.unpackable[name]}", where=where)
        if result is None and step.reused:
            raise step.gone()
        if result is None:
            raise HistoryError(f"step {step.name} has made nothing: it is {step.state}", where=where)
        raise HistoryError(f"step {step.name} has not made {name!r}", where=where, fix=suggest(name, self._groups))

    def _above(self) -> Iterator[Ref]:
        """Yield the steps above, the nearest first, where functions find what their own step had no use for."""
        steps = self._step.run.record.steps
        names = list(steps)
        for name in reversed(names[: names.index(self._step.name)]):
            if steps[name].state == SUCCEEDED and not steps[name].reused:
                yield Ref(name, attempt=steps[name].attempt)

    def _fetch(self, name: str, group: Group) -> None:
        """Load a value with those that share an object with it, and what the functions among them use."""
        assert self._result is not None
        key, spec = self._result.key, self._step.spec()
        given = [ref for refs in spec.inputs.values() for ref in refs]
        refs = dict.fromkeys([Ref(key.step, key.index, key.attempt), *given, *self._above()])
        inputs = {one: list(refs) for one in group.names}
        try:
            bind(replace(spec, inputs=inputs, looked_at={}), self._step.store, self._namespace)
        except InputError as error:
            if error.__cause__ is None:
                raise
            raise not_loaded(
                f"{name} was made by step {self._step.name}, but cannot be loaded here",
                cast("Exception", error.__cause__),
                where=f"run {self._step.run.id}",
                missing="install the package of {} here too",
                fix="see that the step had the same versions of its packages",
            ) from error.__cause__
        self._fetched |= {one: self._namespace[one] for one in group.names}
