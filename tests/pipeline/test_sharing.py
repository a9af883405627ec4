"""Which state of modules reaches which step, and where that is said which does not."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse, step_line
from k8snb.pipeline import build
from k8snb.pipeline.context import in_context
from k8snb.pipeline.model import Cell

IMPORTS = """
import os, sys, random, logging, warnings, numpy as np, pandas as pd, matplotlib.pyplot as plt
from sklearn.cluster import KMeans
from sklearn.model_selection import KFold, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline
X = [[1], [2]]
"""


def pipeline(*sources):
    cells = [Cell(s, analyse(s), (step_line(s) or "").partition(" ")[0] or None) for s in (IMPORTS, *sources)]
    return build(in_context(cells), name="test")


def step(name, source):
    return f"%%k8s_step {name}\n{source}"


SEED = "np.random.seed(0)"
DRAW = "x = np.random.rand()"
SEEDS = "def seed(n=1):\n    random.seed(n)\n    np.random.seed(n)"


@pytest.mark.parametrize(
    ("cells", "carried", "reader"),
    [
        # options reach every step below
        (["plt.style.use('ggplot')", step("a", "plt.plot([1])"), step("b", "plt.plot([1])")], "a b", None),
        (["pd.set_option('display.max_rows', 3)", step("a", "print(pd.Series([1]))")], "a", None),
        ([step("a", "pd.set_option('display.max_rows', 3)"), step("b", "print(1)")], "b", None),
        (["N = 3", "pd.options.display.max_rows = N", step("a", "print(1)")], "a", None),
        (["os.environ['A'] = '1'", step("a", "os.getenv('A')")], "a", None),
        (["warnings.filterwarnings('ignore')\nlogging.basicConfig(level=20)", step("a", "x = 1")], "a a", None),
        # those of a step do not reach the kernel
        ([step("a", "plt.style.use('ggplot')"), "plt.plot([1])"], "", 2),
        ([step("a", "plt.style.use('ggplot')"), "y = 1"], "", None),
        ([step("a", "plt.style.use('ggplot')"), "plt.style.use('ggplot')\nplt.plot([1])"], "", None),
        # what is not constant does not either
        (["N = len(os.sep)", "pd.options.display.max_rows = N", step("a", "print(N)")], "", 3),
        (["N = len(os.sep)", "pd.options.display.max_rows = N", step("a", "x = 1")], "", None),
        (["N = len(os.sep)", "pd.options.display.max_rows = N  # k8snb: quiet", step("a", "print(1)")], "", None),
        (["os.chdir('/tmp')", step("a", "pd.read_csv('x.csv')")], "", 2),
        (["os.chdir('/tmp')", step("a", "x = 1")], "", None),
        (["home = os.getcwd()\nos.chdir('d')\nos.chdir(home)", step("a", "open('x.csv')")], "", None),
        (["%cd d\nx = 1\n%cd ..", step("a", "open('x.csv')")], "", None),
        (["home = os.getcwd()\nos.chdir(home)", step("a", "open('x.csv')")], "", 2),
        (["sys.path.append('..')", step("a", "import helpers")], "", 2),
        (["sys.path.append('..')", step("a", "import numpy")], "", None),
        # attributes of modules, wherever they are imported
        (["import helper", "helper.mode = 'fast'", step("a", "x = helper.f()"), step("b", "x = helper")], "a b", None),
        (["import helper as h", step("a", "h.n = 5"), step("b", "x = 1"), "print(h.n)"], "b", 4),
        (["import helper", step("a", "helper.cache['a'] = len('b')"), step("b", "helper.f()")], "", 3),
        (["import helper", step("a", "helper.n += 1"), "y = 1"], "", None),
        (["helper = C()", step("a", "helper.n = 5"), step("b", "print(helper.n)")], "", None),
        (
            ["@pd.api.extensions.register_dataframe_accessor('geo')\nclass Geo: pass", step("a", "pd.Series([1])")],
            "",
            2,
        ),
        # what cells above have imported from modules
        (["from decimal import Decimal, getcontext", step("a", "getcontext().prec = 4"), "Decimal(1) / 3"], "", 3),
        (["from numpy.random import rand, seed", "seed(0)", step("a", "rand()"), step("b", "rand()")], "a", 4),
        (["import helper", "helper = C()", step("a", "helper.n = 5"), "print(helper.n)"], "", None),
        ([step("a", "os.environ['A'] = 'a'"), "os.environ['A'] += 'b'"], "", 2),
        # secrets are not written down
        (["os.environ['API_KEY'] = 'a'", step("a", "os.environ['API_KEY']")], "", 2),
        (["os.environ['API_KEY'] = 'a'", step("a", "import openai")], "", 2),
        (["os.environ['DB'] = 'postgres://me:abc@host/db'", step("a", "os.getenv('DB')")], "", 2),
        (["%env DB=postgres://me:abc@host/db", step("a", "os.getenv('DB')")], "", 2),
        (["os.environ['API_KEY'] = 'a'", step("a", "import numpy")], "", None),
        # not where nothing but texts and formatted numbers is printed
        ([step("a", "pd.set_option('display.max_rows', 9)"), "acc = 1\nprint('acc', f'{acc:.3f}')"], "", None),
        ([step("a", "pd.set_option('display.max_rows', 9)"), "acc = 1\nprint(f'{acc}')"], "", 2),
        # a seed is for what draws first
        ([SEED, step("a", DRAW)], "a", None),
        ([SEED, step("a", "y = 1"), step("b", DRAW)], "b", None),
        ([SEED, step("a", DRAW), step("b", DRAW)], "a", 3),
        ([SEED, step("a", DRAW), DRAW], "a", 3),
        ([SEED, DRAW, step("a", DRAW)], "", 3),
        ([f"{SEED}\n{DRAW}", step("a", DRAW)], "", 2),
        ([SEED, step("a", DRAW), f"{SEED}\n{DRAW}"], "a", None),
        ([SEED, step("a", f"{SEED}\n{DRAW}"), step("b", f"{SEED}\n{DRAW}")], "", None),
        ([step("a", f"{SEED}\n{DRAW}"), "y = x"], "", None),
        ([step("a", f"{SEED}\n{DRAW}"), DRAW], "", 2),
        ([step("a", SEED), step("b", DRAW)], "b", None),
        ([SEED, DRAW, DRAW], "", None),
        ([SEED, step("a", "train_test_split([1])"), step("b", "train_test_split([1])")], "a", 3),
        ([SEED, step("a", "train_test_split([1], random_state=0)"), step("b", DRAW)], "b", None),
        (["random.seed(0)", step("a", DRAW), step("b", DRAW)], "", None),
        ([SEED, step("a", "s = cross_val_score(KMeans(3), X)"), step("b", DRAW)], "a", 3),
        ([SEED, step("a", "m = Pipeline([('m', KMeans(3))])"), step("b", "m.fit(X)")], "b", None),
        ([SEED, step("a", "f = KFold(3, shuffle=True).split(X)"), step("b", DRAW)], "a", 3),
        ([SEED, step("a", "k = KFold(3, shuffle=True)"), step("b", "k.split(X)")], "b", None),
        ([SEED, step("a", "f = KFold(3).split(X)"), step("b", DRAW)], "b", None),
        # through functions
        ([f"def f(): return np.random.rand()\n{SEED}", step("a", "f()"), step("b", "y = f()")], "a", 3),
        ([f"def seed():\n    {SEED}\nseed()", step("a", DRAW), step("b", DRAW)], "a", 3),
        ([SEEDS, "seed(0)", step("a", DRAW), step("b", "random.random()")], "a b", None),
        ([SEEDS, "seed(n=3)", step("a", DRAW)], "a", None),
        ([SEEDS, "n = 3", "seed(n)", step("a", DRAW)], "a", None),
        ([SEEDS, "n = len(os.sep)", "seed(n)", step("a", DRAW)], "", 4),
        ([SEEDS, "seed(len(os.sep))", step("a", DRAW)], "", 3),
        ([SEEDS, "seed(1)\nseed(2)", step("a", DRAW)], "", 3),
        ([SEEDS, "if SEED: seed(1)", step("a", DRAW)], "", 3),
        (["def seed(n=None):\n    if n is None: return\n    np.random.seed(n)\nseed(1)", step("a", DRAW)], "", 2),
        (["def seed(n):\n    n = n + 1\n    np.random.seed(n)\nseed(1)", step("a", DRAW)], "", 2),
        (["a = b = 1\ndef seed(a, b): np.random.seed(a + 2 * b)\nseed(b, a)", step("a", DRAW)], "", 2),
        ([f"def seed():\n    {SEED}", step("a", f"seed()\n{DRAW}"), step("b", f"seed()\n{DRAW}")], "", None),
    ],
)
def test_state(cells, carried, reader):
    found = pipeline(*cells)
    assert " ".join(s.name for s in found.steps for _ in s.carried) == carried
    assert [u.reader for u in found.unshared] == ([reader] if reader else [])


def test_cell_and_line_and_the_way_out_are_told():
    found = pipeline("x = 1\nos.environ['DB_PASSWORD'] = 'abc'", step("a", "os.getenv('DB_PASSWORD')"))
    [text] = found.warnings
    assert text.startswith("code cell 2, line 2: os.environ['DB_PASSWORD'] may be a secret")
    assert "--secret" in text
    assert "abc" not in text


def test_what_a_function_sets_is_repeated_with_its_arguments():
    found = pipeline(SEEDS, "k = 3\nseed(k)", step("a", DRAW), step("b", "random.random()"))
    codes = [carried.code for one in found.steps for carried in one.carried]
    assert codes == [
        "k = 3\nn = k\nimport numpy as np\nnp.random.seed(n)",
        "k = 3\nn = k\nimport random as random\nrandom.seed(n)",
    ]


def test_constants_of_other_cells_are_put_in():
    [step_] = pipeline("SEED = 42", "np.random.seed(SEED)", step("a", DRAW)).steps
    assert step_.carried[0].code == "SEED = 42\nimport numpy as np\nnp.random.seed(SEED)"
    assert step_.carried[0].modules == ("numpy",)
    assert step_.carried[0].where == "code cell 3, line 1"
