"""Plain cells whose code does not tell what they read and bind: ``exec``, ``globals()``, ``%run`` and the like."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from inprocess import Notebook, one_kernel
from same import same

STEP = "%%k8s_step "
MAKE = f"{STEP}a\nx = [3]\ny = 4\nrate = 5"
READ = f"{STEP}b\nseen = [x, y, rate, 'y' in globals()]  # k8snb: quiet"


@pytest.fixture
def scripts(nb: Notebook) -> Notebook:
    Path("setup.py").write_text("rate = 2\ny = [n for n in range(rate)]\n")
    Path("more.py").write_text("y = y + rate\nz = x\n")
    Path("cells.ipynb").write_text(
        nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("y = y * 10\nx.append(y)")]))
    )
    return nb


@pytest.mark.parametrize(
    "plain",
    [
        "exec('y = y + x[0]')",
        "exec('x.append(1)')",
        "eval('x.append(1)')",
        "globals()['y'] = globals()['x']",
        "globals().update(x=1, rate=2)",
        "from math import *\ny = e",
        "get_ipython().push({'y': 8})",
        "get_ipython().user_ns['y'] += 1",
        "get_ipython().run_cell('y = 1')",
        "%run setup.py",
        "%run -i more.py",
        "%run cells.ipynb",
        "if 'y' in globals():\n    rate = 1",
        "exec('def y(): return rate')\nexec('rate = y()')",
    ],
)
def test_what_they_bind_and_change_reaches_the_steps_below(scripts: Notebook, plain: str) -> None:
    cells = [MAKE, plain, READ, "seen"]
    expected, error = one_kernel(cells)
    assert error is None
    for source in cells:
        scripts.run(source)
    got = {name: scripts.run(name) for name in expected}
    assert {name: (value, got[name]) for name, value in expected.items() if not same(value, got[name])} == {}


def test_a_name_that_they_delete_is_gone_for_the_steps_below(nb: Notebook) -> None:
    for source in (MAKE, "del vars()['y']", f"{STEP}b\ny"):
        nb.run(source)
    assert "it has deleted y, which step a makes" in str(nb.seen)
    with pytest.raises(NameError, match="'y' is not defined"):
        nb.run("%k8s_run")


def test_the_user_is_told_which_line_it_is(nb: Notebook) -> None:
    nb.run(MAKE)
    nb.run("n = 1\nexec('y = n')")
    assert "line 2: exec() may read and bind any name: so what steps make is brought first (rate, x, y)" in str(nb.seen)
    assert "line 2: exec() may read and bind any name: it has bound y, which step a makes" in str(nb.seen)
    before = len(nb.seen)
    nb.run("exec('y = n')  # k8snb: quiet")
    nb.run("exec('other = 1')")
    assert "it has bound" not in str(nb.seen[before:])


def test_a_script_of_its_own_reads_nothing_of_the_notebooks(scripts: Notebook) -> None:
    scripts.run(MAKE)
    scripts.run("%run setup.py")
    assert scripts.started == []
    assert scripts.ns["rate"] == 2
    scripts.run("%run -i more.py")
    assert scripts.started == ["a"]


def test_what_cannot_travel_is_not_in_their_way(nb: Notebook) -> None:
    nb.run(f"{STEP}a\nimport threading\nlock = threading.Lock()\ny = 1")
    assert nb.run("'y' in globals()") is True
    with pytest.raises(Exception, match="lock"):
        nb.run("lock, eval('y')")
