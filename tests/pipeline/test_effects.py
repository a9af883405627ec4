"""What the last of some cells changes: through functions of the cells above, and through objects that names share."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse
from k8snb.pipeline.effects import Effects
from k8snb.pipeline.model import Cell

CLASS = """
class Box:
    count = 0
    def __init__(self): self.items = []
    def put(self, item): self.items.append(item)
    def size(self): return len(self.items)
    def note_in(self, rows): rows.append(1)
"""
ADD = "def add(rows): rows.append(1)"
COUNTER = """
def make():
    n = 0
    def count():
        nonlocal n
        n += 1
        return n
    return count
"""
WRAPPED = """
def counted(function):
    calls = []
    def inner(*given):
        calls.append(given)
        return function(*given)
    return inner
@counted
def work(x): return x
"""

EACH = """
def each(rows, f):
    for row in rows:
        f(row)
"""
SAME = "def same(a): return a"
OPENED = """
from contextlib import contextmanager
@contextmanager
def opened(a): yield a
"""
HOLDING = """
class Holding:
    def __init__(self, a): self.a = a
    def __enter__(self): return self.a
    def __exit__(self, *error): pass
"""


def changes(*sources):
    return set(Effects()([Cell(source, analyse(source)) for source in sources], {})[-1].facts.changes)


@pytest.mark.parametrize(
    ("sources", "changed"),
    [
        # a function that changes what it is given
        ([ADD, "x = []", "add(x)"], {"x"}),
        ([ADD, "x = []", "add(rows=x)"], {"x"}),
        ([ADD, "x = []", "add(*x)"], {"x"}),
        ([ADD, "x = y = []", "add(y)"], {"x", "y"}),
        (["def enter(d, k): d[k] = 1", "x = {}; k = 'a'", "enter(x, k)"], {"x"}),
        (["def enter(d, k): d[k] = 1", "x = {}; k = 'a'", "enter(k=k, d=x)"], {"x"}),
        (["def sort(frame): frame['a'] += 1", "x = {}", "y = sort(x)"], {"x"}),
        ([ADD, "def outer(a): return add(a)", "x = []", "outer(x)"], {"x"}),
        (["def outer(a): return add(a)", ADD, "x = []", "outer(x)"], {"x"}),
        (["def f(a): g(a)", "def g(a): f(a); a.append(1)", "x = []", "f(x)"], {"x"}),
        ([ADD, "x = []", "def f(): add(x)", "f()"], {"x"}),
        (["log = []", "def f(): log.append(1)", "f()"], {"log"}),
        # methods of a notebook's class
        ([CLASS, "b = Box()", "b.put(1)"], {"b"}),
        ([CLASS, "b = Box(); x = []", "b.note_in(x)"], {"x"}),
        ([CLASS, "b = Box()", "Box.count = 3"], {"b", "Box"}),
        (["class K:\n  def __init__(self, a): a.append(1)", "x = []", "k = K(x)"], {"x"}),
        # results and containers
        (["def same(a): return a", "x = []", "y = same(x)", "y.append(1)"], {"x", "y"}),
        (["def same(a):\n  a.append(1)\n  return a", "x = []", "y = same(x)"], {"x"}),
        (["x = []", "def give(): return x", "y = give()", "y.append(1)"], {"x", "y"}),
        (["x = []", "y = {'k': x}", "x.append(1)"], {"x", "y"}),
        (["x = []", "y = [x]", "y[0].append(1)"], {"x", "y"}),
        (["x = []", "y = (x,)", "z = [y]", "x.append(1)"], {"x", "y", "z"}),
        (["x = []", "y = []", "y.append(x)", "x.append(1)"], {"x", "y"}),
        # functions with a memory
        ([COUNTER, "count = make()", "count()"], {"count"}),
        ([COUNTER, "count = make()", "other = count", "other()"], {"count", "other"}),
        (["def keep(a, seen=[]): seen.append(a)", "keep(1)"], {"keep"}),
        ([WRAPPED, "work(1)"], {"work"}),
        # functions that are called by others
        ([EACH, "x = [[]]", "each(x, lambda row: row.append(1))"], {"x"}),
        ([EACH, ADD, "x = [[]]", "each(f=add, rows=x)"], {"x"}),
        ([EACH, "def both(a, g): each(a, g)", ADD, "x = [[]]", "both(x, add)"], {"x"}),
        ([ADD, "def go(g, a): return go(g, a) or g(a)", "x = []", "go(add, x)"], {"x"}),
        ([ADD, "x = [[]]", "list(map(add, x))"], {"x"}),
        (["x = [[]]", "y = sorted(x, key=lambda row: row.append(1))"], {"x"}),
        ([ADD, "x = Frame()", "x.apply(add)"], {"x"}),
        ([CLASS + "    def each(self, f): f(self.items)", "b = Box()", ADD, "b.each(add)"], {"b"}),
        ([ADD, "from functools import partial\nx = []; put = partial(add, x)", "put()"], {"x", "put", "add"}),
        (["from functools import partial\nx = []", "put = partial(x.append, 1)", "put()"], {"x", "put"}),
        ([ADD, "from functools import partial\nx = []", "put = partial(add, x)\nput()"], {"x"}),
        ([ADD, "from functools import partial\nx = []", "list(map(partial(add, x), [1]))"], {"x"}),
        (["x = []", "(lambda rows: rows.append(1))(x)"], {"x"}),
        ([ADD, "def outer(a):\n  def inner(b): add(b)\n  inner(a)", "x = []", "outer(x)"], {"x"}),
        # what calls return
        ([SAME, "x = []", "same(x).append(1)"], {"x"}),
        ([SAME, "x = []", "y = same(x)\ny.append(1)"], {"x"}),
        ([SAME, "def put(a): same(a).append(1)", "x = []", "put(x)"], {"x"}),
        (["def boxed(a): return [a]", "x = []", "boxed(x)[0].append(1)"], {"x"}),
        (["x = [[]]; gen = None", "def gen(): yield from x", "for row in gen(): row.append(1)"], {"x"}),
        (["def gen(a):\n  for row in a: yield row", "x = [[]]", "for row in gen(x): row.append(1)"], {"x"}),
        ([OPENED, "x = []", "with opened(x) as y: y.append(1)"], {"x"}),
        ([HOLDING, "x = []", "with Holding(x) as y: y.append(1)"], {"x"}),
        ([SAME, "def again(a): return same(a)", "x = []", "again(x).append(1)"], {"x"}),
        ([EACH, "def both(a, g): each(a, lambda row: g(row))", ADD, "x = [[]]", "both(x, add)"], {"x"}),
        ([ADD, "ops = {'add': add}", "x = []", "ops['add'](x)"], {"x"}),
        ([ADD, "x = []", "for f in [add, print]: f(x)"], {"x"}),
        # classes that methods change
        (["class K:\n  n = 0\n  def __init__(self): type(self).n += 1", "k = K()"], {"K"}),
        (["class K:\n  n = 0\n  def __init__(self): type(self).n += 1", "def make(): return K()", "k = make()"], {"K"}),
        (["class K:\n  n = 0\n  def add(self): self.__class__.n += 1", "k = K()", "k.add()"], {"k", "K"}),
        (["class K:\n  n = 0\n  @classmethod\n  def add(cls): cls.n += 1", "k = K()", "k.add()"], {"k", "K"}),
        # generators of random numbers, under any name
        (["import numpy as np", "r = np.random.default_rng(1)", "y = r.normal(size=3)"], {"r"}),
        (["import numpy as np", "dice = np.random.default_rng(1)", "y = dice.choice([1, 2])"], {"dice"}),
        (["from numpy.random import default_rng", "q = default_rng()", "q.integers(3)"], {"q"}),
        (["import random", "r = random.Random(1)", "r.random()"], {"r"}),
    ],
)
def test_a_cell_changes(sources, changed):
    assert changes(*sources) == changed


@pytest.mark.parametrize(
    "sources",
    [
        ["x = []", "len(x)"],
        ["x = []", "print(x)"],
        ["x = []", "y = sorted(x)"],
        ["x = 1", "y = x + 1"],
        ["import numpy as np", "x = [1]", "y = np.mean(x)"],
        ["import numpy as np", "x = [1]", "y = np.asarray(x) * 2"],
        ["import pandas as pd", "x = pd.DataFrame()", "x.describe()"],
        ["x = {}", "x['a']"],
        ["x = {}", "x.get('a')"],
        ["def read(a): return len(a)", "x = []", "read(x)"],
        ["def read(a):\n  a = list(a)\n  return a", "x = []", "read(x)"],
        ["def read(a):\n  own = []\n  own.append(len(a))\n  return own", "x = []", "read(x)"],
        ["def enter(d, k): d[k] = 1", "k = 'a'", "enter({}, k)"],
        [ADD, "def read(rows): return len(rows)", "x = []", "read(x)"],
        [ADD, "def add(rows): return len(rows)", "x = []", "add(x)"],
        [ADD, "x = []", "add"],
        [CLASS, "b = Box()", "b.size()"],
        [CLASS, "x = []", "b = Box()"],
        [COUNTER, "make()"],
        ["def pick(a, among=(1, 2)): return among[a]", "pick(0)"],
        ["import numpy as np", "r = np.random.default_rng(1)", "r"],
        [EACH, "x = [[]]", "each(x, lambda row: len(row))"],
        [EACH, "x = [[]]", "each(x, print)"],
        [EACH, ADD, "x = [[]]", "each([[1]], add); len(x)"],
        ["x = [1]", "y = list(map(lambda a: a + 1, x))"],
        ["x = Frame()", "y = x.apply(lambda row: row['a'] + 1)"],
        ["class K:\n  def __init__(self, a): self.a = a", "x = [1]", "y = list(map(K, x))"],
        ["def copied(a): return list(a)", "x = []", "copied(x).append(1)"],
        ["def boxed(a): return [a]", "x = []", "boxed(x).append(1)"],
        [SAME, "x = []", "len(same(x))"],
        ["x = []", "y = [x]", "y = []", "len(y)"],
        [ADD, "from functools import partial\nx = []", "put = partial(add, x)"],
        ["from functools import partial\nx = []", "put = partial(x.append, 1)"],
    ],
)
def test_a_cell_that_only_reads_changes_nothing(sources):
    assert changes(*sources) == set()


def test_what_was_bound_anew_is_shared_no_more():
    assert changes("x = []", "y = [x]", "x = []", "x.append(1)") == {"x"}
    assert changes("x = []", "y = x", "y = []", "y.append(1)") == {"y"}
    assert changes("import numpy as np", "r = np.random.default_rng(1)", "r = [1]", "r.choice()") == set()


BUTTON = """
class Button:
    def __init__(self): self.handlers = []
    def on_click(self, f): self.handlers.append(f)
    def call(self, f): f(1)
    def click(self): self.handlers[0](1)
b, xs = Button(), []
def seen(v): xs.append(v)
"""


@pytest.mark.parametrize("given", ["xs.append", "seen", "lambda v: xs.append(v)", "f=seen"])
def test_what_an_object_keeps_to_call_it_later_is_called_where_it_is_used(given):
    assert "xs" in changes(BUTTON, f"b.on_click({given})", "b.click()")
    assert "xs" in changes("b, xs = make(), []\ndef seen(v): xs.append(v)", f"b.on_click({given})", "b.click()")
    assert changes(BUTTON, f"b.call({given})", "b.click()") == set()
    assert changes(BUTTON, f"b.on_click({given})", "b = Button()", "b.click()") == set()


def test_what_an_object_keeps_that_changes_nothing_is_no_matter():
    assert changes(BUTTON, "b.on_click(print)", "b.click()") == set()
    assert changes(BUTTON, "b.on_click(xs.count)", "b.click()") == set()


def test_modules_are_left_out():
    assert changes("import settings", ADD, "add(settings)") == set()
    assert changes("import settings", "settings = []", ADD, "add(settings)") == {"settings"}
