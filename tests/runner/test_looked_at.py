"""What a step's code only looks at is not compared in the end, but where that could be wrong."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pandas as pd
import pytest

from k8snb.artifacts.packing import pack
from k8snb.artifacts.store import Store, open_store
from k8snb.artifacts.transfer import save
from k8snb.runner import outputs
from k8snb.runner.inputs import bind
from k8snb.runner.outputs import Outputs, put_out
from k8snb.runner.spec import KERNEL, Key, Spec


@pytest.fixture
def store(tmp_path) -> Store:
    return open_store(str(tmp_path))


@pytest.fixture
def compared(monkeypatch) -> list[tuple[str, ...]]:
    """The groups that were compared with what came in."""
    seen: list[tuple[str, ...]] = []
    known = outputs.changed

    def changed(store, group, *rest):
        seen.append(group.names)
        return known(store, group, *rest)

    monkeypatch.setattr(outputs, "changed", changed)
    return seen


def run(
    store: Store, values: dict[str, object], source: str, looked_at: dict[str, list[str]], made: list[str] | None = None
) -> Outputs:
    """Execute a cell that is said to only look at some of its inputs."""
    namespace: dict[str, Any] = {"__name__": "__main__", "np": np}
    groups = [save(store, packed) for packed in pack(values, namespace=None).packed]
    inputs = {name: [KERNEL] for name in values}
    spec = Spec(Key("run", "s"), "", "", "", "", inputs, groups, made or [], [], 0, "", looked_at=looked_at)
    came = bind(spec, store, namespace)
    exec(source, namespace)
    return put_out(spec, came, namespace, store)


@pytest.mark.parametrize(
    "value",
    [
        [{"a": [1]}, {"b": {2}}],
        np.arange(5),
        np.arange(100_000.0),
        pd.DataFrame({"a": [1, 2], "t": ["x", "y"], "c": pd.Categorical(["u", "v"])}),
    ],
)
def test_plain_data_are_not_compared(store, compared, value):
    done = run(store, {"x": value}, "n = len(x)", {"x": ["n"]}, ["n"])
    assert not compared
    assert [group.names for group in done.packing.packed] == [("n",)]


def test_what_the_code_does_not_prove_is_compared(store, compared):
    done = run(store, {"x": [1], "y": [2]}, "x.append(1)", {"y": []})
    assert compared == [("x",)]
    assert done.changed.keys() == {"x"}


def test_what_grows_where_it_is_read_is_no_plain_data(store, compared):
    done = run(store, {"x": collections.defaultdict(list)}, "x['a']", {"x": []})
    assert compared
    assert done.changed.keys() == {"x"}


def test_an_iterator_goes_on_where_it_is_read(store, compared):
    run(store, {"x": iter([1, 2])}, "for one in x: pass", {"x": ["one"]})
    assert compared


def test_memory_that_was_written_to_all_the_same_is_seen(store):
    done = run(store, {"x": np.zeros(100_000)}, "np.put(x, 0, 1)", {"x": []})
    assert done.changed.keys() == {"x"}


def test_a_part_that_an_output_has_is_shared(store):
    done = run(store, {"x": [[1], [2]]}, "y = x[0]", {"x": ["y"]}, ["y"])
    assert [group.names for group in done.packing.packed] == [("x", "y")]
    assert done.shared.keys() == {"x"}


def test_a_number_shares_nothing(store, compared):
    done = run(store, {"x": [[1], [2]]}, "y = x[0][0]", {"x": ["y"]}, ["y"])
    assert [group.names for group in done.packing.packed] == [("y",)]
    assert not compared


@pytest.mark.parametrize("source", ["y = x[['a']]", "y = x.dropna()", "y = x['a']", "y = x[['a']].rolling(1).mean()"])
@pytest.mark.parametrize("index", [None, ["p", "q"], pd.date_range("2026-01-01", periods=2)])
@pytest.mark.parametrize("proven", [True, False])
def test_a_frame_made_of_a_frame_shares_nothing(store, compared, source, index, proven):
    frame = pd.DataFrame({"a": [1.0, 2.0], "t": ["u", "v"]}, index=index)
    done = run(store, {"x": frame}, source, {"x": ["y"]} if proven else {}, ["y"])
    assert [group.names for group in done.packing.packed] == [("y",)]
    assert bool(compared) is not proven


def test_a_frame_of_lists_may_share_them(store, compared):
    run(store, {"x": pd.DataFrame({"a": [[1]]})}, "y = x.head()", {"x": ["y"]}, ["y"])
    assert compared


def test_the_object_itself_under_another_name_is_shared(store):
    done = run(store, {"x": pd.DataFrame({"a": [1.0]})}, "y = x", {"x": ["y"]}, ["y"])
    assert [group.names for group in done.packing.packed] == [("x", "y")]


def test_a_name_that_is_bound_anew_is_told(store):
    done = run(store, {"x": [1]}, "x = [2]", {"x": []})
    assert done.changed.keys() == {"x"}


def test_an_alias_that_is_not_proven_lets_both_be_compared(store, compared):
    shared = [1]
    done = run(store, {"x": shared, "y": shared}, "y.append(2)", {"x": []})
    assert compared == [("x", "y")]
    assert done.changed.keys() == {"x", "y"}


@pytest.fixture
def packed(monkeypatch) -> list[set[str]]:
    """The names that were packed together or beside one another."""
    seen: list[set[str]] = []
    known = outputs.pack

    def pack(values, **more):
        seen.append({*values})
        return known(values, **more)

    monkeypatch.setattr(outputs, "pack", pack)
    return seen


@pytest.mark.parametrize(
    "value", [[1, [2]], np.arange(3.0), np.arange(1e5), pd.DataFrame({"a": [1.0], "t": ["u"]}), {"k": (1,)}, (), "text"]
)
@pytest.mark.parametrize("source", ["y = [1]", "y = np.arange(1e5)", "y = 'text'"])
def test_what_is_as_it_came_is_not_packed(store, packed, value, source):
    done = run(store, {"x": value}, source, {}, ["y"])
    assert packed == [{"y"}]
    assert not done.changed
    assert not done.shared


@pytest.mark.parametrize("source", ["y = x", "y = [x]", "y = x['a']", "y = {'k': x['m'][1:]}", "y = [x['t']]"])
def test_what_is_as_it_came_is_packed_with_what_shares_it(store, source):
    done = run(store, {"x": {"a": [1], "m": np.arange(4.0), "t": ([],)}}, source, {}, ["y"])
    assert [group.names for group in done.packing.packed] == [("x", "y")]
    assert done.shared.keys() == {"x"}
    assert not done.changed


def test_what_is_as_it_came_goes_into_another_input(store):
    done = run(store, {"x": [1], "y": [2]}, "y.append(x)", {})
    assert done.changed.keys() == {"y"}
    assert done.shared.keys() == {"x"}
    assert [group.names for group in done.packing.packed] == [("x", "y")]


def test_what_functions_use_is_compared(store, compared):
    namespace: dict[str, Any] = {"__name__": "__main__", "x": [1]}
    exec("def f(): x.append(2)", namespace)
    groups = [save(store, p) for p in pack({"f": namespace["f"], "x": namespace["x"]}, namespace=namespace).packed]
    inputs = {name: [KERNEL] for name in ("f", "x")}
    spec = Spec(Key("run", "s"), "", "", "", "", inputs, groups, [], [], 0, "", looked_at={"x": [], "f": []})
    there: dict[str, Any] = {"__name__": "__main__"}
    came = bind(spec, store, there)
    exec("f()", there)
    assert put_out(spec, came, there, store).changed.keys() == {"x"}
    assert ("x",) in compared
