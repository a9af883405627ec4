"""What one kernel keeps beside the variables: where steps do not have it, that is said."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse, step_line
from k8snb.pipeline import build
from k8snb.pipeline.context import in_context
from k8snb.pipeline.model import Cell


def told(*sources):
    cells = [Cell(s, analyse(s), (step_line(s) or "").partition(" ")[0] or None) for s in sources]
    pipeline = build(in_context(cells), name="test", known={"_"} if any("print(_)" in s for s in sources) else None)
    return [(one.cell, one.reader, one.text) for one in pipeline.unshared]


def step(name, source):
    return f"%%k8s_step {name}\n{source}"


def test_what_a_step_displays_is_not_there_under_an_underscore():
    [(_, reader, text)] = told("df = [1]", step("show", "df"), "print(_)")
    assert reader == 2
    assert text == (
        "step show, line 2: the value that it displays stays in its process, and code cell 3 reads _: give it a name"
    )


@pytest.mark.parametrize(
    "cells",
    [
        ["x = 1\nx", step("a", "print(_)")],  # the kernel's own is captured
        [step("a", "x = 1\nx;"), "print(_)"],
        [step("a", "x = []\nx.append(1)"), "print(_)"],
        [step("a", "print(1)"), "print(_)"],
        [step("a", "x = 1\nx"), "x + 1", "print(_)"],
        [step("a", "x = 1\nx"), "a, _ = 1, 2", "print(_)"],
        [step("a", "x = 1\nx"), "for _ in range(3): print(_)"],
        [step("a", "x = 1\nx # k8snb: quiet"), "print(_)"],
        ["x = 1\nx", "print(_)", step("a", "y = 1")],
    ],
)
def test_an_underscore_that_is_right(cells):
    assert told(*cells) == []


@pytest.mark.parametrize(("name", "said"), [("__", True), ("Out[2]", True), ("_2", True), ("___", True), ("_", False)])
def test_values_displayed_before_the_last(name, said):
    assert bool(told(step("a", "1"), "2", f"print({name})")) is said


CACHED = "from functools import lru_cache\n@lru_cache(maxsize=None)\ndef f(n):\n    {}\n    return [n]"


@pytest.mark.parametrize(
    ("body", "first", "second", "said"),
    [
        ("print(n)", step("a", "f(1)"), step("b", "f(1)"), True),
        ("print(n)", step("a", "f(1)"), "f(1)", True),
        ("print(n)", "f(1)", step("b", "f(1)"), True),
        ("print(n)", "f(1)", "f(1)", False),
        ("print(n)", "x = 1", step("b", "f(1)"), False),
        ("print(n)", step("a", "def g(): return f(1)\ng()"), step("b", "list(map(f, [1]))"), True),
        ("n + 1", step("a", "f(1)"), step("b", "f(1)"), False),
        ("n + 1", step("a", "f(1)"), step("b", "f.cache_info()"), True),
        ("n + 1", step("a", "f(1).append(2)"), step("b", "f(1)"), True),
        ("seen.append(n)", step("a", "f(1)"), step("b", "f(1)"), True),
        ("n = time.time()", step("a", "f(1)"), step("b", "f(1)"), True),
    ],
)
def test_functions_that_keep_their_results(body, first, second, said):
    assert bool(told(f"seen = []\n{CACHED.format(body)}", first, second, step("other", "z = 1"))) is said


def test_a_function_whose_cell_calls_it():
    [(cell, reader, text)] = told(f"{CACHED.format('print(n)')}\nf(1)", step("a", "f(1)"))
    assert (cell, reader) == (0, 1)
    assert text.startswith("code cell 1, line 3: f() keeps its results in one process, and runs again in step a")


def test_subclasses_of_other_cells():
    classes = ["class Base: pass", step("a", "class A(Base): pass"), step("b", "class B(Base): pass")]
    assert [found[:2] for found in told(*classes, "Base.__subclasses__()")] == [(1, 3), (2, 3)]
    assert [found[:2] for found in told(*classes, "def f(): return Base.__subclasses__()", "f()")] == [(1, 4), (2, 4)]
    assert told(*classes, "print(A, B, Base.__subclasses__())") == []
    assert told("class Base: pass", "class A(Base): pass", "Base.__subclasses__()", step("a", "Base()")) == []


BORG = "class Borg:\n    shared = {}\n    def __init__(self):\n        self.__dict__ = self.shared"


def test_instances_that_share_one_dict():
    assert [found[:2] for found in told(f"{BORG}\na = Borg()", step("b", "b = Borg()\nb.x = 1"))] == [(0, 1)]
    assert told(BORG, step("b", "b = Borg()\nb.x = 1")) == []
    assert told(BORG, "a = Borg()", "print(a)", step("c", "z = 1")) == []


def test_annotations_of_other_cells():
    assert [found[:2] for found in told("x: int = 3", step("a", "y: str = ''"), "print(__annotations__)")] == [(1, 2)]
    assert [found[:2] for found in told("x: int = 3", step("a", "print(__annotations__)"))] == [(0, 1)]
    assert told(step("a", "x: int = 3"), "def f(n: int): pass", "f.__annotations__") == []


MAKES = "import numpy as np\nmm = np.memmap('a', mode='w+')"


@pytest.mark.parametrize(
    ("maker", "changer", "called"),
    [
        (MAKES, step("b", "mm[:] = 1"), "code cell 1"),
        (step("a", MAKES), step("b", "mm[:] = 1"), "step a"),
        (step("a", MAKES), "mm[:] = 1", "step a"),
        (MAKES, step("b", "def f(x): x[0] = 1\nf(mm)"), "code cell 1"),
    ],
)
def test_an_array_in_a_file_that_another_process_changes(maker, changer, called):
    [(_, reader, text)] = told(maker, changer)
    assert reader == 1
    assert text.startswith(f"{called}, line {maker.count(chr(10)) + 1}: the file of mm stays as it is where ")
    assert told(maker + "  # k8snb: quiet", changer) == []


@pytest.mark.parametrize("changer", [step("b", "print(mm.sum())"), step("b", "mm = [0]\nmm[0] = 1"), "mm[:] = 1"])
def test_an_array_in_a_file_that_stays_right(changer):
    assert told(MAKES, changer) == []


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("np.memmap('a', mode='w+')", True),
        ("np.memmap('a')", True),
        ("np.load('a.npy', mmap_mode='r+')", True),
        ("np.lib.format.open_memmap('a', mode='w+')", True),
        ("np.memmap('a', mode='r')", False),
        ("np.load('a.npy')", False),
    ],
)
def test_arrays_in_files_that_change_with_them(source, changes):
    assert ("mm" in analyse(f"mm = {source}").kept.maps) is changes
