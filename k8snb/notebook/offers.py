"""What may stand on the lines of the magics: of each the names, the options, and the options' values."""

from __future__ import annotations

import asyncio
import glob
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k8snb.notebook.hooks import Hooks

if TYPE_CHECKING:
    from k8snb.run.history import Run

Words = list[str]
Values = Callable[[str], Iterable[str]]

_RUNS, _PATIENCE = 20, 1.0
"""Runs that are offered, and seconds that a store has to name them."""


@dataclass(frozen=True)
class Offer:
    """What may stand on a line.

    Parameters
    ----------
    names : callable
        Returns the names that may stand there, behind so many others.
    options : mapping of str to (callable or None)
        What returns the values of each, given what has been typed of one; None: it takes none.
    several : collection of str
        Options that may stand there more than once.
    kind : str
        What the names are of.
    """

    names: Callable[[int], Iterable[str]]
    options: Mapping[str, Values | None]
    several: Collection[str] = ()
    kind: str = "step"


class Offers:
    """What may stand on the lines of the magics of a notebook, as it is when it is asked for.

    Parameters
    ----------
    hooks : Hooks
    """

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self.by_magic: Mapping[str, Callable[[Words], Offer]] = {
            "k8s_step": self._step,
            "k8s_run": self._run,
            "k8s_stack": self._stack,
            "k8s_status": lambda _: Offer(_nothing, {}),
            "k8s_runs": self._past_runs,
            "k8s_logs": self._logs,
            "k8s_skew": self._skew,
            "k8s_dive": self._dive,
        }

    # --- magics --------------------------------------------------------------------------------------------------

    def _step(self, _: Words) -> Offer:
        from k8snb.pipeline.parse import FLAGS, OPTIONS, SEVERAL

        values: dict[str, Values] = {
            "--after": self._steps,
            "--file": _paths,
            "--requirements": _paths,
            "--in": self._variables,
            "--out": self._variables,
            "--skew": self._variables,
        }
        options: dict[str, Values | None] = {
            option: None if option in FLAGS else values.get(option, _nothing) for option in OPTIONS
        }
        return Offer(lambda count: [] if count else [*self._foreseen(), *self._steps()], options, SEVERAL)

    def _run(self, _: Words) -> Offer:
        return Offer(self._steps, {"--stack": self._stacks, "--reuse": None, "--rest": None})

    def _stack(self, words: Words) -> Offer:
        from k8snb.stacks.fields import options

        if "--register" in words:
            known = {"--context": _contexts, "--orchestrator": _kinds, "--extends": self._stacks}
            fields = {one: known.get(one, _nothing) if "metavar" in about else None for one, about in options()}
            return Offer(
                _nothing, {"--register": _nothing, **fields, **dict.fromkeys(("--replace", "--user", "--no-check"))}
            )
        if words:
            return Offer(_nothing, {"--save": None})
        return Offer(self._stacks, {"--register": _nothing, "--no-check": None}, kind="stack")

    def _past_runs(self, words: Words) -> Offer:
        options: dict[str, Values | None] = {"--limit": _nothing, "--stack": self._stacks}
        return Offer(lambda count: self._ids(words) if count < _COMPARED else [], options, kind="run")

    def _logs(self, words: Words) -> Offer:
        options: dict[str, Values | None] = {
            "--run": lambda _: self._ids(words),
            "--attempt": _nothing,
            "--grep": _nothing,
            "--tail": _nothing,
            "--save": _paths,
            "--force": None,
            "--stack": self._stacks,
        }
        return Offer(lambda count: [] if count else self._steps_of_all_runs(words), options)

    def _skew(self, _: Words) -> Offer:
        limits = dict.fromkeys(("--psi", "--js", "--l-infinity", "--ks", "--alpha"), _nothing)
        options: dict[str, Values | None] = {**limits, "--in-pod": None, "--here": None}
        return Offer(lambda _: self._variables(), options, kind="variable")

    def _dive(self, _: Words) -> Offer:
        options = dict.fromkeys(("--rows", "--columns", "--color", "--across", "--down"), _nothing)
        return Offer(lambda _: self._variables(), options, kind="variable")

    # --- names ---------------------------------------------------------------------------------------------------

    def _steps(self, _: object = None) -> list[str]:
        return [entry.step for entry in self._hooks.session.cells if entry.step is not None]

    def _foreseen(self) -> list[str]:
        """Return the names of steps that ``k8snb.toml`` has options for, and that there are not yet."""
        from k8snb.errors import K8snbError
        from k8snb.pipeline.parse import DEFAULTS

        try:
            tables = self._hooks.session.configuration.stacks.steps
        except K8snbError:
            return []
        return sorted(tables.keys() - {DEFAULTS, *self._steps()})

    def _steps_of_all_runs(self, words: Words) -> list[str]:
        return [*self._steps(), *(step for run in self._runs(words) for step in run.record.steps)]

    def _variables(self, _: str = "") -> list[str]:
        """Return the names of the user's variables, those that steps are to make among them."""
        shell = self._hooks.shell
        own = {name for name in shell.user_ns if not name.startswith("_") and name not in shell.user_ns_hidden}
        return sorted(own.union(*(entry.outputs for entry in self._hooks.session.cells)))

    def _stacks(self, _: object = None) -> list[str]:
        from k8snb.errors import K8snbError

        try:
            return sorted(self._hooks.session.configuration.stacks.by_name)
        except K8snbError:  # k8snb.toml is being written
            return []

    def _ids(self, words: Words) -> list[str]:
        return ["last", *(run.id for run in reversed(self._runs(words)))]

    def _runs(self, words: Words) -> list[Run]:
        """Return the newest runs, where the store tells them soon."""
        from k8snb.errors import K8snbError
        from k8snb.run import portal
        from k8snb.run.history import runs
        from k8snb.run.record import store_of

        stack = words[words.index("--stack") + 1] if "--stack" in words[:-1] else None
        try:
            store = store_of(self._hooks.session.configuration.stacks.pick(stack))
            return portal.submit(asyncio.to_thread(runs, store, _RUNS)).result(_PATIENCE)
        except (K8snbError, TimeoutError):
            return []


_COMPARED = 2
"""Runs that are set side by side."""


def _nothing(_: object) -> Iterable[str]:
    return ()


def _contexts(_: str) -> list[str]:
    """Return the names of the kubeconfig's contexts."""
    from k8snb.errors import K8snbError
    from k8snb.orchestrators.kubernetes.kubeconfig import contexts

    try:
        return [context.name for context in contexts()]
    except K8snbError:
        return []


def _kinds(_: str) -> list[str]:
    from k8snb.stacks.schema import kinds

    return kinds()


def _paths(part: str) -> list[str]:
    """Return the files and folders whose paths begin with a word."""
    found = sorted(glob.glob(f"{glob.escape(part)}*"))  # noqa: PTH207 - as it is typed
    return [f"{path}/" if os.path.isdir(path) else path for path in found]  # noqa: PTH112
