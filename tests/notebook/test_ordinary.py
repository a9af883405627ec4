"""Notebooks of the kind that people write: no warning, and the variables of one kernel."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from pickle import PicklingError

import cloudpickle
import pytest
from inprocess import Notebook, one_kernel
from same import same

from k8snb.analysis import analyse, step_line
from k8snb.errors import UnpackableError
from k8snb.pipeline import Cell, build, parse_options

FOLDER = Path(__file__).parents[1] / "ordinary"
MARK = "# %%"


def cells_of(path: Path) -> list[str]:
    """Read a file in the percent format."""
    cells: list[list[str]] = []
    for line in path.read_text("utf-8").splitlines():
        if line == MARK:
            cells.append([])
        else:
            cells[-1].append(line)
    return ["\n".join(cell) for cell in cells]


NOTEBOOKS = [pytest.param(cells_of(path), id=path.stem) for path in sorted(FOLDER.glob("*.py"))]
RUN = [p for p in NOTEBOOKS if p.id != "magics"]  # its steps need a runner's own shell


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Put back what notebooks set in modules."""
    import matplotlib as mpl
    import numpy as np
    import pandas as pd

    environment, options = dict(os.environ), np.get_printoptions()
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    np.set_printoptions(**options)
    pd.reset_option("^display")
    os.environ.clear()
    os.environ.update(environment)


def does_not_pickle(value: object) -> bool:
    """Say whether a value cannot travel."""
    try:
        cloudpickle.dumps(value)
    except (TypeError, PicklingError):
        return True
    return False


def test_there_are_many() -> None:
    assert len(NOTEBOOKS) >= 40


@pytest.mark.parametrize("cells", NOTEBOOKS)
def test_nothing_is_warned_of(cells: list[str]) -> None:
    read = []
    for source in cells:
        line = step_line(source)
        name, options, _ = parse_options(line, where="") if line is not None else (None, None, None)
        read.append(Cell(source, analyse(source), name, options) if options else Cell(source, analyse(source)))
    pipeline = build(read, name="ordinary")
    assert pipeline.unshared == ()
    assert [w for step in pipeline.steps for w in step.cell.facts.warnings] == []


@pytest.mark.parametrize("cells", RUN)
def test_a_notebook_gives_what_one_kernel_gives(nb: Notebook, cells: list[str]) -> None:
    expected, error = one_kernel(cells)
    assert error is None
    assert expected
    for source in cells:
        nb.run(source)
    shown = [line for entry in nb.seen if entry[0] == "display" for line in entry[1]["text/plain"].split("\n")]
    assert [line for line in shown if line.strip().startswith("warning")] == []
    for name, value in list(expected.items()):
        try:
            nb.run(name)
        except UnpackableError:  # said, with the way out; where nothing else reads it
            assert does_not_pickle(value)
            del expected[name]
    assert {name for name in expected if name not in nb.ns} == set()
    assert {name: (value, nb.ns[name]) for name, value in expected.items() if not same(value, nb.ns[name])} == {}
