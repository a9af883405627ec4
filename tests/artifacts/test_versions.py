"""Classes take over what is newer than what they are."""

from __future__ import annotations

import sys
import types

import pytest
from cloudpickle import cloudpickle

from k8snb.artifacts.packing import pack
from k8snb.artifacts.store import open_store
from k8snb.artifacts.transfer import load, save


class Process:
    """A namespace, and the classes that cloudpickle knows in its process."""

    def __init__(self, store, monkeypatch):
        self.store, self._patch = store, monkeypatch
        self.main = types.ModuleType("__main__")
        self.known = tuple(
            type(getattr(cloudpickle, name))()
            for name in ("_DYNAMIC_CLASS_TRACKER_BY_CLASS", "_DYNAMIC_CLASS_TRACKER_BY_ID")
        )

    def _turn(self):
        self._patch.setitem(sys.modules, "__main__", self.main)
        self._patch.setattr(cloudpickle, "_DYNAMIC_CLASS_TRACKER_BY_CLASS", self.known[0])
        self._patch.setattr(cloudpickle, "_DYNAMIC_CLASS_TRACKER_BY_ID", self.known[1])

    def run(self, source):
        self._turn()
        exec(source, vars(self.main))

    def get(self, name):
        return vars(self.main)[name]

    def send(self, name):
        self._turn()
        [packed] = pack({name: self.get(name)}, namespace=vars(self.main)).packed
        return save(self.store, packed)

    def receive(self, group):
        self._turn()
        vars(self.main).update(load(self.store, group, namespace=vars(self.main)))


@pytest.fixture
def processes(tmp_path, monkeypatch):
    store = open_store(tmp_path.as_uri())
    return [Process(store, monkeypatch) for _ in range(3)]


CUP = "class Cup:\n    made = 0\n    kept = []\ncup, other = Cup(), Cup()"


def test_what_has_changed_elsewhere_is_taken_over_by_the_class_that_is_there(processes):
    kernel, pod, _ = processes
    kernel.run(CUP)
    there = kernel.get("Cup")
    pod.receive(kernel.send("cup"))
    pod.run("type(cup).made += 1; type(cup).more = 5")
    kernel.receive(pod.send("cup"))
    assert type(kernel.get("cup")) is there
    assert (kernel.get("other").made, there.more) == (1, 5)


def test_what_has_not_changed_elsewhere_sets_nothing_back(processes):
    kernel, pod, _ = processes
    kernel.run(CUP)
    pod.receive(kernel.send("cup"))
    pod.run("cup.v = 3")
    kernel.run("Cup.made = 8")
    kernel.receive(pod.send("cup"))
    assert (kernel.get("cup").v, kernel.get("Cup").made) == (3, 8)


def test_an_older_version_that_comes_later_changes_nothing(processes):
    kernel, pod, later = processes
    kernel.run(CUP)
    old = kernel.send("other")
    pod.receive(kernel.send("cup"))
    pod.run("type(cup).kept.append(1)")
    later.receive(pod.send("cup"))
    later.receive(old)
    assert type(later.get("other")) is type(later.get("cup"))
    assert later.get("other").kept == [1]


def test_of_two_versions_side_by_side_the_one_that_comes_last_holds(processes):
    kernel, one, two = processes
    kernel.run(CUP)
    group = kernel.send("cup")
    for pod, made in ((one, 5), (two, 6)):
        pod.receive(group)
        pod.run(f"type(cup).made = {made}")
        kernel.receive(pod.send("cup"))
        assert kernel.get("Cup").made == made


def test_what_was_deleted_elsewhere_is_deleted(processes):
    kernel, pod, _ = processes
    kernel.run(CUP)
    pod.receive(kernel.send("cup"))
    pod.run("del type(cup).made")
    kernel.receive(pod.send("cup"))
    assert not hasattr(kernel.get("other"), "made")


def test_a_class_that_nothing_has_changed_packs_to_the_same_bytes(processes):
    kernel, pod, _ = processes
    kernel.run(CUP + "\nCup.made = 1")
    first = kernel.send("cup")
    pod.receive(first)
    assert pod.send("cup").pickle == pod.send("cup").pickle == first.pickle


CLOSED = """class Closed:
    def __init__(self, of): self.of = of
    def __reduce__(self): return Closed, (self.of,)
cup.of, cup.beside = [Cup.kept], {}(Cup.kept)"""


@pytest.mark.parametrize(("kind", "warned"), [("Closed", 1), ("iter", 0)])
def test_what_a_class_holds_is_a_copy_where_it_cannot_be_put_back_and_that_is_said(processes, recwarn, kind, warned):
    kernel, *_ = processes
    kernel.run(CUP)
    kernel.run(CLOSED.format(kind))
    kernel.receive(kernel.send("cup"))
    assert (kernel.get("cup").of[0] is kernel.get("Cup").kept) is not bool(warned)
    said = [str(one.message) for one in recwarn]
    assert len(said) == warned
    assert all(one.startswith("cup: what it shares with attributes of classes is a copy") for one in said)
