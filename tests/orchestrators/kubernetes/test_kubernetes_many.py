"""Many attempts at once, and many runs one after the other."""

from __future__ import annotations

import asyncio
import time

import pytest

from k8snb.runner.protocol import strip
from tests.orchestrators.kubernetes.conftest import Cluster, observe, report

pytestmark = pytest.mark.cluster


async def test_twenty_at_once(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    await orchestrator.check()
    attempts = [cluster.attempt("put(b'first\\n')", run="many", step=f"step{i}") for i in range(20)]
    begun = time.monotonic()
    await asyncio.gather(*(orchestrator.start(a) for a in attempts))
    report("20 POSTs", time.monotonic() - begun)
    seen = await asyncio.gather(*(observe(orchestrator, a, seconds=90) for a in attempts))
    report("20 first lines", max(s.first for s in seen) - begun)
    assert {strip(a.nonce, s.raw) for a, s in zip(attempts, seen, strict=True)} == {b"first\n"}


async def test_runs_leave_nothing_behind(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    tasks = []
    for _ in range(3):
        attempt = cluster.attempt("put(b'first\\n')")
        await orchestrator.start(attempt)
        await observe(orchestrator, attempt)
        tasks.append(len(asyncio.all_tasks()))
    assert tasks[0] == tasks[-1]
    assert list(orchestrator._boards) == [attempt.key.run]
    assert not orchestrator._followers
    assert orchestrator._attaching.trying == 0
