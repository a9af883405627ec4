"""What classes, functions and iterators keep from one cell to the next is kept as in one kernel."""

from __future__ import annotations

import pytest
from inprocess import notebook

ONE, TWO, THREE = "%%k8s_step one\n", "%%k8s_step two\n", "%%k8s_step three\n"
CUP = """class Cup:
    made = 0
    shared = []
    def __init__(self, v=0):
        self.v = v
        type(self).made += 1
a = Cup()"""
BOUND_ANEW = "\nclass Cup:\n    pass"

CASES = {
    "a class that is bound anew where it was changed": [CUP, ONE + "Cup.made = 8" + BOUND_ANEW, "b = a.made"],
    "a class that was bound anew before": [CUP, BOUND_ANEW.lstrip(), ONE + "a.shared.append(2)", "b = a.shared"],
    "a class that only instances know": [CUP, ONE + "c = Cup()" + BOUND_ANEW, "b = c.made"],
    "a class that only a step's instance knows": [CUP, ONE + "c = Cup()", TWO + "c.v = 3" + BOUND_ANEW, "b = c.made"],
    "a class changed in one step, its instance in the next": [
        CUP,
        ONE + "setattr(Cup, 'made', 4)",
        TWO + "a.v = 2",
        "b = a.made, Cup.made",
    ],
    "a class of three steps": [CUP, ONE + "Cup.made = 4", TWO + "c = Cup()", THREE + "a.v = 2", "b = c.made, a.made"],
    "a class changed by a plain cell after a step has taken it": [CUP, ONE + "c = Cup", "Cup.made = 8", "b = c.made"],
    "an attribute that is deleted": [CUP, ONE + "Cup.more = 1", TWO + "del Cup.more", "b = hasattr(Cup, 'more')"],
    "a function that a step passes on": [
        "n = 1\ndef add(x):\n    global n\n    n += x",
        ONE + "add = add",
        "add(2)",
        TWO + "b = n",
    ],
    "a function in what a step makes": [
        "n = 1\ndef get(x):\n    return n + x",
        ONE + "table = {'get': get}",
        TWO + "b = table['get'](2)",
    ],
    "a partial function of a step": [
        "import functools\nn = 1\ndef add(x):\n    global n\n    n += x",
        ONE + "add_2 = functools.partial(add, 2)",
        TWO + "add_2()",
        "b = n",
    ],
    "a function that one of another cell calls": [
        "n = 1\ndef outer(x):\n    return inner(x)",
        ONE + "def inner(x):\n    return n + x\nb = outer(2)",
    ],
    "a function that one of another cell calls, in a plain cell": [
        ONE + "n = 1",
        "def outer(x):\n    return inner(x)",
        "def inner(x):\n    return n + x\nb = outer(2)",
    ],
    "a function that one of another cell calls, which changes": [
        "n = [1]\ndef outer(x):\n    return inner(x)",
        ONE + "def inner(x):\n    n.append(x)\nouter(2)",
        "b = n",
    ],
    "what a class's attribute holds, passed on to a plain cell": [
        CUP,
        ONE + "kept, c = (Cup.shared,), Cup()",
        "kept[0].append(7)",
        "b = kept, a.shared",
    ],
    "what a class's attribute holds, passed on to a step": [
        CUP,
        ONE + "kept, c = {'k': Cup.shared}, a",
        TWO + "kept['k'].append(7)",
        "b = kept, a.shared",
    ],
    "an attribute that is the base's too": [
        "class Base:\n    n = 1\nclass Cup(Base):\n    n = 1\na = Cup()",
        ONE + "Base.n = 2",
        "b = a.n",
    ],
    "a step that runs again": [
        CUP,
        ONE + "Cup.made += 1",
        "b = Cup.made",
        ONE + "Cup.made += 2",
        "b = Cup.made",
    ],
}


@pytest.mark.parametrize("name", CASES)
def test_state_is_kept(name, tmp_path):
    kernel = {"__name__": "__main__"}
    for cell in CASES[name]:
        exec(compile(cell.partition("\n")[2] if cell.startswith("%%") else cell, "cell", "exec"), kernel)
    with notebook(tmp_path) as opened:
        for cell in CASES[name]:
            opened.run(cell)
        opened.run("%k8s_run --rest")
        assert opened.run("b") == kernel["b"]
