"""An orchestrator whose pods are turns of this process: the runner's own step, with all that it reads and writes.

One pod runs at a time. What a process of its own would have anew (the classes that cloudpickle knows, ``sys.argv``, the
main module, stdout) is put in place for its turn.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cloudpickle import cloudpickle
from floor import showing

from k8snb.artifacts.store import Store
from k8snb.images.code import Code
from k8snb.orchestrators.base import Attempt, Environment, Gone, Orchestrator, Output, Report, Tell
from k8snb.runner import frames
from k8snb.runner.protocol import encode
from k8snb.runner.spec import Key, Result, Spec
from k8snb.runner.step import _Step
from k8snb.stacks.model import Stack

_turn = threading.Lock()


@dataclass
class Pods(Orchestrator):
    """Runs steps in this process.

    Parameters
    ----------
    store : Store
    folder : Path
        Gets the code.
    formatter : IPython's DisplayFormatter
        What the plain kernel displays with.
    """

    store: Store
    folder: Path
    formatter: Any
    code: Code | None = None
    broken: list[BaseException] = field(default_factory=list)

    @classmethod
    def of_stack(cls, stack: Stack, folder: Path) -> Self:
        raise NotImplementedError

    async def check(self) -> None:
        pass

    async def prepare(self, code: Code, environments: Mapping[str, Environment], tell: Tell) -> dict[str, str]:
        self.code = code
        return dict.fromkeys(environments, "image")

    async def start(self, attempt: Attempt) -> None:
        pass

    async def follow(self, attempt: Attempt) -> AsyncIterator[Report]:
        try:
            output = await asyncio.to_thread(self._run, attempt)
        except BaseException as error:
            self.broken.append(error)
            raise
        yield Output(output)
        yield Gone(0)

    async def cancel(self, keys: Sequence[Key]) -> None:
        pass

    async def running(self, run: str) -> list[Key]:
        return []

    def _run(self, attempt: Attempt) -> bytes:
        data = self.store.get(f"{attempt.key.folder}/spec.json")
        spec = Spec.loads(data)
        assert self.code is not None
        source = self.code.steps[spec.source]
        assert hashlib.sha256(source).hexdigest() == spec.source_digest
        with _turn, _process_of_its_own():
            file = self.folder / spec.source
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(source)
            log = _Log(spec.nonce)
            outcome = _in_turn(spec, data.decode(), self, log)
        state = "failed" if outcome["failure"] else "succeeded"
        result = Result.of({**outcome, "key": spec.key, "state": state, "started": 1.0, "ended": 2.0})
        self.store.put(f"{spec.key.folder}/result.json", result.dumps())
        log.send("end", state=result.state)
        return b"".join(log.pieces)


def _in_turn(spec: Spec, order: str, pods: Pods, log: _Log) -> dict[str, Any]:
    """Let the runner's step do all that it does; return what it tells its supervisor in the end."""
    read, write = os.pipe()
    try:
        frames.send(write, frames.dump("go"))
        step = _Step(spec, _Access(pods.store), log, read)  # type: ignore[arg-type]
        step.screen = _Screen(log, pods.formatter)  # type: ignore[assignment]
        os.environ["K8SNB_CODE"] = str(pods.folder)
        with showing(log.show):
            return step.run().fields()
    finally:
        os.environ.pop("K8SNB_CODE", None)
        os.close(read)
        os.close(write)


class _Log:
    """What a pod writes: text and messages, in their order."""

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce
        self._stream = "stdout"
        self.pieces: list[bytes] = []

    def send(self, kind: str, **fields: Any) -> None:
        self.pieces.append(encode(self._nonce, kind, **fields))

    def show(self, stream: str, text: str) -> None:
        if stream != self._stream:
            self.send("err" if stream == "stderr" else "out")
            self._stream = stream
        self.pieces.append(text.encode())


class _Screen:
    """What a step displays, as the plain kernel writes it; making a shell of IPython's for each step takes long."""

    def __init__(self, log: _Log, formatter: Any) -> None:
        self._log, self._formatter = log, formatter

    def install(self) -> None:
        pass

    def finish(self) -> None:
        pass

    def result(self, value: Any) -> None:
        data, metadata = self._formatter.format(value, include={"text/plain"})
        self._log.send("show", data=data, meta=metadata, result=True)


@dataclass(frozen=True)
class _Access:
    store: Store

    def open(self) -> Store:
        return self.store


@contextmanager
def _process_of_its_own() -> Iterator[None]:
    """Give a step what a process has anew, and put back what it changes."""
    by_class, by_id = cloudpickle._DYNAMIC_CLASS_TRACKER_BY_CLASS, cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID
    before = sys.modules["__main__"], sys.argv, list(sys.path)
    cloudpickle._DYNAMIC_CLASS_TRACKER_BY_CLASS, cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID = (
        type(by_class)(),
        type(by_id)(),
    )
    try:
        yield
    finally:
        cloudpickle._DYNAMIC_CLASS_TRACKER_BY_CLASS, cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID = by_class, by_id
        sys.modules["__main__"], sys.argv, sys.path[:] = before
