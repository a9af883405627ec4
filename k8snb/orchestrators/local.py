"""The embedded default: a process per step on this machine, with files in place of a log API.

An attempt's process writes its log to a file and is known by its id and start time, so any object of the class, also
one in another process, can follow it or end it.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from k8snb.errors import DiedError
from k8snb.images.code import Code
from k8snb.orchestrators.base import Attempt, Capability, Environment, Gone, Orchestrator, Output, Report, Tell
from k8snb.runner.spec import HASH_SEED, Key
from k8snb.stacks.model import Stack
from k8snb.stacks.places import data_dir

POLL = 0.005
"""Seconds between two looks at a log: what a line may be late."""

GRACE = 3.0
"""Seconds between SIGTERM and SIGKILL."""

CHUNK = 1 << 20

KEPT = 100
"""Processes that have ended and whose exit codes may still be asked for."""

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Processes that this process started and whose exit code only it can read."""


@dataclass(frozen=True)
class _Process:
    """What is known of an attempt's process: enough to find it again, from anywhere."""

    pid: int
    created: float

    def alive(self) -> bool:
        child = _children.get(self.pid)
        if child is not None:
            return child.poll() is None
        try:
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.created) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


class LocalOrchestrator(Orchestrator):
    """Runs each attempt as a process of this machine.

    Parameters
    ----------
    home : Path
        Folder for code and for the attempts' logs.
    store_uri : str
        The artifact store, as the processes are to open it.
    folder : Path
        Working directory of the processes: the notebook's folder.
    """

    capabilities = frozenset[Capability]()

    def __init__(self, home: Path, store_uri: str, folder: Path) -> None:
        self._home, self._store_uri, self._folder = home, store_uri.rstrip("/"), folder

    @classmethod
    def of_stack(cls, stack: Stack, folder: Path) -> Self:
        """Return the orchestrator of a stack for a notebook in a folder."""
        return cls(data_dir(), stack.artifact_store.uri, folder)

    async def check(self) -> None:
        """Nothing can be missing: the interpreter that runs this runs the steps."""

    async def prepare(self, code: Code, environments: Mapping[str, Environment], tell: Tell) -> dict[str, str]:  # noqa: ARG002
        """Write the code to a folder named by its digest."""
        root = self._home / "code" / code.digest
        if not root.exists():
            await asyncio.to_thread(_write_tree, root, code.files)
        return dict.fromkeys(environments, str(root))

    async def start(self, attempt: Attempt) -> None:
        """Start the process, unless one was started under the key."""
        folder = self._attempt_folder(attempt.key)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            claim = (folder / "claim").open("x")
        except FileExistsError:
            return
        claim.close()
        _reap()
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(  # noqa: ASYNC220, S603 - 2 ms; the arguments are our own
                [sys.executable, "-m", "k8snb.runner", f"{self._store_uri}/{attempt.key.folder}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=_environment(attempt),
                start_new_session=True,
            )
        _children[child.pid] = child
        process = {"pid": child.pid, "created": psutil.Process(child.pid).create_time()}
        _write(folder / "process.json", json.dumps(process).encode())

    async def follow(self, attempt: Attempt) -> AsyncIterator[Report]:
        """Read the log file as it grows."""
        folder = self._attempt_folder(attempt.key)
        process = await self._process(folder)
        if process is None:
            yield Gone(None, DiedError("the step's process was never started", where=str(attempt.key)))
            return
        with (folder / "log").open("rb") as log:
            while True:
                alive = process.alive()  # asked before reading: what was printed before the end is then read
                while data := log.read(CHUNK):
                    yield Output(data)
                if not alive:
                    break
                await asyncio.sleep(POLL)
        yield Gone(_exit_code(process.pid))

    async def cancel(self, keys: Sequence[Key]) -> None:
        """End the processes and all that they started."""
        processes = [p for key in keys if (p := _read(self._attempt_folder(key))) is not None and p.alive()]
        for process in processes:
            _signal(process, signal.SIGTERM)
        end = time.monotonic() + GRACE
        while any(p.alive() for p in processes) and time.monotonic() < end:
            await asyncio.sleep(POLL)
        for process in processes:
            _signal(process, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        while any(p.alive() for p in processes):
            await asyncio.sleep(POLL)

    async def running(self, run: str) -> list[Key]:
        """Attempts of the run whose process lives."""
        keys = []
        for file in (self._home / "attempts" / run).glob("*/*/*/process.json"):
            process = _read(file.parent)
            if process is not None and process.alive():
                step, index, attempt = file.parent.parts[-3:]
                keys.append(Key(run, step, None if index == "-" else int(index), int(attempt)))
        return sorted(keys)

    def _attempt_folder(self, key: Key) -> Path:
        return self._home / "attempts" / Path(key.folder).relative_to("runs")

    async def _process(self, folder: Path) -> _Process | None:
        """Return the attempt's process; where its start is claimed but not yet written down, wait for it."""
        end = time.monotonic() + GRACE
        while (process := _read(folder)) is None and (folder / "claim").exists() and time.monotonic() < end:
            await asyncio.sleep(POLL)
        return process


def _environment(attempt: Attempt) -> dict[str, str]:
    path = os.pathsep.join(p for p in (attempt.image, os.environ.get("PYTHONPATH", "")) if p)
    own = {"K8SNB_CODE": attempt.image, "PYTHONPATH": path}
    return {"PYTHONHASHSEED": HASH_SEED, **os.environ, **attempt.options.env, **own}


def _reap() -> None:
    """Let the system forget processes that have ended; of the last ones the exit codes are kept."""
    ended = [pid for pid, child in _children.items() if child.poll() is not None]
    for pid in ended[:-KEPT]:
        del _children[pid]


atexit.register(_reap)


def _exit_code(pid: int) -> int | None:
    """Return the exit code of an ended process, negative for a signal; None for another process's child."""
    child = _children.get(pid)
    return None if child is None else child.poll()


def _signal(process: _Process, number: int) -> None:
    """Send a signal to the process and to all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        elif process.alive():
            psutil.Process(process.pid).kill()


def _read(folder: Path) -> _Process | None:
    try:
        return _Process(**json.loads((folder / "process.json").read_bytes()))
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> None:
    """Write a file that is there as a whole or not at all."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_bytes(data)
    partial.replace(path)


def _write_tree(root: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder that is there as a whole or not at all."""
    partial = root.with_name(f"{root.name}.{os.getpid()}.partial")
    for path, data in files.items():
        file = partial / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    partial.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # another engine was quicker with the same content
        partial.rename(root)
