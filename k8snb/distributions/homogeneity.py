"""Labels of two data sets -> rows in buckets, and how likely it is by chance that they differ as they do.

Where many labels are rare, a small set cannot have all that a large one has: that is no drift. So buckets are chosen by
the rows of both sets together, and labels that one set alone has are compared with how many these would be if the rows
had been dealt out at random.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from k8snb.distributions.distances import p_of_chi_squared, ps_of_shares, too_few
from k8snb.distributions.gather import Counted

_Array = np.ndarray[Any, Any]

_FREQUENT = 5
"""Rows of two sets that a label has for a bucket of its own."""

_ALWAYS = 10
"""Frequent labels that have a bucket of their own however few rows a set has; as many as there are deciles."""

_CONSPICUOUS = 0.05
"""How likely chance may be for few rows to be told apart from the other labels' in a distance."""

_SLOPES = np.geomspace(1e-7, 50, 200)[:, None]
"""Where Chernoff's bound is looked for."""


@dataclass(frozen=True)
class Compared:
    """Two sets of labels.

    Parameters
    ----------
    rows, others : numpy.ndarray
        Of the two sets: rows of each frequent label, of all other labels, and, beyond what is to be expected, of labels
        that only the first and that only the second set has.
    ps : list of float
        Of several tests; not yet corrected for their number.
    """

    rows: _Array
    others: _Array
    ps: list[float]


def compared(one: Counted, other: Counted, buckets: int) -> Compared:
    """Compare labels.

    Parameters
    ----------
    one, other : Counted
    buckets : int
        Frequent labels that have one of their own, at most.
    """
    labels, first, second = _side_by_side(one, other)
    named = _frequent(labels, first, second, (one, other), buckets)
    rest = np.ones(len(labels), dtype=bool)
    rest[named] = False
    left, right = first[rest], second[rest]
    rows = np.append(first[named], left.sum() + one.uncounted)
    others = np.append(second[named], right.sum() + other.uncounted)
    of_shares = ps_of_shares(rows, others)
    ps = [p_of_chi_squared(rows, others)]
    rare = too_few(rows, others)
    if rare.any():
        ps.append(float(of_shares.min()))
    beyond = 0.0, 0.0
    if not one.uncounted and not other.uncounted and (rest.any() or rare.any()):
        few = rest.copy()
        few[named] = rare[:-1]
        alone = p_of_alone(first[few], second[few]), p_of_alone(second[few], first[few])
        ps += alone
        excess = _beyond(left, right), _beyond(right, left)
        beyond = (excess[0] * (alone[0] < _CONSPICUOUS), excess[1] * (alone[1] < _CONSPICUOUS))
    return Compared(*_in_buckets(rows, others, of_shares, beyond), ps)


def _in_buckets(rows: _Array, others: _Array, ps: _Array, beyond: tuple[float, float]) -> tuple[_Array, _Array]:
    """Put together what can be different by chance only: many small buckets would add up to a great distance."""
    own = ~too_few(rows, others) | (ps < _CONSPICUOUS)
    own[:_ALWAYS] = True
    own[-1] = False
    together = [np.append(side[own], [side[~own].sum(), 0.0, 0.0]).astype(np.float64) for side in (rows, others)]
    for side, at, excess in zip(together, (-2, -1), beyond, strict=True):
        side[-3] -= excess
        side[at] = excess
    return together[0], together[1]


def p_of_alone(left: _Array, right: _Array) -> float:
    """Return how likely so many rows of labels that the other set has not are by chance (Chernoff's bound).

    Parameters
    ----------
    left, right : numpy.ndarray
        Rows of each label in both sets.
    """
    alone = float(left[right == 0].sum())
    if not alone or not right.any():
        return 1.0
    together, many = np.unique(left + right, return_counts=True)
    log_all = together * np.log(left.sum() / (left.sum() + right.sum()))  # that all rows of a label are on the left
    moments = many * np.logaddexp(np.log1p(-np.exp(log_all)), log_all + _SLOPES * together)
    return float(np.exp(min(0.0, (moments.sum(axis=1) - _SLOPES[:, 0] * alone).min())))


def _beyond(left: _Array, right: _Array) -> float:
    """Return how many more rows have labels that the other set has not than if they had been dealt out at random."""
    if not left.any():
        return 0.0
    together = left + right
    expected = together * (left.sum() / together.sum()) ** together
    return max(0.0, float(left[right == 0].sum() - expected.sum())) if right.any() else float(left.sum())


def _side_by_side(one: Counted, other: Counted) -> tuple[list[str], _Array, _Array]:
    """Return all labels and the rows of each in both sets."""
    alone = [label for label in other.labels if label not in one.labels]
    both = map(other.labels.get, one.labels, repeat(0))  # faster than by index: there may be millions
    return (
        [*one.labels, *alone],
        np.concatenate([_rows(one.labels.values()), np.zeros(len(alone), dtype=np.int64)]),
        np.concatenate([_rows(both), _rows(map(other.labels.__getitem__, alone))]),
    )


def _rows(counts: Iterable[int]) -> _Array:
    return np.fromiter(counts, dtype=np.int64)


def _frequent(labels: list[str], first: _Array, second: _Array, sets: tuple[Counted, Counted], most: int) -> list[int]:
    """Return positions of the labels that have most rows in both sets together, which prefers no set; most rows first.

    What is not known of a set that has uncounted rows may be among these.
    """
    together = first + second
    for side, rows in zip(sets, (first, second), strict=True):
        if side.uncounted:
            together = np.where(rows > 0, together, 0)
    least = _FREQUENT
    if len(labels) > most:
        least = max(least, int(np.partition(together, -most)[-most]))
    sure = sorted(np.flatnonzero(together > least).tolist(), key=lambda at: (-together[at], labels[at]))
    even = np.flatnonzero(together == least).tolist()
    return [*sure, *heapq.nsmallest(most - len(sure), even, key=labels.__getitem__)]
