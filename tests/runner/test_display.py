"""What a step displays."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.runner.conftest import Ran, Runner


def shows(ran: Ran, runner: Runner) -> list[dict]:
    """Displays in full: those in the store too."""
    found = ran.controls("show")
    return [{**f, **json.loads(runner.store.get(f"blobs/{f['blob']}"))} if "blob" in f else f for f in found]


@pytest.mark.parametrize("value", ["1", "2.5", "True", "'a\\nb'", "b'x'", "1j"])
def test_plain_values_need_no_ipython(runner: Runner, value: str) -> None:
    ran = runner.run(f"import sys, atexit\natexit.register(lambda: print('IPython' in sys.modules))\n{value}")
    assert ran.text == "False\n"
    assert shows(ran, runner) == [
        {"k": "show", "data": {"text/plain": repr(eval(value))}, "meta": {}, "result": True},
    ]


def test_other_values_are_shown_as_in_a_notebook(runner: Runner) -> None:
    source = """
class Table:
    def _repr_html_(self): return "<b>hi</b>"
    def __repr__(self): return "hi"
Table()
"""
    [shown] = shows(runner.run(source), runner)
    assert shown == {"k": "show", "data": {"text/plain": "hi", "text/html": "<b>hi</b>"}, "meta": {}, "result": True}


def test_nothing_is_shown_for_none_or_after_a_semicolon(runner: Runner) -> None:
    assert runner.run("None").pieces == []
    assert runner.run("5;").pieces == []


def test_a_broken_repr_fails_no_step(runner: Runner) -> None:
    ran = runner.run("class A:\n    def __repr__(self): raise ValueError('broken')\nx = 1\nA()", outputs=["x"])
    assert ran.result.state == "succeeded"
    assert "broken" in ran.text


def test_updates_and_clearing(runner: Runner) -> None:
    source = """
from IPython.display import HTML, clear_output
handle = display("one", display_id="bar")
handle.update(HTML("<i>two</i>"))
clear_output(wait=True)
print("after")
"""
    pieces = runner.run(source).pieces
    assert pieces[0] == {"k": "show", "data": {"text/plain": "'one'"}, "meta": {}, "id": "bar", "update": False}
    assert (pieces[1]["id"], pieces[1]["update"], pieces[1]["data"]["text/html"]) == ("bar", True, "<i>two</i>")
    assert pieces[2:] == [{"k": "clear", "wait": True}, b"after\n"]


WIDGETS = """
class Output:
    def __enter__(self): print("into a widget")
    def __exit__(self, *error): print("out of it")
"""
WITH_WIDGETS = f"""
import os, sys
os.makedirs("ipywidgets/widgets")
for file, text in (("__init__", ""), ("widgets/__init__", ""), ("widgets/widget_output", {WIDGETS!r})):
    open(f"ipywidgets/{{file}}.py", "w").write(text)
sys.path.insert(0, os.getcwd())
from IPython.display import clear_output
from ipywidgets.widgets.widget_output import Output
with Output():
    clear_output(wait=True)
    print("inside")
clear_output()
"""


def test_what_a_widget_clears_is_not_the_cells(runner: Runner) -> None:
    *text, last = runner.run(WITH_WIDGETS).pieces
    assert b"".join(text) == b"into a widget\ninside\nout of it\n"
    assert last == {"k": "clear", "wait": False}


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("breakpoint()", "breakpoint()"),
        ("import pdb; pdb.set_trace()", "set_trace()"),
        ("from IPython.core.debugger import set_trace; set_trace()", "set_trace()"),
    ],
)
def test_a_debugger_says_that_nobody_is_there(runner: Runner, source: str, called: str) -> None:
    failure = runner.run(source).result.failure
    assert failure is not None
    assert failure.ename == "EOFError"
    assert failure.evalue.startswith(f"{called}: a step has nobody at its debugger; to debug the cell")


def test_a_large_display_goes_to_the_store(runner: Runner) -> None:
    ran = runner.run("display({'text/plain': 'x' * 100_000, 'image/png': b'png'}, raw=True)")
    [control] = ran.controls("show")
    assert set(control) == {"k", "blob"}
    [shown] = shows(ran, runner)
    assert shown["data"] == {"text/plain": "x" * 100_000, "image/png": "cG5n"}


@pytest.mark.parametrize("end", ["", "\nplt.show()\nprint('after')", "\n1 / 0"])
def test_figures_appear(runner: Runner, end: str) -> None:
    pytest.importorskip("matplotlib")
    ran = runner.run(f"import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2]);{end}")
    [shown] = shows(ran, runner)
    assert shown["data"]["image/png"].startswith("iVBOR")
    assert ran.text == ("after\n" if "after" in end else "")
    if "after" in end:
        assert ran.raw.index(b"blob") < ran.raw.index(b"after")


def test_importing_ipython_gives_its_shell(runner: Runner) -> None:
    source = (
        "import IPython.display\nfrom IPython import get_ipython as g\nprint(g() is get_ipython(), type(g()).__name__)"
    )
    assert runner.run(source).text == "True ZMQInteractiveShell\n"


def test_the_shell_leaves_names_and_home_alone(runner: Runner) -> None:
    home = runner.folder / "home"
    home.mkdir()
    runner.environment = {"HOME": str(home)}
    source = "In, _, exit = 1, 2, 3\nget_ipython()\nprint(In, _, exit, open)\nopen"
    ran = runner.run(source, outputs=["In", "_", "exit"])
    assert ran.text == "1 2 3 <built-in function open>\n"
    assert list(home.iterdir()) == []


def test_ipython_syntax(runner: Runner) -> None:
    source = "\n\n%%capture out\nprint('caught')\ny = 5\n"
    ran = runner.run(source, ipython=True, outputs=["y"])
    assert ran.text == ""
    assert [g.names for g in ran.result.groups] == [("y",)]
    ran = runner.run("\nx = !echo one\n%time y = x[0]\ny", ipython=True, outputs=["y"])
    assert "Wall time" in ran.text
    assert shows(ran, runner)[-1]["data"] == {"text/plain": "'one'"}


@pytest.mark.parametrize(
    ("cell", "text", "shown"),
    [
        ("%cd -q ..", "", None),
        ("%precision 3\n3.14159", "", "3.142"),
        ("%%bash\necho hi >&2", "hi\n", None),
        ("%config InlineBackend.figure_format = 'svg'", "", None),
        ("%load_ext autoreload\n%autoreload 2", "", None),
        ("%env GREETING=hi\n!echo $GREETING", "env: GREETING=hi\nhi\r\n", None),
        ("get_ipython().run_cell('5');", "", "5"),
    ],
)
def test_everyday_magics(runner: Runner, cell: str, text: str, shown: str | None) -> None:
    ran = runner.run(f"\n{cell}", ipython=True)
    assert ran.result.failure is None
    assert ran.text == text
    assert [s["data"]["text/plain"] for s in ran.controls("show")] == ([shown] if shown else [])


def test_an_error_under_a_cell_magic_fails_the_step(runner: Runner) -> None:
    failure = runner.run("\n%%time\nx = 1\n1 / 0", ipython=True).result.failure
    assert failure.ename == "ZeroDivisionError"


def test_capture_catches_the_last_value_and_lets_errors_through(runner: Runner) -> None:
    ran = runner.run("\n%%capture out\nprint('a')\n42", ipython=True, outputs=["out"])
    assert (ran.text, shows(ran, runner)) == ("", [])
    ran = runner.run("\n%%capture out\nprint('a')\n1 / 0", ipython=True, outputs=["out"])
    assert (ran.text, ran.result.failure.ename) == ("", "ZeroDivisionError")
    assert [group.names for group in ran.result.groups] == [("out",)]


@pytest.mark.parametrize("cell", ["cd -q ..", "x = 1\n%xdel x", "%rehashx", "!exit 3\nassert _exit_code == 3"])
def test_rarer_magics(runner: Runner, cell: str) -> None:
    assert runner.run(f"\n{cell}", ipython=True).result.failure is None


IN_AN_IMAGE = """
import sys, types
from k8snb.runner.shell import make_shell
sys.modules["__main__"] = module = types.ModuleType("__main__")
shell = make_shell(lambda *kind, **fields: None, module)
module.get_ipython = lambda: shell
for cell in ("%pip install numpy", "!pip install numpy", "!echo ran", "def f(word):\\n    !echo {word}\\nf('local')"):
    shell.run_cell(cell).raise_error()
print(module._exit_code)
"""


def test_packages_of_the_image_are_not_installed_again() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "K8SNB_CODE"}
    done = subprocess.run(
        [sys.executable, "-c", IN_AN_IMAGE], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stderr == ""
    said, again, *rest = done.stdout.splitlines()
    assert said == again
    assert "not installed again" in said
    assert rest == ["ran", "local", "0"]


def test_lines_keep_their_numbers_with_ipython_syntax(runner: Runner) -> None:
    assert "step step, line 4" in runner.run("\n\n%matplotlib inline\n1 / 0", ipython=True).traceback
    assert runner.run("\n%nothing", ipython=True).result.failure.ename == "UsageError"
    assert runner.run("\nx = (\n!!", ipython=True).result.failure.ename == "SyntaxError"


def test_a_figure_that_another_step_has_made_appears(runner: Runner) -> None:
    source = "from matplotlib.figure import Figure\nfig = Figure()\nfig.add_subplot()\nfig"  # no pyplot here
    [shown] = shows(runner.run(source), runner)
    assert "image/png" in shown["data"]
