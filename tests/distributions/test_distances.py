"""Distances and their probabilities are those of scipy, and behave as distances."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

from k8snb.distributions import distances as far

ROWS = st.lists(st.integers(0, 1000), min_size=2, max_size=30)
VALUES = st.lists(st.floats(-10, 10) | st.integers(-3, 3).map(float), min_size=1, max_size=60)


@st.composite
def two_rows(draw):
    rows = draw(ROWS.filter(any))
    other = draw(st.lists(st.integers(0, 1000), min_size=len(rows), max_size=len(rows)).filter(any))
    return np.array(rows), np.array(other)


@given(two_rows())
def test_jensen_shannon_is_the_square_of_scipys_distance(rows):
    assert far.jensen_shannon(*rows) == pytest.approx(jensenshannon(*rows, base=2) ** 2, abs=1e-9)


@given(two_rows())
def test_the_psi_of_smoothed_shares_is_the_sum_of_both_relative_entropies(rows):
    one, other = rows
    average = (one / one.sum() + other / other.sum()) / 2
    there = average > 0
    p, q = ((side + average)[there] / (side.sum() + 1) for side in (one, other))
    assert far.psi(one, other) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), abs=1e-9)


@given(two_rows())
def test_distances_are_the_same_from_both_sides_and_none_from_oneself(rows):
    for distance in (far.psi, far.jensen_shannon, far.l_infinity):
        assert distance(*rows) == pytest.approx(distance(*reversed(rows)))
        assert distance(rows[0], rows[0]) == 0
        assert distance(*rows) >= 0


@given(ROWS.filter(any), st.integers(2, 9))
def test_more_rows_of_the_same_distribution_are_no_distance(rows, times):
    rows = np.array(rows)
    for distance in (far.psi, far.jensen_shannon, far.l_infinity):
        assert distance(rows, rows * times) == pytest.approx(0, abs=1e-12)


@given(VALUES, VALUES)
def test_kolmogorov_smirnov_is_scipys(one, other):
    one, other = np.sort(one), np.sort(other)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its p-value
        expected = stats.ks_2samp(one, other, method="asymp").statistic
    assert far.kolmogorov_smirnov(one, other) == pytest.approx(expected)


@given(st.floats(0, 6))
def test_kolmogorovs_distribution_is_scipys(distance):
    assert far.kolmogorov(distance) == pytest.approx(special.kolmogorov(distance), rel=1e-9, abs=1e-15)


@given(st.floats(0, 500), st.integers(1, 150))
def test_the_chi_squared_distribution_is_scipys(statistic, freedom):
    assert far.chi_squared(statistic, freedom) == pytest.approx(special.chdtrc(freedom, statistic), rel=1e-9, abs=1e-14)


@given(st.lists(st.tuples(st.integers(50, 500), st.integers(50, 500)), min_size=2, max_size=8))
def test_the_chi_squared_test_is_scipys_where_all_counts_are_large(counts):
    one, other = np.array(counts).T
    expected = stats.chi2_contingency([one, other], correction=False).pvalue
    assert far.p_of_chi_squared(one, other) == pytest.approx(expected, rel=1e-9, abs=1e-14)


def test_small_counts_are_put_together_for_the_chi_squared_test():
    one, other = np.array([100, 1, 0, 2, 3]), np.array([90, 0, 3, 1, 4])
    expected = stats.chi2_contingency([[100, 6], [90, 8]], correction=False).pvalue
    assert far.p_of_chi_squared(one, other) == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holms_correction_keeps_the_order_and_rejects_what_the_procedure_does(ps):
    corrected = far.holm(ps)
    for index, rank in enumerate(np.argsort(np.argsort(ps, kind="stable"), kind="stable")):
        assert corrected[index] >= min(1, ps[index] * (len(ps) - rank)) - 1e-15
    ordered = [corrected[i] for i in np.argsort(ps, kind="stable")]
    assert ordered == sorted(ordered)
    rejected = 0
    for rank, p in enumerate(sorted(ps)):
        if p * (len(ps) - rank) >= 0.05:
            break
        rejected += 1
    assert sum(p < 0.05 for p in corrected) == rejected


@given(VALUES, VALUES)
def test_each_value_lies_in_the_bucket_that_its_cuts_say(one, other):
    one, other = np.sort(one), np.sort(other)
    at = far.cuts(one)
    expected = np.bincount([sum(cut <= value for cut in at) for value in other], minlength=len(at) + 1)
    assert far.in_buckets(other, at).tolist() == expected.tolist()


def test_so_many_values_outside_the_range_that_it_is_not_chance_have_a_bucket_of_their_own():
    one = np.arange(100.0)
    other = np.array([-999.0, -999.0, -999.0, 0.0, 50.0, 99.0, 100.0])
    below, above = far.ps_of_outside(one, other)
    assert (below, above) == (pytest.approx((7 / 107) ** 3), pytest.approx(7 / 107))
    rows = far.in_buckets(other, far.cuts(one, below, above))
    assert (rows[0], rows[1], rows[-1]) == (3, 1, 2)
    assert far.in_buckets(one, far.cuts(one, below, above))[0] == 0
    assert far.in_buckets(other, far.cuts(one))[0] == 4


def test_the_probability_of_values_outside_is_what_chance_gives_or_more():
    rng = np.random.default_rng(0)
    found = [far.ps_of_outside(*map(np.sort, rng.normal(size=(2, 30))))[0] for _ in range(4000)]
    assert sum(p <= 0.1 for p in found) / 4000 < 0.1
    assert sum(p <= 0.02 for p in found) / 4000 < 0.02


def test_a_value_that_many_rows_have_is_parted_from_those_above_it():
    one = np.zeros(100)
    assert far.in_buckets(np.array([-1.0, 0.0, 0.0, 1.0]), far.cuts(one)).tolist() == [1, 2, 1]
