"""Runs of the past, as the artifact store has them: found, looked into, and told again as they went."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from itertools import islice
from typing import Any, cast

from k8snb.artifacts.store import NotFound, Store, open_store, place_of
from k8snb.errors import HistoryError, StoreError, suggest
from k8snb.run import record
from k8snb.run.events import Again, Clear, Display, Event, RunEnded, RunState, State, StepState, Text, retried
from k8snb.run.log import RawLog, Stored
from k8snb.run.outputs import Outputs
from k8snb.run.record import Record, StepRecord
from k8snb.runner.spec import SUCCEEDED, Failure, Key, Result, Spec

SEARCHED = 200
"""Newest runs among which the last one of a step is looked for."""

UNREADABLE = "unreadable"
"""State of a run whose record is damaged."""

INTERRUPTED = "interrupted"
_GONE = "the run was interrupted: what drove it is gone"
_UNDER_WAY = frozenset({"starting", "running"})
_ENDING = 4
"""Signs at the end of a run's id by which it can be named, at least."""

_THREADS = 16


# --- runs ----------------------------------------------------------------------------------------------------------


def runs(store: Store, limit: int | None = None) -> list[Run]:
    """Return the newest runs that a store holds, the newest last.

    Parameters
    ----------
    store : Store
    limit : int or None
        How many at most; None: all. Only the records of these are read.

    Raises
    ------
    StoreError
    """
    return list(islice(_newest_first(store), limit))[::-1]


def find(store: Store, wanted: str) -> Run:
    """Return a run.

    Parameters
    ----------
    store : Store
    wanted : str
        Its id, a beginning or an end of it (of 4 signs or more) that no other run has, or its place: ``last`` or
        ``-1``, ``-2`` ...

    Raises
    ------
    HistoryError
        There is none, or several.
    StoreError
    """
    if wanted == "last" or re.fullmatch(r"-[1-9]\d*", wanted):
        place = 1 if wanted == "last" else -int(wanted)
        found = runs(store, place)
        if not found:
            raise _no_run_yet(store)
        if len(found) < place:
            there = "there is only 1 run" if len(found) == 1 else f"there are only {len(found)} runs"
            raise HistoryError(there, where=store.place, fix="%k8s_runs lists them")
        return _readable(found[0], store)
    ids = store.folders(record.FOLDER)
    if wanted not in ids:
        wanted = _only_one(wanted, ids, store)
    run = _read(store, wanted)
    if run is None:
        raise HistoryError(f"run {wanted} has no record", where=f"{store.place}, {record.path(wanted)}")
    return _readable(run, store)


def last_of(store: Store, step: str, *, pipeline: str | None = None) -> StepRun:
    """Return the last run of a step, of the pipeline of that name where it is among the newest.

    Raises
    ------
    HistoryError
        No run has started a step of that name.
    StoreError
    """
    other: StepRun | None = None
    names: set[str] = set()
    for run in islice(_newest_first(store), SEARCHED):
        names |= run.record.steps.keys()
        entry = run.record.steps.get(step)
        if entry is not None and entry.attempt and (not entry.reused or entry.elsewhere):
            if pipeline in {None, run.pipeline}:
                return run.step(step)
            other = other or run.step(step)
    if other is None:
        what = f"step {step} has not been started by any run" if step in names else f"no run has a step {step!r}"
        raise HistoryError(
            what, where=store.place, fix=suggest(step, names) if names and step not in names else "%k8s_run runs it"
        )
    return other


def _newest_first(store: Store) -> Iterator[Run]:
    ids = store.folders(record.FOLDER)[::-1]
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(ids), _THREADS):
            found = pool.map(partial(_read, store), ids[start : start + _THREADS])
            yield from (run for run in found if run is not None)


def _read(store: Store, run: str) -> Run | None:
    """Read a run's record; None where there is none, as in a folder that is being deleted."""
    try:
        return Run(record.read(store, run), store)
    except NotFound:
        return None
    except ValueError:
        with suppress(ValueError):
            return Run(_damaged(run, calendar.timegm(time.strptime(run[:13], "%y%m%d-%H%M%S"))), store)
        return Run(_damaged(run, 0.0), store)


def _damaged(run: str, started: float) -> Record:
    return Record(run, "", "", "", UNREADABLE, "", started, started, started)


def _readable(run: Run, store: Store) -> Run:
    if run.state == UNREADABLE:
        raise StoreError(
            f"the record of run {run.id} cannot be read", where=f"{store.place}, {record.path(run.id)}", fix="delete it"
        )
    return run


def _only_one(wanted: str, ids: list[str], store: Store) -> str:
    """Return the one id that begins or ends like this."""
    ends = len(wanted) >= _ENDING
    found = [run for run in ids if run.startswith(wanted) or (ends and run.endswith(wanted))] if wanted else []
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(found[-3:])
        raise HistoryError(
            f"{len(found)} runs are called {wanted}...", where=store.place, fix=f"say more of it; the newest: {some}"
        )
    if not ids:
        raise _no_run_yet(store)
    fix = suggest(wanted, ["last", *ids], f"the newest: {', '.join(ids[-3:])}; %k8s_runs lists them")
    raise HistoryError(f"there is no run {wanted!r}", where=store.place, fix=fix)


def _no_run_yet(store: Store) -> HistoryError:
    return HistoryError("there is no run yet", where=store.place, fix="%k8s_run makes one")


@dataclass(frozen=True)
class Run:
    """A run as it was when its record was read.

    Parameters
    ----------
    record : Record
    store : Store
    """

    record: Record = field(repr=False)
    store: Store = field(repr=False)

    def __repr__(self) -> str:
        count = "1 step" if len(self.steps) == 1 else f"{len(self.steps)} steps"
        return f"<run {self.id} of {self.pipeline or '?'}: {self.state}, {count}>"

    @property
    def id(self) -> str:
        """Its id; ids sort by time."""
        return self.record.run

    @property
    def pipeline(self) -> str:
        """The pipeline's name: the notebook's file without its ending, where that was known."""
        return self.record.pipeline

    @property
    def state(self) -> str:
        """``running``, ``succeeded``, ``failed``, ``cancelled``; ``interrupted``: what drove it is gone."""
        return self.record.shown_state

    @property
    def started(self) -> datetime:
        """When it began, in local time."""
        return datetime.fromtimestamp(self.record.started).astimezone()

    @property
    def seconds(self) -> float:
        """How long it took, or has been going on; of an interrupted one, as long as is known."""
        until = time.time() if self.state == "running" else self.record.heartbeat
        return (self.record.ended or until) - self.record.started

    @property
    def user(self) -> str:
        """Who started it."""
        return self.record.user

    @property
    def stack(self) -> str:
        """The name of the stack that it ran on."""
        return self.record.stack

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was started with."""
        return self.record.parameters

    @property
    def steps(self) -> list[StepRun]:
        """Its steps in the pipeline's order."""
        return [StepRun(self, name) for name in self.record.steps]

    def step(self, name: str) -> StepRun:
        """Return one of its steps.

        Raises
        ------
        HistoryError
            It has none of that name.
        """
        if name not in self.record.steps:
            raise HistoryError(f"run {self.id} has no step {name!r}", fix=suggest(name, self.record.steps))
        return StepRun(self, name)


# --- steps ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StepRun:
    """A step of a run.

    Parameters
    ----------
    run : Run
    name : str
    """

    run: Run
    name: str

    def __repr__(self) -> str:
        reused = f", reused from run {self.reused}" if self.reused else ""
        return f"<step {self.name} of run {self.run.id}: {self.state}{reused}>"

    @property
    def reused(self) -> str:
        """The run whose results of the step this one has used, where it did not run it itself; else empty."""
        return self._record.reused

    @cached_property
    def store(self) -> Store:
        """The store that has what it left: of a step that was reused from another stack's run, that stack's."""
        there = self._record.elsewhere
        if not there:
            return self.run.store
        return open_store(there["uri"], endpoint=there.get("endpoint"), region=there.get("region"), make=False)

    @property
    def elsewhere(self) -> str:
        """That store in words, where it is another than the run's; else empty."""
        return place_of(**self._record.elsewhere) if self._record.elsewhere else ""

    @property
    def state(self) -> str:
        """As in `k8snb.run.events.StepState`; ``interrupted`` where it was under way when what drove the run ended."""
        if self.run.state == INTERRUPTED and self._record.state in _UNDER_WAY:
            return INTERRUPTED
        return self._record.state

    @property
    def seconds(self) -> float:
        """From the start of its code to its end, or until now."""
        if self.state == "running" and self._record.started:
            return time.time() - self._record.started
        return self._record.seconds

    @property
    def attempts(self) -> int:
        """How many there were; attempts count from 1, and the last is the one that counts."""
        return self._record.attempt

    @property
    def after(self) -> list[str]:
        """The steps that it waited for."""
        return self._record.after

    @property
    def error(self) -> str:
        """Why it did not succeed, in a sentence."""
        return self._record.error

    @property
    def fix(self) -> str:
        """What to do about it, where that is known."""
        return self._record.fix

    @property
    def failure(self) -> Failure | None:
        """The exception that its code raised, with its traceback."""
        result = self.result()
        return result.failure if result is not None else None

    @cached_property
    def outputs(self) -> Outputs:
        """What it made, by name; a value is fetched when it is asked for."""
        return Outputs(self._original, self.result())

    @property
    def displays(self) -> list[Display]:
        """What it displayed, as it stood at the end; tables, figures, and the value of its last expression."""
        shown: list[Display] = []
        for event in self.events() if self.attempts else ():
            if isinstance(event, Clear):
                shown.clear()
            elif isinstance(event, Display) and event.update:
                shown = [replace(event, update=False) if old.display_id == event.display_id else old for old in shown]
            elif isinstance(event, Display):
                shown.append(event)
        return shown

    def log(self, attempt: int | None = None) -> str:
        """Return what an attempt printed to stdout and stderr, the last one's without a number.

        Raises
        ------
        HistoryError
            There was no such attempt.
        StoreError
        """
        return b"".join(self.printed(attempt)).decode(errors="replace")

    def printed(self, attempt: int | None = None) -> Iterator[bytes]:
        """Yield what `log` returns, as the bytes that were printed, cut anywhere."""
        return (event.data for event in self.events(attempt, displays=False) if isinstance(event, Text))

    def result(self, attempt: int | None = None) -> Result | None:
        """Return what became of an attempt, by default of the last; None: it has not ended, or none has begun."""
        if not self.attempts and attempt is None:
            return None
        try:
            return Result.loads(self.store.get(f"{self.key(attempt).folder}/result.json"))
        except NotFound:
            return None

    def key(self, attempt: int | None = None) -> Key:
        """Return the name of an attempt, by default of the last; raises what `log` does."""
        number = self.attempts if attempt is None else attempt
        what = f"step {self.name} of run {self.run.id}"
        if not self.attempts:
            raise HistoryError(f"{what} has not been started: it is {self.state}", fix="look at another run: %k8s_runs")
        if not 1 <= number <= self.attempts:
            fix = "it had one, number 1" if self.attempts == 1 else f"it had {self.attempts}, from number 1"
            raise HistoryError(f"{what} has no attempt {number}", fix=fix)
        return Key(self.reused or self.run.id, self.name, attempt=number)

    def spec(self, attempt: int | None = None) -> Spec:
        """Return the order of an attempt, by default of the last."""
        try:
            return Spec.loads(self.store.get(f"{self.key(attempt).folder}/spec.json"))
        except NotFound:
            if self.reused:
                raise self.gone() from None
            raise

    def gone(self) -> HistoryError:
        """Return the error for a reused step whose own run is not there."""
        which = "the store that it was in" if self.elsewhere else "this store"
        what = f"step {self.name} ran in run {self.reused}, which is not in {which}"
        return HistoryError(what, where=self.elsewhere or self.run.store.place)

    def events(self, attempt: int | None = None, *, displays: bool = True) -> Iterator[Event]:
        """Yield what an attempt said, by default the last one, as far as the store has its log.

        Parameters
        ----------
        attempt : int or None
        displays : bool
            Fetch also displays that were too large for the log.
        """
        key, log = self.key(attempt), RawLog(self.name, self.spec(attempt).nonce)
        store = self.store
        for part in store.list(f"{key.folder}/log/"):
            for event in log.feed(store.get(part)):
                if not isinstance(event, Stored):
                    yield event
                elif displays:
                    yield _fetched(event, store)
        yield from log.flush()

    def replay(self) -> Iterator[Event]:
        """Yield what happened to the step, from the first attempt that counts to its state."""
        entry, run = self._record, self.run
        if entry.reused:
            return
        for number in range(entry.void + 1, entry.attempt + 1):
            yield StepState(self.name, "starting")
            with suppress(NotFound):  # it was told to start, and no more; or its log has been deleted
                yield from self.events(number)
            if number < entry.attempt:
                told = dict(enumerate(entry.retried, entry.void + 1))
                yield retried(self.name, number, told.get(number, "the reason is not known"))
        if self.state == INTERRUPTED:
            yield self._left_alone()
        elif run.state == "running" and entry.state == "running":
            yield StepState(self.name, "running", "as far as the store has it", self.seconds)
        elif entry.state != "waiting":
            failure = self.failure if entry.state == "failed" else None
            traceback = tuple(failure.traceback) if failure is not None else ()
            yield StepState(self.name, cast("State", entry.state), entry.error, entry.seconds, traceback, fix=entry.fix)

    def _left_alone(self) -> StepState:
        """Return what became of a step when what drove the run was gone: its pod may have run to its end."""
        result = self.result()
        if result is None:
            return StepState(self.name, "cancelled", _GONE)
        state: State = "succeeded" if result.state == SUCCEEDED else "failed"
        return StepState(self.name, state, _GONE, result.ended - result.started)

    @property
    def _original(self) -> StepRun:
        """The step in the run that ran it."""
        if not self.reused:
            return self
        try:
            run = _read(self.store, self.reused)
        except NotFound:
            return self
        return self if run is None or self.name not in run.record.steps else run.step(self.name)

    @property
    def _record(self) -> StepRecord:
        return self.run.record.steps[self.name]


def _fetched(display: Stored, store: Store) -> Display:
    try:
        return display.fetch(store)
    except NotFound:
        return Display(display.step, {"text/plain": "(this display is no longer in the store)"}, {})


# --- events --------------------------------------------------------------------------------------------------------


def replay(run: Run) -> Iterator[Event]:
    """Yield what happened in a run, one step after the other in the pipeline's order.

    What counts for nothing is left out: attempts of a step that was undone and ran again. Of a run that is still going
    on, as far as the store has it.
    """
    for step in run.steps:
        yield from (Again(step.name, why) for why in run.record.steps[step.name].again)
    for step in run.steps:
        yield from step.replay()
    yield RunEnded(run.id, cast("RunState", run.state))
