"""Layers depend on names and contents only."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from k8snb.images.layer import Layer, from_directory, from_files

PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=60).filter(
    lambda part: part not in {".", ".."}
)
# Prefixes keep a file from being a folder of another.
PATHS = st.lists(PARTS, max_size=3).map(
    lambda parts: "/" + "/".join([*(f"d{p}" for p in parts), "f" + "x" * len(parts)])
)
FILES = st.dictionaries(PATHS, st.binary(max_size=300), max_size=6)


def content(layer: Layer) -> bytes:
    return layer.content if isinstance(layer.content, bytes) else layer.content.read_bytes()


def members(layer: Layer) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content(layer))) as archive:
        return {member.name: member for member in archive}


@given(files=FILES)
def test_order_does_not_matter(files: dict[str, bytes]) -> None:
    assert from_files(files) == from_files(dict(reversed(files.items())))


@given(files=FILES)
def test_holds_each_file_and_tells_no_time_or_owner(files: dict[str, bytes]) -> None:
    layer = from_files(files)
    with tarfile.open(fileobj=io.BytesIO(content(layer))) as archive:
        found = {f"/{m.name}": archive.extractfile(m).read() for m in archive if m.isreg()}
    assert found == files
    for member in members(layer).values():
        assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")
        assert set(member.pax_headers) <= {"path"}


@given(files=FILES)
def test_digests_are_of_the_compressed_and_the_plain_bytes(files: dict[str, bytes]) -> None:
    layer = from_files(files)
    packed = content(layer)
    assert layer.size == len(packed)
    assert layer.digest == f"sha256:{hashlib.sha256(packed).hexdigest()}"
    assert layer.diff_id == f"sha256:{hashlib.sha256(gzip.decompress(packed)).hexdigest()}"


def test_folders_come_before_what_they_hold_and_keep_their_modes() -> None:
    found = members(from_files({"/a/b/c": b"x"}, {"/a/work": 0o1777}))
    assert list(found) == ["a", "a/b", "a/b/c", "a/work"]
    assert {name: member.mode for name, member in found.items()} == {
        "a": 0o755, "a/b": 0o755, "a/b/c": 0o644, "a/work": 0o1777
    }  # fmt: skip


def test_files_have_the_mode_that_is_asked_for() -> None:
    found = members(from_files({"/a/b": b"x"}, {"/a": 0o777}, mode=0o666))
    assert {name: member.mode for name, member in found.items()} == {"a": 0o777, "a/b": 0o666}


def test_directory_gives_the_same_whatever_its_times_and_order(tmp_path: Path) -> None:
    layers = []
    for number, names in enumerate([["one", "two/three"], ["two/three", "one"]]):
        folder = tmp_path / str(number)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(name.encode() * 1000)
            os.utime(folder / name, (number, number))
        (folder / "run").write_bytes(b"#!")
        (folder / "run").chmod(0o700)
        (folder / "link").symlink_to("one")
        layers.append(from_directory(folder, "/k8snb/packages", tmp_path / f"{number}.tar.gz"))
    first, second = layers
    assert (first.digest, first.diff_id, first.size) == (second.digest, second.diff_id, second.size)
    found = members(first)
    assert list(found)[:3] == ["k8snb", "k8snb/packages", "k8snb/packages/link"]
    assert found["k8snb/packages/link"].linkname == "one"
    assert found["k8snb/packages/run"].mode == 0o755
    assert found["k8snb/packages/one"].mode == 0o644


def test_directory_and_files_agree(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b").write_bytes(b"1")
    (folder / "c").write_bytes(b"2")
    streamed = from_directory(folder, "/x", tmp_path / "layer")
    assert streamed.digest == from_files({"/x/a/b": b"1", "/x/c": b"2"}).digest
