"""A cell's source is run as a notebook's kernel runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from k8snb.runner.execute import execute
from k8snb.runner.failures import describe

CELLS = [
    "1 + 1",
    "x = 1\nx",
    "1;",
    "1  # ; no",
    "(1\n);",
    "(1)  # one\n",
    "None",
    "'é;'",
    "'é';",
    "x = 5",
    "if True:\n    7",
    "def f(): return 3\nf()",
    "import asyncio\nawait asyncio.sleep(0, 4)",
    "import asyncio\nt = asyncio.ensure_future(asyncio.sleep(0, 4))\nawait t",
    "y = [i async for i in __import__('agen')] if False else 6\ny",
    "from __future__ import annotations\ndef f(a: nothing): return a\nf(8)",
    "print('before')\nreturn 5",
    "x = (1",
    "print('before')\nundefined",
    "",
    "\n\n# only this\n",
    "if 1:\n  x = 1\n   y = 2",
    "def f():\n    return 5\nf()",
    "class A:\n    x = 1",
    "if True:",
    "x = '''abc",
    "f(",
    "x y",
    "await 5",
    "def f():\n    await 5",
    "async def f():\n    return 9\nawait f()",
    "a = 1\ndel a\na",
    "[].pop()",
    "1 if True else 2 ; 3",
]


BY_IPYTHON = """
import asyncio, json, sys
from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type

class Hook(DisplayHook):
    def __call__(self, value=None):
        if value is not None and not self.semicolon_at_end_of_expression(source):
            shown.append(repr(value))

class Shell(InteractiveShell):
    displayhook_class = Type(Hook)
    def _showtraceback(self, *_): pass

shell, told = Shell(history_length=0), []
for source, shell.ast_node_interactivity in json.load(sys.stdin):
    shown = []
    done = asyncio.run(shell.run_cell_async(source, transformed_cell=source))
    error = done.error_in_exec or done.error_before_exec
    told.append([shown, error and type(error).__name__, error and str(error).partition(" (")[0]])
    shell.reset()
print(json.dumps(told))
"""


SEVERAL = [
    "x = 1\nx\nx + 1",
    "1\n2;",
    "1; 2",
    "x = 3",
    "x = 3;",
    "x = [1]\nx += [2]",
    "x: int = 4",
    "for i in [7]:\n    i",
]
WAYS = ["all", "last_expr", "last_expr_or_assign", "none"]
TOLD = [*((source, "last_expr") for source in CELLS), *((source, way) for source in SEVERAL for way in WAYS)]


@pytest.fixture(scope="module")
def ipython(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list]:
    """For each cell what IPython itself displays, and the name and the text of the error."""
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))}
    command = [sys.executable, "-c", BY_IPYTHON]
    done = subprocess.run(command, input=json.dumps(TOLD), env=environment, capture_output=True, text=True, check=True)
    return dict(zip(TOLD, json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.mark.parametrize(("source", "way"), TOLD)
def test_same_as_ipython(source: str, way: str, ipython: dict[tuple[str, str], list]) -> None:
    shown: list = []
    error = execute(source, "step test", {}, lambda value: shown.append(repr(value)), shows=way)
    name, text = (type(error).__name__, str(error).partition(" (")[0]) if error else (None, None)
    assert [shown, name, text] == ipython[source, way]


def run(source: str) -> list[str]:
    error = execute(source, "step test", {"__name__": "__main__"}, print)
    assert error is not None
    return describe(error).traceback


def test_the_traceback_begins_with_the_cell() -> None:
    assert run("def f():\n    raise ValueError('no')\n\nf()") == [
        "Traceback (most recent call last):",
        '  File "step test", line 4, in <module>',
        "    f()",
        '  File "step test", line 2, in f',
        "    raise ValueError('no')",
        "ValueError: no",
    ]


def test_the_traceback_of_a_cell_that_awaits() -> None:
    lines = run("import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    raise ValueError('no')\nawait f()")
    assert lines[1] == '  File "step test", line 5, in <module>'
    assert lines[3:5] == ['  File "step test", line 4, in f', "    raise ValueError('no')"]


def test_a_syntax_error_shows_its_line_only() -> None:
    assert run("x = 1\ny = (2 3)")[:2] == ['  File "step test", line 2', "    y = (2 3)"]


def test_causes_notes_and_groups_are_shown() -> None:
    source = """
try:
    1 / 0
except ZeroDivisionError as e:
    error = ValueError("outer")
    error.add_note("look here")
    raise ExceptionGroup("several", [error, KeyError("k")]) from e
"""
    text = "\n".join(run(source))
    for part in ("division by zero", "direct cause", "ValueError: outer", "look here", "KeyError: 'k'", "several"):
        assert part in text
    assert "execute.py" not in text


def test_an_exception_whose_text_fails() -> None:
    error = execute("class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E", "step test", {}, print)
    assert error is not None
    assert "RuntimeError" in describe(error).evalue


def test_an_exception_may_say_how_it_is_shown() -> None:
    source = "class E(Exception):\n    def _render_traceback_(self): return ['short']\nraise E"
    assert run(source) == ["short"]


def test_names_bound_before_the_error_stay() -> None:
    namespace: dict = {}
    assert execute("x = 1\n1 / 0\nx = 2", "step test", namespace, print) is not None
    assert namespace["x"] == 1


def test_tasks_go_on_while_the_cell_waits() -> None:
    shown: list = []
    source = (
        "import asyncio\nlog = []\nasync def work():\n    log.append('begun')\n"
        "task = asyncio.create_task(work())\nawait asyncio.sleep(0.01)\nlog"
    )
    assert execute(source, "step test", {}, shown.append) is None
    assert shown == [["begun"]]


def test_what_cells_above_have_taken_from_the_future_holds(runner):
    source = "def f(x: nowhere): pass\nprint(f.__annotations__)"
    assert runner.run(source).result.failure.ename == "NameError"
    assert runner.run(source, futures=["annotations"]).text == "{'x': 'nowhere'}\n"


def test_a_parser_calls_itself_as_in_a_kernel(runner):
    source = "import argparse\nprint(argparse.ArgumentParser().format_usage())"
    assert "usage: ipykernel_launcher.py [-h]" in runner.run(source).text
