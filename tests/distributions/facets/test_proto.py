"""What Facets Overview reads, against its own generator where that is right, and where it is not."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import k8snb
from k8snb.distributions.facets.names import shown_names
from k8snb.distributions.facets.proto import message, serialized
from k8snb.distributions.model import DataSet, Feature, Numbers, Statistics
from k8snb.distributions.statistics import statistics

pytest.importorskip("facets_overview")

FLOATS = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda number: number + 0.0)  # minus zero is zero here


def _original(columns):
    from facets_overview import feature_statistics_pb2 as pb
    from facets_overview.base_generic_feature_statistics_generator import BaseGenericFeatureStatisticsGenerator

    generator = BaseGenericFeatureStatisticsGenerator(
        pb.FeatureNameStatistics, pb.DatasetFeatureStatisticsList, pb.Histogram
    )
    entries = {name: generator.NdarrayToEntry(values) for name, values in columns.items()}
    return generator.GetDatasetsProto([{"name": "x", "size": len(next(iter(columns.values()))), "entries": entries}])


def _features(*data, **named):
    found = k8snb.skew(*data, **named)
    told = message(found.statistics, [one.feature for one in found.findings])
    return [{feature.name: feature for feature in dataset.features} for dataset in told.datasets]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(FLOATS, st.sampled_from(["a", "b", "é", ""])), min_size=1, max_size=60))
def test_it_is_byte_for_byte_what_facets_own_generator_makes(rows):
    numbers, texts = zip(*rows, strict=True)
    assume(not 0 < np.ptp(numbers) < 1e-6)  # so narrow that numpy makes no buckets of it
    columns = {"number": np.array(numbers), "text": np.array(texts, dtype=object)}
    mine, original = message(statistics({"x": columns})), _original(columns)
    for one, other in zip(mine.datasets[0].features, original.datasets[0].features, strict=True):
        for wanted in (one, other):  # the mean of two halves, rounded one way or the other
            wanted.num_stats.median = float(f"{wanted.num_stats.median:.10g}")
        assert one == other


def test_digits_are_byte_for_byte_what_facets_own_generator_makes():
    digits = pytest.importorskip("sklearn.datasets").load_digits().data
    columns = {str(i): digits[:, i] for i in range(digits.shape[1])}
    assert serialized(statistics({"x": columns})) == _original(columns).SerializeToString(deterministic=True)


def test_both_sets_have_the_same_buckets():
    one, other = _features({"x": [0.0, 1.0]}, {"x": [5.0, 10.0]})
    edges = [[(b.low_value, b.high_value) for b in of["x"].num_stats.histograms[0].buckets] for of in (one, other)]
    assert edges[0] == edges[1]
    assert edges[0][0][0] == 0
    assert edges[0][-1][1] == 10


def test_features_come_in_the_order_that_is_asked_for():
    rng = np.random.default_rng(0)
    one = {name: rng.normal(size=500) for name in "abc"}
    found = k8snb.skew(one, one | {"b": one["b"] + 3, "c": one["c"] + 1})
    told = message(found.statistics, [finding.feature for finding in found.findings])
    assert [[feature.name for feature in dataset.features] for dataset in told.datasets] == [["b", "c", "a"]] * 2


def test_infinite_values_lie_in_the_outermost_buckets():
    [one] = _features({"x": [-math.inf, 0.0, 1.0, math.inf, math.inf]})
    buckets = one["x"].num_stats.histograms[0].buckets
    assert (buckets[0].low_value, buckets[0].sample_count) == (-math.inf, 2)
    assert (buckets[-1].high_value, buckets[-1].sample_count) == (math.inf, 3)
    assert sum(bucket.sample_count for bucket in buckets) == 5
    assert (one["x"].num_stats.min, one["x"].num_stats.max, one["x"].num_stats.mean) == (0, 1, 0.5)


def test_of_a_sample_all_rows_are_told():
    numbers = Numbers(1000, 0, 1, 0, 0, 1.0, 0.5, tuple(np.linspace(0, 2, 101)), (4, 5), sampled=10)
    feature = Feature("x", ("number",), ("float64",), (numbers,), (0.0, 1.0, 2.0))
    [told] = message(Statistics((DataSet("a", 1000),), (feature,))).datasets
    assert [bucket.sample_count for bucket in told.features[0].num_stats.histograms[0].buckets] == [445, 555]


def test_nothing_but_infinite_values():
    [one] = _features({"x": [-math.inf, math.inf, math.inf]})
    numbers = one["x"].num_stats
    assert [bucket.sample_count for bucket in numbers.histograms[0].buckets] == [1, 2]
    assert (numbers.min, numbers.max) == (-math.inf, math.inf)
    assert math.isnan(numbers.mean)


def test_numbers_in_one_set_and_texts_in_the_other_are_two_features():
    one, other = _features({"x": [1.0, 2.0]}, {"x": ["a", "b", "b"]})
    assert list(one) == list(other) == ["x", "x (as text)"]
    assert one["x"].num_stats.mean == 1.5
    assert other["x"].num_stats.common_stats.num_missing == 3
    assert one["x (as text)"].string_stats.common_stats.num_missing == 2
    assert [top.value for top in other["x (as text)"].string_stats.top_values] == ["b", "a"]


def test_a_column_that_a_set_has_not_is_missing_there():
    one, other = _features({"x": [1, 2], "y": [1, 2]}, {"x": [1, 2, 3]})
    assert one["y"].num_stats.common_stats.num_non_missing == 2
    assert other["y"].num_stats.common_stats.num_missing == 3
    assert other["y"].num_stats.common_stats.num_non_missing == 0


def test_missing_and_constant_columns():
    [one] = _features({"none": [None, None], "part": [1.0, None], "same": [3, 3], "text": ["a", None]})
    assert one["none"].num_stats.common_stats.num_missing == 2
    assert (one["part"].num_stats.common_stats.num_missing, one["part"].num_stats.mean) == (1, 1)
    assert (one["same"].num_stats.std_dev, one["same"].num_stats.max) == (0, 3)
    assert one["text"].string_stats.common_stats.num_missing == 1


def test_great_whole_numbers_keep_their_spread():
    [one] = _features({"x": np.array([2**62, 2**62 + 1000])})
    assert one["x"].num_stats.std_dev == 500
    assert sum(bucket.sample_count for bucket in one["x"].num_stats.histograms[0].buckets) == 2


def test_lone_surrogates_and_names_that_facets_would_lose():
    names = ["\ud800", "", " ", "__proto__", "constructor", "x", "x (2)"]
    [one] = _features({name: ["\udc00", "b"] for name in names})
    assert list(one) == ["\\ud800", "(no name: '')", "(no name: ' ')", "__proto__\u2060", "constructor", "x", "x (2)"]
    assert {bucket.label for bucket in one["x"].string_stats.rank_histogram.buckets} == {"\\udc00", "b"}


def test_names_that_become_one_are_told_apart():
    one, _ = _features(
        {"x": [1, 2], "x (as text)": [1, 2]},
        {"x": ["a", "b"], "x (as text)": [1, 2]},
    )
    assert len(one) == 3


def test_of_many_labels_a_hundred_are_drawn():
    [one] = _features({"x": [f"id {i}" for i in range(1000)]})
    texts = one["x"].string_stats
    assert (texts.unique, len(texts.rank_histogram.buckets)) == (1000, 100)


@pytest.mark.parametrize(
    ("step", "name", "greatest"),
    [
        ("400D", "x (years since 2021-03-04)", 9 * 400 / 365.2425),
        ("1D", "x (days since 2021-03-04)", 9),
        ("1h", "x (hours since 2021-03-04 05:00:00)", 9),
        ("1s", "x (seconds since 2021-03-04 05:00:00)", 9),
    ],
)
def test_times_are_numbers_of_a_unit_that_suits_them(step, name, greatest):
    size, unit = int(step[:-1]), step[-1]
    start = np.datetime64("2021-03-04T00:00" if unit == "D" else "2021-03-04T05:00", "us")
    [one] = _features({"x": start + np.arange(10).astype(f"timedelta64[{unit}]") * size})
    assert list(one) == [name]
    assert one[name].num_stats.min == 0
    assert one[name].num_stats.max == pytest.approx(greatest)
    assert one[name].num_stats.num_zeros == 0  # the first time is nothing that counts as zero


def test_durations_are_numbers_of_a_unit():
    [one] = _features({"x": np.array([0, 60, 7200]).astype("timedelta64[s]")})
    assert one["x (hours)"].num_stats.max == 2
    assert one["x (hours)"].num_stats.num_zeros == 1


def test_features_called_by_numbers_keep_their_order_in_a_javascript_object():
    assert shown_names(["3", "51", "x"]) == ("3", "51", "x")
    assert shown_names(["51", "3", "x", "007"]) == ("51\u2060", "3\u2060", "x", "007")
    assert shown_names(["x", "3"]) == ("x", "3\u2060")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(), st.integers(), st.text(), st.dates(), st.booleans()), min_size=1),
    st.lists(st.one_of(st.none(), st.floats(), st.text()), min_size=1),
)
def test_whatever_the_values_are_a_message_is_made(one, other):
    told = _features({"x": one, "only": one}, {"x": other})
    assert all(feature.WhichOneof("stats") is not None for features in told for feature in features.values())
