"""What an engine tells while a run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from k8snb.errors import K8snbError

State = Literal["waiting", "starting", "running", "succeeded", "failed", "skipped", "cancelled"]
RunState = Literal["running", "succeeded", "failed", "cancelled", "interrupted"]
ENDED: frozenset[State] = frozenset({"succeeded", "failed", "skipped", "cancelled"})


@dataclass(frozen=True)
class StepState:
    """A step came into a state.

    Parameters
    ----------
    step : str
    state : str
    detail : str
        Why it waits, or a sentence on how it ended.
    seconds : float
        Of an ended step: from its start to its end.
    traceback : tuple of str
        Of one that has raised: the lines that its user sees.
    fix : str
        Of one that has failed: the way out, where one is known.
    """

    step: str
    state: State
    detail: str = ""
    seconds: float = 0.0
    traceback: tuple[str, ...] = ()
    fix: str = ""


@dataclass(frozen=True)
class Text:
    """A step printed: bytes as printed, cut anywhere."""

    step: str
    stream: Literal["stdout", "stderr"]
    data: bytes


@dataclass(frozen=True)
class Display:
    """A step displayed something.

    Parameters
    ----------
    step : str
    data, metadata : mapping
        A MIME bundle and its metadata, as in Jupyter's ``display_data``.
    display_id : str or None
    update : bool
        It takes the place of what was displayed under the id.
    result : bool
        It is the value of the cell's last expression.
    """

    step: str
    data: Mapping[str, Any]
    metadata: Mapping[str, Any]
    display_id: str | None = None
    update: bool = False
    result: bool = False

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a notebook shows: the same again."""
        return dict(self.data), dict(self.metadata)


@dataclass(frozen=True)
class Clear:
    """A step cleared its output; with `wait` as soon as more comes."""

    step: str
    wait: bool


@dataclass(frozen=True)
class Note:
    """Something happened to a step that its output does not tell, in a sentence."""

    step: str
    text: str


def retried(step: str, attempt: int, why: str) -> Note:
    """Return what is said of an attempt that another one follows."""
    return Note(step, f"attempt {attempt} failed, another begins: {why}")


@dataclass(frozen=True)
class Again:
    """What a step has done so far counts for nothing: it runs again, and why, in a sentence."""

    step: str
    why: str


@dataclass(frozen=True)
class Preparing:
    """What is done before steps can start.

    Parameters
    ----------
    what : str
        One of the things that go on at the same time.
    text : str
        In words; empty: it is done.
    """

    what: str
    text: str


@dataclass(frozen=True)
class RunEnded:
    """The run is over and its record is written; of a replayed one, this is as far as it has come."""

    run: str
    state: RunState
    error: K8snbError | None = None


StepEvent = StepState | Text | Display | Clear | Note | Again
Event = StepEvent | Preparing | RunEnded
