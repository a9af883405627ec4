"""The order of a run's steps in time: each starts when what it needs is there, and again where it began too early.

Steps that only read one object run side by side. If one of them turns out to have changed it, those below it that were
given the object as it was before run again, with all that has come of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from k8snb.pipeline.model import Step
from k8snb.run.attempt import Outcome
from k8snb.run.given import Given
from k8snb.runner.spec import SUCCEEDED


class Schedule:
    """Runs the steps of one run.

    Parameters
    ----------
    steps : sequence of Step
        In an order that respects what each waits for.
    given : Given
    run : callable
        Runs a step to its end.
    ended : callable
        Is told how a step has ended.
    skipped : callable
        Is told of a step that will not run, and the failed ones that are the reason.
    again : callable
        Is told that what a step has done so far counts for nothing, and why.
    """

    def __init__(
        self,
        steps: tuple[Step, ...],
        given: Given,
        *,
        run: Callable[[Step], Awaitable[Outcome]],
        ended: Callable[[Step, Outcome], None],
        skipped: Callable[[Step, Sequence[str]], None],
        again: Callable[[Step, str], None],
    ) -> None:
        self._steps = {step.name: step for step in steps}
        self._given, self._run = given, run
        self._tell_ended, self._tell_skipped, self._tell_again = ended, skipped, again
        self._running: dict[str, asyncio.Task[Outcome]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._skipped: dict[str, list[str]] = {}  # and the failed steps that are the reason
        self._stale: set[str] = set()

    async def drive(self) -> None:
        """Run all steps; raises what an attempt raised."""
        try:
            self._start_ready()
            while self._running:
                await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
                for name in [name for name in self._steps if name in self._running and self._running[name].done()]:
                    self._take(name, self._running.pop(name).result())
                self._start_ready()
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _start_ready(self) -> None:
        """Start the steps whose turn it is, and skip those whose turn will not come."""
        for name, step in self._steps.items():
            if name in self._outcomes or name in self._skipped or name in self._running:
                continue
            before = step.after & self._steps.keys()
            if before <= self._outcomes.keys():
                before |= set(self._given.changers(step))
            if reasons := self._reasons(before):
                self._skipped[name] = reasons
                self._tell_skipped(step, reasons)
            elif before <= self._outcomes.keys():
                self._running[name] = asyncio.ensure_future(self._run(step))

    def _reasons(self, before: Iterable[str]) -> list[str]:
        """Return the failed steps for which one that waits for others cannot run, in the pipeline's order."""
        failed = {name for name in before if name in self._outcomes and self._failed(name)}
        failed.update(*(self._skipped.get(name, ()) for name in before))
        return [name for name in self._steps if name in failed]

    def _failed(self, name: str) -> bool:
        return self._outcomes[name].result.state != SUCCEEDED

    def _take(self, name: str, outcome: Outcome) -> None:
        if name in self._stale:
            self._stale.discard(name)
            return
        step = self._steps[name]
        self._outcomes[name] = outcome
        self._given.ended(name, outcome.result)
        for other, variable in self._given.contradicted(step):
            self._take_back(other, f"step {name} has changed {variable!r} in place, which its code does not tell")
        self._tell_ended(step, outcome)

    def _take_back(self, name: str, why: str) -> None:
        """Undo a step that has started, and those that have started on what it made."""
        started = name in self._running or name in self._outcomes or name in self._skipped
        if not started or name in self._stale:
            return
        if name in self._running:
            self._stale.add(name)
        self._outcomes.pop(name, None)
        self._skipped.pop(name, None)
        users = [other for other, step in self._steps.items() if name in step.after or self._given.uses(other, name)]
        self._given.forget(name)
        self._tell_again(self._steps[name], why)
        for other in users:
            self._take_back(other, f"step {name} runs again")
