"""The statistics of a column are those of numpy and pandas, in whatever parts it comes."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snb.distributions.columns import Column, Part, of_array
from k8snb.distributions.features import BUCKETS, LABELS, feature
from k8snb.distributions.gather import counted, measured

FLOATS = st.lists(st.floats(width=64) | st.integers(-3, 3).map(float), max_size=50)
WHOLE = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9), min_size=1, max_size=50)
TEXTS = st.lists(st.none() | st.sampled_from("abcde") | st.text(max_size=3), max_size=80)


@given(FLOATS, FLOATS)
def test_numbers_are_those_of_numpy(one, other):
    sets = [np.array(side, dtype=float) for side in (one, other)]
    found = feature("x", [of_array(values) for values in sets])
    finite = [values[np.isfinite(values)] for values in sets]
    together = np.concatenate(finite)
    for values, kept, told in zip(sets, finite, found.statistics, strict=True):
        assert told.missing == np.isnan(values).sum()
        assert told.present == (~np.isnan(values)).sum()
        assert (told.below, told.above) == (np.isneginf(values).sum(), np.isposinf(values).sum())
        assert told.zeros == (values == 0).sum()
        if not len(kept):
            assert told.quantiles == ()
            assert told.mean is None
            continue
        assert (told.minimum, told.maximum) == (kept.min(), kept.max())
        assert told.mean == pytest.approx(
            float(sum(map(Fraction, kept)) / len(kept)), rel=1e-9, abs=np.abs(kept).max() * 1e-12
        )
        if np.abs(kept).max() < 1e150:
            assert told.std == pytest.approx(kept.std(), rel=1e-6, abs=np.abs(kept).max() * 1e-9)
        if np.abs(kept).max() < 1e300:
            expected = np.percentile(kept, range(101))
            assert told.quantiles == pytest.approx(expected.tolist(), rel=1e-9, abs=np.abs(kept).max() * 1e-12)
        assert sum(told.buckets) == len(kept)
    if len(together) and together.min() < together.max() and np.abs(together).max() < 1e300:
        span = together.min(), together.max()
        assert found.edges == pytest.approx(np.linspace(*span, BUCKETS + 1).tolist())
        for kept, told in zip(finite, found.statistics, strict=True):
            edges = np.linspace(*span, BUCKETS + 1)
            expected = [
                int(((kept >= low) & ((kept < high) | (last & (kept <= high)))).sum())
                for low, high, last in zip(edges, edges[1:], [False] * (BUCKETS - 1) + [True], strict=False)
            ]
            assert list(told.buckets) == expected


@given(WHOLE)
def test_whole_numbers_of_any_size_are_measured_without_loss(values):
    found = feature("x", [of_array(np.array(values))])
    told = found.statistics[0]
    exact = np.array(values, dtype=object)
    assert told.mean == pytest.approx(
        float(sum(values) / len(values)), rel=1e-9, abs=1e-3 * (max(values) - min(values))
    )
    spread = float(np.sqrt(float(sum((v - sum(values) / len(values)) ** 2 for v in exact) / len(values))))
    assert told.std == pytest.approx(spread, rel=1e-6, abs=1e-6 * max(1, max(values) - min(values)))
    assert (told.minimum, told.maximum) == pytest.approx((min(values), max(values)), rel=1e-15)


def test_whole_numbers_near_2_to_the_62_are_told_apart():
    one, other = 2**62 + np.arange(1000) % 3, 2**62 + 5 + np.arange(1000) % 3
    found = feature("x", [of_array(one), of_array(other)])
    assert found.distances[0].ks == 1
    assert sum(found.statistics[0].buckets) == 1000
    assert found.statistics[0].std == pytest.approx(np.std(np.arange(1000) % 3))


def test_unsigned_and_signed_numbers_are_compared_exactly():
    one, other = np.array([2**63, 2**63 + 1], dtype=np.uint64), np.array([2**63 - 2, 2**63 - 1], dtype=np.int64)
    assert feature("x", [of_array(one), of_array(other)]).distances[0].ks == 1
    assert feature("x", [of_array(one), of_array(one)]).distances[0].ks == 0


@given(TEXTS, TEXTS)
def test_labels_are_those_of_pandas(one, other):
    sets = [np.array(side, dtype=object) for side in (one, other)]
    found = feature(
        "x", [Column("label", "object", of_array(v).parts if len(v) and any(v) else [_empty(v)]) for v in sets]
    )
    for values, told in zip(sets, found.statistics, strict=True):
        series = pd.Series(values, dtype=object).dropna()
        counts = series.value_counts()
        assert told.present == len(series)
        assert told.missing == len(values) - len(series)
        assert told.distinct == len(counts)
        assert dict(zip(found.labels, told.counts, strict=True)) == {
            label: int(counts.get(label, 0)) for label in found.labels
        }
        if len(series):
            assert told.mean_length == pytest.approx(series.str.len().mean())
    first, second = (pd.Series(v, dtype=object).dropna() for v in sets)
    new = second[~second.isin(set(first))]
    assert found.statistics[1].new_rows == len(new)
    assert found.statistics[1].new_distinct == new.nunique()
    assert found.statistics[1].gone == len(set(first) - set(second))


def _empty(values):
    labels = counted([]).labels
    labels.update(value for value in values if value is not None)
    return Part(sum(value is None for value in values), labels=labels)


@given(st.lists(FLOATS, max_size=5))
def test_parts_give_what_the_whole_gives(parts):
    whole = measured([Part(0, np.array([v for part in parts for v in part if not np.isnan(v)], dtype=float))])
    each = measured([Part(0, np.array([v for v in part if not np.isnan(v)], dtype=float)) for part in parts])
    assert each.ordered.tolist() == whole.ordered.tolist()
    assert (each.present, each.zeros) == (whole.present, whole.zeros)
    if whole.mean is not None:
        greatest = np.abs(whole.ordered[np.isfinite(whole.ordered)]).max()
        assert each.mean == pytest.approx(whole.mean, rel=1e-9, abs=greatest * 1e-9)
        assert each.std == pytest.approx(whole.std, rel=1e-6, abs=greatest * 1e-6)


def test_of_more_values_than_are_kept_evenly_chosen_ones_are():
    rng = np.random.default_rng(1)
    parts = [np.sort(rng.normal(size=1000)) + shift for shift in range(50)]
    found = measured((Part(0, part) for part in parts), kept=5000)
    values = np.sort(np.concatenate(parts))
    assert found.sampled == len(found.ordered) == 5000
    assert found.present == 50_000
    assert found.mean == pytest.approx(values.mean())
    assert found.std == pytest.approx(values.std())
    assert np.isin(found.ordered, values).all()
    assert len(np.unique(found.ordered)) == 5000
    apart = np.abs(np.searchsorted(values, found.ordered) / 50_000 - np.arange(5000) / 5000).max()
    assert apart < 0.03  # more has a probability of 1e-7


def test_of_more_labels_than_are_told_apart_the_rows_are_still_counted():
    parts = [Part(1, labels=counted([Part(0, np.arange(i * 10, i * 10 + 15))]).labels) for i in range(10)]
    found = counted(parts, told_apart=40)
    assert len(found.labels) == 40
    assert (found.present, found.missing) == (150, 10)
    assert found.labels["10"] == 2


def test_only_the_most_frequent_labels_of_any_set_are_kept():
    one = ["common"] * 50 + [f"a{i}" for i in range(200)]
    other = ["rare"] * 20 + ["common"]
    found = feature("x", [of_array(np.array(side)) for side in (one, other)])
    assert len(found.labels) == LABELS
    assert found.labels[:2] == ("rare", "common")


def test_a_truth_value_and_its_number_are_compared():
    found = feature("x", [of_array(np.array([True, False])), of_array(np.array([1, 0]))])
    assert found.distances[0].ks == 0


def test_numbers_and_texts_of_one_name_have_statistics_each_and_no_distance():
    found = feature("x", [of_array(np.array([1, 2])), of_array(np.array(["a", "b"]))])
    assert found.distances == (None,)
    assert found.statistics[0].mean == 1.5
    assert found.statistics[1].distinct == 2


def test_a_column_that_one_set_has_not_has_no_distance():
    assert feature("x", [of_array(np.array([1, 2])), None]).distances == (None,)
    assert feature("x", [None, of_array(np.array([1, 2]))]).distances == (None,)


def test_all_values_missing_is_a_distance():
    found = feature("x", [of_array(np.array([1.0, 2.0] * 50)), of_array(np.full(100, np.nan))])
    assert found.distances[0].l_infinity == 1
    assert found.distances[0].ks is None
    assert found.distances[0].p < 1e-9


def test_identifiers_are_not_apart():
    sets = [np.array([f"{start + i}" for i in range(1000)]) for start in (0, 500, 10_000)]
    found = feature("id", [of_array(values) for values in sets])
    assert [one.psi for one in found.distances] == [0, 0]


def test_many_rare_new_labels_together_are_a_distance():
    one = np.array(["a", "b"] * 500)
    other = np.array(["a", "b"] * 350 + [f"new{i % 150}" for i in range(300)])
    assert feature("x", [of_array(one), of_array(other)]).distances[0].l_infinity == pytest.approx(0.3)
