"""Values there and back: same values, same aliases, one namespace."""

from __future__ import annotations

import inspect
import io
import linecache
import math
import queue
import subprocess
import sys
import threading
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snb.artifacts import pickler
from k8snb.artifacts.groups import Group
from k8snb.artifacts.packing import pack
from k8snb.artifacts.rebuild import Unpickler
from k8snb.artifacts.store import open_store
from k8snb.artifacts.transfer import load, load_copy, save
from k8snb.errors import UnpackableError


def notebook(source, **names):
    """Execute a cell in a namespace like the notebook's."""
    namespace = {"__name__": "__main__", **names}
    exec(compile(source, "<cell>", "exec", dont_inherit=True), namespace)
    return namespace


@pytest.fixture
def travel(store):
    def travel(values, namespace=None, into=None):
        """Bring the values to the store and back, and return them, the groups' names with them."""
        packing = pack(values, namespace=namespace, strict=True)
        into = {"__name__": "__main__"} if into is None else into
        for packed in packing.packed:
            group = Group.load(save(store, packed).dump())
            into.update(load(store, group, namespace=into))
        return into, sorted(packed.names for packed in packing.packed)

    return travel


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
keys = st.text() | st.integers() | st.tuples(st.integers(), st.text())
nested = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.tuples(inner, inner), max_leaves=20
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return open_store(str(tmp_path_factory.mktemp("store")))


@settings(max_examples=60, deadline=None)
@given(values=st.dictionaries(st.text("abcdef", min_size=1, max_size=3), nested, max_size=4))
def test_nested_values_come_back_equal(folder, values):
    back = {}
    for packed in pack(values).packed:
        back |= load(folder, save(folder, packed))
    assert back == values
    assert [type(back[name]) for name in values] == [type(value) for value in values.values()]


@settings(max_examples=60, deadline=None)
@given(links=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8))
def test_groups_are_what_shares_an_object(links):
    lists = [[] for _ in range(5)]
    for holder, held in links:
        lists[holder].append(lists[held])
    reach = [{i} for i in range(5)]
    for _ in range(5):
        for holder, held in links:
            reach[holder] |= reach[held]
    expected = [{i} for i in range(5)]
    for one in reach:
        joined = [group for group in expected if group & one]
        expected = [group for group in expected if not group & one] + [set().union(*joined)]
    packed = pack({f"v{i}": x for i, x in enumerate(lists)}).packed
    assert sorted(p.names for p in packed) == sorted(tuple(f"v{i}" for i in sorted(group)) for group in expected)


def test_independent_values_stay_apart(travel):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    values = {
        "a": np.zeros(10),
        "b": np.zeros(10),
        "c": [1, "text", 2.5],
        "d": {"k": "text"},
        "e": "text",
        "f": ("text", None),
        "g": frame,
        "h": frame[frame.a > 1],
        "i": frame.columns,
        "k": frame["a"],
        "l": pd.Timestamp("2024-01-01"),
        "m": [threading.Thread, np.float64(1)],
        "n": pd.Series(pd.Categorical(["a"])),
        "o": pd.Series(pd.Categorical(["a"])),
    }
    _, groups = travel(values)
    assert groups == [(name,) for name in sorted(values)]


def test_sharing_is_found_where_the_memo_is_hidden(monkeypatch):
    monkeypatch.setattr(pickler, "memo_is_visible", lambda: False)
    shared = [1]
    packed = pack({"x": shared, "y": {"x": shared}, "z": [1]}).packed
    assert sorted(p.names for p in packed) == [("x", "y"), ("z",)]


def test_one_object_under_two_names_stays_one(travel):
    shared = [1]
    back, groups = travel({"a": shared, "b": {"in": (shared,)}, "c": [2]})
    assert groups == [("a", "b"), ("c",)]
    assert back["b"]["in"][0] is back["a"]


@pytest.mark.parametrize("make", [lambda: np.zeros(2), SimpleNamespace])
def test_what_is_packed_last_is_shared_like_the_rest(travel, make):
    first, last = make(), make()
    back, groups = travel({"last": last, "many": [first, last]})
    assert back["many"][1] is back["last"]
    assert len(groups) == 1


# Arrays


@pytest.mark.parametrize(
    "array",
    [
        np.arange(20_000.0).reshape(100, 200),
        np.asfortranarray(np.arange(20_000.0).reshape(100, 200)),
        np.arange(20_000.0).reshape(100, 200)[::-1, ::2],
        np.arange(200_000.0).reshape(1000, 200)[:, 3],
        np.broadcast_to(np.arange(5), (4, 5)),
        np.array("2024-01-01", dtype="M8[D]") + np.arange(20_000),
        np.array([("a", 1.5), ("bc", 2.5)], dtype=[("name", "U3"), ("x", "f8")]),
        np.array([{"a": 1}, None, [1]], dtype=object),
        np.array(["ab", "c"]),
        np.array(1.5),
        np.zeros((0, 3)),
        np.zeros(3, dtype="V0"),
        np.array([(1, 2.5)], dtype="i4,f8").view(np.recarray),
        np.ma.masked_array([1, 2], [True, False]),
        np.array(["long", "strings"], dtype=np.dtypes.StringDType()),
    ],
    ids=lambda a: f"{type(a).__name__}-{a.dtype}-{a.shape}",
)
def test_arrays_come_back_the_same(travel, array):
    back = travel({"x": array})[0]["x"]
    assert type(back) is type(array)
    assert back.dtype == array.dtype
    assert back.flags.writeable == array.flags.writeable
    np.testing.assert_array_equal(back, array)


def test_large_arrays_are_packed_without_a_copy_and_come_back_writable(travel):
    array = np.arange(1_000_000.0)
    (packed,) = pack({"x": array}).packed
    assert np.shares_memory(np.frombuffer(packed.buffers[0], np.uint8), array)
    back = travel({"x": array})[0]["x"]
    back[0] = 5
    assert travel({"x": array})[0]["x"][0] == 0  # the store's copy is as it was


def test_views_in_several_variables_stay_views(travel):
    data = np.arange(100_000.0).reshape(100, 1000)
    values = {"data": data, "rows": data[10:20], "back": data[::-1, ::3], "flat": data.reshape(-1), "other": data * 2}
    back, groups = travel(values)
    assert groups == [("back", "data", "flat", "rows"), ("other",)]
    for name, value in values.items():
        np.testing.assert_array_equal(back[name], value)
    back["rows"][0, 0] = -1
    assert back["data"][10, 0] == back["flat"][10_000] == back["back"][89, 0] == -1


def test_views_within_one_variable_stay_views(travel):
    data = np.arange(10.0)
    back = travel({"x": {"all": data, "some": data[2:4]}})[0]["x"]
    back["all"][2] = -1
    assert back["some"][0] == -1


def test_parts_that_share_nothing_are_independent(travel):
    data = np.arange(100_000.0).reshape(1000, 100)
    values = {"X": data[:, :-1], "y": data[:, -1]}
    back, groups = travel({**values, "train": data[:500, 0], "test": data[500:, 0]})
    assert groups == [("X", "test", "train"), ("y",)]
    back, groups = travel({"train": data[:500], "test": data[500:]})
    assert groups == [("test",), ("train",)]
    back, _ = travel(values)
    np.testing.assert_array_equal(back["X"], values["X"])
    np.testing.assert_array_equal(back["y"], values["y"])


ENUMS = """
from enum import Enum, Flag, auto
class Planet(Enum):
    EARTH = (5.9, 6.3)
    def __init__(self, mass, radius):
        self.mass, self.radius = mass, radius
class Coord(bytes, Enum):
    def __new__(cls, value, label):
        made = bytes.__new__(cls, [value])
        made._value_, made.label = value, label
        return made
    PX = (0, "P.X")
    PY = (1, "P.Y")
class Right(Flag):
    READ = auto()
    WRITE = auto()
    BOTH = READ | WRITE
class Level(str, Enum):
    LOW = "low"
    SMALL = "low"
class Pair(tuple, Enum):
    ONE = (1, 2)
"""


def test_members_of_enumerations_have_all_that_their_own_code_has_given_them(folder):
    space = {"__name__": "__main__"}
    exec(ENUMS, space)
    names = ["Planet", "Coord", "Right", "Level", "Pair"]
    packing = pack({name: space[name] for name in names} | {"right": space["Right"](3)}, namespace=space, strict=True)
    back = {}
    for packed in packing.packed:
        back |= load_copy(folder, save(folder, packed), namespace={"__name__": "__main__"})
    planet, coord, right, level, pair = map(back.get, names)
    assert (planet.EARTH.mass, planet((5.9, 6.3)).radius) == (5.9, 6.3)
    assert (coord.PY, coord(1).label, coord["PX"].label) == (b"\x01", "P.Y", "P.X")
    assert right["BOTH"] is right.READ | right.WRITE is back["right"]
    assert (level.SMALL is level.LOW, level("low") == "low", list(level.__members__)) == (True, True, ["LOW", "SMALL"])
    assert pair.ONE == (1, 2)


def test_the_nan_of_a_module_stays_that_object(travel):
    of_numpy, of_math, other = np.nan, math.nan, float("nan")
    values = {"x": np.nan, "list": [1.5, np.nan, math.nan, other], "frame": pd.DataFrame({"a": ["x", np.nan]})}
    back, _ = travel(values | {"set": {np.nan}, "array": np.array([np.nan, "x"], dtype=object)})
    assert back["x"] is of_numpy
    assert [one is of_numpy for one in back["list"]] == [False, True, False, False]
    assert [one is of_math for one in back["list"]] == [False, False, True, False]
    assert back["frame"]["a"][1] is of_numpy
    assert of_numpy in back["set"]
    assert back["array"][0] is of_numpy


def test_an_array_goes_on_looking_into_a_frame(travel):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0], "t": pd.date_range("2020", periods=2)})
    back, _ = travel({"frame": frame, "array": frame["a"].to_numpy(), "times": frame["t"].to_numpy()})
    back["frame"].loc[0, "a"] = 9.0
    back["frame"].loc[0, "t"] = pd.Timestamp(0)
    assert back["array"].tolist() == [9.0, 2.0]
    assert back["times"][0] == np.datetime64(0, "s")
    assert not back["array"].flags.writeable


def test_frames_that_an_array_looks_into_still_copy_what_they_share(travel):
    series = pd.Series([1, 2, 3])
    back, _ = travel({"one": series, "other": series[:], "array": series.to_numpy()})
    back["one"][0] = 5
    assert back["other"].tolist() == back["array"].tolist() == [1, 2, 3]
    back["other"][0] = 6  # nobody shares it with another series now
    assert back["array"].tolist() == [6, 2, 3]


def test_frames_do_not_share_memory_that_they_would_copy_on_write(travel):
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4], "c": ["x", "y"]})
    back, _ = travel({"x": [frame, frame.reset_index(drop=True), frame["a"]]})
    first, second, column = back["x"]
    first.loc[0, "a"] = 10
    column[1] = 20
    assert second["a"].tolist() == [1, 2]
    assert first["a"].tolist() == [10, 2]
    pd.testing.assert_frame_equal(second, frame)


# Functions and classes


def test_functions_live_in_the_loaders_namespace(travel):
    cell = notebook("k = 2\ndef f(x): return g(x) * k\ndef g(x):\n    global seen\n    seen = x\n    return x + 1")
    back, groups = travel({"f": cell["f"], "g": cell["g"]}, cell, {"__name__": "__main__", "k": 10})
    assert groups == [("f",), ("g",)]
    assert back["f"].__globals__ is back
    assert back["f"](1) == 20
    back["k"] = 100
    back["g"] = lambda _: 1
    assert back["f"](1) == 100
    notebook_g = travel({"g": cell["g"]}, cell, back)[0]["g"]
    notebook_g(7)
    assert back["seen"] == 7


def test_what_functions_need_is_named():
    cell = notebook(
        "import math\n"
        "a = b = c = d = 1\n"
        "def f(x, y=1):\n"
        "    len(x); x.append(math.pi)\n"
        "    class Inner:\n"
        "        own = a\n"
        "        def m(self): return own, b, later\n"
        "    return [c for _ in x if (lambda: d)()]\n"
        "class K:\n"
        "    def m(self): return f(self)\n"
        "k = K()\n"
    )
    packed = pack({"f": cell["f"]}, namespace=cell).packed
    assert packed[0].needs == ("a", "b", "c", "d", "later", "math", "own")
    packed = pack({"f": cell["f"], "k": cell["k"]}, namespace=cell).packed
    assert [p.needs for p in packed if "k" in p.names] == [("f",)]


def test_functions_keep_what_they_have(travel):
    cell = notebook(
        "def f(a: int, b=[1], *, c={'k': 2}) -> str:\n    'doc'\n    return b, c\nf.note = 'x'\nh = f.__defaults__[0]"
    )
    back, groups = travel({"f": cell["f"], "h": cell["h"]}, cell)
    f = back["f"]
    assert groups == [("f", "h")]
    assert (f.__doc__, f.note, f.__name__, f.__qualname__, f.__module__) == ("doc", "x", "f", "f", "__main__")
    assert f.__annotations__ == {"a": int, "return": str}
    assert f(1) == ([1], {"k": 2})
    assert f(1)[0] is back["h"]


def test_closures_share_their_cells(travel):
    cell = notebook(
        "def make():\n"
        "    n = 0\n"
        "    def inc():\n        nonlocal n\n        n += 1\n        return n\n"
        "    def get(): return n\n"
        "    return inc, get\n"
        "inc, get = make()\n"
        "inc2, get2 = make()\n"
    )
    names = ("inc", "get", "inc2", "get2")
    back, groups = travel({name: cell[name] for name in names}, cell)
    assert groups == [("get", "inc"), ("get2", "inc2")]
    assert (back["inc"](), back["inc"](), back["get"](), back["get2"]()) == (1, 2, 2, 0)


def test_recursive_closures(travel):
    cell = notebook(
        "def make():\n"
        "    def even(n): return n == 0 or odd(n - 1)\n"
        "    def odd(n): return n != 0 and even(n - 1)\n"
        "    return even, odd\n"
        "even, odd = make()\n"
    )
    back, _ = travel({"even": cell["even"], "odd": cell["odd"]}, cell)
    assert back["even"](10)
    assert back["odd"].__closure__[0].cell_contents is back["even"]


CLASSES = """
import dataclasses, enum, functools, typing, abc, collections, contextlib
class Base(abc.ABC):
    count = 0
    @abc.abstractmethod
    def area(self): ...
class Square(Base):
    def __init__(self, side): self.side = side
    def area(self): return super().__class__.__name__, self.side * scale
    @functools.cached_property
    def cached(self): return self.side * 2
    @functools.lru_cache
    def memo(self, n): return n
    @classmethod
    def unit(cls): return cls(1)
    @property
    def p(self): return self.side
@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    y: list = dataclasses.field(default_factory=list)
class Color(enum.Enum):
    RED = 1
class Pair(typing.NamedTuple):
    a: int
    b: str = "b"
Old = collections.namedtuple("Old", "a b")
class Odd(ValueError):
    def __init__(self, code, *, detail): super().__init__(f"odd {code}"); self.detail = detail
@contextlib.contextmanager
def manager():
    yield scale
@functools.lru_cache
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
@functools.singledispatch
def show(x): return "any"
@show.register
def _(x: int): return "int"
scale = 3
square, other, point, color, pair, old = Square(2), Square(3), Point(1, [2]), Color.RED, Pair(1), Old(1, 2)
odd = Odd(7, detail={"k": 1})
partial = functools.partial(fib, 10)
bound = square.area
square.cached
"""
RESULTS = (
    "[square.area(), square.cached, square.memo(4), Square.unit().side, square.p, isinstance(other, Base),"
    " type(square) is Square is type(other), point == Point(1, [2]), color is Color.RED, pair, pair._replace(b='c'),"
    " old, (type(odd) is Odd, str(odd), odd.detail, odd.args), list(map(fib, range(10))), partial(), bound(),"
    " bound.__self__ is square, manager().__enter__(), fib.cache_info().maxsize, show(1), show('a')]"
)


def test_classes_and_what_is_made_of_them(travel):
    cell = notebook(CLASSES)
    values = {k: v for k, v in cell.items() if not k.startswith("__")}
    back, _ = travel(values, cell)
    assert eval(RESULTS, back)[:9] == eval(RESULTS, cell)[:9]
    assert repr(eval(RESULTS, back)) == repr(eval(RESULTS, cell))


def test_a_fresh_process_gets_the_same(travel, tmp_path):
    cell = notebook(CLASSES)
    values = {k: v for k, v in cell.items() if not k.startswith("__")}
    store = open_store(str(tmp_path / "fresh"))
    groups = [save(store, packed).dump() for packed in pack(values, namespace=cell, strict=True).packed]
    program = (
        "from k8snb.artifacts.transfer import load\nfrom k8snb.artifacts.store import open_store\n"
        "from k8snb.artifacts.groups import Group\n"
        f"store, space = open_store({store.uri!r}), {{'__name__': '__main__'}}\n"
        f"for g in {groups!r}: space |= load(store, Group.load(g), namespace=space)\n"
        f"print(repr(eval({RESULTS!r}, space)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert run.stdout.strip() == repr(eval(RESULTS, cell))


def test_a_class_inside_a_function_keeps_its_full_name(travel):
    namespace = notebook("def make():\n  class Net:\n    class Part: pass\n  return Net()\nnet = make()")
    there, _ = travel({"net": namespace["net"]}, namespace)
    assert type(there["net"]).__qualname__ == "make.<locals>.Net"
    assert type(there["net"]).Part.__qualname__ == "make.<locals>.Net.Part"
    assert "__qualname__" not in vars(type(there["net"]))


def test_instances_are_of_the_class_loaded_earlier(travel):
    cell = notebook("class P: pass\np, q = P(), P()")
    back, _ = travel({"P": cell["P"], "p": cell["p"]}, cell)
    earlier = back["P"]
    back, groups = travel({"q": cell["q"]}, cell, back)
    assert groups == [("q",)]
    assert isinstance(back["q"], earlier)


def test_variables_of_one_class_are_one_group(travel):
    cell = notebook("class P: pass\np, q, n = P(), P(), 1")
    _, groups = travel({name: cell[name] for name in ("P", "p", "q", "n")}, cell)
    assert groups == [("P", "p", "q"), ("n",)]


# What cannot travel


@pytest.mark.parametrize(
    ("value", "kind", "place", "way"),
    [
        (threading.Lock(), "_thread.lock", "", "make it anew"),
        ({"a": [1, threading.Lock()]}, "_thread.lock", "(at v['a'][1])", "make it anew"),
        ((i for i in "ab"), "generator", "", "make it a list"),
    ],
)
def test_what_cannot_travel_is_named(value, kind, place, way):
    packing = pack({"v": value, "w": 1})
    assert [p.names for p in packing.packed] == [("w",)]
    assert kind in packing.failures["v"]
    assert place in packing.failures["v"]
    assert way in packing.failures["v"]
    with pytest.raises(UnpackableError, match="'v' cannot travel") as caught:
        pack({"v": value}, strict=True)
    assert "'v'" in caught.value.where


def test_what_a_closure_or_an_object_holds_is_found(tmp_path):
    cell = notebook("def outer(f): return lambda: f\nclass K: pass\nk = K()")
    with (tmp_path / "x").open("w") as file:
        cell["k"].inner = [file]
        failures = pack({"f": cell["outer"](file), "k": cell["k"]}, namespace=cell).failures
    assert "(at f closing over f)" in failures["f"]
    assert "(at k.inner[0])" in failures["k"]
    assert "open it in the step" in failures["k"]


def test_the_own_class_that_holds_what_cannot_travel_can_leave_it_out():
    cell = notebook("import threading\nclass K:\n    def __init__(self): self.lock = threading.Lock()\nk = K()")
    failures = pack({"k": [cell["k"]], "q": queue.Queue()}, namespace=cell).failures
    assert "__getstate__" in failures["k"]
    assert "__getstate__" not in failures["q"]


def test_too_deep_a_value_is_a_failure_not_a_crash():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert "nested too deeply" in pack({"v": deep}).failures["v"]


def test_what_a_value_raises_itself_is_told():
    cell = notebook("class K:\n    def __getstate__(self): raise RuntimeError('not me')\nk = K()")
    assert "RuntimeError: not me" in pack({"k": cell["k"]}, namespace=cell).failures["k"]


# What is told


def test_modules_and_summary():
    cell = notebook("def f(): ...\nclass K: ...")
    values = {
        "a": np.zeros((1437, 64)), "f": cell["f"], "K": cell["K"], "l": [1, 2], "n": 1, "df": pd.DataFrame({"a": [1]}),
        "np": np, "err": ValueError,
    }  # fmt: skip
    packing = pack(values, namespace=cell)
    summary = {name: text for p in packing.packed for name, text in p.summary.items()}
    modules = {p.names[0]: p.modules for p in packing.packed}
    assert summary["a"] == "ndarray 1437x64 float64, 736 kB"
    assert (summary["f"], summary["K"], summary["n"], summary["np"]) == (
        "function f",
        "class K",
        "int 1",
        "module numpy",
    )
    assert summary["l"].startswith("list of 2, ")
    assert summary["df"].startswith("DataFrame 1x1, ")
    assert modules == {
        "a": ("numpy",), "f": (), "K": (), "l": (), "n": (), "np": ("numpy",), "err": (),
        "df": ("numpy", "pandas", "pyarrow"),
    }  # fmt: skip


def test_packing_imports_neither_numpy_nor_pandas():
    program = (
        "import sys\nfrom k8snb.artifacts.packing import pack\n"
        "pack({'a': [1], 'b': print, 'c': ValueError('x')}, strict=True)\n"
        "assert not {'numpy', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_the_same_value_has_the_same_bytes():
    def make():
        return notebook("def f(x): return [y * 2 for y in x]\nd = {'a': [1.5, 'x'], 'b': (1, 2)}")

    one, two = make(), make()
    first, second = (pack({"f": n["f"], "d": n["d"]}, namespace=n).packed for n in (one, two))
    assert [p.pickle for p in first] == [p.pickle for p in second]


def test_sources_of_one_file_name_do_not_mix():
    sources = ["def fit():\n    return 1 / 0\n", "# other\ndef fit():\n    return 2 / 0\n"]
    for number, source in enumerate(sources):
        name = f"/tmp/kernel/{number}.py"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        cell = {"__name__": "__main__"}
        exec(compile(source, name, "exec"), cell)
        (packed,) = pack({"fit": cell["fit"]}, namespace=cell).packed
        fit = Unpickler(io.BytesIO(packed.pickle), packed.buffers, {}).load()["fit"]
        assert inspect.getsource(fit) in source


def test_a_library_that_another_thread_imports_just_now_does_no_harm(monkeypatch):
    half = ModuleType("numpy")
    half.__spec__ = ModuleSpec("numpy", None)
    half.__spec__._initializing = True
    for name in ("numpy", "pandas"):
        monkeypatch.setitem(sys.modules, name, half)
    assert [p.names for p in pack({"x": [1], "e": ValueError("no")}, strict=True).packed] == [("e",), ("x",)]


def test_many_small_arrays_lie_together(store):
    arrays = [np.arange(n % 7 + 1000.0) for n in range(1200)]
    odd = [np.array([n, 1], "i1") for n in range(100)]
    fixed = np.arange(50.0)
    fixed.flags.writeable = False
    value = [*arrays, *odd, fixed, arrays[0], arrays[7][::-2]]
    [packed] = pack({"x": value}).packed
    assert sum(map(len, packed.buffers)) < sum(a.nbytes for a in value) * 1.1
    assert len(packed.buffers) == 3  # of 4 MiB
    assert len(packed.pickle) < 400_000
    x = load(store, save(store, packed))["x"]
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(x, value, strict=True))
    assert all(a.flags.aligned for a in x)
    assert x[-2] is x[0]
    assert np.shares_memory(x[-1], x[7])
    assert not x[-3].flags.writeable
    before = [a.copy() for a in x]
    x[500][:] = -1
    assert [n for n, (a, b) in enumerate(zip(x, before, strict=True)) if not np.array_equal(a, b)] == [500]


@pytest.mark.parametrize("mode", ["w", "r", "a+", "rb", "wb", "r+b"])
def test_a_file_that_was_closed_travels_as_one(travel, tmp_path, mode):
    path = tmp_path / "a.txt"
    path.write_text("text")
    with path.open(mode) as file:
        there = path.stat().st_size
    back, _ = travel({"file": file, "files": [file]})
    assert repr(back["file"]) == repr(file)
    assert (back["file"].name, back["file"].mode, back["file"].closed) == (str(path), file.mode, True)
    assert back["files"][0] is back["file"]
    assert path.stat().st_size == there  # the file itself is not touched
    with pytest.raises(ValueError, match="closed"):
        back["file"].fileno()


ITSELF = """
from collections import OrderedDict, defaultdict, Counter
class Wrap:
    def __init__(self, inner): self.inner = inner
    def __getattr__(self, name): return getattr(self.inner, name)
class Slotted(Wrap):
    __slots__ = ("more",)
class LRU(OrderedDict):
    def __init__(self, n): super().__init__(); self.n = n
    def __setitem__(self, k, v):
        super().__setitem__(k, v)
        while len(self) > self.n: self.popitem(last=False)
class Log(list):
    def __init__(self, name): self.name, self.count = name, 0
    def append(self, x): self.count += 1; super().append(x)
class Tags(set):
    def __init__(self, kind, *tags): super().__init__(tags); self.kind = kind
class Groups(defaultdict):
    def __init__(self): super().__init__(list)
class Votes(Counter):
    def __init__(self, who): super().__init__(); self.who = who
w, s, lru, log, tags, groups, votes = Wrap([1]), Slotted([2]), LRU(2), Log("a"), Tags("t", "x"), Groups(), Votes("me")
s.more = s.inner
lru["a"] = lru
log.append(w)
groups["g"].append(log)
votes["v"] += 2
"""


def test_objects_whose_own_code_needs_their_attributes_load_without_it(travel):
    cell = notebook(ITSELF)
    names = ("w", "s", "lru", "log", "tags", "groups", "votes")
    back, _ = travel({name: cell[name] for name in names}, namespace=cell)
    assert [type(back[name]).__name__ for name in names] == ["Wrap", "Slotted", "LRU", "Log", "Tags", "Groups", "Votes"]
    assert (back["w"].inner, back["s"].more, back["s"].more is back["s"].inner) == ([1], [2], True)
    assert (back["lru"]["a"] is back["lru"], back["lru"].n) == (True, 2)
    assert (back["log"][0] is back["w"], back["log"].count, back["log"].name) == (True, 1, "a")
    assert (back["tags"], back["tags"].kind) == ({"x"}, "t")
    assert (back["groups"]["g"][0] is back["log"], back["groups"]["new"]) == (True, [])
    assert (dict(back["votes"]), back["votes"].who) == ({"v": 2}, "me")


HASHED = """
from dataclasses import dataclass
class Node:
    def __init__(self, name): self.near, self.name, self.more = set(), name, [name]
    def __hash__(self): return hash(self.name)
    def __eq__(self, other): return self.name == other.name
@dataclass(frozen=True)
class Point:
    x: int
    cache = {}
    def norm(self): return self.cache.setdefault(self, self.x ** 2)
a, b, p = Node("a"), Node("b"), Point(2)
a.near.add(b); b.near.add(a); p.norm()
"""


def test_what_has_a_hash_of_its_own_is_found_by_it_where_all_lead_back_to_each_other(travel):
    cell = notebook(HASHED)
    back, _ = travel({name: cell[name] for name in ("a", "b", "p", "Point")}, namespace=cell)
    assert back["b"] in back["a"].near
    assert back["a"] in back["b"].near
    assert list(vars(back["a"])) == ["near", "name", "more"]
    assert back["Point"].cache[back["Point"](2)] == 4
    assert back["p"] in back["Point"].cache


def test_a_class_keeps_the_order_of_its_attributes(travel):
    cell = notebook("class C:\n    z = 1\n    a = 2\n    def m(self): pass\n    b = 3\nC.y = 4")
    back, _ = travel({"C": cell["C"]}, namespace=cell)
    assert [name for name in vars(back["C"]) if not name.startswith("__")] == ["z", "a", "m", "b", "y"]
