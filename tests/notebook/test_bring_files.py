"""Steps that may write a file run before a plain cell that opens it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from inprocess import Notebook

HELPERS = """
import json
from pathlib import Path
def export(data, path):
    with open(path, "w") as f: json.dump(data, f)
def export_default(): export(3, "b.json")
def load(path): return json.loads(Path(path).read_text())
class Log:
    def __init__(self, path): self.path = path
    def add(self, text): Path(self.path).write_text(text)
"""


@pytest.fixture(autouse=True)
def _beside(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the folder's modules be found, as a kernel does."""
    monkeypatch.syspath_prepend(Path.cwd())
    yield
    sys.modules.pop("helpers", None)


@pytest.mark.parametrize(
    "step",
    [
        "import helpers\nhelpers.export(3, 'b.json')",
        "import helpers as h\nh.export(3, path)",
        "from helpers import export_default as f\nf()",
        "from helpers import Log\nLog('b.json').add('3')",
    ],
)
def test_a_step_that_writes_through_a_module_beside_the_notebook(nb: Notebook, step: str) -> None:
    Path("helpers.py").write_text(HELPERS)
    Path("b.json").write_text("1")
    nb.run("path = 'b.json'")
    nb.run("%%k8s_step a\n" + step)
    nb.run("%%k8s_step other\nlen('b.json')")
    assert nb.run("from pathlib import Path\nPath('b.json').read_text()") == "3"
    assert nb.started == ["a"]


def test_a_plain_cell_that_reads_through_a_module_beside_the_notebook(nb: Notebook) -> None:
    Path("helpers.py").write_text(HELPERS)
    Path("b.json").write_text("1")
    nb.run("%%k8s_step a\nfrom pathlib import Path\nPath('b.json').write_text('3')")
    assert nb.run("from helpers import load\nload('b.json')") == 3


def test_a_file_that_nobody_is_known_to_write_may_come_from_any_step_above(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nfrom pathlib import Path\ngetattr(Path('a.txt'), 'write_' + 'text')('1')")
    nb.run("%%k8s_step below\nx = 1")
    assert nb.run("from pathlib import Path\nPath('a.txt').read_text()") == "1"
    nb.run("%%k8s_step b\ny = 1")
    assert nb.run("import os\nos.path.exists('b.txt')") is False
    assert sorted(nb.started) == ["a", "below"]


def test_a_name_of_a_file_that_is_not_opened_runs_nothing(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run("path = 'model.pt'\nprint('see model.pt')")
    assert nb.started == []


def test_a_module_that_is_no_python_is_left_to_its_import(nb: Notebook) -> None:
    Path("helpers.py").write_text("def f(:")
    nb.run("%%k8s_step a\nx = 1")
    with pytest.raises(SyntaxError):
        nb.run("import helpers")
