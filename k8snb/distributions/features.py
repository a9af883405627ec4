"""The columns of one name in all data sets -> a `Feature`: statistics on shared buckets, and distances."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np

from k8snb.distributions import distances as far
from k8snb.distributions.columns import Column, Known, shortened
from k8snb.distributions.gather import Counted, Measured, counted, measured
from k8snb.distributions.homogeneity import compared
from k8snb.distributions.model import PERCENTS, Distances, Feature, Kind, Labels, Numbers, missed
from k8snb.distributions.precision import bits, rounded
from k8snb.distributions.scale import finite_of, on_one_scale
from k8snb.distributions.tables import unique

BUCKETS = 10
"""Of a feature that is measured; as many as Facets' own generator makes."""

LABELS = 100
"""Of a feature that is counted; what it takes to draw them grows with their square."""

_LONG = 200
"""Characters of a label."""

_NEW = 5
"""New labels that are named."""

_Array = np.ndarray[Any, Any]


def feature(name: str, columns: Sequence[Column | None]) -> Feature:
    """Compare the columns of one name.

    Parameters
    ----------
    name : str
    columns : sequence of (Column or None)
        Of each data set, the first one first.

    Returns
    -------
    Feature
        Where one set has numbers and the other texts, both have their own statistics and there is no distance.
    """
    columns = _comparable(columns)
    kinds = tuple(None if column is None else column.kind for column in columns)
    types = tuple("" if column is None else column.type for column in columns)
    families = _families(columns)
    found: list[Measured | Counted | None] = [
        None if column is None else _gather(column, families) for column in columns
    ]
    measure = _Numbers([one for one in found if isinstance(one, Measured)])
    count = _Labels([one for one in found if isinstance(one, Counted)], first=found[0])
    apart = [
        None
        if one is None or found[0] is None or (len(families) > 1 and _family(kinds[0]) != _family(kind))
        else _distances(found[0], one, measure, bits(types), exact=kinds[0] == kind == "boolean")
        for kind, one in zip(kinds[1:], found[1:], strict=True)
    ]
    statistics = tuple(
        None if one is None else measure.of(one) if isinstance(one, Measured) else count.of(one) for one in found
    )
    return Feature(name, kinds, types, statistics, measure.edges, count.labels, tuple(apart))


def _comparable(columns: Sequence[Column | None]) -> list[Column | None]:
    """Return categories that are numbers as numbers, where another set has numbers."""
    if len(_families(columns)) == 1:
        return list(columns)
    return [column.plain() if column is not None and column.plain is not None else column for column in columns]


def _families(columns: Sequence[Column | None]) -> set[str]:
    return {_family(column.kind) for column in columns if column is not None and column.kind != "nothing"}


def _family(kind: Kind | None) -> str:
    """Return what can be compared with what: all numbers and truth values with each other."""
    return {"integer": "number", "boolean": "number"}.get(kind or "", kind or "")


def _gather(column: Column, families: set[str]) -> Measured | Counted:
    if isinstance(column, Known):
        known: Measured | Counted = column.gathered
        return known
    if column.kind == "label" or (column.kind == "nothing" and families == {"label"}):
        return counted(column.parts)
    return measured(column.parts)


class _Numbers:
    """What is measured in some sets, on one scale and in shared buckets."""

    def __init__(self, sets: Sequence[Measured]) -> None:
        arrays, self._scale = on_one_scale([one.ordered for one in sets])
        self.values = dict(zip(map(id, sets), arrays, strict=True))
        finite = [one for one in map(finite_of, arrays) if len(one)]
        self._at = np.empty(0)
        if finite:
            least, greatest = min(float(one[0]) for one in finite), max(float(one[-1]) for one in finite)
            if least == greatest:  # as numpy.histogram does
                least, greatest = least - 0.5, greatest + 0.5
            self._at = np.linspace(least, greatest, BUCKETS + 1)
        self.edges = self._scale.back(self._at)

    def of(self, one: Measured) -> Numbers:
        finite = finite_of(self.values[id(one)])
        return Numbers(
            one.present,
            one.missing,
            one.below,
            one.above,
            one.zeros,
            one.mean,
            one.std,
            self._scale.back(_quantiles(finite)) if len(finite) else (),
            self._buckets(finite),
            one.sampled,
        )

    def _buckets(self, finite: _Array) -> tuple[int, ...]:
        if not len(self._at):
            return ()
        at = np.searchsorted(finite, self._at, "left")
        at[-1] = len(finite)
        return tuple(np.diff(at).tolist())


def _quantiles(finite: _Array) -> _Array:
    position = (len(finite) - 1) * (np.arange(PERCENTS) / (PERCENTS - 1))  # as numpy.percentile does
    low = np.floor(position).astype(np.intp)
    high = np.minimum(low + 1, len(finite) - 1)
    share = position - low
    apart = finite[high] - finite[low]
    return np.where(share < 0.5, finite[low] + apart * share, finite[high] - apart * (1 - share))  # noqa: PLR2004


class _Labels:
    """What is counted in some sets, with the labels that are frequent in any of them."""

    def __init__(self, sets: Sequence[Counted], first: object) -> None:
        self._first = first if isinstance(first, Counted) else Counted()
        most: dict[str, float] = {}
        for one in sets:
            for label, count in heapq.nsmallest(LABELS, one.labels.items(), key=_by_frequency):
                most[label] = max(most.get(label, 0.0), count / one.present)
        self._labels = heapq.nsmallest(LABELS, most, key=lambda label: (-most[label], label))
        self.labels = tuple(_shortened(self._labels))

    def of(self, one: Counted) -> Labels:
        known = () if self._first.uncounted else one.labels.items()
        new = {label: count for label, count in known if label not in self._first.labels}
        named = heapq.nsmallest(_NEW, new.items(), key=_by_frequency)
        return Labels(
            one.present,
            one.missing,
            one.distinct,
            one.characters / one.present if one.present else None,
            self._counts(one),
            tuple(zip(_shortened([label for label, _ in named]), (count for _, count in named), strict=True)),
            sum(new.values()),
            len(new),
            0 if one.uncounted else self._gone(one),
            one.uncounted,
        )

    def _gone(self, one: Counted) -> int:
        first = self._first
        sizes = first.present, one.present
        gone = (count for label, count in first.labels.items() if label not in one.labels)
        return sum(missed(count, *sizes, first.distinct) for count in gone)

    def _counts(self, one: Counted) -> tuple[int, ...]:
        return tuple(one.labels[label] for label in self._labels)


def _by_frequency(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _shortened(labels: Sequence[str]) -> list[str]:
    return list(unique([shortened(label, _LONG) for label in labels]))


def _distances(
    one: Measured | Counted, other: Measured | Counted, numbers: _Numbers, kept: int, *, exact: bool
) -> Distances:
    """Compare two sets; `kept`: bits of numbers; `exact`: so few different values that the test counts them."""
    missing = np.array([one.present, one.missing]), np.array([other.present, other.missing])
    ps = [far.p_of_chi_squared(*missing)] if one.missing or other.missing else []
    ks = None
    if isinstance(one, Measured) and isinstance(other, Measured):
        values, others = numbers.values[id(one)], numbers.values[id(other)]
        if "f" in {one.ordered.dtype.kind, other.ordered.dtype.kind} and len(values) and len(others):
            values, others = rounded(values, kept), rounded(others, kept)
        rows, ks, of_values = _of_values(values, others, exact=exact)
        ps += of_values
    else:
        assert isinstance(one, Counted)
        assert isinstance(other, Counted)
        labels = compared(one, other, LABELS)
        rows = labels.rows, labels.others
        ps += labels.ps
    p, q = (
        np.append(counts * (side.present / max(1, counts.sum())), side.missing)
        for counts, side in zip(rows, (one, other), strict=True)
    )
    return Distances(far.psi(p, q), far.jensen_shannon(p, q), far.l_infinity(p, q), ks, far.of_either(ps))


def _of_values(
    values: _Array, others: _Array, *, exact: bool
) -> tuple[tuple[_Array, _Array], float | None, list[float]]:
    """Return rows in buckets, Kolmogorov and Smirnov's distance, and how likely so great differences are by chance."""
    outside = far.ps_of_outside(values, others)
    at = far.cuts(values if len(values) else others, *outside)
    rows = far.in_buckets(values, at), far.in_buckets(others, at)
    if not len(values) or not len(others):
        return rows, None, []
    ks = far.kolmogorov_smirnov(values, others)
    p = far.p_of_chi_squared(*rows) if exact else far.p_of_kolmogorov_smirnov(ks, len(values), len(others))
    return rows, ks, [p, far.of_either(outside)]
