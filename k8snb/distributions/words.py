"""What has changed in a feature, in words: missing values, new and vanished labels, types, ranges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np

from k8snb.distributions.columns import shortened
from k8snb.distributions.distances import p_of_chi_squared
from k8snb.distributions.model import IDENTIFIER, DataSet, Feature, Kind, Labels, Numbers, missed

_CHANCE = 0.01
"""How likely chance may be for another share of missing values to be told."""

_FAR = 0.1
"""How much greater than the range was what is told of one that has changed."""

_NAMED = 3
"""Labels that are named."""

_LONG = 40
"""Characters of a label that is named."""

_KINDS = {"label": "text", "integer": "whole number", "boolean": "true or false", "nothing": "nothing"}


def changes(feature: Feature, at: int, sets: Sequence[DataSet]) -> Iterator[str]:
    """Yield what has changed between the first data set and another.

    Parameters
    ----------
    feature : Feature
    at : int
        The other set's position.
    sets : sequence of DataSet
    """
    first, other = feature.statistics[0], feature.statistics[at]
    if first is None or other is None:
        yield f"not in {sets[0].name if first is None else sets[at].name}"
        return
    yield from _type(feature, at)
    yield from _missing(first, other)
    kind = feature.kinds[at]
    if isinstance(first, Numbers) and isinstance(other, Numbers) and feature.distances[at - 1] is not None:
        yield from _infinite(first, other)
        yield from _range(first, other, kind)
    if isinstance(first, Labels) and isinstance(other, Labels):
        yield from _new_labels(first, other, feature)


def value(number: float, kind: Kind | None) -> str:
    """Return a value of a feature as text: a time as a date, a duration in its parts."""
    if kind == "time":
        try:
            moment = datetime(1970, 1, 1) + timedelta(microseconds=number)  # noqa: DTZ001 # without a zone of its own
        except OverflowError:
            return f"{number:.4g} µs after 1970"
        return moment.date().isoformat() if not number % 86_400_000_000 else moment.isoformat(" ", "seconds")
    if kind == "duration":
        try:
            return str(timedelta(microseconds=number))
        except OverflowError:
            return f"{number:.4g} µs"
    if kind == "boolean" and number in {0, 1}:
        return str(bool(number))
    return f"{number:,.0f}" if number == int(number) and abs(number) < 1e15 else f"{number:.4g}"  # noqa: PLR2004


def share(rows: int, of: int) -> str:
    """Return a share of rows as a percentage that is neither 0 nor 100 where it is not."""
    percent = 100 * rows / of if of else 0.0
    if 0 < percent < 0.1:  # noqa: PLR2004
        return "< 0.1%"
    if 99.9 < percent < 100:  # noqa: PLR2004
        return "> 99.9%"
    return f"{percent:.1f}%".replace(".0%", "%")


def _type(feature: Feature, at: int) -> Iterator[str]:
    one, other = feature.kinds[0], feature.kinds[at]
    if one != other and {one, other} != {"number", "integer"} and "nothing" not in {one, other}:
        yield f"type changed: {_kind(one)} ({feature.types[0]}) → {_kind(other)} ({feature.types[at]})"
    elif other == "nothing" != one:
        yield "no values any more"
    elif one == other == "time" and (", " in feature.types[0]) != (", " in feature.types[at]):
        yield f"time zone: {feature.types[0]} → {feature.types[at]}, compared as UTC"


def _kind(kind: Kind | None) -> str:
    return _KINDS.get(kind or "", kind or "")


def _missing(first: Numbers | Labels, other: Numbers | Labels) -> Iterator[str]:
    rows = [np.array([one.present, one.missing]) for one in (first, other)]
    if (not first.missing and other.missing) or p_of_chi_squared(*rows) < _CHANCE:
        before, now = (share(one.missing, one.present + one.missing) for one in (first, other))
        if before != now:
            yield f"missing: {before} → {now}"


def _infinite(first: Numbers, other: Numbers) -> Iterator[str]:
    """Yield how many rows are infinite where that has changed, below and above."""
    ends = (("-infinite", first.below, other.below), ("infinite", first.above, other.above))
    for called, before, now in ends:
        rows = [np.array([infinite, of.present - infinite]) for infinite, of in ((before, first), (now, other))]
        if (now and not before) or p_of_chi_squared(*rows) < _CHANCE:
            yield f"{called}: {share(before, first.present)} → {share(now, other.present)}"


def _range(first: Numbers, other: Numbers, kind: Kind | None) -> Iterator[str]:
    if first.minimum is None or first.maximum is None or other.minimum is None or other.maximum is None:
        return
    if first.minimum < first.maximum and other.minimum == other.maximum:
        yield f"always {value(other.minimum, kind)}"
        return
    far = _FAR * (first.maximum - first.minimum)
    ends = (("up to", other.maximum, first.maximum, 1), ("down to", other.minimum, first.minimum, -1))
    for where, now, before, sign in ends:
        if sign * (now - before) > far and value(now, kind) != value(before, kind):
            yield f"{where} {value(now, kind)} (was {value(before, kind)})"


def _new_labels(first: Labels, other: Labels, feature: Feature) -> Iterator[str]:
    if min(_variety(first), _variety(other)) > IDENTIFIER:
        return
    if other.new_rows:
        named = [f"“{shortened(label, _LONG)}”" for label, _ in other.new[:_NAMED]]
        more = other.new_distinct - len(named)
        told = ", ".join(named) + (f" and {more:,} more" if more else "")
        yield f"new: {told} ({share(other.new_rows, other.present)} of rows)"
    if other.gone:
        counts = zip(feature.labels, first.counts, other.counts, strict=True)
        named = [
            f"“{shortened(label, _LONG)}”"
            for label, before, now in counts
            if before and not now and missed(before, first.present, other.present, first.distinct)
        ][:_NAMED]
        more = other.gone - len(named)
        told = ", ".join(named) + (f" and {more:,} more" if more and named else f"{more:,} labels" if more else "")
        yield f"gone: {told}"


def _variety(labels: Labels) -> float:
    return labels.distinct / labels.present if labels.present > 1 else 0.0
