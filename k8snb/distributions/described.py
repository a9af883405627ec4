"""A data set of which only statistics are left, as a `Table`: what a run kept can be compared with anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from k8snb.distributions.columns import Column, Known
from k8snb.distributions.gather import Counted, Measured
from k8snb.distributions.model import Feature, Kind, Labels, Numbers, Statistics
from k8snb.distributions.tables import Table

_POINTS = 10_001
"""Values that stand for those of a feature, evenly between its quantiles."""


@dataclass(frozen=True)
class Described:
    """A data set of which only statistics are left.

    Parameters
    ----------
    statistics : Statistics
    at : int
        Which of its sets.
    """

    statistics: Statistics
    at: int

    def __repr__(self) -> str:
        one = self.statistics.sets[self.at]
        return f"<statistics of {one.name}: {one.rows:,} rows>"


def of_described(data: Described) -> Table:
    """Return statistics as a table.

    Numbers are spread evenly between the quantiles that are known, so distances are right to about a hundredth;
    labels that were not among the most frequent ones are counted together.
    """
    features = [one for one in data.statistics.features if one.kinds[data.at] is not None]
    names = tuple(one.name for one in features)
    return Table(names, data.statistics.sets[data.at].rows, lambda i: _column(features[i], data.at))


def _column(feature: Feature, at: int) -> Column:
    kind, statistics = feature.kinds[at], feature.statistics[at]
    assert kind is not None
    if isinstance(statistics, Labels):
        return Known(kind, feature.types[at], [], gathered=_counted(statistics, feature))
    assert isinstance(statistics, Numbers)
    return Known(kind, feature.types[at], [], gathered=_measured(statistics, kind))


def _measured(one: Numbers, kind: Kind) -> Measured:
    finite = one.present - one.below - one.above
    points = min(finite, _POINTS)
    values = np.empty(0)
    if points:
        at = (np.arange(points) + 0.5) / points * (len(one.quantiles) - 1)
        values = np.interp(at, np.arange(len(one.quantiles)), one.quantiles)
        values[0], values[-1] = one.quantiles[0], one.quantiles[-1]
    ends = [round(count * points / finite) if finite else count for count in (one.below, one.above)]
    if kind in {"integer", "boolean"}:
        values = np.round(values)
    values = np.concatenate([np.full(ends[0], -np.inf), values, np.full(ends[1], np.inf)])
    return Measured(values, one.present, one.missing, one.zeros, one.mean, one.std, one.below, one.above)


def _counted(one: Labels, feature: Feature) -> Counted:
    labels = Counter({label: count for label, count in zip(feature.labels, one.counts, strict=True) if count})
    rest = one.present - labels.total()
    characters = round((one.mean_length or 0.0) * one.present)
    return Counted(labels, one.missing, rest, characters, others=one.distinct - len(labels))
