"""The verdict: which features drifted, how surely, and what has changed, in words."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import k8snb
from k8snb.distributions import report
from k8snb.distributions.words import share, value
from k8snb.errors import InputError


def _frames(rows=4000):
    rng = np.random.default_rng(0)
    one = pd.DataFrame({f"x{i}": rng.normal(size=rows) for i in range(20)} | {"city": rng.choice(list("abc"), rows)})
    other = pd.DataFrame({f"x{i}": rng.normal(size=rows) for i in range(20)} | {"city": rng.choice(list("abc"), rows)})
    return one, other


def test_a_shifted_feature_comes_first_and_no_other_has_drifted():
    one, other = _frames()
    other["x7"] += 0.6
    found = k8snb.skew(one, other)
    assert found.drifted == ["x7"]
    assert found.findings[0].feature == "x7"
    assert found.findings[0].exceeded == ("psi", "js", "l_infinity", "ks")
    assert found.findings[0].p < 1e-9


def test_a_few_values_far_outside_the_range_are_drift():
    one, other = _frames()
    other.loc[: len(other) * 8 // 100, "x3"] = -999.0
    found = k8snb.skew(one, other)
    assert found.drifted == ["x3"]
    assert found.findings[0].distances.psi > 0.2
    assert found.findings[0].words[0].startswith("down to -999")


def test_the_same_rows_have_not_drifted():
    one, _ = _frames()
    found = k8snb.skew(one, one.sample(frac=1, random_state=0))
    assert found.drifted == []
    assert {finding.state for finding in found.findings} == {"same"}
    assert "none of 21 features has drifted" in str(found)


def test_so_few_rows_that_it_may_be_chance_are_told():
    found = k8snb.skew([1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0])
    assert found.findings[0].state == "unsure"
    assert "1 may have, or it is chance" in str(found)


def test_with_an_alpha_of_1_the_distances_alone_decide():
    found = k8snb.skew([1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0], alpha=1)
    assert found.drifted == ["value"]
    assert str(found).splitlines()[1].endswith("KS > 0.18")


def test_the_correction_for_many_features_keeps_chance_from_being_told():
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(60, 400)), rng.normal(size=(60, 400))
    assert any(finding.p < 1 for finding in k8snb.skew(one, other).findings)
    assert k8snb.skew(one, other).drifted == []


@pytest.mark.parametrize(
    ("change", "feature", "says"),
    [
        ({"x": [None] * 100 + [1.0] * 900}, "x", "missing: 0% → 10%"),
        ({"c": ["d"] * 200 + ["a", "b"] * 400}, "c", "new: “d” (20% of rows)"),
        ({"c": ["a"] * 1000}, "c", "gone: “b”"),
        ({"x": ["1"] * 1000}, "x", "type changed: number (float64) → text"),
        ({"x": [300.0] * 10 + [0.0, 1.0] * 495}, "x", "up to 300 (was 1)"),
        ({"x": [-300.0] * 10 + [0.0, 1.0] * 495}, "x", "down to -300 (was 0)"),
        ({"x": [0.5] * 1000}, "x", "always 0.5"),
        ({"x": [float("inf")] * 10 + [0.0, 1.0] * 495}, "x", "infinite: 0% → 1%"),
        ({"x": [None] * 1000}, "x", "no values any more"),
        ({"y": [1] * 1000}, "y", "not in reference"),
        ({"t": pd.to_datetime(["2024-03-01"] * 1000)}, "t", "always 2024-03-01"),
        ({"b": [1, 0] * 500}, "b", "type changed: true or false (bool) → whole number"),
    ],
)
def test_what_has_changed_is_told_in_words(change, feature, says):
    days = pd.to_datetime(["2024-01-01", "2024-01-02"] * 500)
    one = pd.DataFrame({"x": [0.0, 1.0] * 500, "c": ["a", "b"] * 500, "t": days, "b": [True, False] * 500})
    found = k8snb.skew(one, one.assign(**change))
    words = {finding.feature: finding.words for finding in found.findings}
    assert any(word.startswith(says) for word in words[feature]), words[feature]
    assert not any(words for name, words in words.items() if name != feature)


def test_a_column_that_is_gone_and_one_of_another_type_have_drifted():
    one = pd.DataFrame({"x": [1, 2] * 50, "old": 1, "t": 1})
    found = k8snb.skew(one, one.drop(columns="old").assign(t="a"))
    assert sorted(found.drifted) == ["old", "t"]


def test_more_than_two_sets_are_each_compared_with_the_first():
    one, other = _frames()
    shifted = one.assign(x1=one.x1 + 1)
    found = k8snb.skew(train=one, test=other, serving=shifted)
    assert [(finding.feature, finding.set) for finding in found.findings if finding.state == "drifted"] == [
        ("x1", "serving")
    ]
    assert "test compared with train: none of 21" in str(found)
    assert "serving compared with train: 1 of 21 features has drifted (x1)" in str(found)


def test_above_all_else_stands_of_a_few_features_by_which_distance_how_surely_and_what_has_changed():
    one, other = _frames()
    other["x7"] += 0.6
    html = report.table(k8snb.skew(one, other.assign(city="d", **{f"x{i}": 9 for i in range(10, 20)})))
    told = html[html.index("<ul>") : html.index("</ul>")]
    assert told.count("<li>") == 5
    told = report.why(k8snb.skew(one, other.assign(x2="a")).findings[1], k8snb.skew(one, other))
    assert re.fullmatch(r"x7: PSI 0\.\d\d, JS 0\.\d\d, L∞ 0\.\d\d, KS 0\.\d\d, p < 0\.001; up to .*", told)
    found = k8snb.skew(train=one, test=one, today=other.assign(x2="a"))
    assert report.why(found.findings[0], found).startswith("x2 in today: type changed: number (float64) → text")
    assert "<ul>" not in report.table(k8snb.skew(one, one))


def test_findings_are_a_frame():
    one, other = _frames()
    frame = k8snb.skew(one, other.drop(columns="x1").assign(x7=9)).to_pandas()
    assert list(frame.columns) == ["feature", "set", "state", "psi", "js", "l_infinity", "ks", "p", "changed"]
    assert len(frame) == 21
    assert frame.set_index("feature").loc["x7", "changed"] == "always 9"
    assert frame.set_index("feature").psi.isna().sum() == 1
    assert list(k8snb.skew(one).to_pandas().columns) == list(frame.columns)


def test_thresholds_can_be_set():
    one, other = _frames()
    other["x7"] += 0.3
    assert k8snb.skew(one, other).drifted == []
    assert k8snb.skew(one, other, psi=0.05).drifted == ["x7"]
    strict = k8snb.skew(one, other).judged_by(ks=0.1)
    assert strict.drifted == ["x7"]
    assert strict.findings[0].exceeded == ("ks",)
    assert k8snb.skew(one, other.assign(x7=9), psi=None, js=None, l_infinity=None, ks=None).drifted == []


@pytest.mark.parametrize("threshold", [-1, "0.1", True, float("nan")])
def test_a_threshold_is_a_number(threshold):
    with pytest.raises(InputError, match="a threshold is a number from 0 on"):
        k8snb.skew([1], [1], psi=threshold)


def test_without_any_threshold_it_is_said_that_no_distance_counts():
    found = k8snb.skew([1] * 50, [9] * 50, psi=None, js=None, l_infinity=None, ks=None)
    assert found.drifted == []
    assert "no distance has a threshold" in str(found)


def test_two_single_columns_are_compared_whatever_they_are_called():
    found = k8snb.skew(pd.Series([1, 2, 3], name="before"), pd.Series([1, 2, 3], name="after"))
    assert [finding.feature for finding in found.findings] == ["before"]


def test_one_set_alone_is_described():
    found = k8snb.skew(train=[1, 2, 3])
    assert found.findings == []
    assert "3 rows, 1 feature; nothing to compare with" in str(found)


def test_no_data_is_refused():
    with pytest.raises(InputError, match="no data"):
        k8snb.skew()


def test_hostile_names_and_labels_stay_text():
    bad = "<script>alert(1)</script>"
    found = k8snb.skew(pd.DataFrame({bad: ["a"] * 50}), pd.DataFrame({bad: [f"{bad}\x1b[31m\n"] * 50}))
    html = found._repr_mimebundle_()["text/html"]
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert "\x1b" not in str(found)
    assert len(str(found).splitlines()) == 4


def test_only_the_furthest_are_shown():
    rng = np.random.default_rng(0)
    found = k8snb.skew(rng.normal(size=(200, 500)), rng.normal(size=(200, 500)))
    bundle = found._repr_mimebundle_()
    assert "and 480 more" in bundle["text/plain"]
    assert bundle["text/html"].count("<tr>") == report.ROWS + 1
    assert len(report.table(found)) < 20_000
    assert report.text(found, rows=None).count("\n") > 500


@pytest.mark.parametrize(
    ("number", "kind", "told"),
    [
        (1.0, "number", "1"),
        (0.12345678, "number", "0.1235"),
        (1234567.0, "integer", "1,234,567"),
        (1e300, "number", "1e+300"),
        (0.0, "time", "1970-01-01"),
        (3.6e9, "time", "1970-01-01 01:00:00"),
        (9e18, "time", "9e+18 µs after 1970"),
        (90e6, "duration", "0:01:30"),
        (1.0, "boolean", "True"),
    ],
)
def test_values_in_words(number, kind, told):
    assert value(number, kind) == told


@pytest.mark.parametrize(
    ("rows", "of", "told"),
    [
        (0, 10, "0%"),
        (1, 10, "10%"),
        (1, 8, "12.5%"),
        (1, 100_000, "< 0.1%"),
        (99_999, 100_000, "> 99.9%"),
        (5, 5, "100%"),
    ],
)
def test_shares_in_words(rows, of, told):
    assert share(rows, of) == told


@given(
    st.lists(
        st.lists(st.none() | st.floats() | st.integers() | st.text(max_size=2) | st.booleans(), min_size=1, max_size=9),
        min_size=1,
        max_size=3,
    )
)
def test_any_mixture_of_values_has_a_verdict(sets):
    found = k8snb.skew(*sets)
    assert report.text(found)
    assert report.table(found)


def test_a_gate_that_can_compare_nothing_lets_nothing_pass():
    with pytest.raises(InputError, match="no feature can be compared"):
        k8snb.skew(np.array([1j]), np.array([1j])).check()
    with pytest.raises(InputError, match="nothing to compare with"):
        k8snb.skew([1, 2]).check()


@pytest.mark.parametrize(
    ("limits", "says"),
    [({"alpha": 2}, "a probability is from 0 to 1"), ({"psi": pd.DataFrame({"x": [1]})}, "psi is a DataFrame: ")],
)
def test_thresholds_that_are_none_are_refused_in_short(limits, says):
    with pytest.raises(InputError, match=says):
        k8snb.skew([1], [2], **limits)


def test_a_time_zone_that_one_set_has_is_told():
    times = pd.Series(pd.date_range("2024-01-01", periods=50, unit="us"))
    (finding,) = k8snb.skew({"t": times.dt.tz_localize("UTC")}, {"t": times}).findings
    assert finding.words == ("time zone: datetime64[us, UTC] → datetime64[us], compared as UTC",)


def test_a_column_without_a_name_is_told():
    assert "1 of 2 features has drifted ((no name))" in str(k8snb.skew({"x": [1]}, {"x": [1], "": [1]}))


def test_other_shares_of_infinite_values_are_told():
    rng = np.random.default_rng(0)
    values = rng.normal(size=1000)
    few, many = np.append(values, [np.inf] * 100), np.append(values, [np.inf] * 1000)
    words = [k8snb.skew(one, other).findings[0].words for one, other in ((few, many), (few, few), (values, -many))]
    assert words[:2] == [("infinite: 9.1% → 50%",), ()]
    assert words[2][0] == "-infinite: 0% → 50%"
