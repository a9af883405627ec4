"""From a step's end to the next step's POST, on the test cluster.

The end is when the step's last line of user code has run (the pod's clock is this machine's): storing its outputs, its
log and its result, telling the engine and writing the next step's order all count. The floor is the same number of
small writes and reads of the store, bare.
"""

from __future__ import annotations

import secrets
import sys
import time

from benchmarks.cluster import report, stage
from k8snb.analysis import analyse
from k8snb.artifacts.store import Store, open_store
from k8snb.images.code import Code
from k8snb.orchestrators.base import Attempt, Environment
from k8snb.orchestrators.kubernetes import KubernetesOrchestrator
from k8snb.pipeline import Cell, build
from k8snb.run import portal
from k8snb.run.engine import Engine
from k8snb.run.request import RunRequest
from k8snb.stacks.load import load

CELLS = {"one": "x = {value!r}", "two": "y = x", "three": "z = y"}


class Noting(KubernetesOrchestrator):
    """Notes when each Job is posted."""

    posted: dict[str, float]

    async def start(self, attempt: Attempt) -> None:
        self.posted[attempt.key.step] = time.time()
        await super().start(attempt)


def floor(store: Store) -> float:
    """Write what is written between two steps (value, log, result, order) and read the result, bare."""
    started = time.perf_counter()
    names = [f"floor/{secrets.token_hex(8)}" for _ in range(4)]
    for name in names:
        store.put(name, b"x" * 1000)
    store.get(names[2])
    return time.perf_counter() - started


def main(rounds: int = 10) -> None:
    values: dict[str, list[float]] = {"gap": [], "bare store": []}
    with stage() as made:
        stack = load(made.folder).pick()
        orchestrator = Noting.of_stack(stack, made.folder)
        where = stack.artifact_store
        store = open_store(where.uri, endpoint=where.endpoint, region=where.region)
        engine = Engine(orchestrator, store, scratch=store, stack=stack.name)
        for i in range(rounds + 1):
            orchestrator.posted = {}
            sources = {name: cell.format(value=secrets.token_hex(8)) for name, cell in CELLS.items()}
            pipeline = build([Cell(s, analyse(s), step=name) for name, s in sources.items()], name="gap")
            code = Code({f"steps/{name}.py": source.encode() for name, source in sources.items()}, {})
            request = RunRequest(pipeline, {}, code, dict.fromkeys(sources, Environment()))
            handle = engine.start(request, lambda _: None)
            ended = handle.wait(120)
            if ended.state != "succeeded":
                raise RuntimeError(str(ended.error))
            if i:  # the first round warms up
                for before, after in (("one", "two"), ("two", "three")):
                    values["gap"].append(orchestrator.posted[after] - handle.results[before].ended)
                values["bare store"].append(floor(store))
        portal.submit(orchestrator.aclose()).result(10)
    report("step's end to next POST", values, lambda m: m["gap"], 0.05)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
