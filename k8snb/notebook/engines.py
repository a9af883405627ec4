"""The engines of the notebook's stacks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from k8snb.artifacts.store import Store
from k8snb.notebook.configuration import Configuration
from k8snb.run import portal
from k8snb.run.engine import Engine
from k8snb.stacks.model import Stack

OpenEngine = Callable[..., Engine]

CLOSING = 5.0
"""Seconds at most that connections may take to close when the kernel ends."""


class Engines:
    """Keeps one engine for each stack that a run has been asked of.

    Parameters
    ----------
    configuration : Configuration
    scratch : Store
        Where captured values of the kernel are.
    open_engine : callable
        Makes the engine of a stack.
    """

    def __init__(self, configuration: Configuration, scratch: Store, open_engine: OpenEngine) -> None:
        self._configuration, self._scratch, self._open = configuration, scratch, open_engine
        self._opened: dict[tuple[str, Path], tuple[Stack, Engine]] = {}

    def of(self, name: str | None = None) -> Engine:
        """Return the engine of a stack, the active one without a name; another one when what its file says is."""
        stack, folder = self._configuration.stacks.pick(name), self._configuration.folder
        known, engine = self._opened.get((stack.name, folder), (None, None))
        if engine is None or known != stack:
            if engine is not None:
                portal.submit(engine.orchestrator.aclose())
            engine = self._open(stack, folder=folder, scratch=self._scratch)
            self._opened[stack.name, folder] = (stack, engine)
        return engine

    def close(self) -> None:
        """Close connections; what runs goes on."""
        for _, engine in self._opened.values():
            with suppress(TimeoutError):
                portal.submit(engine.orchestrator.aclose()).result(CLOSING)
        self._opened.clear()
