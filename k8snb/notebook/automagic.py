"""Keeps IPython from taking names of results for magics: ``history`` alone in a cell means the variable."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from IPython.core.prefilter import PrefilterChecker
from traitlets import Integer


class ResultsFirst(PrefilterChecker):
    """Has lines executed as they stand that begin with a name which is a variable, though not in the namespace yet.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    results : callable
        Returns the names that stand for results of steps.
    """

    priority = Integer(690).tag(config=True)  # before IPython asks whether the word is a magic

    def __init__(self, shell: Any, results: Callable[[], Container[str]]) -> None:
        self._results, self._manager = results, shell.prefilter_manager
        super().__init__(shell=shell, prefilter_manager=self._manager)  # type: ignore[no-untyped-call]

    def check(self, line_info: Any) -> Any:
        """Return the handler that leaves the line alone, or None."""
        name = line_info.ifun.partition(".")[0]
        return self._manager.get_handler_by_name("normal") if name in self._results() else None

    def remove(self) -> None:
        """Check lines no longer."""
        self._manager.unregister_checker(self)
