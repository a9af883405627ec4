"""Runs of the past, as the artifact store has them: found, looked into, and told again as they went."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, cast

from k8snb.artifacts.store import NotFound, Store
from k8snb.errors import HistoryError, StoreError, suggest
from k8snb.run import record
from k8snb.run.events import Again, Event, RunEnded, RunState
from k8snb.run.past_step import StepRun
from k8snb.run.record import Record

SEARCHED = 200
"""Newest runs among which the last one of a step is looked for."""

UNREADABLE = "unreadable"
"""State of a run whose record is damaged."""

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
    run = Run.read(store, wanted)
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
            found = pool.map(partial(Run.read, store), ids[start : start + _THREADS])
            yield from (run for run in found if run is not None)


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

    @classmethod
    def read(cls, store: Store, run: str) -> Run | None:
        """Read a run's record; None where there is none, as in a folder that is being deleted."""
        try:
            return cls(record.read(store, run), store)
        except NotFound:
            return None
        except ValueError:
            with suppress(ValueError):
                return cls(_damaged(run, calendar.timegm(time.strptime(run[:13], "%y%m%d-%H%M%S"))), store)
            return cls(_damaged(run, 0.0), store)

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
