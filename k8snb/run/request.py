"""What a run is asked for with, and what stands for it while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from k8snb.artifacts.groups import Group
from k8snb.artifacts.store import Store
from k8snb.artifacts.transfer import load
from k8snb.errors import AttemptError, K8snbError
from k8snb.images.code import Code
from k8snb.orchestrators.base import Environment
from k8snb.pipeline.model import Pipeline
from k8snb.run.attempt import died
from k8snb.run.events import RunEnded
from k8snb.run.failure import step_failed
from k8snb.run.record import Reused
from k8snb.runner.spec import Result


@dataclass(frozen=True)
class RunRequest:
    """All that a run needs to be told.

    Parameters
    ----------
    pipeline : Pipeline
    captured : mapping of str to mapping of str to Group
        For each step the kernel's values by name, as groups in the engine's scratch store.
    code : Code
    environments : mapping of str to Environment
        By step.
    parameters : mapping
        For the record.
    after : mapping of str to set of str
        For the record: all steps that were asked for or are needed, with those that each waits for; without any, the
        pipeline's.
    reused : mapping of str to Reused
        Those among them that do not run.
    """

    pipeline: Pipeline
    captured: Mapping[str, Mapping[str, Group]]
    code: Code
    environments: Mapping[str, Environment]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    reused: Mapping[str, Reused] = field(default_factory=dict)


class RunHandle:
    """A run that was started: wait for it, cancel it, ask what became of its steps.

    Attributes
    ----------
    run : str
        The run's id.
    results : dict of str to Result
        Of the steps that have ended.
    failed : list of str
        The steps that failed or died, in the order in which they did.
    lost : dict of str to AttemptError
        Those of them whose pod or process did not run to its end, and why.
    """

    def __init__(self, run: str, store: Store) -> None:
        self.run = run
        self.results: dict[str, Result] = {}
        self.failed: list[str] = []
        self.store = store
        self.lost: dict[str, AttemptError] = {}

    def wait(self, timeout: float | None = None) -> RunEnded:
        """Wait until the run has ended; ``TimeoutError`` after `timeout` seconds."""
        return self._ended.result(timeout)

    def cancel(self) -> None:
        """Ask for the end of the run; `wait` returns when what ran has been ended."""
        self._cancel()

    def bind(self, ended: Future[RunEnded], cancel: Callable[[], None]) -> None:
        """Connect the handle to the run that it stands for (the engine's business)."""
        self._ended, self._cancel = ended, cancel

    def forget(self, step: str) -> None:
        """Forget how a step has ended (the engine's business): it runs again."""
        self.results.pop(step, None)
        self.lost.pop(step, None)
        if step in self.failed:
            self.failed.remove(step)

    def error(self, step: str, namespace: dict[str, Any] | None = None) -> K8snbError:
        """Return the exception to raise for a failed step.

        Parameters
        ----------
        step : str
        namespace : dict, optional
            The notebook's variables, for exceptions of classes defined there.
        """
        if step in self.lost:
            return self.lost[step]
        failure = self.results[step].failure
        if failure is None:
            return died(self.results[step].key, self.results[step].code)
        original = None
        if failure.pickled is not None:
            try:
                original = load(self.store, failure.pickled, namespace=namespace)["error"]
            except Exception:  # noqa: BLE001 - a class that is not installed here, a __reduce__ that is wrong
                original = None
        return step_failed(step, failure, original if isinstance(original, BaseException) else None)
