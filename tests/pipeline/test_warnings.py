"""What is told of a step's values before it runs."""

from __future__ import annotations

from k8snb.analysis import analyse
from k8snb.pipeline import build
from k8snb.pipeline.model import Cell
from k8snb.pipeline.warnings import stays


def told(*cells):
    cells = [Cell(source, analyse(source), step) for step, source in cells]
    pipeline = build(cells, name="test")
    return list(stays(pipeline.steps[-1], pipeline.cells))


def test_what_cannot_travel_is_told_unless_its_line_is_to_be_quiet():
    lock = ("a", "import threading\nlock = threading.Lock()")
    [said] = told(lock, ("b", "with lock: pass"))
    assert said.startswith("line 1: lock is a lock that step a makes, which cannot travel")
    assert told(lock, ("b", "with lock: pass  # k8snb: quiet")) == []
