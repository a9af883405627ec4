"""Notebooks with Kale's tags: no warning, and the variables of one kernel, by the tags and by lines in their place."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from inprocess import Notebook, one_kernel
from same import same
from test_ordinary import FOLDER, _as_it_was, does_not_pickle  # noqa: F401 - a fixture that each test here uses

from k8snb.errors import UnpackableError
from k8snb.pipeline import build, read_notebook
from k8snb.pipeline.file import gathered

TAGS = "# %% tags:"
"""What stands above a cell with tags, which follow."""


def _tagged(path: Path) -> list[tuple[str, list[str]]]:
    """Read a file in the percent format whose marks may name tags."""
    cells: list[tuple[list[str], list[str]]] = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# %%"):
            cells.append(([], line.removeprefix(TAGS).split() if line.startswith(TAGS) else []))
        else:
            cells[-1][0].append(line)
    return [("\n".join(lines), tags) for lines, tags in cells]


NOTEBOOKS = [pytest.param(_tagged(path), id=path.stem) for path in sorted((FOLDER / "kale").glob("*.py"))]


@pytest.fixture
def file(cells: list[tuple[str, list[str]]], tmp_path: Path) -> Path:
    """The notebook as a file."""
    made = [nbformat.v4.new_code_cell(source, metadata={"tags": tags}) for source, tags in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=made), path := tmp_path / "nb.ipynb")
    return path


def _executed(cells: list[tuple[str, list[str]]]) -> list[str]:
    return [source for source, tags in cells if "skip" not in tags]


def _with_lines(file: Path) -> list[str]:
    return [f"%%k8s_step {g.line}\n{g.source}" if g.line else g.source for g in gathered(file)[1]]


def _agree(nb: Notebook, cells: list[str], kernels: list[str]) -> None:
    expected, error = one_kernel(kernels)
    assert error is None
    for source in cells:
        nb.run(source)
    shown = [line for entry in nb.seen if entry[0] == "display" for line in entry[1]["text/plain"].split("\n")]
    assert [line for line in shown if line.strip().startswith("warning")] == []
    nb.run("%k8s_run")
    for name, value in list(expected.items()):
        try:
            nb.run(name)
        except UnpackableError:
            assert does_not_pickle(value)
            del expected[name]
    assert {name: (value, nb.ns[name]) for name, value in expected.items() if not same(value, nb.ns[name])} == {}


@pytest.mark.parametrize("cells", NOTEBOOKS)
def test_nothing_is_warned_of_in_the_file(file: Path) -> None:
    pipeline = build(read_notebook(file), name="kale")
    assert pipeline.steps
    assert pipeline.unshared == ()
    assert [w for step in pipeline.steps for w in step.cell.facts.warnings] == []


@pytest.mark.parametrize("cells", NOTEBOOKS)
def test_tags_give_what_one_kernel_gives(
    nb: Notebook, cells: list[tuple[str, list[str]]], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("K8SNB_NOTEBOOK", str(file))
    _agree(nb, _executed(cells), _executed(cells))


@pytest.mark.parametrize("cells", NOTEBOOKS)
def test_lines_give_what_one_kernel_gives(nb: Notebook, cells: list[tuple[str, list[str]]], file: Path) -> None:
    _agree(nb, _with_lines(file), _executed(cells))
