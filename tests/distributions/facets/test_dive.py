"""Rows of data sets, as Facets Dive takes them."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import k8snb
from k8snb.distributions.facets import dive as module
from k8snb.distributions.rows import plain, rows
from k8snb.errors import InputError


def _told(dive):
    return json.loads(dive._view().data)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (1, 1),
        (np.int32(1), 1),
        (2**62, str(2**62)),
        (True, "True"),
        (0.1 + 0.2, 0.3),
        (Decimal("1.5"), 1.5),
        (float("inf"), None),
        (float("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (date(2021, 1, 2), "2021-01-02"),
        (datetime(2021, 1, 2, 3, tzinfo=UTC), "2021-01-02T03:00:00+00:00"),
        (timedelta(minutes=1), 60.0),
        (b"\xff", "\\xff"),
        ("\ud800", "\\ud800"),
        ("x" * 1000, "x" * 199 + "…"),
        ({"a": 1}, "{'a': 1}"),
    ],
)
def test_values_are_plain_json(value, found):
    assert plain(value) == found
    assert type(plain(value)) is type(found)


FRAME = pd.DataFrame(
    {
        "n": [1, 2, 3],
        "f": [0.5, None, 2.5],
        "t": pd.to_datetime(["2021-01-01 05:00", None, "2021-01-03 00:00"]),
        "s": ["a", None, "c"],
    }
)
COLUMNS = {"n": [1, 2, 3], "f": [0.5, None, 2.5], "s": ["a", None, "c"]}


def _parquet(folder):
    pq.write_table(pa.Table.from_pandas(FRAME), folder / "x.parquet", row_group_size=2)
    return folder / "x.parquet"


def _csv(folder):
    FRAME.to_csv(folder / "x.csv", index=False)
    return str(folder / "x.csv")


@pytest.mark.parametrize(
    "make",
    [
        lambda _: FRAME,
        lambda _: pa.Table.from_pandas(FRAME),
        lambda _: FRAME.to_dict("list"),
        lambda _: FRAME.to_dict("records"),
        lambda _: {name: FRAME[name] for name in FRAME},
        _parquet,
        _csv,
    ],
)
def test_the_same_rows_in_any_form(make, tmp_path):
    [found] = rows({"x": make(tmp_path)}, 10)
    assert {name: found.columns[name] for name in COLUMNS} == COLUMNS
    times = found.columns["t"]
    assert [None if time is None else str(pd.Timestamp(time)) for time in times] == [
        "2021-01-01 05:00:00",
        None,
        "2021-01-03 00:00:00",
    ]


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        (np.arange(4).reshape(2, 2), {"0": [0, 2], "1": [1, 3]}),
        (np.array([(1, "a")], dtype=[("x", int), ("y", "U1")]), {"x": [1], "y": ["a"]}),
        (np.ma.masked_array([1.0, 2.0], [True, False]), {"value": [None, 2.0]}),
        (np.array(["2021-01-01", "NaT"], "M8[ns]"), {"value": ["2021-01-01T00:00:00", None]}),
        (np.array(["9999999-01-01"], "M8[D]"), {"value": ["9999999-01-01"]}),
        ([(1, 2), (3, 4)], {"0": [1, 3], "1": [2, 4]}),
        ([1, None], {"value": [1, None]}),
        (pa.array([1, None]), {"value": [1, None]}),
        (pd.Series(["a", None], name="s"), {"s": ["a", None]}),
        (pd.Index([1, 2]), {"value": [1, 2]}),
    ],
)
def test_rows_of_arrays_and_lists(data, columns):
    [found] = rows({"x": data}, 10)
    assert found.columns == columns


def test_many_rows_are_sampled_evenly_and_the_same_each_time(tmp_path):
    table = pa.table({"i": range(100_000), "j": range(100_000)})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=7_000)
    [found] = rows({"x": table}, 1000)
    [again] = rows({"x": tmp_path / "x.parquet"}, 1000)
    assert found.columns == again.columns
    taken = found.columns["i"]
    assert taken == sorted(set(taken)) == found.columns["j"]
    assert len(taken) == found.taken == 1000
    assert np.histogram(taken, 10, (0, 100_000))[0].min() > 70


def test_small_sets_are_whole_and_large_ones_share_what_is_left():
    found = k8snb.dive(a=range(10), b=range(1000), c=range(100_000), rows=500)
    assert [one.taken for one in found.sets] == [10, 245, 245]
    assert str(found) == "a: all 10 rows; b: 245 of 1,000 rows, evenly chosen; c: 245 of 100,000 rows, evenly chosen"


def test_a_column_says_which_set():
    found = k8snb.dive(train={"x": [1], "data set": ["mine"]}, test={"x": [2], "y": ["b"]})
    assert _told(found) == {
        "names": ["data set (2)", "x", "data set", "y"],
        "columns": [["train", "test"], [1, 2], ["mine", None], [None, "b"]],
    }
    assert found._view().shown == {"colorBy": "data set (2)", "horizontalFacet": "", "verticalFacet": ""}


def test_one_set_has_no_such_column():
    assert _told(k8snb.dive({"x": [1]})) == {"names": ["x"], "columns": [[1]]}


def test_columns_are_chosen_and_arranged_by():
    data = {name: [1] for name in "abcd"}
    found = k8snb.dive(data, columns=["c"], color="b", across="c")
    assert _told(found)["names"] == ["c", "b"]
    assert found._view().shown == {"colorBy": "b", "horizontalFacet": "c", "verticalFacet": ""}
    assert "2 more columns are not shown" in str(found)
    assert k8snb.dive(data, data, across="data set")._view().shown["horizontalFacet"] == "data set"


def test_of_very_many_columns_the_first_are_shown():
    found = k8snb.dive(np.zeros((3, 784)))
    assert len(_told(found)["names"]) == module.COLUMNS
    assert "734 more columns are not shown" in str(found)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"color": "colour"}, "no data set has a column 'colour'"),
        ({"columns": ["y"]}, "no data set has a column 'y'"),
        ({"across": "data set"}, "no data set has a column 'data set'"),
        ({"rows": 0}, "rows=0"),
        ({"rows": True}, "rows=True"),
    ],
)
def test_what_cannot_be_is_told(options, told):
    with pytest.raises(InputError, match=told):
        k8snb.dive({"x": [1]}, **options)


def test_without_rows_it_says_so():
    with pytest.raises(InputError, match="no data"):
        k8snb.dive()
    with pytest.raises(InputError, match="only statistics are left"):
        k8snb.dive(k8snb.skew([1, 2], [1, 2])["reference"])


def test_the_table_has_the_first_rows_and_the_words():
    html = k8snb.dive({f"c{i}": range(100) for i in range(20)})._repr_mimebundle_()["text/html"]
    assert html.count("<tr>") == 6
    assert "and 12 more columns" in html
    assert "set 1: all 100 rows" in html


def test_no_data_set_is_lost_to_another_of_its_name():
    with pytest.raises(InputError, match="two data sets are called reference"):
        k8snb.dive([1], [2], reference=[3])
