"""Tracebacks look as in a kernel, where there is IPython."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runner.conftest import Runner

NESTED = """def f(x):
    y = x + 1
    return g(y)

def g(z):
    # a comment
    return z / 0

f(1)"""
LIBRARY = "import json\n\njson.loads('{')"
AWAITS = "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    1 / 0\n\nawait f()"

IN_A_KERNEL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.run_cell(sys.stdin.read(), store_history=True)
"""


def marked(lines: list[str]) -> list[str]:
    """Where each frame is, and the line that is meant."""
    return [line for line in lines if re.match(r"step |Cell |File |-+> *\d|\w+(Error|Exit)\b", line)]


@pytest.mark.parametrize("source", [NESTED, LIBRARY, AWAITS, "1 / 0", "raise ValueError('a\\nb')"])
def test_the_same_cell_in_a_kernel_and_as_a_step(runner: Runner, tmp_path: Path, source: str) -> None:
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    command = [sys.executable, "-c", IN_A_KERNEL]
    told = subprocess.run(command, input=source, env=environment, capture_output=True, text=True, check=True).stdout
    ran = runner.run(source)
    assert marked(ran.traceback) == marked(told.replace("Cell In[1]", "step step").splitlines())
    assert len(marked(ran.traceback)) > 2
    assert any("\x1b[31m" in line for line in ran.result.failure.traceback)


def test_of_a_cause_the_line_is_its_own(runner: Runner) -> None:
    source = "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('bad') from e"
    lines = marked(runner.run(source).traceback)
    assert [line for line in lines if ">" in line] == [
        "----> 2     1 / 0",
        "----> 4     raise ValueError('bad') from e",
    ]


def test_frames_that_repeat_are_counted(runner: Runner) -> None:
    lines = runner.run("def f():\n    f()\nf()").traceback
    assert len(lines) < 40
    assert any("skipping similar frames" in line for line in lines)


def test_groups_and_syntax_errors_look_as_python_shows_them(runner: Runner) -> None:
    assert runner.run("raise ExceptionGroup('g', [ValueError(1)])").traceback[-2] == "    | ValueError: 1"
    assert '  File "step step", line 2' in runner.run("\nx = = 1").traceback


def test_without_ipython_there_is_the_plain_one(runner: Runner) -> None:
    hidden = "import sys\nsys.modules['IPython.core.ultratb'] = None\n1 / 0"
    assert runner.run(hidden).traceback[:2] == [
        "Traceback (most recent call last):",
        '  File "step step", line 3, in <module>',
    ]
