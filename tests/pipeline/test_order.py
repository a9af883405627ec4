"""Where inputs come from, in which order steps run, and what is wrong with a pipeline."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse, step_line
from k8snb.errors import PipelineError
from k8snb.pipeline import Cell, build, parse_options, select


def cells(*sources):
    made = []
    for source in sources:
        line = step_line(source)
        name, options, _ = parse_options(line, where="here") if line is not None else (None, None, None)
        made.append(Cell(source, analyse(source), name, options) if name else Cell(source, analyse(source)))
    return made


def pipeline(*sources, known=None, uses=None):
    return build(cells(*sources), name="nb", known=known, uses=uses)


def step(name, code, options=""):
    return f"%%k8s_step {name} {options}\n{code}"


def test_inputs_come_from_the_nearest_step_above_that_makes_them():
    found = pipeline("path = 'x'", step("a", "x = path"), step("b", "x = 2"), step("c", "y = x"))
    assert found["a"].inputs == {"path": (None,)}
    assert found["c"].inputs == {"x": ("b",)}
    assert found["c"].after == {"b"}
    assert found["b"].needed == ("x",)
    assert found["a"].needed == ()
    assert found["a"].from_kernel == {"path"}


def test_a_step_that_may_bind_a_name_is_asked_before_those_above_it():
    found = pipeline("x = 0; c = 1", step("a", "x = 1"), step("b", "if c: x = 2"), step("d", "print(x)"))
    assert found["d"].inputs == {"x": ("b", "a")}
    found = pipeline("x = 0; c = 1", step("b", "if c: del x"), step("d", "print(x)"))
    assert found["d"].inputs == {"x": ("b", None)}


def test_a_plain_cell_ends_the_search():
    found = pipeline(step("a", "x = 1"), "x = x + 1", step("b", "print(x)"))
    assert found["b"].inputs == {"x": (None,)}
    assert found["b"].after == frozenset()
    [warning] = found.warnings
    assert "code cell 2 makes 'x' for step b from 'x' of step a" in warning


def test_steps_that_share_nothing_run_side_by_side():
    found = pipeline("x = 1", step("a", "y = x"), step("b", "z = x"), step("c", "print(y, z)"))
    assert found["b"].after == frozenset()
    assert found["c"].after == {"a", "b"}


def test_a_change_in_place_comes_after_the_readers_above_and_before_those_below():
    found = pipeline("x = []", step("a", "print(x)"), step("b", "x.append(1)"), step("c", "print(x)"))
    assert found["b"].after == {"a"}
    assert found["b"].outputs == ("x",)
    assert found["c"].inputs == {"x": ("b",)}
    rebound = pipeline("x = []", step("a", "print(x)"), step("m", "x = []"), step("b", "x.append(1)"))
    assert rebound["b"].after == {"m"}


def test_functions_bring_what_they_use_and_do():
    source = ["log = []; n = 1", "def helper(): return n", "def record(x):\n  log.append(x + helper())"]
    found = pipeline(*source, step("a", "record(1)"), step("b", "print(log)"))
    assert found["a"].inputs == dict.fromkeys(("helper", "log", "n", "record"), (None,))
    assert found["a"].outputs == ("log",)
    assert found["b"].inputs == {"log": ("a",)}


def test_a_function_uses_names_as_they_are_then():
    found = pipeline("def f(): return cfg", step("a", "cfg = 1"), step("b", "f()"))
    assert found["b"].inputs == {"f": (None,), "cfg": ("a",)}


def test_what_a_function_binds_through_global_comes_from_the_step_that_calls_it():
    found = pipeline("def init():\n  global state\n  state = 1", step("a", "init()"), step("b", "print(state)"))
    assert found["b"].inputs["state"][0] == "a"


def test_a_plain_cell_that_changes_a_name_through_a_function_ends_the_search():
    found = pipeline("def add(): log.append(1)", step("a", "log = []"), "add()", step("b", "print(log)"))
    assert found["b"].inputs == {"log": (None,)}


def test_instances_bring_what_their_class_uses():
    found = pipeline(
        "import numpy as np\nclass Net:\n  def run(self): return np.zeros(n)",
        "n = 1",
        step("a", "net = Net()"),
        step("b", "net.run()"),
    )
    assert found["b"].inputs == {"net": ("a",), "np": (None,), "n": (None,)}


def test_what_an_object_contains_brings_what_it_uses():
    source = "import math\ndef make(): return lambda x: math.floor(x)\nclass Box:\n  def __init__(self, f): self.f = f"
    for given in (
        "f = make()\ng = f",
        "g = Box(make())",
        "f = make()\nb = Box(f)\ng = {'k': [b]}",
        "g = {0: [Box(make())]}",
    ):
        found = pipeline(source, step("a", given), step("b", "h = Box(g)"), step("c", "h.f"))
        assert found["b"].inputs == {"Box": (None,), "g": ("a",), "math": (None,)}
        assert found["c"].inputs == {"h": ("b",), "math": (None,)}


def test_the_kernel_says_what_its_functions_use():
    found = pipeline(step("a", "f()"), known={"f", "cfg"}, uses={"f": frozenset({"cfg", "len"})})
    assert found["a"].inputs == {"f": (None,), "cfg": (None,)}


def test_modules_are_not_changed():
    found = pipeline("import mylib as ml", step("a", "y = ml.append(1)"), step("b", "z = ml.pop()"))
    assert found["a"].outputs == ("y",)
    assert found["b"].after == frozenset()


def test_builtins_are_no_inputs_unless_bound():
    assert pipeline(step("a", "print(sum)"))["a"].inputs == {}
    made = [Cell(s, analyse(s, {"sum"}), n) for s, n in (("sum = 1", None), ("print(sum)", "a"))]
    assert build(made, name="nb")["a"].inputs == {"sum": (None,)}


def test_names_of_ipython_are_no_outputs():
    assert pipeline(step("a", "_, x = 1, 2\n__ = In = Out = _i3 = 4\n_private = 5"))["a"].outputs == ("_private", "x")


def test_in_and_out_overrule_the_analysis():
    found = pipeline("x = y = 1", step("a", "eval('y')\nz = 1; w = 2", "--in x,y --out z"), step("b", "z"))
    assert found["a"].inputs == {"x": (None,), "y": (None,)}
    assert found["a"].outputs == ("z",)
    assert found["b"].inputs == {"z": ("a",)}


def test_after_orders_steps():
    found = pipeline(step("a", "1"), step("b", "2", "--after a"))
    assert found["b"].after == {"a"}
    assert [s.name for s in select(found, ["b"]).steps] == ["a", "b"]


def test_selected_steps_bring_what_they_need():
    found = pipeline(step("a", "x = 1"), step("b", "print(x); w = 1"), step("c", "x.append(1)"), step("d", "print(w)"))
    chosen = select(found, ["c"])
    assert [s.name for s in chosen.steps] == ["a", "c"]
    assert chosen["c"].after == {"a"}
    assert select(found, ["b"])["b"].needed == ()
    with pytest.raises(PipelineError, match="no step 'e'"):
        select(found, ["e"])


@pytest.mark.parametrize(
    ("sources", "known", "what", "where", "fix"),
    [
        ([step("a", "1"), step("a", "2")], None, "two cells are the step 'a'", "code cells 1 and 2", "another name"),
        (["model = 1", step("a", "\nmodle")], None, "no cell makes 'modle'", "step a, line 3", "'model'"),
        ([step("a", "x"), step("b", "x = 1")], set(), "no cell makes 'x'", "step a, line 2", "step b below makes it"),
        ([step("a", "1", "--in x")], {"y"}, "no cell makes 'x'", "step a", "y"),
        ([step("trainer", "1"), step("b", "1", "--after trainr")], None, "no step 'trainr'", "step b", "'trainer'"),
        ([step("a", "x = 1", "--after b"), step("b", "x")], None, "wait for each other", None, "--after"),
    ],
)
def test_what_is_wrong_is_found_before_the_run(sources, known, what, where, fix):
    with pytest.raises(PipelineError) as caught:
        pipeline(*sources, known=known)
    assert what in caught.value.what
    assert where is None or where in caught.value.where
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    "sources",
    [
        [step("a", "if False: x")],
        [step("a", "try: x\nexcept NameError: x = 1")],
        [step("a", "for i in []: x = i\nprint(x)"), step("b", "1")],
        ["from m import *", step("a", "x")],
        ["%run setup.py", step("a", "x")],
        [step("s", "from m import *"), step("a", "x")],
        [step("a", "def f(): return x\nf")],
        [step("a", "!echo $HOME {y}")],
    ],
)
def test_what_may_be_right_is_no_error(sources):
    pipeline(*sources)


def test_magics_of_an_extension_bring_the_extensions_of_cells_above():
    sources = ["%load_ext one\n%load_ext k8snb", step("a", "%load_ext two.more\nx = 1"), step("b", "%%sql\nselect 1")]
    found = build(cells(*sources), name="nb", loaded={"three"})
    assert found["a"].extensions == ()
    assert found["b"].extensions == ("one", "two.more", "three")
    assert found["a"].cell.facts.imports == {"two"}
    with pytest.raises(PipelineError, match="no cell above loads an extension") as error:
        pipeline(step("b", "%%sql\nselect 1"), "%load_ext one")
    assert "%load_ext" in error.value.fix
    with pytest.raises(PipelineError, match="%store"):
        pipeline("%load_ext one", step("b", "%store x"))


def test_warnings_of_steps_are_told_with_their_line():
    assert pipeline("x = 1", step("a", "\neval('x')")).warnings[0].startswith("step a, line 3: eval()")


def test_which_expressions_are_displayed_holds_for_the_steps_below():
    says = "from IPython.core.interactiveshell import InteractiveShell\nInteractiveShell.ast_node_interactivity = 'all'"
    cells = [("a", "1"), (None, says), ("b", "%config InteractiveShell.ast_node_interactivity = 'none'"), ("c", "1")]
    pipeline = build([Cell(source, analyse(source), step) for step, source in cells], name="test")
    assert [(step.name, step.shows) for step in pipeline.steps] == [("a", "last_expr"), ("b", "all"), ("c", "none")]
