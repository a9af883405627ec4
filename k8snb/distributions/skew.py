"""What ``k8snb.skew`` returns: statistics, the verdict on them, and how a notebook shows both."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8snb.distributions.described import Described
from k8snb.distributions.facets.page import View
from k8snb.distributions.facets.proto import serialized
from k8snb.distributions.facets.shown import shown, write
from k8snb.distributions.model import MIME, Statistics
from k8snb.distributions.report import table, text
from k8snb.distributions.saved import dump, load
from k8snb.distributions.sets import called
from k8snb.distributions.statistics import statistics
from k8snb.distributions.verdict import MEASURES, Finding, Thresholds, judge
from k8snb.errors import InputError, SkewError, suggest

if TYPE_CHECKING:
    from pandas import DataFrame

STATISTICS_ONLY = False
"""What is shown is drawn elsewhere: in a step, whose pod has no Facets."""


class Skew:
    """How the distributions of data sets differ.

    Parameters
    ----------
    statistics : Statistics
    thresholds : Thresholds

    Attributes
    ----------
    findings : list of Finding
        One for each feature and each data set but the first; the greatest distances first.
    """

    def __init__(self, statistics: Statistics, thresholds: Thresholds | None = None) -> None:
        self.statistics = statistics
        self.thresholds = thresholds or Thresholds()
        self.findings: list[Finding] = judge(statistics, self.thresholds)

    @classmethod
    def of_saved(cls, said: dict[str, Any]) -> Skew:
        """Return what came from a pod, or was kept in a run's record, as `k8snb.distributions.saved.dump` writes it."""
        return cls(*load(said))

    def __getitem__(self, name: str) -> Described:
        """Return one of the data sets, of which only statistics are left: to be compared with any other data.

        Raises
        ------
        KeyError
        """
        names = [one.name for one in self.statistics.sets]
        if name not in names:
            raise KeyError(f"there is no data set {name!r}: {suggest(name, names)}")
        return Described(self.statistics, names.index(name))

    @property
    def drifted(self) -> list[str]:
        """Names of the features that have drifted in any data set, the furthest first."""
        return list(dict.fromkeys(one.feature for one in self.findings if one.state == "drifted"))

    def judged_by(self, **thresholds: float | None) -> Skew:
        """Return the same with other thresholds; see `Thresholds`."""
        return Skew(self.statistics, replace(self.thresholds, **thresholds))  # type: ignore[arg-type]

    def to_pandas(self) -> DataFrame:
        """Return the findings as a frame.

        Returns
        -------
        pandas.DataFrame
            A row for each finding: ``feature``, ``set``, ``state``, the distances, ``p``, and ``changed`` in words.
        """
        from pandas import DataFrame

        rows = [
            {
                "feature": one.feature,
                "set": one.set,
                "state": one.state,
                **{name: one.distances and getattr(one.distances, name) for name in MEASURES},
                "p": one.p,
                "changed": "; ".join(one.words),
            }
            for one in self.findings
        ]
        return DataFrame(rows, columns=["feature", "set", "state", *MEASURES, "p", "changed"])

    def check(self) -> Skew:
        """Return itself where nothing has drifted: a gate.

        Raises
        ------
        SkewError
            Something has: with a table of what.
        InputError
            Nothing could be compared.
        """
        if not self.findings:
            raise InputError(text(self), fix="a gate needs two data sets with a column that can be compared")
        if found := [one for one in self.findings if one.state == "drifted"]:
            raise SkewError(
                text(self, found),
                fix="look into what has changed; other limits: --max-psi in the step's line, psi=... in Python",
            )
        return self

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the verdict and Facets as one HTML file that needs nothing else, and return its path."""
        return write(path, self._view(), table(self))

    def __repr__(self) -> str:
        return text(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Return the verdict as text and as a table; a notebook puts Facets in the table's place."""
        del include, exclude
        if STATISTICS_ONLY:
            return {"text/plain": text(self), MIME: dump(self.statistics, self.thresholds)}
        return {"text/plain": text(self), "text/html": shown(self._view, table(self))}

    def _view(self) -> View:
        sets = self.statistics.sets
        order = [one.feature for one in self.findings]
        title = f"Facets Overview: {', '.join(one.name for one in sets)}"
        shares = len({one.rows for one in sets}) > 1
        return View("overview", serialized(self.statistics, order), title, {"percent": shares})


def skew(*data: Any, **named: Any) -> Skew:
    """Return how data sets differ from the first one; see ``k8snb.skew``."""
    limits = {name: named.pop(name) for name in Thresholds.__dataclass_fields__ if name in named}
    return Skew(statistics(called(data, named, "k8snb.skew(train, test)")), Thresholds(**limits))
