"""Where cells set the state of modules, and what of them depends on it."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import numpy\nnumpy.random.seed(0)", "2 numpy.random"),
        ("np.random.seed(0); random.seed(0)", "1 numpy.random, 1 random"),
        ("from random import seed\nseed(1)", "2 random"),
        ("os.environ['A'] = '1'\nos.environ |= {'B': '2'}\ndel os.environ['A']", "1 environ, 2 environ, 3 environ"),
        ("from os import environ\nenviron['A'] = '1'", "2 environ"),
        ("os.environ.update(A='1')\n%env A=1\n%env A", "1 environ, 2 environ"),
        ("os.chdir('/tmp')\n%cd /tmp", "1 folder, 2 folder"),
        ("plt.rcParams['a'] = 1\nplt.style.use('ggplot')\nsns.set_theme()", "1 plots, 2 plots, 3 plots"),
        ("pd.options.display.width = 3\npd.set_option('display.width', 3)", "1 frames, 2 frames"),
        ("import warnings\nwarnings.filterwarnings('ignore')", "2 warnings"),
        ("import logging as l\nl.basicConfig()\nl.getLogger('a').setLevel(10)", "2 logging, 3 logging"),
        ("log = logging.getLogger()\nlog.addHandler(h)", "2 logging"),
        ("log = logging.getLogger()\nlog.handlers = [h]\nlog.handlers[:] = [h]", "2 logging, 3 logging"),
        (
            "logger.handlers.clear()\nlogger.propagate = False\nself.logger.addFilter(f)",
            "1 logging, 2 logging, 3 logging",
        ),
        ("sys.path.insert(0, '..')\nsys.path += ['x']", "1 path, 2 path"),
        ("torch.manual_seed(0)\nnp.set_printoptions(precision=3)", "1 torch, 2 arrays"),
        ("import decimal\ndecimal.getcontext().prec = 50", "2 numbers"),
        ("from decimal import getcontext\ngetcontext().prec = 50", "2 numbers"),
        ("sys.setrecursionlimit(9)\nlocale.setlocale(locale.LC_ALL, 'C')", "1 recursion, 2 always"),
        ("import settings\nsettings.debug = True", "2 module:settings"),
        ("def f():\n    np.random.seed(0)\nif c:\n    f()", "4 numpy.random"),
        ("def f():\n    np.random.seed(0)", ""),
        ("d['a'] = 1\nrng = np.random.default_rng(0)\nax.set(title='a')", ""),
        ("class A:\n    def f(self):\n        self.x = 2", ""),
        ("c = C()\nc.x = 1\n%matplotlib inline", ""),
        ("%config InlineBackend.figure_formats = ['svg']\n%config InlineBackend.rc = x\n%config A.b = 1", "1 plots"),
    ],
)
def test_settings(source, expected):
    assert ", ".join(f"{s.line} {kind}" for s in analyse(source).state.settings for kind in s.kinds) == expected


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("x = 1\nx = np.random.normal()", "numpy.random", 2),
        ("from numpy.random import rand\nrand()", "numpy.random", 2),
        ("train_test_split(X, y)", "numpy.random", 1),
        ("df.sample(frac=1)", "numpy.random", 1),
        ("random.sample(items, k=2)", "random", 1),
        ("def f(): return random.random()\nx = f()", "random", 2),
        ("os.getenv('A')", "environ", 1),
        ("!ls", "environ", 1),
        ("open('data.txt')", "folder", 1),
        ("df.plot()", "plots", 1),
        ("print(df)", "frames", 1),
        ("x = 1\ndf.head()", "frames", 2),
        ("logger.info('x')", "logging", 1),
        ("import mylib", "path", 1),
        ("def f(n): return f(n - 1)\nf(3)", "recursion", 2),
        ("def f(n):\n    m = n - 1\n    return f(m)\nf(3)", "recursion", 4),
        ("logger.handlers", "logging", 1),
        ("level = logging.getLogger().level", "logging", 1),
    ],
)
def test_what_depends_on_state(source, kind, line):
    assert analyse(source).state.uses[kind] == line


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("rng = np.random.default_rng(0)\nrng.normal()\nnp.random.RandomState(0).rand()", "numpy.random"),
        ("train_test_split(X, y, random_state=0)\nrng.sample(3)", "numpy.random"),
        ("random.Random(0).random()\nrng.random()", "random"),
        ("def f(): return random.random()", "random"),
        ("open('/data/x')\npd.read_csv('https://a/b.csv')\nd.copy()", "folder"),
        ("x = df.mean()", "frames"),
        ("import numpy, json, sklearn.svm", "path"),
    ],
)
def test_what_does_not_depend_on_it(source, kind):
    assert kind not in analyse(source).state.uses


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import numpy as n\nn.random.seed(3)", "import numpy as n\nn.random.seed(3)"),
        ("pd.set_option('a', lambda x: f'{x}')", "import pandas as pd\npd.set_option('a', lambda x: f'{x}')"),
        ("import logging\nlog = logging.getLogger('a')\nlog.setLevel(logging.INFO)", None),
        ("%env A=b c", "import os\nos.environ['A'] = 'b c'"),
        (
            "import matplotlib as m\nm.style.use('a')",
            "import matplotlib as m\nimport matplotlib.style\nm.style.use('a')",
        ),
    ],
)
def test_a_statement_that_only_sets_constants_can_be_repeated(source, code):
    [setting] = analyse(source).state.settings
    assert setting.replay is not None
    expected = code or "import logging as logging\nlogging.getLogger('a').setLevel(logging.INFO)"
    assert setting.replay.code == expected


@pytest.mark.parametrize(
    "source",
    [
        "np.random.seed(f())",
        "if c:\n    np.random.seed(0)",
        "old = os.environ.pop('A')",
        "os.environ['A'] = os.environ['B'] = '1'",
        "def f():\n    np.random.seed(0)\nif c: f()",
        "log.addHandler(logging.FileHandler('x'))",
        "%env A={x}",
    ],
)
def test_one_that_does_more_cannot(source):
    assert analyse(source).state.settings[0].replay is None


def test_names_that_a_statement_reads_are_told_and_constants_are_known():
    found = analyse("SEED, N = 1, 2\nROWS = 3\nx = 1\nx = 2\npd.set_option('a', ROWS)")
    assert found.state.settings[0].replay.names == {"ROWS"}
    assert found.constants == {"ROWS": "3"}
