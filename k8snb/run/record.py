"""The record of a run in the artifact store: who, what, when, and how each step stands.

The engine that drives the run writes it, with a heartbeat; anybody who can read the store can see the run. A record
whose heartbeat is stale while its state says running is one whose engine is gone: it reads as interrupted.
"""

from __future__ import annotations

import getpass
import json
import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from k8snb.artifacts.store import Store

HEARTBEAT = 5.0
"""Seconds between two heartbeats of an engine."""

STALE = 30.0
"""Seconds without a heartbeat after which a run counts as interrupted."""


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
    error : str
        In a sentence.
    """

    state: str = "waiting"
    attempt: int = 0
    seconds: float = 0.0
    error: str = ""


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
    version: int = 1

    @property
    def shown_state(self) -> str:
        """The state as a person should read it: ``interrupted`` where the engine is gone."""
        if self.state == "running" and time.time() - self.heartbeat > STALE:
            return "interrupted"
        return self.state

    def dumps(self) -> bytes:
        """Return the JSON form."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def loads(cls, data: bytes) -> Record:
        """Read the JSON form."""
        d = json.loads(data)
        d["steps"] = {name: StepRecord(**step) for name, step in d["steps"].items()}
        return cls(**d)


def path(run: str) -> str:
    """Return where the record of a run is in the store."""
    return f"runs/{run}/record.json"


def new_run_id() -> str:
    """Return an id that sorts by time and can stand in a label and in a Job's name."""
    return time.strftime("%y%m%d-%H%M%S", time.gmtime()) + "-" + secrets.token_hex(3)


def new(run: str, *, pipeline: str, stack: str, engine: str, steps: list[str], parameters: dict[str, Any]) -> Record:
    """Return the record of a run that begins."""
    now = time.time()
    return Record(
        run=run,
        pipeline=pipeline,
        stack=stack,
        user=_user(),
        state="running",
        engine=engine,
        started=now,
        heartbeat=now,
        steps={name: StepRecord() for name in steps},
        parameters=parameters,
    )


def read(store: Store, run: str) -> Record:
    """Read the record of a run."""
    return Record.loads(store.get(path(run)))


def read_all(store: Store) -> list[Record]:
    """Read the records of all runs in the store, the oldest first."""
    found = [p for p in store.list("runs/") if p.endswith("/record.json")]
    return [Record.loads(store.get(p)) for p in sorted(found)]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        return ""
