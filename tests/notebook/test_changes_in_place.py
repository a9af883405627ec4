"""Changes in place, through whatever way they come, reach the cells below as in one kernel."""

from __future__ import annotations

import pytest
from inprocess import notebook

ONE, TWO, THREE = "%%k8s_step one\n", "%%k8s_step two\n", "%%k8s_step three\n"
FUNCTION = "def add(things):\n    things.append(4)"
HIDDEN = "import operator\ndef add(things):\n    operator.methodcaller('append', 4)(things)"
KEEPER = """class Keeper:
    def __init__(self, things):
        self.kept = things
    def add(self):
        self.kept.append(4)"""
COUNTER = """def counter():
    n = 0
    def count():
        nonlocal n
        n += 1
        return n
    return count"""
DEFAULT = """def put(x, seen=[]):
    seen.append(x)
    return list(seen)
a = []"""

CASES = {
    "statement": [ONE + "a = [3]", TWO + "a.append(4)", THREE + "b = list(a)"],
    "function": [FUNCTION, ONE + "a = [3]", TWO + "add(a)", THREE + "b = list(a)"],
    "function of a step": [ONE + FUNCTION + "\na = [3]", TWO + "add(a)", THREE + "b = list(a)"],
    "unforeseen": [HIDDEN, ONE + "a = [3]", TWO + "add(a)", THREE + "b = list(a)"],
    "alias of a step": [ONE + "a = [3]\nc = a", TWO + "c.append(4)", THREE + "b = list(a)"],
    "alias of a step, unforeseen": [HIDDEN, ONE + "a = [3]\nc = a", TWO + "add(c)", THREE + "b = list(a)"],
    "alias of a step, read by a plain cell": [ONE + "a = [3]\nc = a", TWO + "c.append(4)", "b = list(a)"],
    "alias in the kernel": ["a = [3]\nc = a", TWO + "c.append(4)", THREE + "b = list(a)"],
    "alias in the kernel, read by a plain cell": ["a = [3]\nc = a", TWO + "c.append(4)", "b = list(a)"],
    "container in the kernel": ["a = [3]\nc = {'a': a}", TWO + "c['a'].append(4)", "b = list(a)"],
    "captured": ["a = [3]", TWO + "a.append(4)", "b = list(a)"],
    "captured, unforeseen": [HIDDEN, "a = [3]", TWO + "add(a)", THREE + "b = list(a)"],
    "fetched alias": [ONE + "a = [3]", "c = a", TWO + "c.append(4)", THREE + "b = list(a)"],
    "fetched, changed by a plain cell": [FUNCTION, ONE + "a = [3]", "add(a)", THREE + "b = list(a)"],
    "fetched, changed unforeseen": [HIDDEN, ONE + "a = [3]", "add(a)", THREE + "b = list(a)"],
    "method": [KEEPER, ONE + "a = [3]\nk = Keeper(a)", TWO + "k.add()", THREE + "b = list(a)"],
    "method, read by a plain cell": [KEEPER, ONE + "a = [3]\nk = Keeper(a)", TWO + "k.add()", "b = list(a)"],
    "chain": [ONE + "a = [3]", TWO + "a.append(4)", THREE + "a.append(5)\nb = list(a)"],
    "chain, unforeseen": [HIDDEN, ONE + "a = [3]", TWO + "add(a)", THREE + "add(a)\nb = list(a)"],
    "counter": [
        COUNTER,
        ONE + "tick = counter()\na = []",
        TWO + "tick()",
        THREE + "b = tick()",
    ],
    "class attribute": ["class A:\n    n = 0\na = []", TWO + "A.n += 1", THREE + "A.n += 1\nb = A.n"],
    "generator": ["import random\nr = random.Random(0)\na = []", ONE + "x = r.random()", TWO + "b = r.random()"],
    "view": ["import numpy as np", ONE + "a = np.arange(5)\nv = a[::2]", TWO + "v[:] = 9", THREE + "b = a.tolist()"],
    "view in the kernel": ["import numpy as np\na = np.arange(5)\nv = a[::2]", TWO + "v[:] = 9", "b = a.tolist()"],
    "view of a view": [
        "import numpy as np",
        ONE + "a = np.arange(6)",
        TWO + "v = a[::2]\nv[:] = 9",
        THREE + "b = a.tolist()",
    ],
    "library": ["import random", ONE + "a = [1, 2, 3]", TWO + "random.Random(1).shuffle(a)", THREE + "b = list(a)"],
    "shared by an output": [ONE + "a = [3]", TWO + "c = {'a': a}", THREE + "c['a'].append(4)\nb = list(a)"],
    "shared with the kernel": ["a = [3]", TWO + "c = {'a': a}", THREE + "c['a'].append(4)", "b = list(a)"],
    "shared, changed by a plain cell": ["a = [3]", TWO + "c = {'a': a}", "c['a'].append(4)", "b = list(a)"],
    "shared by two names of the kernel": ["a = [3]\nd = [a]", TWO + "c = {'a': a}", "c['a'].append(4)", "b = d[0]"],
    "rebound in between": [HIDDEN, ONE + "a = [3]\nc = a", "a = [7]", TWO + "add(c)", THREE + "b = a + c"],
    "alias between two steps": ["a = [3]", ONE + "s = a", "y = a", TWO + "a += [4]", "b = [y, s, y is a, s is a]"],
    "alias of a result": [ONE + "a = c = [3]", "d = a", TWO + "d.append(4)", "b = [c, c is a is d]"],
    "bound to itself": ["a = [3]\ny = a", ONE + "a = a", "b = a is y"],
    "perhaps bound": ["a = [3]\ny = a", ONE + "c = a", TWO + "for i in []: a = 1\nc = a", "b = a is y is c"],
    "container and alias": ["a = [3]\nd = {'a': a}", ONE + "c = a", TWO + "d['k'] = 1", "b = [c is a, d['a'] is c]"],
    "result inside a container": [ONE + "a = c = [3]", "a = {'a': a}", TWO + "c = c", "b = a['a'] is c"],
    "kept by a container of a result": [
        "a = [3]",
        ONE + "c = {'a': a}",
        "len(c)",
        TWO + "d = a",
        "b = d is c['a'] is a",
    ],
    "captured, put into itself by two": ["a = [3]\ny = a", ONE + "c = a", TWO + "d = c", "b = y is c is d"],
    "old object of a name bound anew": [ONE + "a = c = [3]", "a = [7]", TWO + "d = c\na = a", "b = [d is c, d is a]"],
    "unforeseen, of an alias": [HIDDEN, "a = [3]\nc = a", ONE + "add(c)", TWO + "a.append(5)", THREE + "b = a + c"],
    "closure of a result": [
        "def keeper(things):\n    return lambda: things",
        "a = [3]",
        ONE + "a.append(4)\nc = keeper(a)\ndef pop(): a.pop(0)",
        "pop()",
        TWO + "a += [5]",
        "b = c()",
    ],
    "alias that the code does not tell": [
        "def keeper(things):\n    return lambda: things",
        "a = [3]",
        ONE + "c = keeper(a)\nd = 1",
        "d",
        TWO + "a += [5]",
        "b = c()",
    ],
    "changed unforeseen by a plain cell, its name bound anew": [
        ONE + "from collections import deque\na = d = deque([3, 4])\nc = [1]",
        "d.rotate(1)\nd = [7]",
        TWO + "d.append(8)",
        THREE + "b = list(a)",
    ],
    "kept by a partial and by methods": [
        "import functools\na = [3]\ndef first(things, n): things.append(n)",
        ONE + "p = functools.partial(first, a)\nm = a.append\nc = {}",
        "p(4)",
        "m(5)",
        "b = list(a)",
    ],
    "changed by a plain cell, then perhaps bound": [
        "a = [1]\nc = a",
        ONE + "a[0] = 0",
        "a.append(2)",
        TWO + "for i in []: c = 1",
        "b = list(c)",
    ],
    "deleted": [ONE + "a = c = [3]", TWO + "del c", THREE + "d = a", "try: c\nexcept NameError: b = d is a"],
    "read above what a plain cell keeps": [ONE + "a = [3]", "c = a", TWO + "print(a)", THREE + "c = c", "b = a is c"],
    "view of a result in the kernel": [
        "import numpy as np",
        ONE + "a = np.arange(5)",
        "v = a[::2]",
        TWO + "a += 1",
        "b = v.tolist()",
    ],
    "through a view of a result in the kernel": [
        "import numpy as np",
        ONE + "a = np.arange(5)",
        "v = a[::2]",
        TWO + "v[:] = 9",
        "b = a.tolist()",
    ],
    "iterator over a result": [ONE + "a = [3]", "i = iter(a)", TWO + "a.append(4)", "b = list(i)"],
    "iterator of a step": ["a = [3, 4]", ONE + "i = iter(a)\nnext(i)", "d = {'a': a}", "b = [next(i), d['a'] is a]"],
    "bound anew, then something inside": ["a = [[3]]\nc = a", ONE + "a = a + [5]\na[0].append(4)", "b = c"],
    "other name, then bound anew": ["a = [3]\nc = a", ONE + "d = a\na = [7]\nd.append(4)", "b = c"],
    "view under its own name": [
        "import numpy as np\na = np.arange(5)\nc = a",
        ONE + "a = a[::2]\na[0] = 9",
        "b = c.tolist()",
    ],
    "exchanged": ["a, c = [3], [4]\nd = c", ONE + "a, c = c, a\na.append(5)", "b = d"],
    "match": ["a = [3]\nc = [a]", ONE + "match c:\n    case [d]: d.append(4)", "b = list(a)"],
    "loop over names": ["a = [3]\nc = a", ONE + "for x in [a]: x.append(4)", "b = list(c)"],
    "other name that a step has perhaps bound": [
        ONE + "class A: n = 0\na = A",
        TWO + "if len('a'): a = [7]",
        THREE + "class B(A): pass\nB()",
        "b = list(a)",
    ],
    "other name that a step has handed on": [
        ONE + "a = c = [3]",
        "a = [7]",
        TWO + "c.append(4)",
        THREE + "c.append(5)",
        "b = list(a)",
    ],
    "called, then bound anew": [
        DEFAULT,
        "c = put",
        ONE + "put(1)\ndef put(x): pass",
        "b = c.__defaults__",
    ],
    "result of a call under the name of what was called": [
        "def keeper(things):\n    return lambda: things.append(4)",
        "a = [3]\nadd = keeper(a)",
        ONE + "add = add()",
        "b = list(a)",
    ],
    "given back by a function of the step": [
        ONE + "a = [3]",
        "c = a",
        TWO + "def give(): return a\ngive().append(4)",
        "b = list(c)",
    ],
    "changed by a plain cell, beside what the step had": [
        "class A:\n    def __init__(self): self.log = []\na = []\no = A()",
        ONE + "p = A()",
        "p.log += [4]",
        TWO + "o.__class__.n = 1",
        "b = p.log",
    ],
    "under the name of a module": [
        "class A: n = 0\na = []",
        ONE + "import math as o\no = A()",
        "o.n = 1",
        TWO + "b = o.n",
    ],
    "handed to a function by map": [
        "def add(things): things.append(4)",
        "a = [3]\nc = a",
        ONE + "list(map(add, [a]))\na = 0",
        "b = list(c)",
    ],
    "through the type": ["class A: n = 0\na = []\no = A()\nc = [A]", ONE + "type(o).n += 1", "b = c[0].n"],
    "handed on by a step that has run": [
        COUNTER.replace("return count", "return count, lambda: n"),
        ONE + "a = []\ntick, told = counter()",
        TWO + "told()",
        THREE + "tick = tick()",
        "b = told()",
    ],
    "of a name that is perhaps bound": [
        "def keeper(things):\n    return lambda: things",
        "a = [3]",
        ONE + "c = keeper(a)",
        TWO + "if not a: c = 1\na.append(4)\na = 7",
        THREE + "b = c()",
    ],
    "default": [
        DEFAULT,
        ONE + "put(1)",
        TWO + "b = put(2)",
    ],
}


@pytest.mark.parametrize("name", CASES)
def test_changes_reach_the_cells_below(name, tmp_path):
    kernel = {"__name__": "__main__"}
    for cell in CASES[name]:
        exec(compile(cell.partition("\n")[2] if cell.startswith("%%") else cell, "cell", "exec"), kernel)
    with notebook(tmp_path) as opened:
        for cell in CASES[name]:
            opened.run(cell)
        opened.run("%k8s_run --rest")
        assert opened.run("b") == kernel["b"]
        assert opened.run("a") is None or str(opened.run("a")) == str(kernel["a"])


def test_who_has_not_seen_an_unforeseen_change_is_named(tmp_path):
    with notebook(tmp_path) as opened:
        for cell in [HIDDEN, "a = [3]\nc = a", TWO + "add(a)", "print(a)", "%k8s_run"]:
            opened.run(cell)
        [said] = [str(seen) for seen in opened.seen if "has changed 'a' in place" in str(seen)]
        assert "'c' in the notebook still has it" in said
        assert "read it as it was before" in said
        assert "--out a" in said
        assert opened.run("a") == [3, 4]
