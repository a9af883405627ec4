"""Steps that write files come before those that read them."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse
from k8snb.pipeline import build, select
from k8snb.pipeline.model import Cell

GIVEN = "df = pd = os = glob = gzip = shutil = 1"
A, B, C = "df.to_csv('a.csv')", "pd.read_csv('a.csv')", "open('a.csv', 'a').write('x')"


SAVE = "def save(d, path, folder='out'): d.to_csv(f'{folder}/{path}.csv')"


def pipeline(*sources):
    cells = [Cell(GIVEN, analyse(GIVEN))]
    cells += [Cell(s, analyse(s), None if s.startswith("p") and "=" in s else f"s{n}") for n, s in enumerate(sources)]
    return build(cells, name="test")


@pytest.mark.parametrize(
    ("sources", "after"),
    [
        ([A, B], {"s1": {"s0"}}),
        ([A, B, C, B], {"s1": {"s0"}, "s2": {"s0", "s1"}, "s3": {"s2"}}),
        ([A, "df.to_csv('b.csv')", B], {"s2": {"s0"}}),
        (["!echo a > a.csv", B], {"s1": {"s0"}}),
        (["%%writefile a.csv\nx", B], {"s1": {"s0"}}),
        (["df.to_csv('out/a.csv')", "os.listdir('out')"], {"s1": {"s0"}}),
        (["os.makedirs('out')\ndf.to_csv('out/a.csv')", "os.makedirs('out')\ndf.to_csv('out/b.csv')"], {}),
        (["def f(): return open('a.csv')", A, "f()"], {"s2": {"s0", "s1"}}),
        (["def f(): open('a.csv', 'w')", "f()", "open('a.csv')"], {"s1": {"s0"}, "s2": {"s1"}}),
        (["p = 1\ndef f(): open('a.csv', 'w')", "f()", "open('a.csv')"], {"s2": {"s1"}}),
        ([f"open('{name}', 'w')" for name in "abc"], {}),
        (["gzip.open('a.gz', 'wt')", "gzip.open('b.gz', mode='wb')", "gzip.open('a.gz', 'rt')"], {"s2": {"s0"}}),
        (["open('out/a.csv', 'w')", "open('out/b.csv', 'w')", "glob.glob('out/*.csv')"], {"s2": {"s0", "s1"}}),
        (["open('x/d/a.csv', 'w')", "shutil.rmtree('x/d')", "open('x/d/a.csv')"], {"s1": {"s0"}, "s2": {"s1"}}),
        ([B, A], {"s1": {"s0"}}),
        ([A, "p = open('a.csv', 'w').write('')", B], {}),
        (["p = 'a.csv'", "open(p, 'w')", B, "pd.read_csv('b.csv')"], {"s2": {"s1"}}),
        (["p = df['name']", "df.save(p)", B], {"s2": {"s1"}}),
        (["p = 'https://example.org/a.csv'", "open(df.name, 'w')", "pd.read_csv(p)"], {}),
        (["df.to_csv(df.name + '.txt')", B, "os.path.exists('b.txt')"], {"s2": {"s0"}}),
        (["!python make.py", B, "!pip install a"], {"s1": {"s0"}}),
        (["open('a_1.csv', 'w')", "open('a_1.txt', 'w')", "glob.glob('a_*.csv')"], {"s2": {"s0"}}),
        (["def f(n): open(n, 'w')", "def g(): f('x')", "g()", B], {"s2": {"s0", "s1"}}),
        (["def f(n): open(n, 'w')", "def g(): f('a.csv')", "g()", B], {"s2": {"s0", "s1"}, "s3": {"s2"}}),
        ([f"p = 1\n{SAVE}", "save(df, 'b')", "save(df, path='c')", "pd.read_csv('out/c.csv')"], {"s3": {"s2"}}),
        ([f"p = 1\n{SAVE}", "g = save\ng(df, 'b')", "pd.read_csv('c.csv')"], {"s2": {"s1"}}),
        (
            [f"p = 1\n{SAVE}", "def run(n): save(df, f'm_{n}')", "run(1)", "run(2)", "open('out/m_2.csv')"],
            {"s2": {"s1"}, "s3": {"s1"}, "s4": {"s3"}},
        ),
        (
            ["p = 1\nclass C:\n    def keep(self, n): open(n, 'w')", "df.keep('b')", "df.keep('c')", "open('c')"],
            {"s3": {"s2"}},
        ),
        (["p = 1\ndef f(n):\n    n = n + 'x'\n    open(n, 'w')", "f('b')", "open('c')"], {"s2": {"s1"}}),
        (["p = 1\nclass C:\n    def keep(self): open(self.n, 'w')", "df.keep()", "df.get()", B], {"s3": {"s1"}}),
        (
            ["p = 1\nclass C:\n    def put(self): self.n.touch()", "def f(c): c.put()", "f(df)", B],
            {"s2": {"s1"}, "s3": {"s2"}},
        ),
        (["p = 1\nclass C:\n    def __setitem__(self, k, v): open(self.n, 'w')", "df['a'] = 1", B], {"s2": {"s1"}}),
        (["df.save('x', 1)", "pd.load('x.npy')", "open('xy')"], {"s1": {"s0"}}),
        (
            ["df.memmap('x', mode='r+')", "df.memmap('x', mode='r')", "df.memmap('x')"],
            {"s1": {"s0"}, "s2": {"s0", "s1"}},
        ),
    ],
)
def test_order(sources, after):
    found = {step.name: set(step.after) for step in pipeline(*sources).steps}
    assert {name: steps for name, steps in found.items() if steps} == after


def test_a_function_that_calls_itself_with_more_each_time_may_write_any_file():
    found = pipeline("p = 1\ndef f(n):\n    open(n, 'w')\n    f(n + 'x')", "f('a')", "open('b')")
    assert found["s2"].after == {"s1"}


def test_a_step_that_is_named_brings_those_that_write_what_it_reads():
    assert [step.name for step in select(pipeline(A, "df.head()", B), ["s2"]).steps] == ["s0", "s2"]
