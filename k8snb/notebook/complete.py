"""What Tab offers on the lines of the magics: steps, runs, stacks, options, files."""

from __future__ import annotations

import asyncio
import glob
import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from k8snb.notebook.hooks import Hooks
from k8snb.stacks.fields import options

if TYPE_CHECKING:
    from k8snb.run.history import Run

_LINE = re.compile(r"\s*(?:#\s*)?%{1,2}(?P<magic>k8s_\w+)\s+(?P<rest>.*)")
_NAME = "k8snb"
_FILES = frozenset({"--file", "--requirements"})
_OPTIONS_OF_PAST = {
    "k8s_runs": ("--limit", "--stack"),
    "k8s_logs": ("--run", "--attempt", "--grep", "--tail", "--save", "--force", "--stack"),
}
_RUNS, _PATIENCE = 20, 1.0
"""Runs that are offered, and seconds that a store has to name them."""


class Completer:
    """Completes the lines of the magics.

    Parameters
    ----------
    hooks : Hooks
    """

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    @context_matcher(identifier=_NAME)  # type: ignore[untyped-decorator]
    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """Return the completions of the word before the cursor; none on lines that are not of a magic."""
        line = _LINE.fullmatch(context.line_with_cursor)
        if line is None:
            return {"completions": [], "suppress": False}
        *before, word = line["rest"].split(" ")
        words = [one for one in before if one]
        offered = self._offered(line["magic"], words, word)
        found = [SimpleCompletion(one) for one in offered if one.startswith(word) and one not in words]
        return {"completions": found, "matched_fragment": word, "suppress": bool(found), "ordered": True}

    def _offered(self, magic: str, words: list[str], word: str) -> Iterable[str]:
        last = words[-1] if words else ""
        if last == "--stack":
            return self._stacks()
        if magic == "k8s_stack":
            return self._of_stack(words, last, word)
        if magic in _OPTIONS_OF_PAST:
            return self._of_past(magic, words, last)
        if magic == "k8s_run":
            return [*self._steps(), "--stack", "--reuse", "--rest"]
        return self._of_step(last, word) if magic == "k8s_step" and words else []

    def _of_step(self, last: str, word: str) -> Iterable[str]:
        if last == "--after":
            return self._steps()
        if last in _FILES:
            return _paths(word)
        from k8snb.pipeline.parse import OPTIONS

        return OPTIONS

    def _of_stack(self, words: list[str], last: str, word: str) -> Iterable[str]:
        if not words and not word.startswith("-"):
            return self._stacks()
        values = {"--context": _contexts, "--orchestrator": _kinds, "--extends": self._stacks}
        if last in values:
            return values[last]()
        takes_value = {option: "metavar" in about for option, about in options()} | {"--register": True}
        if takes_value.get(last):
            return []
        if "--register" in words:
            return [*(option for option, _ in options()), "--replace", "--user", "--no-check"]
        return ["--save"] if words else ["--register", "--no-check"]

    def _of_past(self, magic: str, words: list[str], last: str) -> Iterable[str]:
        options = _OPTIONS_OF_PAST[magic]
        if last in options and last != "--force":
            return self._ids(words) if last == "--run" else []
        if magic == "k8s_runs":
            return [*self._ids(words), *options]
        steps = dict.fromkeys([*self._steps(), *(s for run in self._past(words) for s in run.record.steps)])
        return [*(() if words and words[0] in steps else steps), *options]

    def _ids(self, words: list[str]) -> list[str]:
        return ["last", *(run.id for run in reversed(self._past(words)))]

    def _past(self, words: list[str]) -> list[Run]:
        """Return the newest runs, where the store tells them soon."""
        from k8snb.errors import K8snbError
        from k8snb.run import portal
        from k8snb.run.history import runs
        from k8snb.run.record import store_of

        stack = words[words.index("--stack") + 1] if "--stack" in words[:-1] else None
        try:
            store = store_of(self._hooks.session.stacks.pick(stack))
            return portal.submit(asyncio.to_thread(runs, store, _RUNS)).result(_PATIENCE)
        except (K8snbError, TimeoutError):
            return []

    def _steps(self) -> list[str]:
        return [entry.step for entry in self._hooks.session.cells if entry.step is not None]

    def _stacks(self) -> list[str]:
        from k8snb.errors import K8snbError

        try:
            return sorted(self._hooks.session.stacks.by_name)
        except K8snbError:  # k8snb.toml is being written
            return []


def _contexts() -> list[str]:
    """Return the names of the kubeconfig's contexts."""
    from k8snb.errors import K8snbError
    from k8snb.orchestrators.kubernetes.kubeconfig import contexts

    try:
        return [context.name for context in contexts()]
    except K8snbError:
        return []


def _kinds() -> list[str]:
    from k8snb.stacks.schema import kinds

    return kinds()


def _paths(word: str) -> list[str]:
    """Return the files and folders whose paths begin with a word."""
    found = sorted(glob.glob(f"{glob.escape(word)}*"))  # noqa: PTH207 - as it is typed
    return [f"{path}/" if os.path.isdir(path) else path for path in found]  # noqa: PTH112


def install(shell: Any, completer: Completer) -> None:
    """Let a shell ask a completer."""
    remove(shell)
    shell.Completer.custom_matchers.append(completer.complete)


def remove(shell: Any) -> None:
    """Let a shell ask none of k8snb's."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [one for one in matchers if getattr(one, "matcher_identifier", "") != _NAME]
