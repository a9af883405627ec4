"""Data that a magic's line names: compared in the kernel, or in a pod where that is less work."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from k8snb.analysis import analyse
from k8snb.analysis.magics import labelled
from k8snb.analysis.tables import DATA_FILES
from k8snb.errors import suggest
from k8snb.notebook.lines import unquoted
from k8snb.notebook.names import Made

if TYPE_CHECKING:
    from k8snb.notebook.session import Session

IN_POD = 256_000_000
"""Bytes of data that are not here yet from which on a pod compares them sooner than they come."""

_STEP = "k8s-skew"


@dataclass(frozen=True)
class Word:
    """A word that stands for data: a file, or an expression that names variables."""

    text: str

    @property
    def is_file(self) -> bool:
        """It names a file or an address."""
        return DATA_FILES.search(self.text) is not None


def data_of(words: list[str], example: str) -> dict[str, Word]:
    """Return the words of a line by what the data are called.

    Raises
    ------
    UsageError
        There are none (`example` shows how they are named), or two are called the same.
    """
    found: dict[str, Word] = {}
    for word in (unquoted(word) or "" for word in words):
        label, text = labelled(word)
        data = Word((unquoted(text) or "") if label else text)
        called = label or (PurePath(data.text).stem if data.is_file else data.text)
        if called in found:
            raise UsageError(f"two data sets are called {called}: name them, as in train=X_train test=X_test")
        found[called] = data
    if not found:
        raise UsageError(f"which data? {example}")
    return found


class Data:
    """Data sets of the notebook.

    Parameters
    ----------
    session : Session
    words : mapping of str to Word
        By what they are called.
    """

    def __init__(self, session: Session, words: Mapping[str, Word]) -> None:
        self._session, self._words = session, words

    def compare(self, limits: Mapping[str, float], where: str) -> None:
        """Compare them and show what was found.

        Parameters
        ----------
        limits : mapping of str to float
            See `k8snb.distributions.verdict.Thresholds`.
        where : str
            ``"kernel"`` or ``"pod"``; empty: where it is less work.
        """
        files = [word.text for word in self._words.values() if word.is_file]
        if where == "pod" and files:
            raise UsageError(f"--in-pod is for variables: {files[0]} is not in the pod")
        self._session.make(self._names)
        if where == "pod" or (not where and not files and self._bytes_away() > IN_POD):
            self._session.run_once(_STEP, self._code(limits))
            return
        from k8snb.distributions.skew import skew

        self._show(skew(**self.values(), **limits))

    def dive(self, options: Mapping[str, Any]) -> None:
        """Show their rows; `options`: as ``k8snb.dive`` takes them."""
        self._session.make(self._names)
        from k8snb.distributions.facets.dive import dive

        self._show(dive(**self.values(), **options))

    def values(self) -> dict[str, Any]:
        """Return the data, what steps have made fetched; of a file its name."""
        self._session.bring(self._names)
        return {called: self._value(word) for called, word in self._words.items()}

    def _show(self, view: Any) -> None:
        self._session.shell.display_pub.publish(data=view._repr_mimebundle_(), metadata={})  # IPython's name

    @cached_property
    def _names(self) -> list[str]:
        """The variables that the words name."""
        return list(analyse("\n".join(word.text for word in self._words.values() if not word.is_file)).reads)

    def _bytes_away(self) -> int:
        """Return how much of the data is in the store and not here, where that is another machine's."""
        if not self._session.configuration.runs_images():
            return 0
        made = [p for name in self._names if isinstance(p := self._session.names.pending.get(name), Made)]
        return sum({id(one.group): one.group.size for one in made}.values())

    def _value(self, word: Word) -> Any:
        if word.is_file:
            return word.text
        namespace = self._session.shell.user_ns
        if word.text.isidentifier() and word.text not in namespace and not hasattr(builtins, word.text):
            hidden = self._session.shell.user_ns_hidden
            known = [name for name in namespace if not name.startswith("_") and name not in hidden]
            way = suggest(word.text, known, "execute the cell that makes it")
            raise UsageError(f"there is no variable {word.text!r}: {way}")
        return self._session.shell.ev(word.text)

    def _code(self, limits: Mapping[str, float]) -> str:
        sets = ", ".join(f"{called!r}: {word.text}" for called, word in self._words.items())
        return f"__import__('k8snb').skew(**{{{sets}}}, **{dict(limits)!r})"
