"""Layers are made once and kept within bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from k8snb.images import recipe as module
from k8snb.images.recipe import Recipe, make


def recipe(name: str, made: list[str]) -> Recipe:
    def fill(folder: Path) -> None:
        made.append(name)
        (folder / "m.py").write_text(f"name = {name!r}\n")

    return Recipe([name], "/k8snb/packages", fill)


def test_made_once(tmp_path: Path) -> None:
    made: list[str] = []
    first = make(recipe("a", made), tmp_path)
    assert make(recipe("a", made), tmp_path) == first
    assert make(recipe("b", made), tmp_path).digest != first.digest
    assert made == ["a", "b"]
    assert first.content.stat().st_size == first.size


def test_key_is_of_inputs_and_place() -> None:
    def fill(_: Path) -> None: ...

    keys = {Recipe(i, u, fill).key for i in (["a"], ["b"]) for u in ("/x", "/y")}
    assert len(keys) == 4


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "x").touch()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        make(Recipe([], "/x", fill), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_longest_unused_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    layers = [make(recipe(name, made), tmp_path) for name in "abc"]
    for age, layer in enumerate(layers):
        os.utime(layer.content, (1000 + age, 1000 + age))
    make(recipe("a", made), tmp_path)  # used again
    monkeypatch.setattr(module, "KEPT_BYTES", layers[0].size * 3 + 50)
    make(recipe("d", made), tmp_path)
    make(recipe("a", made), tmp_path)
    make(recipe("c", made), tmp_path)
    assert made == ["a", "b", "c", "d"]
    make(recipe("b", made), tmp_path)
    assert made == ["a", "b", "c", "d", "b"]
