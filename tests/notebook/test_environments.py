"""Which packages a step's image gets."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from k8snb.analysis.facts import CellFacts
from k8snb.analysis.installs import Install
from k8snb.errors import RequirementsError
from k8snb.notebook.environments import environments
from k8snb.pipeline.model import Cell, Step
from k8snb.pipeline.options import StepOptions


def step(name: str = "a", **options: str) -> Step:
    cell = Cell("", CellFacts(), name, StepOptions(**options))  # type: ignore[arg-type]
    return Step(name, cell, {}, frozenset(), ())


def test_imports_are_pinned_as_installed(tmp_path: Path) -> None:
    needs = environments([step(image="mine")], tmp_path, {"cloudpickle", "json", "own"}, {"own"})
    assert needs["a"].requirements == (f"cloudpickle=={version('cloudpickle')}",)
    assert needs["a"].base == "mine"


def test_the_steps_file_then_pyproject_then_requirements_txt_come_first(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy==2.0\n")
    assert environments([step()], tmp_path, {"cloudpickle"}, ())["a"].requirements == ("numpy==2.0",)
    (tmp_path / "pyproject.toml").write_text('[tool.k8snb]\nrequirements = ["numpy==2.1"]\n')
    assert environments([step()], tmp_path, {"cloudpickle"}, ())["a"].requirements == ("numpy==2.1",)
    (tmp_path / "own.txt").write_text("numpy==2.2\n")
    needs = environments([step(), step("b", requirements="own.txt")], tmp_path, set(), ())
    assert [needs[name].requirements for name in "ab"] == [("numpy==2.1",), ("numpy==2.2",)]


def test_a_module_that_no_index_has_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(RequirementsError, match="elsewhere"):
        environments([step()], tmp_path / "project", {"elsewhere"}, ())
    assert "elsewhere" not in sys.modules


def test_a_module_that_is_nowhere_is_left_to_the_import(tmp_path: Path) -> None:
    assert environments([step()], tmp_path, {"not_there_at_all"}, ())["a"].requirements == ()


def test_every_step_gets_what_cells_install(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("numpy==2.2\n")
    installs = [Install(1, "%pip install", ("polars==1.0", "numpy"))]
    needs = environments([step(), step("b", requirements="own.txt")], tmp_path, {"cloudpickle"}, (), installs)
    common = sorted([f"cloudpickle=={version('cloudpickle')}", f"numpy=={version('numpy')}", "polars==1.0"])
    assert [list(needs[name].requirements) for name in "ab"] == [common, ["numpy==2.2", "polars==1.0"]]
