"""What a cell only looks at, one kind of code at a time."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse
from k8snb.pipeline.looks import only_looked_at
from k8snb.pipeline.model import Cell
from k8snb.pipeline.order import build

ABOVE = """
import json, operator
import numpy as np
import pandas as pd
from collections import Counter, defaultdict
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import FunctionTransformer, StandardScaler

def clean(rows):
    rows = rows.copy()
    rows["name"] = rows["name"].str.strip()
    return rows.dropna()

def total(rows): return sum(row["x"] for row in rows)
def grow(rows): rows.append(1)
def through(rows): return total(rows) + len(rows)
def around(rows): grow(rows)
def remember(rows): seen.append(rows)
def first(rows): return rows[0]
seen = []

class Table:
    def __init__(self, rows): self.rows = rows

class Quiet:
    def describe(self, rows): rows.clear()
"""


def looked_at(source: str, *above: str) -> dict[str, frozenset[str]]:
    cells = [*(Cell(text, analyse(text)) for text in above), Cell(source, analyse(source), step="s")]
    pipeline = build(cells, name="x", known={"d", "e", "acc", "f", "k", "model", "df"})
    return only_looked_at(pipeline, pipeline["s"])


LOOKS = [
    "print(len(d), d[0], f'{d}')",
    "n = 0\nfor r in d:\n    n += r['x']",
    "out = [r['x'] for r in d if r['y'] > 1]\nout.sort()",
    "out = []\nfor r in d:\n    out.append(r)",
    "n = {}\nfor r in d:\n    n[r['k']] = n.get(r['k'], 0) + r['x']\n    n['all'] += r['x']",
    "out = sorted(d, key=lambda r: r['x'])\nout.pop()",
    "best = max(d, key=operator.itemgetter('x'))",
    "names = sorted(d, key=str.lower)",
    "frame = pd.DataFrame(d)\nframe['z'] = 1\nframe.loc[0, 'z'] = 2",
    "json.dump(d, open('a.json', 'w'))",
    "with open('a') as file:\n    file.write(d)",
    "counts = Counter(d)\ncounts.update(d)",
    "means = d.groupby('k')['v'].mean()\nd.head()",
    "m = np.mean([a.mean() for a in d])",
    "X = d[['a', 'b']]\na, b = train_test_split(X, d['c'], random_state=0)",
    "d2 = d.copy()\nd2['x'] = 1",
    "match d:\n    case {'a': a}:\n        print(a)\n    case [first, *rest]:\n        print(first)",
    "try:\n    one = d[0]\nexcept IndexError:\n    one = None\nassert d, 'empty'",
    "vectors = TfidfVectorizer().fit_transform(d)",
    "vectoriser = TfidfVectorizer()\nvectoriser.fit(d)\nrest = vectoriser.transform(d)",
    "acc.append(1)\nprint(d)",
    "n = total(d)",
    "n = through(d)",
    "better = clean(d)\nbetter['z'] = 1",
    "one = list(map(first, d))",
    "x = d\nx = x.copy()\nx['a'] = 1",
    "def local(rows):\n    return [r for r in rows]\nlocal(d)",
    "words = {}\nfor word in d.split():\n    words[word] = words.get(word, 0) + 1",
]

DOES_NOT = [
    "d.append(1)",
    "d[0] = 1",
    "d[0]['a'] = 1",
    "del d[0]",
    "d += [1]",
    "x = d\nx.append(1)",
    "for r in d:\n    r['n'] = 1",
    "[r.append(1) for r in d]",
    "sorted(d)[0].append(1)",
    "by = {'a': d}\nby['a'].append(1)",
    "out = [d]\nfor o in out:\n    o.clear()",
    "out = []\nout.append(d)\nout[0].append(1)",
    "grow(d)",
    "around(d)",
    "remember(d)",
    "list(map(grow, d))",
    "list(map(d.append, e))",
    "put = d.append\nput(1)",
    "list.append(d, 1)",
    "max(d, e).append(1)",
    "first(d).append(1)",
    "unknown = f\nunknown(d)",
    "f(d)",
    "model.fit(d)",
    "Table(d)",
    "getattr(d, 'append')(1)",
    "exec('d.append(1)')",
    "d.drop(columns=['a'], inplace=True)",
    "np.add(d, d, out=d)",
    "np.add(d, e, d)",
    "np.random.shuffle(d)",
    "StandardScaler(copy=False).fit_transform(d)",
    "FunctionTransformer(grow).fit_transform(d)",
    "d.apply(grow)",
    "d.agg({'a': grow})",
    "sorted(d, key=grow)",
    "lambda_ = lambda: d\nlambda_().append(1)",
    "def give():\n    return d\ngive().append(1)\nprint(d)",
    "class Box:\n    rows = d\nBox.rows.append(1)",
    "def fill(q):\n    global y\n    y = q\ny = []\nfill(d)\ny.append(1)",
    "it = (r for r in d)\nfor r in it:\n    r.pop()",
    "with d as x:\n    x.close()",
    "[*d][0].append(1)",
    "(x := d).append(1)",
    "match d:\n    case {'a': a}:\n        a.append(1)",
    "d.loc[0, 'a'] = 1",
    "Quiet().describe(d)",
    "len = grow\nlen(d)",
    "sum = f\nsum(d)",
]


@pytest.mark.parametrize("source", LOOKS)
def test_it_only_looks(source):
    assert "d" in looked_at(source, ABOVE)


@pytest.mark.parametrize("source", DOES_NOT)
def test_it_may_change(source):
    assert "d" not in looked_at(source, ABOVE)


@pytest.mark.parametrize(
    ("source", "into"),
    [
        ("x = d[0]", {"x"}),
        ("x = [d]\ny = x", {"x", "y"}),
        ("acc.append(d)", {"acc"}),
        ("acc.data = d", {"acc"}),
        ("n = len(d)", set()),
        ("for r in d:\n    n = r['x']", {"r", "n"}),
        ("x = first(d)", {"x"}),
        ("x = clean(d)", {"x"}),
        ("model = TfidfVectorizer()\nmodel.fit(d)", {"model"}),
    ],
)
def test_where_parts_may_be_in_the_end(source, into):
    assert looked_at(source, ABOVE)["d"] == into


def test_a_function_that_is_bound_anew_is_not_known_any_more():
    assert "d" in looked_at("total(d)", ABOVE)
    assert "d" not in looked_at("total(d)", ABOVE, "total = grow")
    assert "d" not in looked_at("total(d)", ABOVE, "from helpers import total")
    assert "d" not in looked_at("total(d)", ABOVE, "class total: pass")


def test_a_name_of_a_module_that_is_bound_anew_is_no_module():
    assert "d" not in looked_at("np.mean(d)", ABOVE, "np = f")
    assert "d" not in looked_at("np = f\nnp.mean(d)", ABOVE)


def test_methods_that_the_notebook_defines_may_do_anything():
    assert "d" in looked_at("acc.append(d)", ABOVE)
    above = "class Log:\n    def append(self, rows): rows.clear()\n"
    assert "d" not in looked_at("acc.append(d)", ABOVE, above)


def test_classes_of_modules_of_which_nothing_is_known_may_do_anything():
    assert "d" not in looked_at("acc.append(d)", ABOVE, "import helpers")
    assert "d" in looked_at("print(d.head())", ABOVE, "import helpers")


def test_functions_that_call_each_other():
    above = "def one(r, n):\n    return two(r, n - 1) if n else 0\ndef two(r, n):\n    return one(r, n) + len(r)\n"
    assert "d" in looked_at("one(d, 3)", above)
    assert "d" not in looked_at("one(d, 3)", above.replace("len(r)", "len(r.pop())"))


def test_operators_of_the_notebook_may_do_anything():
    above = "class Sum:\n    def __add__(self, other): other.append(1)\ns = Sum()"
    assert "d" not in looked_at("x = s + d", above)
    assert "d" in looked_at("x = s + d", above.replace("other.append(1)", "return len(other)"))
