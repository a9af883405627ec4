"""A project and a home of its own for each test of stacks."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("K8SNB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("K8SNB_STACK", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "project" / "deep").mkdir(parents=True)
    return tmp_path / "project"
