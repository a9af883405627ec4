"""One attempt: its order is written, it is started, its log becomes events, its result is read."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from k8snb.artifacts.store import NotFound, Store
from k8snb.errors import AttemptError, ConfigError, DiedError, TimeoutExceededError
from k8snb.orchestrators.base import Attempt, Gone, Orchestrator, Output, Waiting
from k8snb.run.events import Event, StepState
from k8snb.run.log import RawLog, Stored
from k8snb.runner.protocol import encode
from k8snb.runner.spec import DIED, SAYS, TIMED_OUT, Key, Result, Spec

TAIL = 4 << 20
"""Bytes of the log that are kept while it runs: more than a runner holds back before it writes them to the store."""

REASON_SECONDS = 5.0
"""How long the platform has, after a runner has said that its step died, to say why."""

Tell = Callable[[Event], None]


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: its result, and for one that died the platform's reason."""

    result: Result
    error: AttemptError | None = None


async def execute(orchestrator: Orchestrator, store: Store, spec: Spec, attempt: Attempt, tell: Tell) -> Outcome:
    """Run an attempt to its end, telling what happens.

    Returns
    -------
    Outcome
        Also for an attempt that failed or died; errors of the services are raised.
    """
    await asyncio.to_thread(store.put, f"{spec.key.folder}/spec.json", spec.dumps())
    tell(StepState(spec.key.step, "starting"))
    await orchestrator.start(attempt)
    return await observe(orchestrator, store, attempt, tell)


async def observe(orchestrator: Orchestrator, store: Store, attempt: Attempt, tell: Tell) -> Outcome:
    """Follow a started attempt from its first byte to its end; also one that another engine started."""
    reader = _Reader(attempt.key.step, attempt.nonce, store, tell)
    started = time.time()
    gone = Gone(None)
    async with aclosing(orchestrator.follow(attempt)) as reports:  # type: ignore[type-var]
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as patience:
                async for report in reports:
                    match report:
                        case Output(data):
                            await reader.feed(data)
                        case Waiting(reason):
                            tell(StepState(attempt.key.step, "starting", reason))
                        case Gone():
                            gone = report
                    if reader.log.state == DIED and patience.when() is None:  # only the platform knows what killed it
                        patience.reschedule(asyncio.get_running_loop().time() + REASON_SECONDS)
                    elif reader.log.state not in {None, DIED}:
                        break
    reader.flush()
    try:
        result = Result.loads(await asyncio.to_thread(store.get, f"{attempt.key.folder}/result.json"))
    except NotFound:
        return await _died(store, attempt.key, reader, gone, started)
    return Outcome(result, _timed_out(attempt) if result.state == TIMED_OUT else gone.error)


class _Reader:
    """Tells what an attempt's raw log says, and keeps its end."""

    def __init__(self, step: str, nonce: str, store: Store, tell: Tell) -> None:
        self.nonce = nonce
        self.log = RawLog(step, nonce)
        self.tail = bytearray()
        self._store, self._tell = store, tell

    async def feed(self, data: bytes) -> None:
        self.tail += data
        if len(self.tail) > 2 * TAIL:
            del self.tail[:-TAIL]
        for event in self.log.feed(data):
            self._tell(await asyncio.to_thread(event.fetch, self._store) if isinstance(event, Stored) else event)

    def flush(self) -> None:
        for event in self.log.flush():
            self._tell(event)


async def _died(store: Store, key: Key, reader: _Reader, gone: Gone, started: float) -> Outcome:
    """Write the result that the runner could not write, and the end of the log as far as it was seen."""
    parts = await asyncio.to_thread(_complete_log, store, key, reader)
    result = Result(
        key=key,
        state=DIED,
        code=gone.code,
        started=started,
        ended=time.time(),
        log_parts=parts,
        log_bytes=reader.log.bytes,
        log_lines=reader.log.lines,
    )
    await asyncio.to_thread(store.put, f"{key.folder}/result.json", result.dumps())
    if gone.error is None and not reader.log.begun and gone.code is not None and gone.code > 0:
        return Outcome(result, _could_not_begin(key, reader.tail.decode(errors="replace").strip()))
    return Outcome(result, gone.error or died(key, gone.code))


def _could_not_begin(key: Key, said: str) -> ConfigError:
    """Return the error for a runner that ended before the step: what it said last, or all where it says why."""
    own = said.rpartition(SAYS)[2] if SAYS in said else said.rpartition("\n")[2]
    return ConfigError(f"step {key.step} could not begin: {own or 'its runner ended without a word'}")


def _complete_log(store: Store, key: Key, reader: _Reader) -> int:
    """Append what the store's copy of the log lacks, and a mark up to which line it is known; return its parts."""
    parts = sorted(store.list(f"{key.folder}/log/"))
    missing = max(0, reader.log.bytes - sum(len(store.get(p)) for p in parts))
    rest = bytes(reader.tail[-missing:]) if missing else b""
    mark = encode(reader.nonce, "end", state=DIED, bytes=reader.log.bytes, lines=reader.log.lines)
    store.put(f"{key.folder}/log/{len(parts):06d}", rest + mark)
    return len(parts) + 1


def _timed_out(attempt: Attempt) -> TimeoutExceededError:
    return TimeoutExceededError(
        f"the step ran longer than its timeout of {attempt.options.timeout:g} s",
        where=f"step {attempt.key.step}, attempt {attempt.key.attempt}",
        fix="give it more with --timeout",
    )


def died(key: Key, code: int | None) -> DiedError:
    """Return the error for a process that ended without a word."""
    how = "without a word" if code is None else f"with exit code {code}" if code >= 0 else f"by {_signal(-code)}"
    why = "a crash in compiled code or os._exit() ends a process like this"
    if code == -signal.SIGKILL:
        why = "so a machine ends what takes its last memory: use less of it, or run fewer steps side by side"
    return DiedError(
        f"the step's process ended {how}",
        where=f"step {key.step}, run {key.run}, attempt {key.attempt}",
        fix=f"its log up to there is kept; {why}",
    )


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
