"""Where the contract suite runs: one bench per orchestrator, each with a store and code prepared the same way."""

from __future__ import annotations

import hashlib
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from k8snb.artifacts.store import Store
from k8snb.images.code import Code
from k8snb.orchestrators.base import Attempt, Environment, Gone, Orchestrator, Output
from k8snb.pipeline.options import StepOptions
from k8snb.run.record import new_run_id
from k8snb.runner.protocol import Decoder, strip
from k8snb.runner.spec import Key, Result, Spec


@dataclass
class Seen:
    """What following an attempt showed."""

    raw: bytes = b""
    controls: list[dict] = field(default_factory=list)
    gone: Gone | None = None
    nonce: str = ""

    @property
    def text(self) -> bytes:
        return strip(self.nonce, self.raw)

    @property
    def ended(self) -> bool:
        return any(c["k"] == "end" for c in self.controls)


@dataclass
class Bench:
    """An orchestrator under test, with what the suite needs around it."""

    orchestrator: Orchestrator
    store: Store
    another: Callable[[], Orchestrator]
    keys: list[Key] = field(default_factory=list)

    async def start(self, source: str, options: StepOptions | None = None, step: str = "step") -> Attempt:
        """Write the spec of a cell and start it."""
        attempt = await self.order(source, options, step)
        await self.orchestrator.start(attempt)
        return attempt

    async def order(self, source: str, options: StepOptions | None = None, step: str = "step") -> Attempt:
        """Write the spec of a cell."""
        await self.orchestrator.check()
        path = f"steps/{step}.py"
        code = Code({path: source.encode()}, {})
        images = await self.orchestrator.prepare(code, {step: Environment()}, print)
        key = Key(new_run_id(), step)
        spec = Spec(
            key=key,
            nonce=secrets.token_hex(8),
            source=path,
            source_digest=hashlib.sha256(source.encode()).hexdigest(),
            label=f"step {step}",
            inputs={},
            captured=[],
            outputs=["x"],
            needed=[],
            handshake=self.orchestrator.handshake,
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            timeout=options.timeout if options else None,
        )
        self.store.put(f"{key.folder}/spec.json", spec.dumps())
        self.keys.append(key)
        return Attempt(key, spec.nonce, "contract", images[step], spec.handshake, options or StepOptions())

    async def follow(
        self,
        attempt: Attempt,
        *,
        by: Orchestrator | None = None,
        until: Callable[[Seen], bool | Awaitable[bool]] = lambda seen: seen.ended,
    ) -> Seen:
        """Follow an attempt until it has said that it ended, or is gone, or a condition holds."""
        seen = Seen(nonce=attempt.nonce)
        decoder = Decoder(attempt.nonce)
        reports: AsyncIterator = (by or self.orchestrator).follow(attempt)
        async with aclosing(reports):
            async for report in reports:
                if isinstance(report, Output):
                    seen.raw += report.data
                    seen.controls += [c for c in decoder.feed(report.data) if isinstance(c, dict)]
                elif isinstance(report, Gone):
                    seen.gone = report
                if until(seen):
                    break
        return seen

    def result(self, attempt: Attempt) -> Result:
        """Read the attempt's result record."""
        return Result.loads(self.store.get(f"{attempt.key.folder}/result.json"))
