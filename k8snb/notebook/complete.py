"""What Tab offers on the lines of the magics: steps, runs, stacks, options, files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from k8snb.notebook.hooks import Hooks
from k8snb.notebook.offers import Offer, Offers, Words

_LINE = re.compile(r"\s*(?:[\w, ]+=\s*)?(?:#\s*)?%{1,2}(?P<magic>k8s_\w+)\s+(?P<rest>.*)")
_PYTHON = re.compile(r"\{[^}]*$|\$\w*$")
_NAME = "k8snb"


@dataclass(frozen=True)
class _Line:
    """The line of a magic up to the cursor: the words before the one that is being typed, and this."""

    words: Words
    word: str

    @property
    def option(self) -> str:
        """The option whose value is being typed, if it takes one."""
        option, is_joined, _ = self.word.partition("=")
        return option if is_joined else self.words[-1] if self.words else ""

    @property
    def part(self) -> str:
        """What is to be completed of the word: behind ``--option=``, and the last of several."""
        option, is_joined, value = self.word.partition("=")
        return (value if option.startswith("--") and is_joined else self.word).rpartition(",")[2]


class _Nothing(list[SimpleCompletion]):
    """No completions. Where there are none IPython asks other completers, and it goes by the length."""

    def __len__(self) -> int:
        return 1


class Completer:
    """Completes the lines of the magics.

    Parameters
    ----------
    hooks : Hooks
    """

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._offers: Mapping[str, Callable[[Words], Offer]] = Offers(hooks).by_magic

    @context_matcher(identifier=_NAME)  # type: ignore[untyped-decorator]
    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """Return the completions of the word before the cursor; other lines, and Python in a line, are left alone."""
        found = _LINE.fullmatch(context.line_with_cursor)
        if found is None or found["magic"] not in self._offers or _PYTHON.search(found["rest"]):
            return {"completions": [], "suppress": False}
        *before, word = found["rest"].split(" ")
        line = _Line([one for one in before if one], word)
        offered = _offered(line, self._offers[found["magic"]](line.words))
        kinds = {one: kind for one, kind in reversed(offered) if one.startswith(line.part)}  # the first of two counts
        completions = [SimpleCompletion(one, type=kinds[one]) for one in reversed(kinds)]
        result = completions or _Nothing()
        return {"completions": result, "matched_fragment": line.part, "suppress": True, "ordered": True}

    @context_matcher(identifier=f"{_NAME}.names")  # type: ignore[untyped-decorator]
    def names(self, context: CompletionContext) -> SimpleMatcherResult:
        """Return the names of results that no cell has read yet, which are none of the kernel's variables."""
        token = context.token
        there = sorted(self._hooks.results()) if token.isidentifier() else ()
        return {"completions": [SimpleCompletion(one, type="instance") for one in there if one.startswith(token)]}


def _offered(line: _Line, offer: Offer) -> list[tuple[str, str]]:
    """Return the values of the option before the cursor, else names and options; of each the kind."""
    taking = {option: values for option, values in offer.options.items() if values is not None}
    if line.option in taking:
        there = {*line.words, *line.word.split(",")[:-1]}
        return [(one, line.option.lstrip("-")) for one in taking[line.option](line.part) if one not in there]
    named = [
        word
        for last, word in zip(["", *line.words], line.words, strict=False)
        if not word.startswith("-") and last not in taking
    ]
    names = [] if line.word.startswith("-") else [one for one in offer.names(len(named)) if one not in named]
    options = [one for one in offer.options if one in offer.several or one not in line.words]
    return [*((one, offer.kind) for one in names), *((one, "option") for one in options)]


def install(shell: Any, completer: Completer) -> None:
    """Let a shell ask a completer."""
    remove(shell)
    shell.Completer.custom_matchers += [completer.complete, completer.names]


def remove(shell: Any) -> None:
    """Let a shell ask none of k8snb's."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [one for one in matchers if getattr(one, "matcher_identifier", "").partition(".")[0] != _NAME]
