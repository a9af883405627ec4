"""Whether a value was changed in place: reading leaves it as it was, and each way of changing it is seen."""

from __future__ import annotations

import collections
import functools
import io
import random
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from blake3 import blake3
from sklearn.svm import SVC

from k8snb.artifacts import buffers
from k8snb.artifacts.buffers import Buffer, map_file
from k8snb.artifacts.changes import changed
from k8snb.artifacts.compare import alike
from k8snb.artifacts.groups import Part
from k8snb.artifacts.packing import pack
from k8snb.artifacts.transfer import load_whole, save

CLASS = """
class A:
    n = 0
    seen = []
    def __init__(self): self.v = [1]
    def add(self): self.v.append(2)
    @classmethod
    def count(cls): cls.n += 1
"""
DATACLASS = """
import dataclasses
@dataclasses.dataclass
class P:
    a: int = 1
    l: list = dataclasses.field(default_factory=list)
"""
COUNTER = """
def make():
    n = 0
    def count():
        nonlocal n
        n += 1
    return count
"""
FITTED = "points, labels = np.arange(20.0).reshape(10, 2), np.arange(10) % 2\nm = SVC().fit(points, labels)"

# What the cell above makes; the value; code that only reads it; code that changes it.
CASES = [
    ("", "[1, 2, [3]]", ["len(x)", "sorted(x, key=str)"], ["x[2].append(1)", "x[0] = 1.0", "x[:] = x[::-1]"]),
    ("", "(1, [2])", ["x[1]"], ["x[1].append(1)"]),
    (
        "",
        "{'a': 1, 'b': {1, 2}}",
        ["x['a']", "list(x)", "x['b'] | {3}"],
        ["x['b'].add(5)", "x['a'] = 2", "x['a'] = True", "x['a'] = x.pop('a')", "del x['a']"],
    ),
    ("", "{'p', 'q', 'r'}", ["sorted(x)"], ["x.add('s')", "x.discard('p')"]),
    ("", "collections.deque([1, 2])", ["len(x)"], ["x.rotate(1)", "x.append(3)"]),
    ("", "collections.defaultdict(list, {'a': [1]})", ["x['a']"], ["x['z']", "x['a'].append(2)"]),
    ("", "collections.OrderedDict(a=1, b=2)", ["x['a']"], ["x.move_to_end('a')"]),
    ("", "bytearray(b'abc')", ["len(x)"], ["x[0] = 1"]),
    ("", "np.arange(10.0)", ["x.sum()", "x + 1", "x[::2]"], ["x[2] = 7", "x.shape = (2, 5)", "x[::-1].sort()"]),
    ("", "[np.arange(1e6)]", ["x[0] = x[0].copy()"], ["x[0] = x[0] + 1", "x[0] = np.sort(-x[0])"]),
    ("", "np.arange(1e6)", ["x.sum()", "np.sort(x)"], ["x[999] = 7", "np.negative(x, out=x)", "x[-1] = 0"]),
    ("", "np.array([[1], 'a', None], dtype=object)", ["x.shape"], ["x[0].append(3)", "x[1] = 2"]),
    ("", "np.arange(40.0).reshape(8, 5)[::2, 1]", ["x.sum()", "x * 2"], ["x[1] = 9"]),
    (
        "",
        "pd.DataFrame({'a': range(100), 'b': np.arange(100.0), 'c': list('ab') * 50})",
        [
            "x.describe()",
            "x.head()",
            "x['a'].mean()",
            "x.values",
            "x.groupby('c').sum()",
            "x.to_string()",
            "x.sort_values('b')",
            "x.isna().sum()",
            "x.loc[3]",
            "x.index.get_loc(4)",
            "x.query('a > 3')",
        ],
        [
            "x['d'] = 1",
            "x.loc[3, 'a'] = 77",
            "x.iloc[0, 1] = 5.0",
            "x.pop('a')",
            "x.columns = list('xyz')",
            "x.index.name = 'q'",
            "x.attrs['k'] = 1",
            "x['c'] = x['c'].str.upper()",
            "x['a'] = x['a'].astype(float)",
        ],
    ),
    (
        "",
        "pd.DataFrame({c: np.arange(200_000.0) for c in 'abcd'})",
        ["x.describe()", "x.values", "x._consolidate_inplace()"],
        ["x.loc[3, 'a'] = 77.0", "x['a'] += 1"],
    ),
    ("", "pd.Series(['a', 'b'], dtype='category')", ["x.str.upper()"], ["x.iloc[0] = 'b'", "x.name = 'v'"]),
    ("", "pd.Series([1, 2, None], dtype='Int64')", ["x.sum()"], ["x.iloc[0] = 4", "x.iloc[0] = None"]),
    ("", "pd.Series(pd.date_range('2020', periods=4))", ["x.dt.year"], ["x.iloc[0] = x.iloc[1]"]),
    ("", "pd.DataFrame({'s': ['a', 'b']})", ["x.s.str.len()"], ["x.loc[0, 's'] = 'q'"]),
    ("", "random.Random(1)", ["str(x)"], ["x.random()"]),
    ("", "np.random.default_rng(1)", ["str(x)"], ["x.random()"]),
    (
        CLASS,
        "A()",
        ["x.v", "repr(x)"],
        ["x.add()", "x.count()", "x.w = 1", "x.seen.append(1)", "type(x).n = 4", "del x.v"],
    ),
    (CLASS, "A", ["x.n", "x()"], ["x.n = 1", "x.count()", "x.seen.append(1)", "x.more = 1"]),
    (DATACLASS, "P()", ["x == x", "repr(x)"], ["x.a = 2", "x.l.append(1)"]),
    ("class S:\n    __slots__ = ('a',)\n", "S()", ["str(x)"], ["x.a = 2"]),
    ("class L(list): pass", "L([1])", ["len(x)"], ["x.append(2)", "x.t = 1"]),
    ("N = collections.namedtuple('N', 'a')", "N([1])", ["x.a"], ["x.a.append(1)"]),
    (COUNTER, "make()", ["x.__name__"], ["x()"]),
    ("def g(a, l=[]): l.append(a)", "g", ["x.__name__", "x(1, [])"], ["x(1)", "x.k = 1"]),
    ("", "functools.partial(print, [1])", ["x.args"], ["x.args[0].append(3)"]),
    (FITTED, "m", ["x.predict(points)", "x.score(points, labels)"], ["x.fit(points, 1 - labels)", "x.C = 2.0"]),
]
READING = [(cell, value, code) for cell, value, codes, _ in CASES for code in codes]
CHANGING = [(cell, value, code) for cell, value, _, codes in CASES for code in codes]


@pytest.fixture(params=[True, False], ids=["by snapshot", "by packing"])
def given(store, request):
    def given(cell, value):
        """Return a namespace where a value has come from the store as `x`, and what says whether it has changed."""
        modules = {m.__name__.rpartition(".")[2]: m for m in (collections, functools, random)}
        space = {"__name__": "__main__", "np": np, "pd": pd, "SVC": SVC, **modules}
        exec(compile(cell, "<cell>", "exec", dont_inherit=True), space)
        [packed] = pack({"x": eval(value, space)}, namespace=space, strict=True).packed
        group = save(store, packed)
        loaded = load_whole(store, group, namespace=space, watched=request.param)
        space |= loaded.values  # noqa: PD011 - no frame
        return space, lambda: changed(store, group, loaded, space)

    return given


@pytest.mark.parametrize(("cell", "value", "code"), READING)
def test_reading_changes_nothing(given, cell, value, code):
    space, has_changed = given(cell, value)
    exec(code, space)
    assert not has_changed()


@pytest.mark.parametrize(("cell", "value", "code"), CHANGING)
def test_each_change_is_seen(given, cell, value, code):
    space, has_changed = given(cell, value)
    assert not has_changed()
    exec(code, space)
    assert has_changed()


def test_what_cannot_travel_any_more_has_changed(given):
    space, has_changed = given("", "[1]")
    space["x"].append(i for i in ())
    assert has_changed()


def test_names_that_share_nothing_any_more_have_changed(store):
    shared = [1]
    [packed] = pack({"a": {"in": shared}, "b": shared}).packed
    group = save(store, packed)
    loaded = load_whole(store, group, namespace={})
    assert not changed(store, group, loaded, {})
    loaded.values["a"]["in"] = [1]  # noqa: PD011 - no frame
    assert changed(store, group, loaded, {})


OWN, OWN_TOO = (type("Own", (), {"__module__": "__main__", "__qualname__": "Own"}) for _ in range(2))
SHARED, CIRCLE, OTHER_CIRCLE = [1], [1], [1]
CIRCLE.append(CIRCLE)
OTHER_CIRCLE.append(OTHER_CIRCLE)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([SHARED, SHARED], [[1], [1]], False),
        ([[1], [1]], [SHARED, SHARED], False),
        ([SHARED, SHARED], [[1]] * 2, True),
        (CIRCLE, OTHER_CIRCLE, True),
        (float("nan"), float("nan"), True),
        (1, True, False),
        (io.StringIO("a"), io.StringIO("a"), True),
        (io.StringIO("a"), io.StringIO("b"), False),
        (random.Random(1), random.Random(2), False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
        (SimpleNamespace(a=[1]), SimpleNamespace(a=[1]), True),
        (SimpleNamespace(a=[1]), SimpleNamespace(a=[2]), False),
        (np.arange(3), np.arange(3.0), False),
        (np.zeros((2, 3)), np.zeros((3, 2)), False),
        (np.array([np.nan]), np.array([np.nan]), True),
        (pd.Index([1, 2], name="a"), pd.Index([1, 2], name="b"), False),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]}), True),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1.0, 2.0]}), False),
        (pd.DataFrame({"a": [[1]]}), pd.DataFrame({"a": [[2]]}), False),
        (pd.Series([1], name="a"), pd.Series([1], name="b"), False),
        (pd.Series([1, 2]), pd.Series([1, 2], index=[1, 2]), False),
        (list[OWN], list[OWN_TOO], True),
        (OWN | None, OWN_TOO | None, True),
        (list[OWN], list[int], False),
    ],
)
def test_alike_means_type_structure_and_contents(one, other, same):
    assert alike(one, other) is same


@pytest.mark.parametrize("kernel_tells", [True, False])
@pytest.mark.parametrize("place", [None, 0, 4095, 4096, 3_000_000])
def test_a_mapped_file_that_was_written_to_is_known(tmp_path, monkeypatch, kernel_tells, place):
    data = bytes(range(250)) * 12_001
    path = tmp_path / "part"
    path.write_bytes(data)
    if not kernel_tells:
        monkeypatch.setattr(buffers, "_untouched", lambda *_: False)
    memory = map_file(path)
    buffer = Buffer(memory, [Part(digest=blake3(data).hexdigest(), size=len(data))], mapped=True)
    assert buffer.is_in(memoryview(memory))
    if place is not None:
        assert memory[place] != 255
        memory[place] = 255
    assert buffer.is_in(memoryview(memory)) is (place is None)
    assert path.read_bytes() == data
