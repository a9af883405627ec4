"""Whatever holds rows and columns is read; what cannot be is refused with its name."""

import datetime as dt
import decimal
import gzip
import tempfile
from dataclasses import asdict

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from scipy import sparse

import k8snb
from k8snb.distributions.files import _of_parquet
from k8snb.distributions.sets import table
from k8snb.distributions.statistics import statistics
from k8snb.distributions.tables import unique
from k8snb.errors import InputError

FRAME = pd.DataFrame(
    {
        "number": [1.5, None, 2.5, np.inf],
        "whole": [1, 2, 3, 4],
        "text": ["a", "b", None, "a"],
        "truth": [True, False, True, True],
        "when": pd.to_datetime(["2024-01-01", "2024-01-03", None, "2024-01-02"]),
    }
)
COLUMNS = {
    "number": [1.5, None, 2.5, float("inf")],
    "whole": [1, 2, 3, 4],
    "text": ["a", "b", None, "a"],
    "truth": [True, False, True, True],
    "when": [
        *pd.to_datetime(["2024-01-01", "2024-01-03"]).to_pydatetime(),
        None,
        dt.datetime.fromisoformat("2024-01-02"),
    ],
}
ROWS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]


def _told(data):
    found = statistics({"data": data})
    return [(one.name, one.kinds, asdict(one.statistics[0]), one.edges, one.labels) for one in found.features]


def _parquet(folder):
    pq.write_table(pa.table(COLUMNS), folder / "rows.parquet", row_group_size=2)
    return folder / "rows.parquet"


def _csv(folder):
    pyarrow.csv.write_csv(pa.table(COLUMNS), folder / "rows.csv")
    return str(folder / "rows.csv")


def _feather(folder):
    pyarrow.feather.write_feather(pa.table(COLUMNS), folder / "rows.feather")
    return folder / "rows.feather"


def _folder(folder):
    pq.write_table(pa.table(COLUMNS).slice(0, 3), folder / "0.parquet")
    pq.write_table(pa.table(COLUMNS).slice(3), folder / "1.parquet")
    return folder


@pytest.mark.parametrize(
    "make",
    [
        lambda _: COLUMNS,
        lambda _: ROWS,
        lambda _: {name: pd.Series(column) for name, column in COLUMNS.items()},
        lambda _: pa.table(COLUMNS),
        lambda _: pa.RecordBatch.from_pydict(COLUMNS),
        lambda _: ds.dataset(pa.table(COLUMNS)),
        lambda _: FRAME.convert_dtypes(),
        lambda _: FRAME.convert_dtypes(dtype_backend="pyarrow"),
        lambda _: FRAME.astype({"text": "category"}),
        lambda _: FRAME.astype({"text": object}),
        lambda _: FRAME.set_index(pd.Index([7, 7, 8, 9])),
        lambda _: _Stream(pa.table(COLUMNS)),
        _parquet,
        _csv,
        _feather,
        _folder,
    ],
)
def test_the_same_rows_have_the_same_statistics_however_they_are_held(make, tmp_path):
    for one, other in zip(_told(make(tmp_path)), _told(FRAME), strict=True):
        assert one[2].pop("std", None) == pytest.approx(other[2].pop("std", None))
        assert one == other


class _Stream:
    """What polars and DuckDB offer."""

    def __init__(self, rows):
        self._rows = rows

    def __arrow_c_stream__(self, requested_schema=None):
        return self._rows.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (np.zeros((3, 2)), ("0", "1")),
        (np.zeros(3), ("value",)),
        (np.zeros((2, 2, 2)), ("0, 0", "0, 1", "1, 0", "1, 1")),
        (np.zeros(3, dtype=[("a", float), ("b", "U3")]), ("a", "b")),
        ([1, 2, 3], ("value",)),
        ([[1, 2], [3, 4]], ("0", "1")),
        ([np.zeros(2), np.zeros(2)], ("0", "1")),
        (sparse.csr_matrix([[0, 1], [1, 0]]), ("0", "1")),
        (pd.Series([1, 2], name="x"), ("x",)),
        (pd.Series([1, 2]), ("value",)),
        (pd.Index([1, 2]), ("value",)),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), ("x", "x (2)")),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), ("1", "1 (2)")),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])), ("a, 1", "a, 2")),
        (pa.array([1, 2]), ("value",)),
        ({"a": [1, 2], "b": np.array([1, 2])}, ("a", "b")),
    ],
)
def test_columns_have_names(data, names):
    assert table(data, "data").names == names


def test_names_that_are_taken_get_the_next_number():
    assert unique(["x", "x (2)", "x"]) == ("x", "x (2)", "x (3)")


@pytest.mark.parametrize(
    ("column", "kind", "mean"),
    [
        (pd.Series([1, None, 3], dtype="Int64"), "integer", 2),
        (pd.Series([True, None, False], dtype="boolean"), "boolean", 0.5),
        (pd.Series([1.0, pd.NA], dtype="Float64"), "number", 1),
        (pd.Series([1, None], dtype=pd.ArrowDtype(pa.int32())), "integer", 1),
        (pd.Series([decimal.Decimal("1.5"), None], dtype=pd.ArrowDtype(pa.decimal128(5, 2))), "number", 1.5),
        (pd.Series([decimal.Decimal("1.5"), decimal.Decimal("NaN")]), "number", 1.5),
        (pd.Series(pd.arrays.SparseArray([0, 0, 3])), "integer", 1),
        (pd.Series(pd.period_range("1970-01-01", periods=3, freq="D")), "time", 86_400e6),
        (pd.Series(pd.to_datetime(["1970-01-01 01:00"]).tz_localize("Europe/Berlin")), "time", 0),
        (pd.Series([dt.date(1970, 1, 2), None], dtype=object), "time", 86_400e6),
        (pd.Series(pd.to_timedelta(["1s", None])), "duration", 1e6),
        (np.ma.array([1, 5], mask=[False, True]), "integer", 1),
        (np.array([1, None, 3.0], dtype=object), "number", 2),
        (np.array([np.timedelta64(1, "s")]), "duration", 1e6),
        (np.array([1, 3], dtype=np.float16), "number", 2),
        (pa.array([dt.time(0, 0, 1)]), "duration", 1e6),
        (pa.array([1.5, None], pa.float16()), "number", 1.5),
        (pa.array([dt.date(1970, 1, 2)]), "time", 86_400e6),
        ([10**400, 1], "integer", 1),
    ],
)
def test_types_of_columns(column, kind, mean):
    (found,) = statistics({"data": column}).features
    assert found.kinds == (kind,)
    assert found.statistics[0].mean == mean


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (np.array(["a", "nan"]), {"a": 1, "nan": 1}),
        (np.array([b"a", b"\xff"]), {"a": 1, "\\xff": 1}),
        (pd.Series(["a", "nan", None]), {"a": 1, "nan": 1}),
        (pd.Series([1, "1", "a"]), {"1": 2, "a": 1}),
        (pd.Series([[1], {"k": 2}]), {"[1]": 1, "{'k': 2}": 1}),
        (["\ud800", "a"], {"\\ud800": 1, "a": 1}),
        (pd.Series(pd.Categorical([3, 1, 1], categories=[1, 2, 3])), {"1": 2, "3": 1}),
        (pd.Series(pd.interval_range(0, 2)), {"(0, 1]": 1, "(1, 2]": 1}),
        (pa.array([[1], [1]]), {"[1]": 2}),
        (pa.array(["a", "b", "a"]).dictionary_encode(), {"a": 2, "b": 1}),
    ],
)
def test_labels_of_columns(column, labels):
    (found,) = statistics({"data": column}).features
    assert dict(zip(found.labels, found.statistics[0].counts, strict=True)) == labels


@pytest.mark.parametrize("column", [[1j, 2], np.array([1j]), pd.Series([1j, 2])])
def test_complex_numbers_are_refused_by_name_and_the_other_columns_compared(column):
    found = statistics({"data": {"z": column, "x": [1] * len(column)}})
    assert [one.name for one in found.features] == ["x"]
    assert [name for name, _ in found.refused] == ["z"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (3, "data is of type int"),
        (None, "data is of type NoneType"),
        ({1, 2}, "data is of type set"),
        ([], "no rows"),
        ({}, "no columns"),
        (pd.DataFrame({"x": []}), "no rows"),
        (np.array(3), "one value"),
        ([[1, 2], [3]], "row 1 of data has 1 values"),
        ({"a": [1], "b": [1, 2]}, "not of one length: a 1, b 2"),
        ({"a": [[1, 2], [3, 4]]}, "no column"),
        ("nowhere.parquet", "no file"),
        (pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int64())]), []), "read only once"),
    ],
)
def test_what_is_no_data_set_is_refused(data, says):
    with pytest.raises(InputError, match=says):
        table(data, "data")


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "rows.parquet").write_text("x")
    with pytest.raises(InputError, match=r"rows\.parquet cannot be read"):
        table(tmp_path / "rows.parquet", "data")
    (tmp_path / "rows.xyz").write_text("x")
    with pytest.raises(InputError, match="of which format"):
        table(tmp_path / "rows.xyz", "data")
    with pytest.raises(InputError, match=r"did you mean 'rows\.xyz'"):
        table(tmp_path / "row.xyz", "data")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_file_of_text_may_have_another_separator(separator, tmp_path):
    text = "a,b\n1,x\n2,y\n".replace(",", separator)
    (tmp_path / "rows.csv").write_text(text)
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("rows.csv", "rows.csv.gz"):
        assert table(tmp_path / name, "data").names == ("a", "b")


def test_sets_without_a_common_column_are_refused():
    with pytest.raises(InputError, match="no column in common"):
        statistics({"a": {"x": [1], "z": [1]}, "b": {"y": [1]}})


def test_a_file_of_text_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    statistics({"data": _csv(tmp_path)})
    assert list((tmp_path / "temporary").iterdir()) == []


def _state(one, other):
    (finding,) = k8snb.skew({"x": one}, {"x": other}).findings
    return finding.state, finding.words


@pytest.mark.parametrize("values", [[1, 2], [True, False], [1.5, 2.0], pd.to_datetime(["2024-01-01", "2024-01-02"])])
def test_categories_that_are_numbers_are_compared_with_numbers(values):
    series = pd.Series(list(values) * 50)
    assert _state(series.astype("category"), series) == ("same", ())
    assert _state(series, pa.array(series).dictionary_encode()) == ("same", ())
    with_missing = pd.Series([*series, None], dtype=series.astype("category").dtype)
    assert statistics({"a": {"x": with_missing}, "b": {"x": series}}).features[0].statistics[0].missing == 1


def test_categories_that_became_floats_by_a_missing_value_are_the_same_labels():
    whole, broken = pd.Categorical([1, 2] * 500), pd.Categorical([1.0, 2.0] * 500 + [None])
    assert _state(whole, broken)[0] == "same"
    objects = [np.array([number, "a"] * 50, dtype=object) for number in (1, 1.0)]
    assert _state(*objects) == ("same", ())
    assert _state(pd.Categorical(["a", "b"] * 50), [1, 2] * 50)[1] == (
        "type changed: text (category) → whole number (object)",
    )


@pytest.mark.parametrize(
    "column",
    [
        pa.array([dt.date(2024, 1, 1), None]),
        pa.array([dt.time(1, 2), None]),
        pa.array([decimal.Decimal("1.5"), None]),
        pa.array([1.5, None], pa.float16()),
        pa.array([b"a", None]),
        pa.array([[1], None]),
        pa.array(["a", None]).dictionary_encode(),
        pa.array([dt.datetime(2024, 1, 1, tzinfo=dt.UTC), None], pa.timestamp("ns", "Europe/Berlin")),
    ],
)
def test_arrow_columns_in_frames_are_those_of_arrow(column):
    series = pd.Series(column, dtype=pd.ArrowDtype(column.type))
    one, other = (statistics({"data": {"x": data}}).features[0] for data in (series, column))
    assert (one.kinds, one.statistics) == (other.kinds, other.statistics)
    assert one.types == (f"{column.type}[pyarrow]",)


def test_times_of_a_day_are_those_of_arrow():
    times = [dt.time(1, 2, 3), dt.time(23), None] * 20
    assert _state(times, pa.array(times)) == ("same", ())


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_matrix_is_an_array():
    found = statistics({"data": np.matrix([[1, 2], [3, 4]])})
    assert [one.statistics[0].mean for one in found.features] == [2, 3]


def test_one_column_of_another_library_is_a_column():
    class Series:
        """As polars has it: a stream of arrays that are no records."""

        def __arrow_c_stream__(self, schema=None):
            return pa.chunked_array([[1.0, 2.0]]).__arrow_c_stream__(schema)

    assert statistics({"data": Series()}).features[0].statistics[0].mean == 1.5


def test_a_column_that_cannot_be_read_keeps_no_other_from_being_compared():
    class Odd:
        def __str__(self):
            raise ValueError("odd")

    found = statistics({"data": {"x": [1, 2], "odd": np.array([Odd(), Odd()], dtype=object)}})
    assert [one.name for one in found.features] == ["x"]
    assert found.refused == (("odd", "it cannot be read (ValueError: odd)"),)


def test_a_way_out_is_told_for_what_is_nearly_a_data_set():
    with pytest.raises(InputError) as error:
        table((one for one in [1]), "rows")
    assert error.value.fix == "list(rows)"


def _folder(path):
    pd.DataFrame({"a": [1, 2], "s": ["x", "y"]}).to_parquet(path / "1.parquet")
    pd.DataFrame({"a": [1.5, None], "b": [1, 2]}).to_parquet(path / "2.parquet")
    return path


def _found(data):
    return {one.name: (one.kinds[0], one.statistics[0].missing) for one in statistics({"data": data}).features}


def test_a_folder_has_the_columns_that_any_of_its_files_has(tmp_path):
    expected = {"a": ("number", 1), "s": ("label", 2), "b": ("integer", 2)}
    assert _found(str(_folder(tmp_path))) == expected
    files = [pq.ParquetFile(tmp_path / name) for name in ("1.parquet", "2.parquet")]
    opened = _of_parquet(files)
    assert {
        name: (opened.column(i).kind, sum(p.missing for p in opened.column(i).parts))
        for i, name in enumerate(opened.names)
    } == expected
    assert opened.take(np.array([0, 3]), [0, 1, 2]) == [[1.0, None], ["x", None], [None, 2]]


def test_what_a_folder_names_is_a_column_as_in_pandas(tmp_path):
    for day in (1, 2):
        (tmp_path / f"day={day}").mkdir()
        _folder(tmp_path / f"day={day}")
    assert _found(tmp_path)["day"] == ("integer", 0)


def test_files_of_one_folder_that_have_nothing_in_common_are_refused(tmp_path):
    for name, values in {"1": [1], "2": ["x"]}.items():
        pd.DataFrame({"a": values}).to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(InputError, match="cannot be read"):
        table(tmp_path, "data")


def test_a_text_file_without_rows_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "x.csv").write_text("a,b\n")
    with pytest.raises(InputError, match="no rows"):
        table(tmp_path / "x.csv", "data")
    assert [one.name for one in tmp_path.iterdir()] == ["x.csv"]


def test_an_address_of_another_kind_is_refused_as_one():
    with pytest.raises(InputError, match="cannot be read"):
        table("https://x/y.csv", "data")


def test_columns_of_one_name_in_a_text_file_are_told_apart(tmp_path):
    (tmp_path / "x.csv").write_text("a,a\n1,x\n2,\n")
    assert _found(str(tmp_path / "x.csv")) == {"a": ("integer", 0), "a (2)": ("label", 1)}
