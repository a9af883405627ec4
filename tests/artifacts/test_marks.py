"""Marks: which object a stored value is, and which of two versions is the later one."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import numpy as np
import pytest

from k8snb.artifacts import marks
from k8snb.artifacts.changes import changed
from k8snb.artifacts.marks import Marked
from k8snb.artifacts.packing import pack
from k8snb.artifacts.pickler import Pickler
from k8snb.artifacts.store import open_store
from k8snb.artifacts.transfer import digest, load, load_whole, save


def test_a_version_comes_after_those_that_it_was_made_of_only():
    one = marks.after("a", "s1")
    two = marks.after(one, "s2")
    assert marks.is_later(two, one)
    assert marks.is_later(two, "a")
    assert not marks.is_later("a", "a")
    assert not marks.is_later(one, two)
    assert not marks.is_later(marks.after("a", "s10"), one)
    assert marks.first(two) == marks.first("a") == "a"


@pytest.mark.parametrize(
    "value", [[1], {}, {1}, bytearray(), np.arange(2), ([1],), type("A", (), {"__module__": "__main__"})]
)
def test_what_can_change_is_marked(value):
    assert marks.is_marked(value)


@pytest.mark.parametrize("value", [1, "a", None, math, math.sin, logging.Logger, logging.getLogger, np.float64(1)])
def test_what_is_everywhere_the_same_is_not(value):
    assert not marks.is_marked(value)


def test_known_objects_are_stored_with_their_marks_also_inside_others(tmp_path):
    store = open_store(tmp_path.as_uri())
    inner, elsewhere = [1], [2]
    outer = {"k": (inner,)}
    known = {id(one): Marked(one, mark) for one, mark in [(outer, "o"), (inner, "i s1"), (elsewhere, "e")]}
    [packed] = pack({"x": outer}, known=known).packed
    group = save(store, packed)
    assert group.names == ("x",)
    assert group.marks == {"x": "o", marks.key_of("i s1"): "i s1"}
    loaded = load_whole(store, group)
    assert loaded.values[marks.key_of("i s1")] is loaded.values["x"]["k"][0]
    assert load(store, group) == {"x": outer}
    assert not changed(store, group, loaded, {})
    loaded.values["x"]["k"][0].append(2)
    assert changed(store, group, loaded, {})
    assert digest(group) != digest(replace(group, marks={"x": "p"}))


def test_one_variable_is_not_gone_through_for_the_sake_of_its_own_mark(monkeypatch):
    """It would take several times as long as packing it."""
    value = [{"a": [1]}]
    monkeypatch.setattr(Pickler, "met", None)
    [packed] = pack({"x": value}, known={id(value): Marked(value, "run#x")}).packed
    assert packed.marks == {"x": "run#x"}
