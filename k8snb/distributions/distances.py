"""How far two distributions are apart, and how likely that is by chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

_Array = np.ndarray[Any, Any]

_DECILES = 10
_MASS = 0.02
"""Share of the rows from which on a single value gets a bucket of its own, where a decile falls on it."""

_CONSPICUOUS = 0.001
"""How likely chance may be for values outside the range to have a bucket of their own."""

EXPECTED = 5
"""Rows that a bucket is expected to have at least for the chi-squared test; smaller ones are put together."""


def cuts(reference: _Array, below: float = 1.0, above: float = 1.0) -> _Array:
    """Return where the buckets of distances part: the deciles of the data set that others are compared with.

    Where it is not likely to be chance that so many values lie outside its range, its ends too: else they would count
    for little, however far they are.

    Parameters
    ----------
    reference : numpy.ndarray
        Sorted.
    below, above : float
        How likely so many values of the other set are there by chance, see `ps_of_outside`.

    Returns
    -------
    numpy.ndarray
        Increasing. A value lies in the bucket that its number of cuts not above it says. A value that many rows have
        is parted from those above it.
    """
    size = len(reference)
    if not size:
        return np.empty(0)
    deciles = np.unique(reference[[size * part // _DECILES for part in range(1, _DECILES)]])
    rows = np.searchsorted(reference, deciles, "right") - np.searchsorted(reference, deciles, "left")
    frequent = deciles[rows > max(1, size * _MASS)]
    ends = [*reference[: below < _CONSPICUOUS], *np.nextafter(reference[-1:], np.inf)[: above < _CONSPICUOUS]]
    return np.unique(np.concatenate([deciles, np.nextafter(frequent, np.inf), ends]))


def ps_of_outside(reference: _Array, other: _Array) -> tuple[float, float]:
    """Return how likely by chance so many values lie below and above the range of the reference, both arrays sorted.

    As many of the least, or of the greatest, of all would have to be of the other set.
    """
    if not len(reference):
        return 1.0, 1.0
    share = len(other) / (len(reference) + len(other))
    below = np.searchsorted(other, reference[0], "left")
    above = len(other) - np.searchsorted(other, reference[-1], "right")
    return float(share**below), float(share**above)


def in_buckets(values: _Array, at: _Array) -> _Array:
    """Return how many values lie in each bucket: one more than there are cuts.

    Parameters
    ----------
    values : numpy.ndarray
        Sorted.
    at : numpy.ndarray
        The cuts.
    """
    return np.diff(np.searchsorted(values, at, "left"), prepend=0, append=len(values))


def psi(reference: _Array, other: _Array) -> float:
    """Return the population stability index of rows in buckets.

    The sum of ``(q - p) * log(q / p)`` over the shares. An empty bucket would make it infinite: so one row, spread over
    the buckets as the two are on average, is added to each.
    """
    average = (_shares(reference) + _shares(other)) / 2
    there = average > 0
    p, q = ((rows + average)[there] / (rows.sum() + 1) for rows in (reference, other))
    return float(np.sum((q - p) * np.log(q / p)))


def jensen_shannon(reference: _Array, other: _Array) -> float:
    """Return the Jensen-Shannon divergence of rows in buckets, to base 2: from 0, the same, to 1, nothing shared."""
    p, q = _shares(reference), _shares(other)
    middle = (p + q) / 2
    return min(1.0, max(0.0, (_divergence(p, middle) + _divergence(q, middle)) / 2))


def l_infinity(reference: _Array, other: _Array) -> float:
    """Return the greatest difference of a bucket's shares."""
    return float(np.max(np.abs(_shares(reference) - _shares(other)), initial=0.0))


def kolmogorov_smirnov(reference: _Array, other: _Array) -> float:
    """Return the greatest difference of the cumulative shares of two sorted arrays, neither of them empty."""
    found = 0.0
    for at in (reference, other):
        below = np.searchsorted(reference, at, "right") / len(reference) - np.searchsorted(other, at, "right") / len(
            other
        )
        found = max(found, float(np.abs(below).max()))
    return found


def p_of_kolmogorov_smirnov(distance: float, rows: int, other_rows: int) -> float:
    """Return how likely at least such a distance is for two samples of one distribution (asymptotically)."""
    effective = math.sqrt(rows * other_rows / (rows + other_rows))
    return kolmogorov(effective * distance)


def p_of_chi_squared(reference: _Array, other: _Array) -> float:
    """Return how likely counts as different as these are for two samples of one distribution.

    Buckets that are expected to have few rows are put together.
    """
    table = np.array([reference, other], dtype=np.float64)
    sizes = table.sum(axis=1)
    if not sizes.all():
        return 1.0
    least = table.sum(axis=0) * sizes.min() / sizes.sum()
    table = np.column_stack([table[:, least >= EXPECTED], table[:, least < EXPECTED].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    expected = np.outer(sizes, table.sum(axis=0)) / sizes.sum()
    freedom = table.shape[1] - 1
    if not freedom:
        return 1.0
    return chi_squared(float(np.sum((table - expected) ** 2 / expected)), freedom)


def too_few(reference: _Array, other: _Array) -> _Array:
    """Return which buckets are expected to have too few rows for the chi-squared test in the smaller set."""
    sizes = reference.sum(), other.sum()
    together = reference + other
    return np.asarray((together > 0) & (together * min(sizes) < EXPECTED * sum(sizes)))


def ps_of_shares(reference: _Array, other: _Array) -> _Array:
    """Return how likely counts of a bucket as different as these are, corrected for their number (Chernoff's bound).

    Only of buckets that have too few rows for the chi-squared test; of the others 1.
    """
    sizes = np.array([reference.sum(), other.sum()], dtype=np.float64)
    counts = np.array([reference, other], dtype=np.float64)
    together = counts.sum(axis=0)
    ps = np.ones(len(together))
    few = too_few(reference, other)
    if not sizes.all() or not few.any():
        return ps
    shares, expected = counts[:, few] / together[few], sizes[:, None] / sizes.sum()
    apart = np.sum(shares * np.log(np.where(shares > 0, shares, 1) / expected), axis=0)
    ps[few] = np.minimum(1.0, 2 * few.sum() * np.exp(-together[few] * apart))
    return ps


def kolmogorov(distance: float) -> float:
    """Return the probability that Kolmogorov's distribution is at least `distance`.

    By its two series, each where it needs few terms. Not scipy's: this runs in pods that have only numpy.
    """
    if distance < 1:
        if distance < 0.1:  # noqa: PLR2004 # 1 to the last digit
            return 1.0
        terms = (math.exp(-((2 * k - 1) ** 2) * math.pi**2 / (8 * distance**2)) for k in range(1, 5))
        return 1 - math.sqrt(2 * math.pi) / distance * sum(terms)
    return 2 * sum((1 if k % 2 else -1) * math.exp(-2 * (k * distance) ** 2) for k in range(1, 5))


def chi_squared(statistic: float, freedom: int) -> float:
    """Return the probability that the chi-squared distribution is at least `statistic`.

    The closed form for whole degrees of freedom.
    """
    half = statistic / 2
    if not half:
        return 1.0
    first = 0.5 if freedom % 2 else 0.0
    logarithms = [(k + first) * math.log(half) - half - math.lgamma(k + first + 1) for k in range(freedom // 2)]
    rest = math.erfc(math.sqrt(half)) if freedom % 2 else 0.0
    return min(1.0, rest + sum(map(math.exp, logarithms)))


def of_either(ps: Sequence[float]) -> float:
    """Return how likely at least one of some tests says so much by chance (Bonferroni)."""
    return min(1.0, len(ps) * min(ps)) if ps else 1.0


def holm(ps: Sequence[float]) -> list[float]:
    """Return probabilities corrected for their number: that at least one of them is so small by chance (Holm)."""
    corrected = [1.0] * len(ps)
    least = 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        least = max(least, min(1.0, ps[index] * (len(ps) - rank)))
        corrected[index] = least
    return corrected


def _shares(rows: _Array) -> _Array:
    total = rows.sum()
    return rows / total if total else rows.astype(np.float64)


def _divergence(p: _Array, q: _Array) -> float:
    there = p > 0
    return float(np.sum(p[there] * np.log2(p[there] / q[there])))
