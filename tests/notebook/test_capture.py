"""Values of the kernel on their way to a step."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from k8snb.artifacts.store import open_store
from k8snb.artifacts.transfer import load
from k8snb.notebook.capture import Capture, capture


def captured(tmp_path: Path, source: str, *names: str) -> tuple[Capture, dict[str, Any]]:
    """Execute source, capture names, change everything, return what comes back."""
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(source, scope)
    store = open_store((tmp_path / "store").as_uri())
    found = capture(names, lambda name: (name in scope, scope.get(name)), namespace=scope, store=store)
    back: dict[str, Any] = {"__name__": "__main__"}
    for group in found.groups.values():
        back |= load(store, group, namespace=back)
    return found, back


def test_values_come_back_and_missing_names_are_left_out(tmp_path: Path) -> None:
    found, back = captured(tmp_path, "x = [1]; y = x; z = 'a'", "x", "y", "z", "missing")
    assert sorted(found.groups) == ["x", "y", "z"]
    assert back["x"] is back["y"]
    assert found.groups["x"] is found.groups["y"]
    assert found.size > 0


def test_a_function_brings_what_it_uses_and_so_on(tmp_path: Path) -> None:
    source = "scale = 3\ndef g(): return scale\ndef f(): return g()\nunused = 1"
    found, back = captured(tmp_path, source, "f")
    assert sorted(found.groups) == ["f", "g", "scale"]
    assert back["f"]() == 3


def test_what_cannot_travel_is_named_with_the_reason(tmp_path: Path) -> None:
    scope: dict[str, Any] = {"lock": threading.Lock(), "x": 1}
    store = open_store((tmp_path / "store").as_uri())
    found = capture(scope, lambda name: (True, scope[name]), namespace=scope, store=store)
    assert list(found.groups) == ["x"]
    assert "lock" in found.failures["lock"]
