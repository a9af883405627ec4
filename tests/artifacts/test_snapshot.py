"""A snapshot never says that values are the same where comparing with what was stored says that they are not."""

from __future__ import annotations

import copy
import io
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from k8snb.artifacts import crowds, dicts, forms, pointers, rebuild, snapshot
from k8snb.artifacts.changes import changed
from k8snb.artifacts.packing import pack
from k8snb.artifacts.pointers import are_same
from k8snb.artifacts.snapshot import Snapshot
from k8snb.artifacts.store import open_store
from k8snb.artifacts.transfer import Loaded, load_whole, save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from k8snb.artifacts.groups import Group
    from k8snb.artifacts.store import Store

    Draw = Callable[[st.SearchStrategy[Any]], Any]


@pytest.fixture(params=["all that was met", "what is inside", "crowds"])
def by(request, monkeypatch) -> str:
    """How what can be changed is found."""
    if request.param == "crowds":
        monkeypatch.setattr(crowds, "MANY", 1)
        monkeypatch.setattr(crowds, "_OFTEN", 1)
    if request.param != "all that was met":
        monkeypatch.setattr(forms, "_LARGE", 1)
    if request.param == "what is inside":
        monkeypatch.setattr(snapshot, "_FEW_MET", -(10**9))
        monkeypatch.setattr(snapshot, "_FEW", 10**9)
    return str(request.param)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Store:
    return open_store(str(tmp_path_factory.mktemp("store")))


def bring(store: Store, values: dict[str, Any]) -> tuple[Group, Loaded]:
    [packed] = pack(values).packed
    group = save(store, packed)
    return group, load_whole(store, group, namespace={}, watched=True)


ATOMS = st.one_of(
    st.integers(-2, 2), st.booleans(), st.none(), st.floats(-2, 2, width=16), st.sampled_from(["", "a", "bc"]),
    st.binary(max_size=2), st.just(pd.Timestamp("2026-01-01")), st.just(np.float64(1)), st.just(2**70),
)  # fmt: skip
KEYS = st.one_of(st.integers(-2, 2), st.sampled_from(["a", "b", "cd"]), st.tuples(st.integers(0, 1), st.just("a")))


def array_of(numbers: list[int], dtype: str) -> Any:
    return np.array(numbers).astype(dtype)


ARRAYS = st.builds(
    array_of, st.lists(st.integers(0, 3), max_size=6), st.sampled_from(["f8", "i4", "U3", "M8[s]", "O", "?"])
)
BIG = st.builds(lambda n: np.arange(9000.0 + n), st.integers(0, 2))  # out of band
COLUMNS: dict[str, Callable[[int], Any]] = {
    "int": lambda n: list(range(n)),
    "float": lambda n: [i / 2 for i in range(n)],
    "big": lambda n: np.arange(float(n)) + 1,
    "text": lambda n: [f"t{i}" if i else None for i in range(n)],
    "objects": lambda n: pd.Series([i if i % 2 else "x" for i in range(n)], dtype=object),
    "lists": lambda n: pd.Series([[i] for i in range(n)], dtype=object),
    "category": lambda n: pd.Categorical(["u", "v"] * n)[:n],
    "date": lambda n: pd.date_range("2026", periods=n),
    "zone": lambda n: pd.date_range("2026", periods=n, tz="UTC"),
    "masked": lambda n: pd.array([None, *range(n)], dtype="Int64")[:n],
    "period": lambda n: pd.period_range("2026", periods=n),
    "span": lambda n: pd.interval_range(0, n),
}
INDEXES: list[Callable[[int], Any]] = [
    pd.RangeIndex,
    lambda n: pd.Index([f"k{i}" for i in range(n)], name="k"),
    lambda n: pd.Index([i * i for i in range(n)]),
    lambda n: pd.date_range("2026", periods=n),
    lambda n: pd.MultiIndex.from_product([range(n), ["a"]], names=["p", "q"]),
]


def frame_of(columns: list[str], rows: int, index: Callable[[int], Any], attrs: dict[str, Any]) -> pd.DataFrame:
    labels = index(rows)
    made = {name: pd.Series(COLUMNS[name](rows)).array for name in columns}
    frame = pd.DataFrame(made, index=labels)
    frame.attrs.update(attrs)
    return frame


FRAMES = st.builds(
    frame_of,
    st.lists(st.sampled_from([*COLUMNS]), min_size=1, max_size=4, unique=True),
    st.integers(1, 4),
    st.sampled_from(INDEXES),
    st.dictionaries(st.just("note"), st.just([1]), max_size=1),
)
SERIES = st.builds(lambda frame: frame.iloc[:, 0], FRAMES)
DATA = st.recursive(
    st.one_of(ATOMS, ARRAYS, BIG, FRAMES, SERIES, st.builds(bytearray, st.binary(max_size=3))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.sets(KEYS, max_size=3),
        st.lists(ATOMS, min_size=130, max_size=140),
        inner.map(lambda one: [one, one]),
    ),
    max_leaves=8,
)


def many_of(arrays: list[Any], records: list[Any], *, inside: bool) -> Any:
    """Return so many arrays that most of them lie together in memory, and some records."""
    large = [np.resize(one, (1100, one.size)).astype("f8") for one in arrays]
    return [{"arrays": large, "records": records}] if inside else {"r": records, "a": tuple(large)}


RECORDS = st.lists(st.dictionaries(KEYS, st.one_of(ATOMS, st.lists(ATOMS, max_size=2)), max_size=4), max_size=6)
SHAPES = st.integers(1, 3).map(lambda n: np.arange(1.0, n + 1))
CROWDS = st.builds(many_of, st.lists(SHAPES, min_size=12, max_size=20), RECORDS, inside=st.booleans())


def changeable(value: Any, seen: dict[int, Any]) -> Iterator[Any]:
    """Yield the objects in a value that can be changed, each once."""
    if id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, list | tuple | dict):
        parts = [*value.values()] if isinstance(value, dict) else [*value]
        for part in parts:
            yield from changeable(part, seen)
    if isinstance(value, np.ndarray) and value.dtype == object:
        for part in value:
            yield from changeable(part, seen)
    if isinstance(value, pd.DataFrame) and "lists" in value and len(value):
        yield value["lists"].iloc[0]
    if isinstance(value, list | dict | set | bytearray | np.ndarray | pd.DataFrame | pd.Series):
        yield value


def swap_for_equal(value: Any) -> Any:
    """Return what is equal, but another object, or of another type."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return float(value) if abs(value) < 5 else value + 1 - 1
    return copy.copy(value)


def in_list(one: list[Any], draw: Draw) -> None:
    place = draw(st.integers(0, len(one)))
    what = draw(st.sampled_from(["insert", "pop", "equal", "set", "turn", "double", "same"]))
    if what == "insert" or not one:
        one.insert(place, draw(ATOMS))
    elif what == "pop":
        del one[place - 1]
    elif what == "equal":
        one[place - 1] = swap_for_equal(one[place - 1])
    elif what == "set":
        one[place - 1] = draw(ATOMS)
    elif what == "turn":
        one.reverse()
    elif what == "double":
        one[place - 1] = one[0]
    else:
        one[:] = list(one)


def in_dict(one: dict[Any, Any], draw: Draw) -> None:
    key = draw(KEYS)
    what = draw(st.sampled_from(["set", "last", "equal", "drop", "key"]))
    if what == "set" or not one:
        one[key] = draw(ATOMS)
        return
    first = next(iter(one))
    if what == "last":
        one[first] = one.pop(first)
    elif what == "equal":
        one[first] = swap_for_equal(one[first])
    elif what == "drop":
        del one[first]
    else:
        items = [(key if k == first else k, v) for k, v in one.items()]
        one.clear()
        one.update(items)


def in_set(one: set[Any], draw: Draw) -> None:
    (one.add if draw(st.booleans()) else one.discard)(draw(KEYS))


def in_bytes(one: bytearray, draw: Draw) -> None:
    if one and draw(st.booleans()):
        one[0] ^= draw(st.integers(0, 1))
    else:
        one += draw(st.binary(max_size=1))


def in_array(one: Any, draw: Draw) -> None:
    what = draw(st.sampled_from(["set", "shape", "axes", "flag", "turn", "dtype"]))
    if what == "set" and one.size and one.flags.writeable:
        one.flat[draw(st.integers(0, one.size - 1))] = draw(st.integers(0, 3))
    elif what == "shape":
        one.shape = (1, *one.shape)
    elif what == "axes":
        one.shape = one.shape[::-1]
    elif what == "flag":
        one.flags.writeable = False
    elif what == "dtype" and one.dtype == "f8":
        one.dtype = "i8"
    elif one.flags.writeable:
        one[:] = one[::-1].copy()


def set_cell(frame: Any, draw: Draw) -> None:
    frame.iloc[draw(st.integers(0, len(frame) - 1)), len(frame.columns) - 1] = frame.iloc[0, -1]


def rename_last(frame: Any, draw: Draw) -> None:
    frame.columns = pd.Index([*frame.columns[:-1], "other"], dtype=draw(st.sampled_from(["str", object])))


def sort(frame: Any, _: Draw) -> None:
    frame.sort_values(frame.columns[-1], key=lambda some: some.astype(str), ascending=False, inplace=True)  # noqa: PD002


def write_into_memory(frame: Any, _: Draw) -> None:
    memory = frame._mgr.blocks[-1].values  # noqa: PD011 - a block's
    if isinstance(memory, np.ndarray) and memory.flags.writeable:
        memory[..., 0] = memory[..., -1]


IN_FRAMES: list[Callable[[Any, Draw], object]] = [
    set_cell,
    rename_last,
    sort,
    write_into_memory,
    lambda frame, _: frame.insert(0, "new", 1),
    lambda frame, _: frame.pop(frame.columns[-1]),
    lambda frame, _: setattr(frame, "index", frame.index[::-1]),
    lambda frame, _: setattr(frame.index, "names", ["z"] * frame.index.nlevels),
    lambda frame, _: setattr(frame.columns, "name", "n"),
    lambda frame, draw: frame.attrs.update(note=draw(ATOMS)),
    lambda frame, _: setattr(frame.flags, "allows_duplicate_labels", False),
    lambda frame, _: frame.isetitem(0, frame.iloc[:, 0].astype(object)),
]


def in_frame(one: Any, draw: Draw) -> None:
    draw(st.sampled_from(IN_FRAMES))(one, draw)


def in_series(one: Any, draw: Draw) -> None:
    what = draw(st.sampled_from(["cell", "name", "drop", "index name"]))
    if what == "cell":
        one.iloc[draw(st.integers(0, len(one) - 1))] = one.iloc[0]
    elif what == "name":
        one.name = "other"
    elif what == "drop":
        one.drop(one.index[0], inplace=True)  # noqa: PD002
    else:
        one.index.name = "other"


WAYS: list[tuple[type, Callable[[Any, Draw], None]]] = [
    (list, in_list), (dict, in_dict), (set, in_set), (bytearray, in_bytes), (np.ndarray, in_array),
    (pd.DataFrame, in_frame), (pd.Series, in_series),
]  # fmt: skip


def change(value: Any, draw: Draw) -> None:
    """Change something in a value, or put something in its own place."""
    objects = list(changeable(value, {}))
    one = draw(st.sampled_from(objects))
    if draw(st.integers(0, 4)) == 0 and isinstance(one, list) and one:
        one[0] = draw(st.sampled_from(objects))
        return
    next(do for kind, do in WAYS if isinstance(one, kind))(one, draw)


@settings(max_examples=200, deadline=None, suppress_health_check=[*HealthCheck])
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("values", [DATA, FRAMES, SERIES, CROWDS], ids=["data", "frames", "series", "crowds"])
@given(data=st.data())
def test_what_the_old_way_sees_no_snapshot_misses(by, shelf, values, data):
    value = data.draw(values)
    group, loaded = bring(shelf, {"x": value})
    assert loaded.snapshot is not None
    assert loaded.snapshot.is_same()
    if not list(changeable(loaded.values["x"], {})):  # noqa: PD011 - no frame
        return
    for _ in range(data.draw(st.integers(1, 3))):
        try:
            change(loaded.values["x"], data.draw)  # noqa: PD011 - no frame
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, pd.errors.DuplicateLabelError):
            break  # not every change is possible with every value; what it did until then counts
    if loaded.snapshot.is_same():
        assert not changed(shelf, group, replace(loaded, snapshot=None), {})


PLAIN = [
    [1, [2.0, "a"], {"k": (1, [None])}],
    list(range(1000)),
    [str(i) for i in range(1000)],
    {f"k{i}": float(i) for i in range(1000)},
    [np.arange(3.0) for _ in range(2000)],
    {i: np.array(["a"]) for i in range(2000)},
    [np.arange(10.0), np.arange(20_000), np.array(["a", None], dtype=object), np.zeros((2, 0))],
    np.arange(40.0).reshape(8, 5)[::2, 1],
    frame_of([*COLUMNS], 4, INDEXES[0], {}),
    [frame_of(["float", "text"], 3, index, {"a": 1}) for index in INDEXES],
    pd.DataFrame({"t": [str(i) for i in range(2000)], "n": np.arange(2000.0)}),
]


@pytest.mark.parametrize("value", PLAIN)
def test_plain_data_are_known_by_their_snapshot(by, store, value):
    _, loaded = bring(store, {"x": value})
    assert loaded.snapshot is not None
    assert loaded.snapshot.is_same()


READ = [
    "x.describe()", "x['n'].mean()", "x.groupby('t').sum()", "x.values", "x.to_string()", "x.loc[3]", "x[x['n'] > 3]",
    "x.sort_values('t')", "x.isna().sum()", "x.to_numpy()", "np.asarray(x['n'])", "x.merge(x, on='t')",
    "hash(x.index[3])", "x.index.get_loc(4)", "x.corr(numeric_only=True)", "x.query('n > 3')", "x.copy()",
    "list(x.iterrows())",
]  # fmt: skip


@pytest.mark.parametrize("code", READ)
def test_reading_a_frame_leaves_it_as_its_snapshot_has_it(store, code):
    _, loaded = bring(store, {"x": PLAIN[-1]})
    assert loaded.snapshot is not None
    exec(code, {"np": np, "pd": pd, **loaded.values})  # noqa: PD011 - no frame
    assert loaded.snapshot.is_same()


def records(number: int = 300) -> list[Any]:
    return [{"a": i, "b": str(i), 3: [i]} for i in range(number)]


@pytest.mark.parametrize("number", range(len(dicts._CHANGES)))
@pytest.mark.parametrize("place", [0, 150, 299])
def test_each_way_of_changing_one_dict_of_many_is_seen(store, number, place):
    one = dicts._made()
    for change in dicts._CHANGES[:number]:
        change(one)
    _, loaded = bring(store, {"x": [{**one} for _ in range(300)]})
    x: Any = loaded.values["x"]  # noqa: PD011 - no frame
    shot = loaded.snapshot
    assert shot is not None
    for read in dicts._READS if one else ():
        read(x[place])
    assert [type(crowd).__name__ for crowd in shot._many] == ["_Dicts"]
    assert shot.is_same()
    dicts._CHANGES[number](x[place])
    assert not shot.is_same()


IN_ARRAYS: dict[str, Callable[[Any, int], object]] = {
    "shape": lambda one, i: setattr(one, "shape", [(6, 1000), (1000, 6), (20, 300), (300, 20)][i]),
    "strides": lambda one, i: setattr(one, "strides", [(8, 16), (16, 8), (0, 8), (8, 0)][i]),
    "dtype": lambda one, i: setattr(one, "dtype", ["i8", "M8[s]", "u8", "c16"][i]),
    "flag": lambda one, _: one.setflags(write=False),
    "element": lambda one, i: one.itemset(i, i + 7) if hasattr(one, "itemset") else one.fill(i + 7),
}


@pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")
@pytest.mark.parametrize("what", IN_ARRAYS)
@pytest.mark.parametrize("place", [20, 199])
def test_each_change_of_one_array_of_many_is_seen(store, what, place):
    _, loaded = bring(store, {"x": [np.full((60, 100), 1.0) for _ in range(200)]})
    x: Any = loaded.values["x"]  # noqa: PD011 - no frame
    shot = loaded.snapshot
    assert shot is not None
    assert [type(crowd).__name__ for crowd in shot._many] == ["_Arrays"]
    assert len(shot._many[0]._places) > 180
    assert [one.sum() for one in x] == [6000.0] * 200
    assert shot.is_same()
    for i in range(4):
        IN_ARRAYS[what](x[place], i)
        assert not shot.is_same()


@pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")
@pytest.mark.parametrize("what", ["shape", "strides"])
def test_numbers_of_a_shape_are_told_apart_where_they_are_in_the_same_memory(store, what):
    _, loaded = bring(store, {"x": [np.full((60, 100), 1.0) for _ in range(200)]})
    assert loaded.snapshot is not None
    crowd: Any = loaded.snapshot._many[0]
    IN_ARRAYS[what](loaded.values["x"][100], 0)  # noqa: PD011 - no frame
    assert not crowd.is_same()
    crowd._heads = crowds._heads(crowd._places, np)  # as numpy would have it which uses memory again
    assert not crowd.is_same()


IN_LARGE_DICTS: list[Callable[[Any], object]] = [
    lambda x: x[0].update({7: "other"}),
    lambda x: x[0].pop(999),
    lambda x: x[0].update({0: x[0].pop(0)}),
    lambda x: x[0].clear(),
    lambda x: x.__setitem__(0, dict(x[0])),
]


def test_what_shares_something_with_a_crowd_is_known(store):
    value = {"records": records(), "arrays": [np.full((20, 50), i) for i in range(300)], "other": [1]}
    _, loaded = bring(store, {"x": value})
    x: Any = loaded.values["x"]  # noqa: PD011 - no frame
    shot = loaded.snapshot
    assert shot is not None
    assert len(shot._many) == 2
    shared = [x, [x["records"][7]], [x["records"][8][3]], x["arrays"][250], x["arrays"][250][3:], [x["arrays"][3].T]]
    assert [met(shot, one) for one in shared] == [True] * len(shared)
    apart = [1, "b", [*x["records"][7]], records(), x["arrays"][250].copy(), np.zeros(20_000)]
    assert [met(shot, one) for one in apart] == [False] * len(apart)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("change", IN_LARGE_DICTS)
def test_each_change_of_a_large_dict_is_seen(by, store, monkeypatch, change, known):
    if not known:
        monkeypatch.setattr(dicts, "have_versions", lambda: False)
    _, loaded = bring(store, {"x": [{i: str(i) for i in range(1000)}]})
    x: Any = loaded.values["x"]  # noqa: PD011 - no frame
    assert loaded.snapshot is not None
    assert [(x[0][7], len(x[0]), *x[0].values())][0]
    assert loaded.snapshot.is_same()
    change(x)
    assert not loaded.snapshot.is_same()


@pytest.mark.parametrize("number", [1, 2, 200])
def test_what_takes_the_place_of_what_has_gone_is_seen(store, number):
    _, loaded = bring(store, {"x": [records(), list(range(1000, 1600))]})
    x: Any = loaded.values["x"]  # noqa: PD011 - no frame
    assert loaded.snapshot is not None
    for i in range(number):
        x[0][i] = None
        x[0][i] = {"a": i, "b": str(i), 3: [i]}  # perhaps where the old one was
        x[1][i] = None
        x[1][i] = 1000 + i
    assert not loaded.snapshot.is_same()


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("what", "name"), [(dicts, "have_versions"), (crowds, "_arrays_are_known"), (pointers, "are_known")]
)
def test_a_python_or_numpy_of_another_make_is_read_as_before(store, monkeypatch, what, name, known):
    if not known:
        monkeypatch.setattr(what, name, lambda: False)
    group, loaded = bring(store, {"x": [records(), [np.full(9000, i) for i in range(300)]]})
    assert loaded.snapshot is not None
    assert bool(loaded.snapshot._many) == (known or what is not pointers)
    assert loaded.snapshot.is_same()
    for _ in range(2):
        loaded.values["x"][0][7]["a"] += 1  # noqa: PD011 - no frame
    assert not loaded.snapshot.is_same()
    assert changed(store, group, loaded, {})


def test_there_is_no_snapshot_of_many_that_memory_does_not_tell(store, monkeypatch):
    assert bring(store, {"x": records(20_000)})[1].snapshot is None  # each holds a list
    bare = [{"a": i} for i in range(40_000)]
    _, loaded = bring(store, {"x": bare})
    assert loaded.snapshot is not None
    assert len(loaded.snapshot._many) > 1
    assert loaded.snapshot.is_same()
    loaded.values["x"][39_999]["a"] = 1  # noqa: PD011 - no frame
    assert not loaded.snapshot.is_same()
    monkeypatch.setattr(dicts, "have_versions", lambda: False)
    assert bring(store, {"x": bare})[1].snapshot is None


def test_all_that_a_pickle_has_made_is_met_however_it_is_asked(store, monkeypatch):
    [packed] = pack({"x": [records(), np.arange(3.0), {1}, bytearray(b"a")]}).packed

    def ids() -> tuple[int, set[int]]:
        loader = rebuild.Unpickler(io.BytesIO(packed.pickle), packed.buffers, {})
        value = loader.load()
        return id(value), {id(one) for one in loader.met()} ^ {id(one) for one in loader.memo.copy().values()}

    assert ids()[1] == set()
    monkeypatch.setattr(rebuild, "memo_is_visible", lambda: False)
    assert ids()[1] == set()


class Own(list[int]):
    pass


UNKNOWN = [
    Own([1]),
    [object()],
    np.random.default_rng(1),
    np.array([(1, 2)], dtype=[("a", "i4"), ("b", "i4")]),
    np.array([(1, 2)], dtype=[("a", "i4"), ("b", "i4")])[0],
    np.ma.masked_array([1, 2], [True, False]),
    np.recarray((2,), [("a", "i4")]),
    [[i] for i in range(100_000)],
]


@pytest.mark.parametrize("value", UNKNOWN)
def test_there_is_no_snapshot_of_what_is_not_known_or_too_dear(store, value):
    assert bring(store, {"x": value})[1].snapshot is None


def test_there_is_no_snapshot_where_nobody_asks(store):
    group, _ = bring(store, {"x": [1]})
    assert load_whole(store, group).snapshot is None


@pytest.mark.parametrize("size", [3, 1000])
def test_the_same_objects_are_told_from_equal_ones(size):
    one = [float(i) for i in range(size)]
    assert are_same(one, list(one))
    assert not are_same(one, [*one[:-1], float(size - 1)])
    assert not are_same(one, one[:-1])
    assert not are_same(one, one[::-1])


def met(shot: Snapshot, value: object) -> bool:
    probes: dict[str, Any] = {}
    pack({"y": value}, probes=probes)
    return shot.is_met_in([value], probes.values())


def test_what_shares_something_is_known(by, store):
    matrix = np.arange(20_000.0).reshape(100, 200)
    value = {"list": [[1]], "matrix": matrix, "small": np.arange(3.0), "frame": pd.DataFrame({"a": [1.0]}), "t": ([],)}
    _, loaded = bring(store, {"x": value})
    x: Any = loaded.values["x"]  # noqa: PD011 - no frame
    shot = loaded.snapshot
    assert shot is not None
    shared = [x, [x], x["list"], {"k": x["list"][0]}, x["matrix"], x["matrix"][3:], x["small"][::2], x["frame"]]
    shared += [[x["frame"]], x["t"][0]]
    assert [met(shot, one) for one in shared] == [True] * len(shared)
    apart = [1, [[1]], x["matrix"].copy(), x["frame"][["a"]], x["frame"].copy(), x["frame"].sum(), "list", [x["t"][:0]]]
    assert [met(shot, one) for one in apart] == [False] * len(apart)


def test_memory_is_the_neighbours_own(store):
    """What lies beside an array in memory is not its own."""
    _, loaded = bring(store, {"x": [np.arange(3.0), np.arange(3.0)]})
    assert loaded.snapshot is not None
    assert not any(met(loaded.snapshot, np.arange(float(n))) for n in itertools.islice(range(1, 50), 40))
