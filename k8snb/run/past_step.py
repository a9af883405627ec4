"""A step of a past run, as the artifact store has it: how it went, what it printed, showed and made."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, cast

from k8snb.artifacts.store import NotFound, Store, open_store, place_of
from k8snb.errors import HistoryError
from k8snb.run.events import Clear, Display, Event, State, StepState, Text, retried
from k8snb.run.kept import skew_of
from k8snb.run.log import RawLog, Stored
from k8snb.run.outputs import Outputs
from k8snb.run.record import INTERRUPTED, StepRecord
from k8snb.runner.spec import SUCCEEDED, Failure, Key, Result, Spec

if TYPE_CHECKING:
    from k8snb.distributions.skew import Skew
    from k8snb.run.history import Run

GONE = "the run was interrupted: what drove it is gone"
"""Why a step has not ended whose run nobody drives any more."""

_UNDER_WAY = frozenset({"starting", "running"})


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

    def skew(self, *names: str, **limits: float | None) -> Skew:
        """Return what the step has compared: by ``k8snb.skew`` in its cell, by its ``--skew``, or now.

        Parameters
        ----------
        *names : str
            Outputs of it that are data sets, to be compared now; without any: what it has compared itself, else its
            outputs ``reference`` and ``comparison``.
        **limits : float or None
            See `k8snb.distributions.verdict.Thresholds`.

        Raises
        ------
        HistoryError
            It has compared nothing, or has made no such outputs.

        Examples
        --------
        >>> k8snb.runs()[-1].step("skew_comparison").skew()  # doctest: +SKIP
        """
        return skew_of(self, names, limits)

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
            return StepState(self.name, "cancelled", GONE)
        state: State = "succeeded" if result.state == SUCCEEDED else "failed"
        return StepState(self.name, state, GONE, result.ended - result.started)

    @property
    def _original(self) -> StepRun:
        """The step in the run that ran it."""
        if not self.reused:
            return self
        try:
            run = self.run.read(self.store, self.reused)
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
