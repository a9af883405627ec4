"""Values that come in and go out, between real steps."""

from __future__ import annotations

import pytest

from k8snb.artifacts.packing import pack
from k8snb.artifacts.transfer import load, save
from k8snb.runner.spec import KERNEL, Ref, Result
from tests.runner.conftest import Runner


def values(runner: Runner, result: Result) -> dict:
    return {k: v for group in result.groups for k, v in load(runner.store, group).items()}


def test_values_go_from_step_to_step(runner: Runner) -> None:
    one = runner.run("a = [1, 2]\nb = {'a': a}\nn = 7", step="one", outputs=["a", "b", "n"])
    assert sorted(g.names for g in one.result.groups) == [("a", "b"), ("n",)]
    two = runner.run(
        "a.append(n)\nprint(b)", step="two", inputs={name: [Ref("one")] for name in "abn"}, outputs=["a", "b"]
    )
    assert two.text == "{'a': [1, 2, 7]}\n"
    assert values(runner, two.result) == {"a": [1, 2, 7], "b": {"a": [1, 2, 7]}}


@pytest.mark.parametrize(
    ("source", "same"), [("if not x: x.append(1)", True), ("x.append(1)", False), ("x = [1]", False)]
)
def test_what_could_have_been_changed_and_was_not_keeps_its_mark(runner: Runner, source: str, *, same: bool) -> None:
    one = runner.run("x = [1]", step="one", outputs=["x"])
    two = runner.run(source, step="two", inputs={"x": [Ref("one")]}, outputs=["x"], changes=["x"])
    [before], [after] = one.result.groups, two.result.groups
    assert (before.marks == after.marks) is same


def test_the_first_reference_that_binds_a_name_is_taken(runner: Runner) -> None:
    runner.run("x = 'one'\ny = 'one'", step="one", outputs=["x", "y"])
    runner.run("if 0: x = 'two'\ny = 'two'", step="two", outputs=["y"])
    three = runner.run(
        "print(x, y)", step="three", inputs={"x": [Ref("two"), Ref("one")], "y": [Ref("two"), Ref("one")]}
    )
    assert three.text == "one two\n"


def test_a_deleted_name_is_unbound(runner: Runner) -> None:
    runner.run("x = 'one'", step="one", outputs=["x"])
    two = runner.run("del x", step="two", inputs={"x": [Ref("one")]}, outputs=["x"])
    assert two.result.deleted == ["x"]
    three = runner.run("x", step="three", inputs={"x": [Ref("two"), Ref("one")]})
    assert three.result.failure.ename == "NameError"


def test_a_name_bound_on_another_path_keeps_its_earlier_value(runner: Runner) -> None:
    runner.run("y = 'one'", step="one", outputs=["y"])
    two = runner.run("if 0: y = 'two'", step="two", outputs=["y"])
    assert two.result.deleted == []
    three = runner.run("print(y)", step="three", inputs={"y": [Ref("two"), Ref("one")]})
    assert three.text == "one\n"


def test_what_an_except_clause_unbinds_is_unbound(runner: Runner) -> None:
    source = "try: 1 / 0\nexcept ZeroDivisionError as e: pass"
    assert runner.run(source, outputs=["e"], deletes=["e"]).result.deleted == ["e"]


def test_values_of_the_kernel(runner: Runner) -> None:
    groups = [save(runner.store, p) for p in pack({"limit": 3, "unused": 4}).packed]
    ran = runner.run("print(limit, 'unused' in globals())", inputs={"limit": [KERNEL]}, captured=groups)
    assert ran.text == "3 False\n"


def test_functions_bring_what_they_use_and_live_in_the_cells_namespace(runner: Runner) -> None:
    namespace: dict = {}
    exec("factor = 2\ndef helper(x): return x * factor\ndef f(x): return helper(x) + 1", namespace)
    names = {n: namespace[n] for n in ("factor", "helper", "f")}
    groups = [save(runner.store, p) for p in pack(names, namespace=namespace).packed]
    ran = runner.run(
        "print(f(5))\nfactor = 10\nprint(f(5), f.__globals__ is globals())", inputs={"f": [KERNEL]}, captured=groups
    )
    assert ran.text == "11\n51 True\n"


def test_classes_and_modules(runner: Runner) -> None:
    source = "import math\nclass Point:\n    def __init__(self, x): self.x = x\np = Point(2)"
    runner.run(source, step="one", outputs=["math", "Point", "p"])
    two = runner.run(
        "print(math.sqrt(p.x * 2), isinstance(p, Point), __name__)",
        step="two",
        inputs={name: [Ref("one")] for name in ("math", "Point", "p")},
    )
    assert two.text == "2.0 True __main__\n"


def test_names_bound_before_the_error_go_out(runner: Runner) -> None:
    ran = runner.run("x = [1]\ny = 2\nraise ValueError('no', 7)", outputs=["x", "y", "z"])
    assert ran.result.state == "failed"
    assert values(runner, ran.result) == {"x": [1], "y": 2}
    assert ran.result.deleted == []
    error = load(runner.store, ran.result.failure.pickled)["error"]
    assert (type(error), error.args) == (ValueError, ("no", 7))


def test_an_exception_that_cannot_be_packed(runner: Runner) -> None:
    failure = runner.run("raise ValueError((i for i in [1]))").result.failure
    assert (failure.ename, failure.pickled) == ("ValueError", None)


def test_a_value_that_cannot_travel_matters_only_where_it_is_needed(runner: Runner) -> None:
    source = "lock = __import__('threading').Lock()\nx = 1"
    ran = runner.run(source, outputs=["lock", "x"])
    assert ran.result.state == "succeeded"
    assert list(ran.result.unpackable) == ["lock"]
    assert values(runner, ran.result) == {"x": 1}
    ran = runner.run(source, outputs=["lock", "x"], needed=["lock"])
    assert ran.result.failure.ename == "UnpackableError"
    assert "'lock'" in ran.result.failure.evalue
    assert "lock" in ran.result.unpackable["lock"]
    assert values(runner, ran.result) == {"x": 1}


def test_what_keeps_the_steps_output_is_named_as_in_a_kernel(runner: Runner) -> None:
    ran = runner.run("import sys\nlog = {'to': sys.stderr}", outputs=["log"])
    assert ran.result.unpackable["log"].startswith("io.TextIOWrapper (at log['to'])")


def test_a_value_that_cannot_be_loaded_says_which(runner: Runner) -> None:
    code = runner.folder / "code"
    code.mkdir()
    (code / "mine.py").write_text("class Thing: pass")
    runner.run("import mine\nx = mine.Thing()", step="one", outputs=["x"])
    (code / "mine.py").unlink()
    failure = runner.run("x", step="two", inputs={"x": [Ref("one")]}).result.failure
    assert failure.ename == "RequirementsError"
    assert "'x'" in failure.evalue
    assert "mine" in failure.evalue


def test_what_loading_prints_is_in_the_log(runner: Runner) -> None:
    code = runner.folder / "code"
    code.mkdir()
    (code / "loud.py").write_text("print('imported')\nclass Thing: pass")
    runner.run("import loud\nx = loud.Thing()", step="one", outputs=["x"])
    two = runner.run("print('cell')", step="two", inputs={"x": [Ref("one")]})
    assert two.text == "imported\ncell\n"


def test_a_function_of_another_step_shows_its_source(runner: Runner) -> None:
    runner.run("def f(x):\n    def inner():\n        return 1 / x\n    return inner()", step="one", outputs=["f"])
    ran = runner.run("import inspect\nprint(inspect.getsource(f))\nf(0)", step="two", inputs={"f": [Ref("one")]})
    assert ran.text.startswith("def f(x):\n    def inner():")
    lines = ran.traceback
    assert "step two, line 3" in lines
    assert lines[lines.index("step one, line 3, in f.<locals>.inner()") + 2] == "----> 3     return 1 / x"
