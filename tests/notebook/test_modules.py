"""Where modules of the notebook's own are looked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from k8snb.notebook import modules


def test_what_is_put_on_the_path_is_the_notebooks_and_what_is_installed_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = modules.folders()
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "nowhere"), str(tmp_path)])
    assert modules.folders() == [*before, tmp_path]
    assert not any("site-packages" in folder.parts or folder == Path(pytest.__file__).parent for folder in before)


def test_what_the_kernel_cannot_import_is_not_found() -> None:
    assert modules.are_found({"json", "pytest"})
    assert not modules.are_found({"json", "no_such_module"})
