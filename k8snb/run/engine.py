"""The engine: drives the graph of a pipeline's steps through an orchestrator and an artifact store.

It keeps nothing that cannot be read back from the store and from where the attempts run.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from k8snb.artifacts.groups import Group
from k8snb.artifacts.store import Store
from k8snb.artifacts.transfer import copy_group, digest
from k8snb.errors import DiedError, DisruptedError, K8snbError, PipelineError, RunCancelled, TimeoutExceededError
from k8snb.orchestrators import open_orchestrator
from k8snb.orchestrators.base import Attempt, Capability, Orchestrator
from k8snb.pipeline.looks import OnlyLookedAt
from k8snb.pipeline.model import Step
from k8snb.run import portal, record
from k8snb.run.attempt import Outcome, died, execute
from k8snb.run.events import ENDED, Again, Event, Preparing, RunEnded, RunState, StepState, retried
from k8snb.run.failure import way_out
from k8snb.run.given import Given
from k8snb.run.request import RunHandle, RunRequest
from k8snb.run.schedule import Schedule
from k8snb.runner.spec import SUCCEEDED, Carried, Failure, Gate, Key, Spec
from k8snb.stacks.model import Stack

Listener = Callable[[Event], None]

RECORD_PAUSE = 1.0
"""Seconds at least between two times that a run's record is written."""

LARGE = 1_000_000
"""Bytes of values from which on it is said that they are copied."""

DISRUPTIONS = 3
"""Attempts of a step that may be lost to evictions and lost nodes before it counts as failed."""


class Engine:
    """Runs pipelines on one stack.

    Parameters
    ----------
    orchestrator : Orchestrator
    store : Store
        The stack's artifact store.
    scratch : Store
        Where captured values of the kernel are; may be the same.
    stack : str
        The stack's name, for the record.
    """

    def __init__(self, orchestrator: Orchestrator, store: Store, *, scratch: Store, stack: str) -> None:
        self.orchestrator, self.store, self.scratch, self.stack = orchestrator, store, scratch, stack
        self.id = secrets.token_hex(8)
        self._checked = False
        self._brought: dict[str, Group] = {}

    @classmethod
    def open(cls, stack: Stack, *, folder: Path, scratch: Store) -> Engine:
        """Return an engine for a stack.

        Parameters
        ----------
        stack : Stack
        folder : Path
            The notebook's folder.
        scratch : Store
            Where captured values of the kernel are.
        """
        return cls(open_orchestrator(stack, folder), record.store_of(stack), scratch=scratch, stack=stack.name)

    def start(self, request: RunRequest, listener: Listener) -> RunHandle:
        """Start a run.

        Parameters
        ----------
        request : RunRequest
        listener : callable
            Called with each event, on the engine's thread; must return at once.

        Returns
        -------
        RunHandle
        """
        handle = RunHandle(record.new_run_id(), self.store)
        run = _Run(self, request, handle, listener)
        handle.bind(portal.submit(run.drive()), run.cancel_soon)
        return handle

    async def check(self) -> None:
        """Find out whether runs are possible, before anything is written; remembered once they are."""
        if not self._checked:
            await asyncio.to_thread(self.store.check)  # first: credentials that it refuses are handed to nobody
            await self.orchestrator.check()
            self._checked = True

    async def bring(self, groups: list[Group]) -> None:
        """Copy captured values to the stack's store."""
        new = {digest(g): g for g in groups if digest(g) not in self._brought}
        if self.store.uri == self.scratch.uri:
            self._brought |= new
            return
        copies = (asyncio.to_thread(copy_group, self.scratch, self.store, g) for g in new.values())
        self._brought |= zip(new, await asyncio.gather(*copies), strict=True)

    def brought(self, group: Group) -> Group:
        """Return the copy of a captured value's group in the stack's store."""
        return self._brought[digest(group)]


class _Run:
    """One run while this engine drives it."""

    def __init__(self, engine: Engine, request: RunRequest, handle: RunHandle, listener: Listener) -> None:
        self.engine, self.request, self.handle, self.listener = engine, request, handle, listener
        self.record = record.new(
            handle.run,
            pipeline=request.pipeline.name,
            stack=engine.stack,
            engine=engine.id,
            steps=request.after or {step.name: step.after for step in request.pipeline.steps},
            reused=request.reused,
            store=engine.store,
            parameters=dict(request.parameters),
        )
        self.given = Given(request)
        self.looked_at = OnlyLookedAt(request.pipeline)
        self.active: set[Key] = set()
        self.images: dict[str, str] = {}
        self.void: set[Key] = set()  # attempts that count for nothing: they were given what was not right
        self._ending: set[asyncio.Task[None]] = set()
        self._work: asyncio.Task[None] | None = None
        self._cancelled = False
        self._behind = False  # the record in the store, of this one

    # --- the whole run -----------------------------------------------------------------------------------------

    def cancel_soon(self) -> None:
        """Cancel the run, from any thread."""
        portal.call(self._cancel)

    def _cancel(self) -> None:
        self._cancelled = True
        if self._work is not None:
            self._work.cancel()

    async def drive(self) -> RunEnded:
        """Run everything; never raises."""
        error: K8snbError | None = None
        self._work = asyncio.ensure_future(self._prepare_and_run())
        if self._cancelled:
            self._work.cancel()
        try:
            await self._work
        except asyncio.CancelledError:
            error = await self._end_what_runs()
        except K8snbError as e:
            error = e
        except Exception as e:  # noqa: BLE001 - a defect of k8snb must end the run as an error, not as silence
            error = K8snbError(f"k8snb failed: {type(e).__name__}: {e}", where=f"run {self.handle.run}")
            error.__cause__ = e
        if error is not None and not self._cancelled:
            await self._give_up()
        state: RunState = "cancelled" if self._cancelled else "failed" if error or self.handle.failed else "succeeded"
        self.record.state, self.record.ended = state, time.time()
        if self.images:  # else nothing was begun and nothing is written
            with suppress(K8snbError):
                await self._write_record()
        ended = RunEnded(self.handle.run, state, error)
        self.listener(ended)
        return ended

    async def _prepare_and_run(self) -> None:
        engine, request = self.engine, self.request
        self._refuse_what_cannot_be()
        self.listener(Preparing("checks", "looking whether runs are possible"))
        await engine.check()
        await engine.orchestrator.check_steps({step.name: step.cell.options for step in request.pipeline.steps})
        self.listener(Preparing("checks", ""))
        groups = {digest(g): g for by_name in request.captured.values() for g in by_name.values()}
        self.images, _ = await asyncio.gather(
            engine.orchestrator.prepare(
                request.code, request.environments, lambda text: self.listener(Preparing("image", text))
            ),
            self._bring(groups),
        )
        await self._write_record()
        over = asyncio.Event()
        keeping = asyncio.create_task(self._keep_record(over))
        try:
            schedule = Schedule(
                request.pipeline.steps,
                self.given,
                run=self._attempts,
                ended=self._ended,
                skipped=self._skipped,
                again=self._again,
            )
            await schedule.drive()
        finally:
            over.set()
            await keeping  # what it is writing must not come after the last word

    async def _bring(self, groups: Mapping[str, Group]) -> None:
        """Copy captured values to the stack's store."""
        size = sum(group.size for group in groups.values())
        if size > LARGE:
            self.listener(Preparing("values", f"copying the notebook's values: {size / 1e6:.3g} MB"))
        await self.engine.bring(list(groups.values()))
        self.listener(Preparing("values", ""))

    def _refuse_what_cannot_be(self) -> None:
        for step in self.request.pipeline.steps:
            if step.cell.options.secrets and Capability.SECRETS not in self.engine.orchestrator.capabilities:
                raise PipelineError(
                    "secrets are references into a cluster, and this stack has none",
                    where=f"step {step.name}, stack {self.engine.stack}",
                    fix="use --env, or a stack with the kubernetes orchestrator",
                )

    async def _give_up(self) -> None:
        """Leave nothing of a run that cannot begin or go on, neither running nor waiting."""
        if keys := sorted(self.active):
            with suppress(K8snbError):
                await self.engine.orchestrator.cancel(keys)
        why = f"not run: the run could not {'go on' if self.images else 'begin'}"
        for name, step in self.record.steps.items():
            if step.state == "waiting":
                self._tell(StepState(name, "skipped", why))
            elif step.state in {"starting", "running"}:
                self._tell(StepState(name, "cancelled"))

    async def _end_what_runs(self) -> RunCancelled:
        """End all attempts of the run."""
        keys = sorted(self.active)
        try:
            await self.engine.orchestrator.cancel(keys)
        except K8snbError as e:
            return RunCancelled(
                f"the run was cancelled, but its steps could not be ended: {e.what}", where=e.where, fix=e.fix
            )
        for name, step in self.record.steps.items():
            if step.state in {"waiting", "starting", "running"}:
                self._tell(StepState(name, "cancelled"))
        names = ", ".join(key.step for key in keys) or "none had started"
        return RunCancelled(f"the run was cancelled; ended: {names}", where=f"run {self.handle.run}")

    async def _keep_record(self, over: asyncio.Event) -> None:
        """Write the record until the run is over: soon after a state is another one, else as often as is agreed."""
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), RECORD_PAUSE)
            is_due = time.time() - self.record.heartbeat >= record.HEARTBEAT
            if (self._behind or is_due) and not over.is_set():
                with suppress(K8snbError):  # a store that is away for a moment; the next time tries again
                    await self._write_record()

    async def _write_record(self) -> None:
        self.record.heartbeat, self._behind = time.time(), False
        await asyncio.to_thread(self.engine.store.put, record.path(self.handle.run), self.record.dumps())

    # --- one step ----------------------------------------------------------------------------------------------

    def _skipped(self, step: Step, reasons: Sequence[str]) -> None:
        self._tell(StepState(step.name, "skipped", f"not run: {', '.join(reasons)} failed"))

    def _ended(self, step: Step, outcome: Outcome) -> None:
        """Take in how a step has ended."""
        result = outcome.result
        self.handle.results[step.name] = result
        seconds = result.ended - result.started
        if result.state == SUCCEEDED:
            self._tell(StepState(step.name, "succeeded", seconds=seconds))
            return
        if result.failure is None:
            self.handle.lost[step.name] = outcome.error or died(result.key, result.code)
        self.handle.failed.append(step.name)
        traceback = tuple(result.failure.traceback) if result.failure is not None else ()
        fix = self._way_out(result.failure) if result.failure is not None else self.handle.lost[step.name].fix or ""
        self._tell(StepState(step.name, "failed", _why(outcome), seconds=seconds, traceback=traceback, fix=fix))

    def _way_out(self, failure: Failure) -> str:
        return way_out(failure, are_images=Capability.IMAGES in self.engine.orchestrator.capabilities)

    def _again(self, step: Step, why: str) -> None:
        """Forget what a step has done, and end what is left of it."""
        self.handle.forget(step.name)
        entry = self.record.steps[step.name]
        entry.void, entry.retried = self.given.attempts.get(step.name, 0), []
        entry.again.append(why)
        self.listener(Again(step.name, why))
        self._tell(StepState(step.name, "waiting"))
        keys = [key for key in self.active if key.step == step.name]
        self.void |= set(keys)
        if keys:
            self._ending.add(task := asyncio.ensure_future(self.engine.orchestrator.cancel(keys)))
            task.add_done_callback(self._ending.discard)

    async def _attempts(self, step: Step) -> Outcome:
        """Run attempts of a step until one succeeds or there is no reason for another."""
        failures = disruptions = 0
        first = self.given.attempts.get(step.name, 0)
        while True:
            number = 1 + first + failures + disruptions
            outcome = await self._attempt(step, number)
            disrupted = isinstance(outcome.error, DisruptedError)
            disruptions += disrupted
            failures += not disrupted
            if outcome.result.key in self.void or outcome.result.state == SUCCEEDED or not _again(outcome):
                return outcome
            if disruptions > DISRUPTIONS or failures > step.cell.options.retries:
                return outcome
            self.record.steps[step.name].retried.append(_why(outcome))
            self.listener(retried(step.name, number, _why(outcome)))

    async def _attempt(self, step: Step, number: int) -> Outcome:
        key = Key(self.handle.run, step.name, attempt=number)
        self.given.attempts[step.name] = number
        spec = self._spec(step, key)
        attempt = Attempt(
            key=key,
            nonce=spec.nonce,
            pipeline=self.request.pipeline.name,
            image=self.images[step.name],
            handshake=spec.handshake,
            options=step.cell.options,
        )
        self.active.add(key)
        outcome = await execute(self.engine.orchestrator, self.engine.store, spec, attempt, partial(self._tell_of, key))
        self.active.discard(key)
        return outcome

    def _spec(self, step: Step, key: Key) -> Spec:
        path = f"steps/{step.name}.py"
        captured = self.request.captured.get(step.name, {})
        return Spec(
            key=key,
            nonce=secrets.token_hex(8),
            source=path,
            source_digest=hashlib.sha256(self.request.code.steps[path]).hexdigest(),
            label=f"step {step.name}",
            inputs=self.given.inputs(step),
            captured=list({digest(g): self.engine.brought(g) for g in captured.values()}.values()),
            outputs=list(step.outputs),
            needed=list(step.needed),
            changes=sorted(step.cell.facts.changes.keys() & {*step.outputs}),
            deletes=sorted(step.cell.facts.deletes),
            handshake=self.engine.orchestrator.handshake,
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            ipython=step.cell.facts.ipython,
            timeout=step.cell.options.timeout,
            submodules=list(step.submodules),
            futures=sorted(step.cell.futures),
            shows=step.shows,
            carried=[Carried(c.code, list(c.modules), f"{c.where}: {c.text}") for c in step.carried],
            looked_at={name: sorted(into) for name, into in self.looked_at[step.name].items()},
            extensions=list(step.extensions),
            gate=_gate(step),
        )

    def _tell_of(self, key: Key, event: Event) -> None:
        """Tell what happens to an attempt, as long as it counts."""
        if key not in self.void:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        if isinstance(event, StepState):
            entry = self.record.steps[event.step]
            entry.state, entry.seconds = event.state, event.seconds
            entry.attempt = self.given.attempts.get(event.step, 0)
            entry.error, entry.fix = (event.detail, event.fix) if event.state in ENDED else ("", "")
            if event.state == "running":
                entry.started = time.time()
            self._behind = True
        self.listener(event)


def _gate(step: Step) -> Gate | None:
    options = step.cell.options
    return Gate(options.skew_sets, options.skew_limits) if options.skew else None


def _again(outcome: Outcome) -> bool:
    """Say whether another attempt may end otherwise: what the platform refuses, it refuses again."""
    return outcome.error is None or isinstance(outcome.error, DiedError | DisruptedError | TimeoutExceededError)


def _why(outcome: Outcome) -> str:
    """Return in a sentence how an attempt that did not succeed ended."""
    failure = outcome.result.failure
    if failure is not None:
        return failure.reason
    return (outcome.error or died(outcome.result.key, outcome.result.code)).what
