"""What Tab offers on the lines of the magics: steps, stacks, options, files."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from k8snb.notebook.hooks import Hooks

_LINE = re.compile(r"\s*(?:#\s*)?%{1,2}(?P<magic>k8s_\w+)\s+(?P<rest>.*)")
_NAME = "k8snb"
_FILES = frozenset({"--file", "--requirements"})


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
        if last == "--stack" or (magic == "k8s_stack" and not words):
            return self._stacks()
        if magic == "k8s_run":
            return [*self._steps(), "--stack", "--reuse", "--rest"]
        if magic != "k8s_step" or not words:
            return []
        if last == "--after":
            return self._steps()
        if last in _FILES:
            return _paths(word)
        from k8snb.pipeline.parse import OPTIONS

        return OPTIONS

    def _steps(self) -> list[str]:
        return [entry.step for entry in self._hooks.session.cells if entry.step is not None]

    def _stacks(self) -> list[str]:
        from k8snb.errors import K8snbError

        try:
            return sorted(self._hooks.session.stacks.by_name)
        except K8snbError:  # k8snb.toml is being written
            return []


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
