"""Statistics -> which features have drifted, by which measure, how surely, and in words what has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from k8snb.distributions.distances import holm
from k8snb.distributions.model import Distances, Feature, Statistics
from k8snb.distributions.words import changes
from k8snb.errors import InputError

MEASURES = ("psi", "js", "l_infinity", "ks")
"""Names of the distances, and of their thresholds."""

State = Literal["drifted", "unsure", "same"]


@dataclass(frozen=True)
class Thresholds:
    """From which distance on a feature has drifted. None: that distance does not count.

    The defaults say the same of a normal distribution that moves: about 0.45 standard deviations are too much.

    Parameters
    ----------
    psi, js, l_infinity, ks : float or None
        See `k8snb.distributions.model.Distances`.
    alpha : float
        How likely chance may be, after the correction for many features (Holm), for a distance to count; 1: it may be
        anything, and the distances alone decide.
    """

    psi: float | None = 0.2
    js: float | None = 0.035
    l_infinity: float | None = 0.1
    ks: float | None = 0.18
    alpha: float = 0.05

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if value is None and one.name != "alpha":
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
                said = f"{value!r}" if isinstance(value, (int, float, str)) else f"a {type(value).__name__}"
                raise InputError(f"{one.name} is {said}: a threshold is a number from 0 on", where=one.name)
        if self.alpha > 1:
            raise InputError(f"alpha is {self.alpha!r}: a probability is from 0 to 1", where="alpha")

    def exceeded(self, distances: Distances) -> tuple[str, ...]:
        """Return the names of the distances that are too great."""
        found = ((name, getattr(self, name), getattr(distances, name)) for name in MEASURES)
        return tuple(name for name, limit, far in found if None not in {limit, far} and far > limit)


@dataclass(frozen=True)
class Finding:
    """What is to be said of a feature in one data set, compared with the first.

    Parameters
    ----------
    feature : str
    set : str
    state : State
        "unsure": so great a distance may be chance, with so few rows.
    distances : Distances or None
        None: they cannot be compared.
    exceeded : tuple of str
        The distances that are too great.
    p : float
        Corrected for the number of features; 0 where what changed is no matter of chance: a column gone, another type.
    words : tuple of str
        What has changed.
    """

    feature: str
    set: str
    state: State
    distances: Distances | None
    exceeded: tuple[str, ...]
    p: float
    words: tuple[str, ...]


def judge(statistics: Statistics, thresholds: Thresholds) -> list[Finding]:
    """Return a finding for each feature and each data set but the first, those that have drifted first, by distance."""
    pairs = list(_pairs(statistics))
    ps = iter(holm([apart.p for _, _, apart in pairs if apart is not None]))
    found = []
    for feature, at, apart in pairs:
        name = statistics.sets[at].name
        words = tuple(changes(feature, at, statistics.sets))
        if apart is None:
            found.append(Finding(feature.name, name, "drifted", None, (), 0.0, words))
            continue
        p, exceeded = next(ps), thresholds.exceeded(apart)
        state: State = "same" if not exceeded else "drifted" if p <= thresholds.alpha else "unsure"
        found.append(Finding(feature.name, name, state, apart, exceeded, p, words))
    return sorted(found, key=_distance, reverse=True)


def _pairs(statistics: Statistics) -> Iterator[tuple[Feature, int, Distances | None]]:
    """Yield what can be told of each feature in each other set; a column that neither has is left out."""
    for feature in statistics.features:
        for at, apart in enumerate(feature.distances, start=1):
            if feature.kinds[0] is not None or feature.kinds[at] is not None:
                yield feature, at, apart


def _distance(finding: Finding) -> tuple[int, float, float]:
    apart = finding.distances
    rank = ("same", "unsure", "drifted").index(finding.state)
    return (rank, apart.psi, apart.js) if apart is not None else (rank + 1, 0.0, 0.0)
