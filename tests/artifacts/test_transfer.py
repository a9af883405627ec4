"""Groups in a store: parts, digests, copies."""

from __future__ import annotations

import os
import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3

from k8snb.artifacts import transfer
from k8snb.artifacts.groups import Group
from k8snb.artifacts.packing import pack
from k8snb.artifacts.store import NotFound, open_store
from k8snb.artifacts.transfer import copy_group, digest, load, save
from k8snb.errors import StoreError

MB = 1_000_000


@pytest.fixture(params=["folder", "parts", pytest.param("s3", marks=pytest.mark.cluster)])
def any_store(request, tmp_path):
    if request.param == "s3":
        return request.getfixturevalue("s3_bucket").open()
    store = open_store(str(tmp_path / "any"))
    if request.param == "parts":  # a local store that behaves like a remote one
        store.part_bytes = 2 * MB
        store.local_path = lambda _: None
    return store


@pytest.fixture
def array():
    return np.random.default_rng(0).random(1_100_000)  # 8.8 MB


def one(values):
    (packed,) = pack(values, strict=True).packed
    return packed


def test_large_values_come_back_writable(any_store, array):
    group = save(any_store, one({"x": array, "y": array[:2], "z": array[5:]}))
    assert group.size > array.nbytes
    back = load(any_store, group)
    np.testing.assert_array_equal(back["x"], array)
    back["y"][0] = -1
    assert back["x"][0] == -1
    np.testing.assert_array_equal(load(any_store, group)["x"], array)


def test_a_forked_process_has_a_value_of_its_own(any_store, array):
    back = load(any_store, save(any_store, one({"x": array})))["x"]
    pid = os.fork()
    if pid == 0:
        back[:] = 0
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    np.testing.assert_array_equal(back, array)


def test_parts_are_as_long_as_the_store_takes(any_store, array):
    group = save(any_store, one({"x": array}))
    (parts,) = group.buffers
    limit = any_store.part_bytes or array.nbytes
    assert all(part.size == limit for part in parts[:-1])
    assert sum(part.size for part in parts) == array.nbytes
    for part in parts:
        assert blake3(any_store.get(f"blobs/{part.digest}")).hexdigest() == part.digest


def test_what_is_there_is_not_sent_again(any_store, array, monkeypatch):
    group = save(any_store, one({"x": array}))
    monkeypatch.setattr(any_store, "put", lambda *_: pytest.fail("sent again"))
    monkeypatch.setattr(Path, "replace", lambda *_: pytest.fail("written again"))
    assert save(any_store, one({"x": array.copy()})) == group
    assert sorted(any_store.list()) == sorted({f"blobs/{p.digest}" for p in (group.pickle, *group.buffers[0])})


def test_equal_parts_are_stored_once(any_store):
    group = save(any_store, one({"x": [np.zeros(MB), np.zeros(MB), np.zeros(MB)]}))
    names = [part.digest for parts in group.buffers for part in parts]
    assert max(Counter(names).values()) >= 3
    assert len(any_store.list("blobs")) == len({*names, group.pickle.digest})
    assert [a.sum() for a in load(any_store, group)["x"]] == [0, 0, 0]


@pytest.mark.parametrize("which", ["pickle", "large", "small"])
@pytest.mark.parametrize("how", ["changed", "shorter", "longer"])
def test_a_blob_that_is_not_what_it_says_is_refused_before_unpickling(any_store, array, monkeypatch, which, how):
    group = save(any_store, one({"x": [array, np.arange(20_000.0)]}))
    part = {"pickle": group.pickle, "large": group.buffers[0][-1], "small": group.buffers[1][0]}[which]
    blob = f"blobs/{part.digest}"
    data = any_store.get(blob)
    any_store.put(
        blob, {"changed": data[:-1] + bytes([data[-1] ^ 1]), "shorter": data[:-1], "longer": data + b"x"}[how]
    )
    monkeypatch.setattr(transfer, "Unpickler", lambda *_: pytest.fail("unpickled"))
    with pytest.raises(StoreError, match="digest differs") as caught:
        load(any_store, group)
    assert part.digest in caught.value.where


def test_a_hostile_pickle_is_not_executed(any_store, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    group = save(any_store, one({"x": [1]}))
    any_store.put(f"blobs/{group.pickle.digest}", pickle.dumps(Hostile()))
    with pytest.raises(StoreError):
        load(any_store, group)
    assert not (tmp_path / "executed").exists()


def test_a_blob_that_is_gone_is_named(any_store, array):
    group = save(any_store, one({"x": array}))
    any_store.delete(f"blobs/{group.buffers[0][0].digest}")
    with pytest.raises(StoreError) as caught:
        load(any_store, group)
    assert group.buffers[0][0].digest in caught.value.where
    assert isinstance(caught.value, NotFound)


def test_groups_are_copied_without_unpickling(any_store, store, array, monkeypatch):
    group = save(store, one({"x": array, "y": array[:5]}))
    monkeypatch.setattr(transfer, "Unpickler", lambda *_: pytest.fail("unpickled"))
    copied = copy_group(store, any_store, group)
    monkeypatch.undo()
    np.testing.assert_array_equal(load(any_store, copied)["x"], array)
    assert Group.load(copied.dump()) == copied
    limit = any_store.part_bytes or array.nbytes
    assert max(part.size for part in copied.buffers[0]) == min(limit, array.nbytes)
    monkeypatch.setattr(any_store, "put", lambda *_: pytest.fail("sent again"))
    assert copy_group(store, any_store, group) == copied
    monkeypatch.undo()
    back = copy_group(any_store, store, copied)
    assert back == copied
    np.testing.assert_array_equal(load(store, back)["y"], array[:5])


def test_a_spoiled_group_is_not_copied(any_store, store, array):
    group = save(store, one({"x": array}))
    store.put(f"blobs/{group.buffers[0][0].digest}", bytes(array.nbytes))
    with pytest.raises(StoreError, match="digest differs"):
        copy_group(store, any_store, group)


def test_the_digest_is_that_of_the_contents(store):
    groups = [save(store, one({"x": value})) for value in ([1], [1], [2])]
    assert digest(groups[0]) == digest(groups[1]) != digest(groups[2])


def test_a_failed_write_leaves_nothing_behind(store, array, monkeypatch):
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StoreError, match="full"):
        save(store, one({"x": array}))
    assert [p.name for p in (store.root / "blobs").iterdir() if "#" in p.name] == []
