"""`Statistics` -> the protobuf message that Facets Overview reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from k8snb.distributions.columns import label as utf8
from k8snb.distributions.facets.names import shown_names
from k8snb.distributions.facets.units import unit_of
from k8snb.distributions.model import DataSet, Feature, Labels, Numbers, Statistics
from k8snb.errors import InputError

LABELS = 100
"""Of a feature in one data set; what it takes to draw them grows with their square."""

_TOP = 2
"""Labels that are also named beside the chart."""

_TENTHS = 10


def serialized(statistics: Statistics, order: Sequence[str] = ()) -> bytes:
    """Return what Facets Overview reads.

    Parameters
    ----------
    statistics : Statistics
    order : sequence of str
        Names of features, in the order in which they are shown; the others follow.

    Raises
    ------
    InputError
        The package with the message's definition is not installed.
    """
    data: bytes = message(statistics, order).SerializeToString(deterministic=True)
    return data


def message(statistics: Statistics, order: Sequence[str] = ()) -> Any:
    """Return the same as a ``DatasetFeatureStatisticsList``."""
    pb = _definitions()
    found = pb.DatasetFeatureStatisticsList()
    for one in statistics.sets:
        found.datasets.add(name=utf8(one.name), num_examples=one.rows)
    for called, feature, fill in _rows(_ordered(statistics.features, order)):
        for i, (dataset, one) in enumerate(zip(found.datasets, statistics.sets, strict=True)):
            fill(pb, dataset, feature, i, one, called)
    return found


def _definitions() -> Any:
    try:
        from facets_overview import feature_statistics_pb2
    except ModuleNotFoundError as error:
        raise InputError("what Facets reads cannot be written", fix="pip install 'k8snb[skew]'") from error
    return feature_statistics_pb2


def _ordered(features: Iterable[Feature], order: Sequence[str]) -> list[Feature]:
    rank = {name: i for i, name in enumerate(dict.fromkeys(order))}
    return sorted(features, key=lambda feature: rank.get(feature.name, len(rank)))


_Fill = Callable[[Any, Any, Feature, int, DataSet, str], None]


def _rows(features: Sequence[Feature]) -> list[tuple[str, Feature, _Fill]]:
    """Return what gets a row of its own, under different names: numbers and labels of one column are two."""
    found: list[tuple[str, Feature, _Fill]] = []
    for feature in features:
        kinds = {type(one) for one in feature.statistics if one is not None}
        unit = unit_of(feature)
        if Numbers in kinds:
            found.append((f"{feature.name}{unit.words}", feature, _add_numbers))
        if Labels in kinds:
            found.append((f"{feature.name} (as text)" if Numbers in kinds else feature.name, feature, _add_labels))
    names = shown_names([called for called, _, _ in found])
    return [(name, feature, fill) for name, (_, feature, fill) in zip(names, found, strict=True)]


def _add_numbers(pb: Any, dataset: Any, feature: Feature, at: int, of: DataSet, called: str) -> None:
    found = feature.statistics[at]
    one = found if isinstance(found, Numbers) else None
    kinds = pb.FeatureNameStatistics
    whole = all(kind in {"integer", "boolean", "nothing", None, "label"} for kind in feature.kinds)
    added = dataset.features.add(name=called, type=kinds.INT if whole else kinds.FLOAT)
    numbers = added.num_stats
    _common(pb, numbers.common_stats, one, of)
    if one is None or not one.present:
        return
    unit = unit_of(feature)
    if one.mean is not None and one.std is not None and one.median is not None:
        numbers.mean, numbers.std_dev = unit.of(one.mean), one.std / unit.size
        numbers.min, numbers.median, numbers.max = map(unit.of, (one.quantiles[0], one.median, one.quantiles[-1]))
    else:
        numbers.mean = numbers.std_dev = numbers.median = math.nan
        numbers.min, numbers.max = -math.inf if one.below else math.inf, math.inf if one.above else -math.inf
    numbers.num_zeros = one.zeros if unit.zero else 0
    _buckets(numbers.histograms.add(type=pb.Histogram.STANDARD), one, [unit.of(edge) for edge in feature.edges])
    finite = one.present - one.below - one.above
    if finite:
        _tenths(pb, numbers.histograms.add(), [unit.of(each) for each in one.quantiles[::_TENTHS]], finite)


def _buckets(histogram: Any, one: Numbers, edges: Sequence[float]) -> None:
    """Add the buckets, of all rows also where only some were counted; what is infinite lies in the outermost ones."""
    counted = sum(one.buckets)
    times = (one.present - one.below - one.above) / counted if one.sampled and counted else 1
    for (low, high), rows in zip(pairwise(edges), one.buckets, strict=False):
        histogram.buckets.add(low_value=low, high_value=high, sample_count=rows * times)
    if one.below:
        if not edges:
            histogram.buckets.add(high_value=-math.inf)
        histogram.buckets[0].low_value = -math.inf
        histogram.buckets[0].sample_count += one.below
    if one.above:
        if not edges:
            histogram.buckets.add(low_value=math.inf)
        histogram.buckets[-1].high_value = math.inf
        histogram.buckets[-1].sample_count += one.above


def _tenths(pb: Any, histogram: Any, quantiles: Sequence[float], rows: int) -> None:
    histogram.type = pb.Histogram.QUANTILES
    for low, high in pairwise(quantiles):
        histogram.buckets.add(low_value=low, high_value=high, sample_count=rows / _TENTHS)


def _add_labels(pb: Any, dataset: Any, feature: Feature, at: int, of: DataSet, called: str) -> None:
    found = feature.statistics[at]
    one = found if isinstance(found, Labels) else None
    texts = dataset.features.add(name=called, type=pb.FeatureNameStatistics.STRING).string_stats
    _common(pb, texts.common_stats, one, of)
    if one is None or not one.present:
        return
    texts.unique, texts.avg_length = one.distinct, one.mean_length or 0.0
    ranked = sorted(
        ((rows, label) for rows, label in zip(one.counts, feature.labels, strict=True) if rows), reverse=True
    )
    for rank, (rows, label) in enumerate(ranked[:LABELS]):
        texts.rank_histogram.buckets.add(low_rank=rank, high_rank=rank, sample_count=rows, label=utf8(label))
        if rank < _TOP:
            texts.top_values.add(value=utf8(label), frequency=rows)


def _common(pb: Any, common: Any, one: Numbers | Labels | None, of: DataSet) -> None:
    if one is None or not one.present:
        common.num_missing = of.rows
        return
    common.num_missing, common.num_non_missing = one.missing, one.present
    common.min_num_values = common.max_num_values = 1
    common.avg_num_values = 1.0
    _tenths(pb, common.num_values_histogram, [1.0] * (_TENTHS + 1), one.present)
