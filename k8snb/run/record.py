"""The record of a run in the artifact store: who, what, when, and how each step stands.

The engine that drives the run writes it, with a heartbeat; anybody who can read the store can see the run. A record
whose heartbeat is stale while its state says running is one whose engine is gone: it reads as interrupted.
"""

from __future__ import annotations

import getpass
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from k8snb.artifacts.store import Store, open_store
from k8snb.runner.spec import Result
from k8snb.stacks.model import Stack

HEARTBEAT = 5.0
"""Seconds between two heartbeats of an engine."""

STALE = 30.0
"""Seconds without a heartbeat after which a run counts as interrupted."""

VERSION = 3
"""Of what is written. What an older one lacks has a default; what a newer one has besides is left aside."""

FOLDER = "runs/"

INTERRUPTED = "interrupted"
"""State of a run whose engine is gone, and of its steps that were under way then."""


@dataclass
class StepRecord:
    """How a step of a run stands.

    Parameters
    ----------
    state : str
        As in `k8snb.run.events.StepState`.
    attempt : int
        The newest attempt; 0: none yet.
    seconds : float
        From start to end of the user's code.
    error, fix : str
        How it ended where it did not succeed, in a sentence, and the way out.
    started : float
        Unix time in seconds at which its code began; 0: it has not.
    after : list of str
        The steps that it waits for.
    retried : list of str
        For each of its attempts that another one followed, why.
    void : int
        Its attempts up to this one count for nothing.
    again : list of str
        Why they do not, each time it was undone.
    reused : str
        It did not run: the run in which it did, as the attempt that is named here. Empty: it is one of this run.
    elsewhere : dict of str to str
        The address of the store that has that run; empty: it is the one that has this record.
    """

    state: str = "waiting"
    attempt: int = 0
    seconds: float = 0.0
    error: str = ""
    fix: str = ""
    started: float = 0.0
    after: list[str] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    void: int = 0
    again: list[str] = field(default_factory=list)
    reused: str = ""
    elsewhere: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reused:
    """How a step has ended that does not run again.

    Parameters
    ----------
    result : Result
    store : Store
        That of its run.
    """

    result: Result
    store: Store


@dataclass
class Record:
    """A run as it is written down.

    Parameters
    ----------
    run, pipeline, stack, user : str
    state : str
        ``running``, ``succeeded``, ``failed``, ``cancelled``.
    engine : str
        Id of the engine that drives it.
    started, heartbeat, ended : float
        Unix time in seconds; `ended` is 0 while it runs.
    steps : dict of str to StepRecord
        In the pipeline's order.
    parameters : dict
    """

    run: str
    pipeline: str
    stack: str
    user: str
    state: str
    engine: str
    started: float
    heartbeat: float
    ended: float = 0.0
    steps: dict[str, StepRecord] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    version: int = VERSION

    @property
    def shown_state(self) -> str:
        """The state as a person should read it: ``interrupted`` where the engine is gone."""
        if self.state == "running" and time.time() - self.heartbeat > STALE:
            return INTERRUPTED
        return self.state

    def dumps(self) -> bytes:
        """Return the JSON form."""
        steps = {name: vars(step) for name, step in self.steps.items()}
        return json.dumps({**vars(self), "steps": steps}).encode()  # not sorted: the steps have an order

    @classmethod
    def loads(cls, data: bytes) -> Record:
        """Read the JSON form.

        Raises
        ------
        ValueError
            It is none.
        """
        try:
            d = json.loads(data)
            d["steps"] = {name: StepRecord(**_known(StepRecord, step)) for name, step in d["steps"].items()}
            return cls(**_known(cls, d))
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"this is no record of a run: {type(error).__name__}: {error}") from None


def _known(cls: type[Record | StepRecord], d: Mapping[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(cls)}
    return {key: value for key, value in d.items() if key in names}


def store_of(stack: Stack) -> Store:
    """Return the artifact store of a stack."""
    where = stack.artifact_store
    return open_store(where.uri, endpoint=where.endpoint, region=where.region)


def path(run: str) -> str:
    """Return where the record of a run is in the store."""
    return f"{FOLDER}{run}/record.json"


def new_run_id() -> str:
    """Return an id that sorts by time, to the 256th of a second, and can stand in a label and in a Job's name."""
    now = time.time()
    return f"{time.strftime('%y%m%d-%H%M%S', time.gmtime(now))}-{int(now % 1 * 256):02x}{secrets.token_hex(2)}"


def new(
    run: str,
    *,
    pipeline: str,
    stack: str,
    engine: str,
    steps: Mapping[str, Iterable[str]],
    reused: Mapping[str, Reused],
    store: Store,
    parameters: dict[str, Any],
) -> Record:
    """Return the record of a run that begins; `steps` with those that each waits for, also those that it reuses."""
    now = time.time()
    every = {name: _of(reused[name], store) if name in reused else StepRecord() for name in steps}
    for name, step in every.items():
        step.after = sorted(steps[name])
    return Record(
        run=run,
        pipeline=pipeline,
        stack=stack,
        user=_user(),
        state="running",
        engine=engine,
        started=now,
        heartbeat=now,
        steps=every,
        parameters=parameters,
    )


def _of(reused: Reused, store: Store) -> StepRecord:
    """Return the record, in a store, of a step whose result another run has made."""
    result, address = reused.result, reused.store.address
    return StepRecord(
        result.state,
        result.key.attempt,
        result.ended - result.started,
        started=result.started,
        reused=result.key.run,
        elsewhere=address if address != store.address else {},
    )


def read(store: Store, run: str) -> Record:
    """Read the record of a run."""
    return Record.loads(store.get(path(run)))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        return ""
