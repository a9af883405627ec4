"""An orchestrator without processes: each step does what its script says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from k8snb.analysis.facts import CellFacts
from k8snb.artifacts.store import Store
from k8snb.errors import AttemptError, ServiceError
from k8snb.images.code import Code
from k8snb.orchestrators.base import Attempt, Environment, Gone, Orchestrator, Output, Report, Tell
from k8snb.pipeline.model import Cell, Pipeline, Step
from k8snb.pipeline.options import StepOptions
from k8snb.run.engine import Engine
from k8snb.run.events import Event
from k8snb.run.request import RunRequest
from k8snb.runner.protocol import encode
from k8snb.runner.spec import Failure, Key, Result, Spec
from k8snb.stacks.model import Stack


@dataclass
class Script:
    """What a step does: its text, then how it ends."""

    text: bytes = b""
    unable: bytes = b""
    fails: bool = False
    dies: AttemptError | None = None
    killed: AttemptError | None = None
    disrupted: int = 0
    hangs: bool = False


@dataclass
class FakeOrchestrator(Orchestrator):
    """Runs scripts; notes what was asked of it."""

    store: Store
    scripts: Mapping[str, Script]
    broken: ServiceError | None = None
    started: list[Key] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    cancelled: list[Key] = field(default_factory=list)
    prepared: int = 0
    on_start: Callable[[Key], None] = lambda key: None

    @classmethod
    def of_stack(cls, stack: Stack, folder: Path) -> Self:
        raise NotImplementedError

    async def check(self) -> None:
        if self.broken:
            raise self.broken

    async def prepare(self, code: Code, environments: Mapping[str, Environment], tell: Tell) -> dict[str, str]:
        self.prepared += 1
        tell("making it")
        return dict.fromkeys(environments, "image")

    async def start(self, attempt: Attempt) -> None:
        self.started.append(attempt.key)
        self.on_start(attempt.key)

    async def follow(self, attempt: Attempt) -> AsyncIterator[Report]:
        script, key = self.scripts[attempt.key.step], attempt.key
        if script.unable:
            yield Output(script.unable)
            yield Gone(1)
            return
        yield Output(encode(attempt.nonce, "start", t=0) + script.text)
        if script.hangs:
            await asyncio.Event().wait()
        if script.killed:
            self.store.put(f"{key.folder}/result.json", Result(key, "died", code=-9).dumps())
            yield Output(encode(attempt.nonce, "end", state="died"))
            yield Gone(137, script.killed)
            return
        if script.dies and (script.disrupted == 0 or key.attempt <= script.disrupted):
            yield Gone(137, script.dies)
            return
        failure = Failure("ValueError", "no luck", ["ValueError: no luck"]) if script.fails else None
        result = Result(key, "failed" if failure else "succeeded", failure=failure, started=1.0, ended=3.0)
        raw = encode(attempt.nonce, "start", t=0) + script.text + encode(attempt.nonce, "end", state=result.state)
        self.store.put(f"{key.folder}/log/000000", raw)
        self.store.put(f"{key.folder}/result.json", result.dumps())
        self.ended.append(key.step)
        yield Output(encode(attempt.nonce, "end", state=result.state))

    async def cancel(self, keys: Sequence[Key]) -> None:
        self.cancelled += keys

    async def running(self, run: str) -> list[Key]:
        return []

    def spec(self, key: Key) -> Spec:
        return Spec.loads(self.store.get(f"{key.folder}/spec.json"))


def request(after: Mapping[str, set[str]], options: Mapping[str, StepOptions] | None = None) -> RunRequest:
    """Return the request for steps that wait for others; each reads ``x`` of those."""
    steps = tuple(
        Step(
            name,
            Cell("", CellFacts(), step=name, options=(options or {}).get(name, StepOptions())),
            inputs={"x": (*sorted(before), None)},
            after=frozenset(before),
            outputs=("x",),
        )
        for name, before in after.items()
    )
    return RunRequest(
        Pipeline("fake", steps),
        captured={},
        code=Code({f"steps/{name}.py": b"" for name in after}, {}),
        environments={name: Environment() for name in after},
    )


def run(store: Store, scripts: Mapping[str, Script], wanted: RunRequest | None = None) -> tuple[str, list[Event]]:
    """Run scripts, without a request each for itself; return the run's id and what the engine told."""
    events: list[Event] = []
    engine = Engine(FakeOrchestrator(store, scripts), store, scratch=store, stack="fake")
    handle = engine.start(wanted or request({name: set() for name in scripts}), events.append)
    handle.wait(10)
    return handle.run, events
