"""Labels: no drift where sets of one distribution have unlike sizes, and drift of many rare labels together."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2_contingency

import k8snb
from k8snb.distributions.gather import Counted
from k8snb.distributions.homogeneity import compared, p_of_alone

LONG_TAIL = 1 / np.arange(1, 20_001) ** 1.2


def _drawn(rows, seed, shares=None, first=0, many=1000):
    shares = np.ones(many) if shares is None else shares
    drawn = np.random.default_rng(seed).choice(len(shares), rows, p=shares / shares.sum())
    return [f"w{first + one}" for one in drawn]


def _state(one, other):
    return k8snb.skew(one, other).findings[0].state


@pytest.mark.parametrize("shares", [LONG_TAIL, np.ones(300), np.ones(1000), np.ones(5000)])
@pytest.mark.parametrize(("rows", "others"), [(20_000, 1000), (1000, 20_000), (20_000, 200), (3000, 3000)])
def test_sets_of_one_distribution_have_not_drifted_whatever_their_sizes(shares, rows, others):
    states = Counter(_state(_drawn(rows, seed, shares), _drawn(others, 100 + seed, shares)) for seed in range(5))
    assert states["drifted"] == 0
    assert states["same"] >= 4


@pytest.mark.parametrize(("rows", "others"), [(1000, 1000), (20_000, 200), (200, 20_000)])
def test_many_rare_labels_that_are_all_new_are_drift(rows, others):
    assert _state(_drawn(rows, 1), _drawn(others, 2, first=1000)) == "drifted"


def test_rare_labels_that_are_new_in_a_part_of_the_rows_are_drift():
    typos = [f"typo {i}" for i in range(200)]
    assert _state(_drawn(20_000, 1, many=10), _drawn(800, 2, many=10) + typos) == "drifted"


def test_labels_of_which_half_have_vanished_are_drift_though_none_alone_would_be_missed():
    assert _state(_drawn(20_000, 1, many=50), _drawn(200, 2, many=25)) == "drifted"


def test_a_label_that_is_suddenly_frequent_in_a_small_set_is_drift():
    assert _state(_drawn(20_000, 1, many=100), _drawn(80, 2, many=100) + ["w7"] * 120) == "drifted"


def test_identifiers_are_the_same_where_they_are_others_and_not_where_they_are_repeated():
    one = [f"i{i}" for i in range(3000)]
    assert _state(one, [f"j{i}" for i in range(300)]) == "same"
    assert _state(one, [f"j{i // 2}" for i in range(3000)]) == "drifted"


def test_all_rows_are_in_buckets():
    one, other = (Counted(Counter(_drawn(rows, rows, LONG_TAIL))) for rows in (5000, 700))
    found = compared(one, other, 100)
    assert found.rows.sum() == pytest.approx(5000)
    assert found.others.sum() == pytest.approx(700)
    assert min(found.rows.min(), found.others.min()) >= 0


def test_how_likely_labels_of_one_set_alone_are_is_never_said_to_be_less_than_it_is():
    rng = np.random.default_rng(0)
    together = rng.integers(1, 6, 60)
    drawn = rng.binomial(together, 0.8, (4000, 60))
    ps = np.array([p_of_alone(left, together - left) for left in drawn])
    for limit in (0.3, 0.1, 0.02):
        assert (ps <= limit).mean() <= limit * 1.1


def test_a_rare_label_that_a_small_set_has_not_is_no_word_about_a_change():
    one, other = _drawn(20_000, 1), _drawn(200, 2)
    assert "gone" not in str(k8snb.skew(one, other))
    told = str(k8snb.skew([*one, *["often"] * 2000], other))
    assert "gone: “often”" in told
    assert "more" not in told


def test_long_labels_are_cut_where_they_are_named():
    (finding,) = k8snb.skew(["a"] * 50, ["x" * 500] * 50).findings
    assert finding.words[0] == f"new: “{'x' * 39}…” (100% of rows)"


def test_few_labels_that_many_rows_have_are_judged_as_scipy_does():
    one, other = _drawn(800, 1, many=4), _drawn(1300, 2, np.array([0.2, 0.3, 0.25, 0.25]))
    (finding,) = k8snb.skew(one, other).findings
    counts = [[side.count(f"w{i}") for i in range(4)] for side in (one, other)]
    assert finding.p == pytest.approx(chi2_contingency(counts, correction=False).pvalue)
