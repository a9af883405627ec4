"""A notebook used as its user does: cells in, variables and errors out."""

from __future__ import annotations

import _thread
import json
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from inprocess import Notebook
from IPython.core.error import UsageError

from k8snb.errors import (
    AnnotationError,
    InputError,
    K8snbError,
    PipelineError,
    RequirementsError,
    StackError,
    StepFailed,
    StoreError,
    UnpackableError,
)

# --- results are variables -----------------------------------------------------------------------------------------


def test_results_are_fetched_when_a_cell_first_reads_them(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = [1]")
    nb.run("%%k8s_step b\ny = x + [2]")
    nb.run("%k8s_run")
    assert nb.started == ["a", "b"]
    assert not {"x", "y"} & nb.ns.keys()
    assert nb.run("y") == [1, 2]
    assert "x" not in nb.ns
    assert nb.started == ["a", "b"]


def test_a_cell_that_reads_what_has_not_run_runs_it_and_what_it_needs(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run("%%k8s_step other\nz = 1")
    nb.run("%%k8s_step b\ny = x + 1")
    assert nb.run("y * 10") == 20
    assert nb.started == ["a", "b"]
    assert any("this cell reads y" in str(entry[1]) for entry in nb.seen)


def test_steps_that_have_run_are_not_run_again_for_a_reader(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nimport random\nx = random.random()")
    nb.run("%%k8s_step b\ny = x")
    first = nb.run("x")
    assert nb.run("y") == first
    assert nb.started == ["a", "b"]
    nb.run("%%k8s_step b\ny = -x")
    assert nb.run("y") == -first
    assert nb.started == ["a", "b", "b"]


def test_executing_all_cells_runs_each_step_once(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nimport random\nx = random.random()")
    nb.run("m = x * 2")
    nb.run("%%k8s_step b\ny = (x, m)")
    nb.run("%k8s_run")
    assert nb.started == ["a", "b"]
    x, m = nb.run("y")
    assert m == 2 * x
    assert not any("warning" in str(entry[1]) for entry in nb.seen)
    nb.run("%k8s_run")
    assert nb.started == ["a", "b", "a", "b"]
    assert any("warning: step b gets m as a cell made it of earlier results of a" in str(e[1]) for e in nb.seen)


def test_what_a_step_only_imports_is_no_earlier_result_of_it(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nfrom collections import Counter\nimport os.path as osp\nx = 1")
    nb.run("c = Counter('abca')\np = osp.join('a', 'b')")
    nb.run("%%k8s_step b\ny = (c.total(), p)")
    nb.run("%k8s_run")
    assert sorted(nb.started) == ["a", "b"]
    assert not any("warning" in str(entry[1]) for entry in nb.seen)


def test_a_result_that_was_not_kept_is_an_error_for_a_step_that_comes_later(nb: Notebook) -> None:
    nb.run("%%k8s_step a --run\nimport threading\nlock = threading.Lock()")
    nb.run("%%k8s_step b\nwith lock:\n    y = 1")
    with pytest.raises(UnpackableError, match="lock was made by step a"):
        nb.run("%k8s_run")


def test_a_function_of_the_kernel_finds_what_steps_have_made(nb: Notebook) -> None:
    nb.run("def f():\n    return g() + scale\ndef g():\n    return offset")
    nb.run("%%k8s_step a\nscale = 2\noffset = 3\nunused = 4")
    assert nb.run("f()") == 5
    assert "unused" not in nb.ns


def test_a_function_of_a_step_uses_the_kernels_variables(nb: Notebook) -> None:
    nb.run("factor = 2")
    nb.run("%%k8s_step a\nbase = 10\ndef f(x):\n    return factor * x + base")
    assert nb.run("f(1)") == 12
    nb.run("factor = 3")
    assert nb.run("f(1)") == 13


def test_eval_finds_everything(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1\ny = 2")
    assert nb.run("eval('x' + '+y')") == 3


def test_variables_that_are_one_object_stay_one(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = [1]\ny = {'x': x}")
    nb.run("x.append(2)")
    assert nb.run("y['x'] is x, y") == (True, {"x": [1, 2]})


def test_a_name_that_a_cell_binds_is_the_cells(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run("x = 5")
    assert nb.run("x") == 5
    assert nb.started == []
    nb.run("%k8s_run")
    assert nb.run("x") == 5


def test_a_step_run_again_gives_its_new_results(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1", "A")
    nb.run("%k8s_run", "B")
    assert nb.run("x") == 1
    nb.run("%%k8s_step a\nx = 2", "A")
    assert "x" not in nb.ns
    nb.run("%k8s_run", "B")
    assert nb.run("x") == 2


def test_the_rest_of_a_cell_reads_what_the_run_in_it_has_made(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run("%k8s_run\ny = x + 1")
    assert nb.ns["y"] == 2
    assert nb.started == ["a"]


def test_what_a_step_deletes_is_gone_and_what_it_does_not_bind_stays(nb: Notebook) -> None:
    nb.run("x, y = 1, 2")
    nb.run("%%k8s_step a\nprint(x)\ndel x\nif y > 5:\n    y = 0")
    nb.run("%k8s_run")
    assert nb.run("y") == 2
    with pytest.raises(NameError):
        nb.run("x")


def test_a_step_that_may_bind_a_name_leaves_the_earlier_value(nb: Notebook) -> None:
    nb.run("y, flag = 2, False")
    nb.run("%%k8s_step a\nif flag: y = 0")
    nb.run("%%k8s_step b\nz = y")
    nb.run("%k8s_run")
    assert nb.run("z") == 2


def test_a_name_that_only_an_import_of_a_step_binds_needs_no_run(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nimport math\nx = math.pi")
    assert nb.run("math.floor(2.5)") == 2
    assert nb.started == []


def test_a_result_that_cannot_travel_is_an_error_where_it_is_read(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nimport threading\nlock = threading.Lock()\nx = 1")
    nb.run("%k8s_run")
    assert nb.run("x") == 1
    with pytest.raises(UnpackableError, match="lock was made by step a"):
        nb.run("lock")


@pytest.mark.parametrize(
    ("raised", "error", "way_out"),
    [
        ("ValueError('no such version')", UnpackableError, "same versions"),
        ("ModuleNotFoundError('No module named q', name='q.w')", RequirementsError, "install the package of 'q'"),
    ],
)
def test_a_result_that_cannot_be_loaded_is_an_error_where_it_is_read(
    nb: Notebook, raised: str, error: type[Exception], way_out: str
) -> None:
    nb.run(f"def fussy(what): raise {raised}")
    nb.run("%%k8s_step a\nclass Fussy:\n    def __reduce__(self): return fussy, (1,)\nmodel, x = Fussy(), 1")
    nb.run("%k8s_run")
    assert nb.run("x") == 1
    with pytest.raises(error, match="model was made by step a, but cannot be loaded here") as found:
        nb.run("model")
    assert way_out in str(found.value)


# --- values of the kernel ------------------------------------------------------------------------------------------


def test_a_step_gets_values_as_they_were_when_its_cell_was_executed(nb: Notebook) -> None:
    nb.run("cfg = {'x': 1}")
    nb.run("%%k8s_step a\ny = cfg['x']")
    nb.run("cfg['x'] = 2")
    nb.run("%k8s_run")
    assert nb.run("y") == 1


def test_functions_travel_with_what_they_use(nb: Notebook) -> None:
    nb.run("scale = 3\ndef helper(x):\n    return x * scale")
    nb.run("def f(x):\n    return helper(x)")
    nb.run("%%k8s_step a\ny = f(2)")
    assert nb.run("y") == 6


def test_a_value_of_the_kernel_that_cannot_travel_is_named_at_the_step(nb: Notebook) -> None:
    nb.run("import threading\nlock = threading.Lock()")
    with pytest.raises(UnpackableError, match="lock"):
        nb.run("%%k8s_step a\nwith lock:\n    x = 1")
    with pytest.raises(NameError):
        nb.run("x")
    assert nb.started == []


def test_a_step_executed_again_reads_what_the_kernel_had(nb: Notebook) -> None:
    nb.run("x = [0]")
    nb.run("%%k8s_step a\nx.append(1)", "A")
    assert nb.run("x") == [0, 1]
    nb.run("%%k8s_step a\nx.append(2)", "A")
    assert nb.run("x") == [0, 2]


def test_a_later_step_reads_what_a_plain_cell_made_of_a_result(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run("x = x + 1")
    nb.run("%%k8s_step b\ny = x")
    assert nb.run("y") == 2


# --- errors --------------------------------------------------------------------------------------------------------


def test_a_step_that_raises_fails_the_cell_as_its_own_exception(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nbefore = 1\n{}['no']\nafter = 2")
    nb.run("%%k8s_step sibling\nz = 1")
    with pytest.raises(KeyError) as info:
        nb.run("%k8s_run")
    assert isinstance(info.value, StepFailed)
    assert type(info.value).__name__ == "KeyError"
    assert nb.run("before") == 1
    assert "z" not in nb.ns


def test_the_body_of_a_cell_whose_step_fails_never_runs(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1 / 0")
    with pytest.raises(ZeroDivisionError):
        nb.run("touched = True\nx")
    assert "touched" not in nb.ns
    assert nb.run("1 + 1") == 2


def test_what_keeps_runs_from_beginning_is_said_and_nothing_starts(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.orchestrator.broken = StoreError("out of order", fix="repair it")
    with pytest.raises(StoreError, match="out of order"):
        nb.run("%k8s_run")
    assert nb.started == []


def test_an_interrupt_ends_the_run_says_so_and_is_an_interrupt(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nhang = 1")
    waiting = threading.Thread(target=lambda: nb.orchestrator.hanging.wait(120) and _thread.interrupt_main())
    waiting.start()
    with pytest.raises(KeyboardInterrupt):
        nb.run("%k8s_run")
    waiting.join()
    assert nb.orchestrator.cancelled == ["a"]
    assert any("interrupted: the run was cancelled; ended: a" in str(entry[1]) for entry in nb.seen)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("%%k8s_step Big Name\nx = 1", AnnotationError),
        ("%%k8s_step a --cpus 1\nx = 1", AnnotationError),
        ("%%k8s_step a\nx = missing", PipelineError),
        ("%%k8s_step a\nx = = 1", AnnotationError),
        ("%k8s_run --stak x", UsageError),
        ("%k8s_run nowhere", PipelineError),
        ("%k8s_run", PipelineError),
        ("%k8s_stack nowhere", StackError),
    ],
)
def test_what_is_wrong_is_an_error_of_the_cell(nb: Notebook, source: str, error: type[Exception]) -> None:
    with pytest.raises(error) as info:
        nb.run(source)
    assert isinstance(info.value, UsageError) or info.value.fix
    assert nb.started == []
    assert nb.run("1") == 1


def test_errors_show_no_code_of_k8snb(nb: Notebook) -> None:
    with pytest.raises(K8snbError):
        nb.run("%%k8s_step Big\nx = 1")
    shown = nb.text("stdout") + nb.text("stderr")
    assert "AnnotationError" in shown
    assert ".py" not in shown


def test_two_cells_of_one_name_are_refused_where_the_file_shows_them(
    nb: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = ["%%k8s_step a\nx = 1", "%%k8s_step a --cpu 1\nx = 2"]
    file = tmp_path / "twice.ipynb"
    file.write_text(json.dumps({"cells": [{"cell_type": "code", "source": [s]} for s in sources]}))
    monkeypatch.setenv("K8SNB_NOTEBOOK", str(file))
    nb.run(sources[0])
    with pytest.raises(PipelineError, match="two cells") as info:
        nb.run(sources[1])
    assert "code cells 1 and 2" in str(info.value.where)


# --- the step's line -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["# %%k8s_step a", "%%time\n%%k8s_step a", "%%k8s_step a --cpu {cpu}"])
def test_forms_of_the_steps_line(nb: Notebook, line: str) -> None:
    nb.run("cpu = 2")
    nb.run(f"{line}\nx = 1")
    step = nb.session.cells.step("a")
    assert step is not None
    assert step.options.cpu == ("2" if "cpu" in line else None)
    assert step.outputs == ("x",)


def test_run_runs_the_step_now(nb: Notebook) -> None:
    nb.run("%%k8s_step a --run\nprint('hello')\nx = 1")
    assert nb.started == ["a"]
    assert nb.text() == "hello\n"
    assert nb.run("x") == 1


def test_a_card_tells_what_a_step_reads_makes_and_what_could_go_wrong(nb: Notebook) -> None:
    nb.run("n = 3\nh = '<b>'")
    nb.run("%%k8s_step a\nx = n")
    nb.run("%%k8s_step b\ny = [x, h]\neval('y')")
    card = nb.seen[-1][1]
    text = card["text/plain"]
    assert "x from a" in text
    assert "h (25 bytes) from the notebook" in text
    assert "makes     y" in text
    assert "line 3: eval()" in text
    assert "line 3: eval()" in card["text/html"]


def test_options_of_the_stack_file_hold_where_the_line_says_nothing(nb: Notebook) -> None:
    Path("k8snb.toml").write_text('[steps.defaults]\nmemory = "1Gi"\n[steps.a]\ncpu = "2"\n')
    nb.run("%%k8s_step a --memory 2Gi\nx = 1")
    step = nb.session.cells.step("a")
    assert step is not None
    assert (step.options.cpu, step.options.memory) == ("2", "2Gi")


# --- other magics --------------------------------------------------------------------------------------------------


def test_a_chosen_stack_is_the_notebooks(nb: Notebook) -> None:
    Path("k8snb.toml").write_text("[stacks.mine]\n")
    nb.run("%k8s_stack mine")
    nb.run("%%k8s_step a\nx = 1")
    nb.run("%k8s_run")
    assert nb.session.engine().stack == "mine"


def test_run_takes_a_stack_for_once(nb: Notebook) -> None:
    Path("k8snb.toml").write_text("[stacks.mine]\n")
    nb.run("%%k8s_step a\nx = 1")
    nb.run("%k8s_run a --stack mine")
    assert nb.opened == ["mine"]
    assert nb.run("x") == 1


def test_unloading_takes_everything_away(nb: Notebook) -> None:
    nb.run("%unload_ext k8snb")
    assert "k8s_run" not in nb.shell.magics_manager.magics["line"]
    assert nb.shell.ast_transformers == []
    nb.run("%load_ext k8snb")
    assert "k8s_run" in nb.shell.magics_manager.magics["line"]


def test_the_card_tells_what_a_volume_costs(nb: Notebook) -> None:
    nb.run("%%k8s_step a --shm 1Gi\nx = 1")
    assert any("--shm mounts a volume" in str(entry[1]) for entry in nb.seen)
    nb.seen.clear()
    nb.run("%%k8s_step b\ny = 1")
    assert not any("mounts a volume" in str(entry[1]) for entry in nb.seen)


@pytest.mark.parametrize("edited", ["%%k8s_step a\ny = 1", "%%k8s_step b\ny = 1", "y = 1"])
def test_what_an_edited_cell_does_not_make_any_more_is_not_waited_for(nb: Notebook, edited: str) -> None:
    nb.run("%%k8s_step a\nx = 1", cell_id="one")
    nb.run(edited, cell_id="one")
    with pytest.raises(NameError):
        nb.run("x")
    assert nb.started == []
    assert nb.run("y") == 1


@pytest.mark.parametrize("edited", ["%%k8s_step a\nx = = 2", "%%k8s_step a --after nowhere\nx = 2"])
def test_a_cell_that_is_refused_leaves_the_step_and_its_results(nb: Notebook, edited: str) -> None:
    nb.run("%%k8s_step a\nx = 1", cell_id="one")
    nb.run("%k8s_run")
    with pytest.raises(InputError):
        nb.run(edited, cell_id="one")
    assert nb.run("x") == 1
    assert nb.started == ["a"]


def test_names_of_builtins_are_names_like_others(nb: Notebook) -> None:
    nb.run("def min(*a): return 'mine'")
    nb.run("%%k8s_step a\nmax = 5\ndef sum(x): return 'mine'")
    nb.run("%%k8s_step b\nr = [sum([1]), min(1), max, abs(-1)]")
    assert nb.run("[r, max, len('a')]") == [["mine", "mine", 5, 1], 5, 1]


def test_a_step_whose_failure_was_handled_is_not_run_again_in_the_end(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nraise ValueError('bad')")
    nb.run("%%k8s_step b\ny = 1")
    nb.run("try:\n    %k8s_run a\nexcept ValueError as e:\n    print('caught', e)")
    assert "caught bad" in nb.text()
    nb.run("%k8s_run --rest")
    nb.run("%k8s_run --rest")
    assert nb.started == ["a", "b"]


def test_a_step_that_failed_is_tried_again_for_what_runs_not_for_what_waits_in_a_value(nb: Notebook) -> None:
    nb.run("%%k8s_step a\ndef f(): return x\nint('no')\nx = 1")
    with pytest.raises(StepFailed):
        nb.run("%k8s_run")
    assert nb.run("f").__name__ == "f"
    assert nb.started == ["a"]
    with pytest.raises(StepFailed):
        nb.run("f()")
    assert nb.started == ["a", "a"]


def test_a_handler_reads_what_was_made_before_the_error(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nq = 1\nclass My(Exception): pass\nraise My('bad')")
    nb.run("try:\n    %k8s_run\nexcept My as e:\n    print('caught', e, q)")
    assert nb.text() == "caught bad 1\n"
    assert nb.started == ["a"]


def test_each_run_in_a_cell_runs_its_steps_once(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run("%%k8s_step b\ny = 2")
    nb.run("%k8s_run a\nprint(x)\n%k8s_run b\nprint(y)")
    assert nb.started == ["a", "b"]
    nb.run("for _ in range(2):\n    get_ipython().run_line_magic('k8s_run', 'a')\n    print(x)")
    assert nb.started == ["a", "b", "a", "a"]
    assert nb.text() == "1\n2\n1\n1\n"


def test_code_inside_a_fetched_object_finds_what_it_uses(nb: Notebook) -> None:
    nb.run(
        "%%k8s_step a\nfrom types import SimpleNamespace\nb = 2\n"
        "def f(x): return x + b\nheld = SimpleNamespace(deep=[[[[f]]]])"
    )
    nb.run("%k8s_run")
    nb.run("held")
    assert nb.run("held.deep[0][0][0][0](1)") == 3


def test_submodules_are_imported_with_their_package(nb: Notebook) -> None:
    nb.run("import sys\nfor name in ('wsgiref', 'wsgiref.util'): sys.modules.pop(name, None)")
    nb.run("%%k8s_step a\nimport wsgiref.util\nx = 1")
    nb.run("%k8s_run")
    nb.run("sys.modules.pop('wsgiref.util'); sys.modules.pop('wsgiref')")
    assert nb.run("wsgiref.util.__name__") == "wsgiref.util"


def test_a_step_that_deletes_a_name_runs_before_a_cell_that_reads_it(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run("%%k8s_step b\ndel x")
    with pytest.raises(NameError):
        nb.run("x")
    assert nb.started == ["a", "b"]


def test_names_that_are_read_late_or_bound_unseen_are_not_missing(nb: Notebook) -> None:
    nb.run("from __future__ import annotations")
    nb.run("%%k8s_step a\nclass Node:\n    def add(self, other: Node) -> Leaf: return other")
    nb.run("%%k8s_step b\nfrom math import *\nr = sqrt(4)")
    nb.run("%k8s_run")
    assert nb.run("r, Node.add.__annotations__['return']") == (2.0, "Leaf")


def test_a_step_that_succeeded_beside_one_that_failed_is_not_run_again(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nraise ValueError('no')")
    nb.run("%%k8s_step side\nz = 3")
    with pytest.raises(StepFailed):
        nb.run("%k8s_run")
    assert "z" not in nb.ns
    assert nb.run("z") == 3
    assert sorted(nb.started) == ["a", "side"]


def test_reloading_the_extension_keeps_steps_and_results(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run("%k8s_run")
    nb.run("%reload_ext k8snb")
    assert nb.run("x") == 1
    nb.run("%k8s_run")
    assert nb.started == ["a", "a"]


def test_a_function_of_the_notebook_shows_its_source_in_a_step(nb: Notebook) -> None:
    nb.run("# a comment\ndef reciprocal(x):\n    return 1 / x")
    nb.run(
        "%%k8s_step a\nimport inspect, traceback\nprint(inspect.getsource(reciprocal))\ntry: reciprocal(0)\n"
        "except ZeroDivisionError: text = traceback.format_exc()"
    )
    assert 'File "the cell of reciprocal", line 3, in reciprocal\n    return 1 / x' in nb.run("text")
    assert nb.text().startswith("def reciprocal(x):\n    return 1 / x\n")


def test_a_table_for_a_step_that_is_almost_there_is_told(nb: Notebook) -> None:
    Path("k8snb.toml").write_text('[steps.trainr]\nmemory = "1Gi"\n')
    nb.run("%%k8s_step trainer\nx = 1")
    nb.run("%k8s_run")
    assert any("[steps.trainr]" in str(entry[1]) and "'trainer'" in str(entry[1]) for entry in nb.seen)


def test_a_requirements_file_that_is_not_there_is_told_on_any_stack(nb: Notebook) -> None:
    nb.run("%%k8s_step a --requirements nope.txt\nx = 1")
    with pytest.raises(RequirementsError, match=r"nope\.txt"):
        nb.run("%k8s_run")
    assert nb.started == []


def test_two_cells_are_renamed_one_after_the_other(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1", cell_id="one")
    nb.run("%%k8s_step b\nz = x + 1", cell_id="two")
    assert nb.run("z") == 2
    nb.run("%%k8s_step b\nw = 5", cell_id="one")
    nb.run("%%k8s_step c\nz = w + 1", cell_id="two")
    assert nb.run("z") == 6


def test_words_of_other_libraries_queries_are_no_names_that_must_be_there(nb: Notebook) -> None:
    nb.run("class Client:\n    def query(self, text, **how): return text")
    nb.run("%%k8s_step a\nr = Client().query('n > @lowest', params={'lowest': 3})")
    nb.run("%%k8s_step b\nimport pandas as pd\nlimit = 2")
    nb.run("%%k8s_step c\nq = 'a > @limit'\nn = len(pd.DataFrame({'a': [1, 3]}).query(q))")
    assert nb.run("r, n") == ("n > @lowest", 1)


def test_an_optional_submodule_is_not_missed(nb: Notebook) -> None:
    nb.run("import xml\ntry: import xml.nope\nexcept ImportError: pass")
    nb.run("%%k8s_step a\nr = xml.__name__")
    assert nb.run("r") == "xml"


@pytest.mark.parametrize("cell", ["if False:\n    %k8s_run\nprint(x)", "def go():\n    %k8s_run\nprint(x)"])
def test_a_run_that_may_not_come_keeps_nothing_from_being_brought(nb: Notebook, cell: str) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run(cell)
    assert nb.text() == "1\n"


@pytest.mark.parametrize("run", ["%k8s_run a", "%k8s_run"])
def test_after_a_failure_that_is_handled_the_cell_reads_on(nb: Notebook, run: str) -> None:
    nb.run("%%k8s_step a\nx = 1 / 0")
    nb.run("%%k8s_step b\ny = 2")
    nb.run(f"try:\n    {run}\nexcept ZeroDivisionError: pass\nprint(y)")
    assert nb.text() == "2\n"
    assert sorted(nb.started) == ["a", "b"]


def test_open_and_exit_are_names_like_others(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nopen = [1, 2]\nexit = 3")
    nb.run("%%k8s_step b\nr = open, exit")
    assert nb.run("r, open, exit") == (([1, 2], 3), [1, 2], 3)


def test_a_value_that_is_there_only_since_the_steps_cell_was_executed_is_not_missed_in_silence(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1", cell_id="one")
    nb.run("%%k8s_step b\nz = x + 1", cell_id="two")
    nb.run("x = 50", cell_id="one")
    with pytest.raises(PipelineError, match="since the step's cell was executed"):
        nb.run("%k8s_run")
    nb.run("%%k8s_step b\nz = x + 1", cell_id="two")
    assert nb.run("z") == 51


def test_a_cell_may_import_what_the_future_does_not_have(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nfrom __future__ import nope")
    nb.run("%%k8s_step b\nx = 1")
    assert nb.run("x") == 1


def test_a_step_that_leaves_a_name_alone_leaves_the_kernels_value(nb: Notebook) -> None:
    nb.run("%%k8s_step one\na = 1")
    nb.run("a = 2")
    nb.run("%%k8s_step two\nif not a: a = 3")
    assert nb.run("a") == 2


def test_a_plain_cell_that_leaves_a_name_alone_leaves_the_steps_value(nb: Notebook) -> None:
    nb.run("%%k8s_step one\na = 1\nflag = False")
    nb.run("if flag: a = 2")
    nb.run("%%k8s_step two\nb = a + 1")
    assert nb.run("a, b") == (1, 2)


def test_what_a_function_binds_for_a_plain_cell_is_the_kernels(nb: Notebook) -> None:
    nb.run("%%k8s_step one\na = 1")
    nb.run("def f():\n    global a\n    a = 2")
    nb.run("f()")
    nb.run("%%k8s_step two\nb = a + 1\nif not b: a = 3")
    assert nb.run("a, b") == (2, 3)


def test_what_a_plain_cell_has_deleted_stays_deleted(nb: Notebook) -> None:
    nb.run("%%k8s_step one\nb = 1")
    nb.run("%%k8s_step two\nb = b + 1")
    nb.run("%%k8s_step three\nb = 3")
    nb.run("del b")
    assert nb.started == ["three"]
    nb.run("%k8s_run --rest")
    assert sorted(nb.started) == ["one", "three", "two"]
    with pytest.raises(NameError):
        nb.run("b")
    nb.run("b = 4")
    assert nb.run("b") == 4


def test_a_name_that_a_plain_cell_binds_and_deletes_is_gone(nb: Notebook) -> None:
    nb.run("%%k8s_step one\nf = 1")
    nb.run("f = 2\ndel f")
    with pytest.raises(NameError):
        nb.run("f")


def test_state_of_modules_that_does_not_travel_is_told_once_with_its_cell_and_line(nb: Notebook) -> None:
    nb.run("import os, random")
    nb.run("n = 1\nrandom.seed(0)")
    nb.run("%%k8s_step a\nx = random.random()")
    nb.run("%%k8s_step b\ny = random.random()")
    nb.run("%%k8s_step c\nz = random.random()")
    nb.run("%k8s_run")
    nb.run("%k8s_run")
    told = [line for entry in nb.seen if entry[0] == "display" for line in entry[1]["text/plain"].split("\n")]
    [warning] = [line for line in told if "warning" in line]
    assert "cell [2], line 2: random.seed() seeds one process, and step b" in warning
    assert "# k8snb: quiet" in warning
    assert [line.split() for line in told if "repeats" in line] == [["repeats", "random.seed()"]]


def test_a_plain_cell_is_told_what_only_a_step_has_set(nb: Notebook) -> None:
    nb.run("import decimal")
    nb.run("%%k8s_step a\ndecimal.getcontext().prec = 5\nx = 1")
    nb.run("print(x)")
    assert "warning" not in nb.seen[-1][1]
    nb.run("decimal.Decimal(1) / 3")
    [said] = [entry[1]["text/plain"] for entry in nb.seen if entry[0] == "display" and "warning" in str(entry[1])]
    assert said.startswith("warning: step a, line 2: decimal.getcontext().prec sets state that cell [4] does not have")


def test_a_comment_keeps_a_warning_from_the_card(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = eval('1')  # k8snb: quiet")
    assert "warning" not in nb.seen[-1][1]["text/plain"]


def test_a_large_value_of_the_kernel_is_named_with_its_size(nb: Notebook) -> None:
    nb.run("large = bytes(range(256)) * 10_000\nsmall = 1")
    nb.run("%%k8s_step a\nx = len(large) + small")
    assert "warning" not in nb.seen[-1][1]["text/plain"]
    Path("k8snb.toml").write_text('[k8snb]\ncaptured_limit = "2 MB"\n')
    nb.run("%%k8s_step a\nx = len(large) + small")
    [line] = [line for line in nb.seen[-1][1]["text/plain"].split("\n") if "warning" in line]
    assert line.split()[1:4] == ["large:", "2.56", "MB"]
    Path("k8snb.toml").write_text('[k8snb]\ncaptured_limit = "much"\n')
    with pytest.raises(StackError, match="'much' is no size"):
        nb.run("%%k8s_step a\nx = len(large) + small")


@pytest.mark.parametrize(
    ("makes", "kind", "way_out"),
    [
        ("import threading\nv = threading.Lock()", "lock", "make it anew in the step"),
        ("import sqlite3\nv = sqlite3.connect(':memory:')", "sqlite3.Connection", "open it in the step that uses it"),
        ("v = (i for i in [1])", "generator", "make it a list"),
        ("v = open('k8snb.txt', 'w')", "TextIOWrapper", "pass its path and open it in the step"),
        ("import socket\nv = socket.socket()", "socket", "open it in the step that uses it"),
        ("import threading\nv = {'a': [threading.Lock()]}", "lock (at v['a'][0])", "make it anew in the step"),
    ],
)
def test_what_cannot_travel_is_named_with_its_type_and_the_way_out(
    nb: Notebook, makes: str, kind: str, way_out: str
) -> None:
    nb.run(makes)
    with pytest.raises(UnpackableError) as caught:
        nb.run("%%k8s_step a\nx = v")
    assert f"v: {kind}" in str(caught.value).replace("_thread.", "").replace("_io.", "").replace(
        "socket.socket", "socket"
    )
    assert way_out in str(caught.value)
    nb.run("getattr(v, 'close', lambda: None)()")


def test_a_step_that_reads_what_the_step_of_its_name_makes_is_told_so(nb: Notebook) -> None:
    nb.run("%%k8s_step idx\nd = [1]")
    with pytest.raises(PipelineError, match="this cell's step another name"):
        nb.run("%%k8s_step idx\nprint(d)")
    assert nb.run("d") == [1]


def test_of_two_steps_that_fail_one_is_raised_and_the_other_shown(nb: Notebook) -> None:
    nb.run("%%k8s_step one\n1 / 0")
    nb.run("%%k8s_step two\nint('x')")
    with pytest.raises(ZeroDivisionError):
        nb.run("%k8s_run")
    told = [data["text/plain"] for kind, data, _ in nb.seen if kind == "display"]
    failures = [text for text in told if "failed:\n" in text]
    assert [text.partition(":")[0] for text in failures] == ["step one failed", "step two failed"]
    assert "ValueError: invalid literal" in told[-1]
    assert nb.text("stderr") == ""


@pytest.mark.parametrize("source", ["%%k8s_step?", "%%k8s_step??", "%%time?", "%unknown_magic 1", "%%unknown_magic\nx"])
def test_help_and_magics_that_there_are_not_run_nothing(nb: Notebook, source: str) -> None:
    nb.run("%%k8s_step a\nx = 1")
    with suppress(UsageError):
        nb.run(source)
    assert nb.started == []


def test_results_of_what_is_another_now_are_not_reused(nb: Notebook) -> None:
    nb.run("%%k8s_step one\nx = 1")
    nb.run("%%k8s_step two\ny = 10 * x")
    nb.run("%%k8s_step three\nz = x + y")
    nb.run("%k8s_run")
    nb.run("%k8s_run three --reuse")
    assert nb.started[3:] == ["three"]
    nb.run("%%k8s_step one\nx = 2")
    nb.run("%k8s_run three --reuse")
    assert nb.started[4:] == ["one", "two", "three"]
    assert nb.run("z") == 22
    nb.run("%k8s_run one")
    nb.run("%k8s_run three --reuse")
    assert nb.started[8:] == ["two", "three"]
    nb.run("%k8s_run --reuse")
    assert nb.started[10:] == []
    assert "nothing to run, all have run: one, two, three" in str(nb.seen[-1])


def test_what_a_cell_that_failed_would_have_set_is_not_repeated(nb: Notebook) -> None:
    with pytest.raises(ModuleNotFoundError):
        nb.run("import sys, seaborn_that_is_not_there as sns\nsys.setrecursionlimit(2000)\nsns.set_theme()")
    nb.run("%%k8s_step a\nx = 1")
    nb.run("%k8s_run")
    assert nb.run("x") == 1


def test_a_value_that_a_cell_above_has_made_anew_is_told_of(nb: Notebook) -> None:
    nb.run("lr, data = 1, [1]", "plain")
    nb.run("%%k8s_step a\nx = lr * data[0]", "step")
    nb.run("lr, data = 1, [1]", "plain")
    nb.run("%k8s_run")
    assert "as it was when" not in str(nb.seen)
    nb.run("lr, data = 2, [1]", "plain")
    nb.run("%k8s_run a")
    assert "step a gets lr as it was when the step's cell was executed" in str(nb.seen)
    nb.seen.clear()
    nb.run("%%k8s_step a\nx = lr * data[0]", "step")
    nb.run("%k8s_run a")
    assert "as it was when" not in str(nb.seen)
    assert nb.run("x") == 2


@pytest.mark.parametrize("line", ["%k8s_run b --reuse", "%k8s_run --reuse"])
def test_a_value_that_was_made_anew_is_told_of_also_where_a_step_is_reused_with_the_old_one(
    nb: Notebook, line: str
) -> None:
    nb.run("n = 1", "plain")
    nb.run("%%k8s_step a\nx = n", "a")
    nb.run("%%k8s_step b\ny = x", "b")
    nb.run("%k8s_run")
    nb.run("n = 2", "plain")
    nb.run(line)
    assert nb.started.count("a") == 1
    assert "warning: step a is reused with n as it was when the step's cell was executed; execute that" in str(nb.seen)


def test_a_file_that_is_not_there_is_told_on_the_card(nb: Notebook) -> None:
    nb.run("%%k8s_step a --file nothere.csv\nx = 1")
    assert "--file nothere.csv: there is no such file yet" in str(nb.seen)


# --- settings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("%k8s_run --stak local", "there is no option --stak: did you mean '--stack'?"),
        ("%k8s_logs a --tial 3", "there is no option --tial: did you mean '--tail'?"),
        ("%k8s_runs --zzz", "there is no option --zzz: one of: --limit, --stack"),
    ],
)
def test_a_mistyped_option_gets_a_suggestion(nb: Notebook, line: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        nb.run(line)
    assert str(caught.value) == says
