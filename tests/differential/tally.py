"""Counts what became of many notebooks, and keeps those that fail."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from comparing import Comparer, Comparison
from shrinking import shrink
from writing import Notebook, write


@dataclass
class Tally:
    """What became of notebooks.

    Attributes
    ----------
    bugs : int
        Notebooks that differ in something that k8snb did not name.
    warned : int
        Notebooks of which k8snb said that something may differ, or that it ended with an error of its own.
    rightly : int
        Of these, those that do differ, or that end in an error in a plain kernel too.
    """

    notebooks: int = 0
    raised: int = 0
    bugs: int = 0
    warned: int = 0
    refused: int = 0
    rightly: int = 0
    began: float = field(default_factory=time.monotonic)
    written: Counter[str] = field(default_factory=Counter)
    failing: Counter[str] = field(default_factory=Counter)

    def take(self, notebook: Notebook, comparison: Comparison) -> None:
        """Count a notebook."""
        self.notebooks += 1
        self.raised += comparison.raised
        self.bugs += bool(comparison.bugs)
        self.warned += bool(comparison.words)
        self.refused += comparison.refused
        self.rightly += bool(
            comparison.words and (comparison.differences or (comparison.refused and comparison.raised))
        )
        self.written.update(notebook.features)
        if comparison.bugs:
            self.failing.update(notebook.features)

    def __str__(self) -> str:
        rate = self.notebooks / (time.monotonic() - self.began)
        return (
            f"{self.notebooks} notebooks at {rate:.1f}/s ({self.raised} raise): {self.bugs} differ and nobody said so; "
            f"{self.warned} warned of, of which {self.rightly} differ ({self.refused} refused)"
        )


def minimised(
    comparer: Comparer, notebook: Notebook, found: Comparison, *, tries: int = 1500
) -> tuple[Notebook, Comparison]:
    """Make a notebook as small as it gets while it fails, or is warned of for nothing, in the same way.

    Returns
    -------
    Notebook
    Comparison
        How it fails.
    """

    def fails(smaller: Notebook) -> bool:
        now = comparer.compare(smaller)
        same = now.signature == found.signature if found.bugs else now.false_alarm and not now.bugs
        return same and now.raised <= found.raised

    small = shrink(notebook, fails, tries=tries)
    return small, comparer.compare(small)


def told(notebook: Notebook, comparison: Comparison) -> str:
    """Return a notebook that fails, and how it does, in words."""
    said = [f"k8snb said: {word.text}" for word in comparison.words]
    return "\n".join((str(notebook), "", *map(str, comparison.bugs), *said))


def seeded(seed: int) -> Notebook:
    """Return the notebook of a number."""
    return write(Random(seed))
