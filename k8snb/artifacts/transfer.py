"""Alias groups to a store and back: parts, each stored once under its digest, checked before anything is unpickled."""

from __future__ import annotations

import io
import json
import threading
import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from blake3 import blake3

from k8snb.artifacts.buffers import SMALL, Buffer, allocate, map_file
from k8snb.artifacts.groups import Group, Part
from k8snb.artifacts.marks import is_variable
from k8snb.artifacts.rebuild import Unpickler, UnpicklerOfCopies
from k8snb.errors import StoreError

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from k8snb.artifacts.packing import Packed
    from k8snb.artifacts.snapshot import Snapshot
    from k8snb.artifacts.store import Store

_T = TypeVar("_T")
_R = TypeVar("_R")

THREADS = 4
"""Parts on their way at a time; with parts of 16 MiB that is the 64 MiB beside the value itself."""

_CACHED = 256 * 1024  # stays in the processor's cache between its digest and its way to the disk


def save(store: Store, packed: Packed) -> Group:
    """Bring a group to the store; parts that are there already are not sent again.

    Raises
    ------
    StoreError
    """
    pieces = [memoryview(packed.pickle)]
    cuts = [_cut(buffer, store.part_bytes) for buffer in packed.buffers]
    pieces += [piece for cut in cuts for piece in cut]
    stored = iter(_each(lambda piece: _store(store, piece), pieces))
    return Group(
        names=packed.names,
        pickle=next(stored),
        buffers=tuple(tuple(next(stored) for _ in cut) for cut in cuts),
        needs=packed.needs,
        modules=packed.modules,
        summary=packed.summary,
        marks=packed.marks,
    )


@dataclass(frozen=True)
class Loaded:
    """A group that was loaded.

    Parameters
    ----------
    values : dict of str to object
        By variable, and by `k8snb.artifacts.marks.key_of` the marks of what no variable stands for.
    buffers : tuple of Buffer
        The memory under them that was stored out of band.
    plain : bool
        They are plain data, as `k8snb.artifacts.plain` says it.
    """

    values: dict[str, object]
    buffers: tuple[Buffer, ...]
    plain: bool = False
    snapshot: Snapshot | None = None
    """What the values were then, where that was asked for and can be known."""


def load(store: Store, group: Group, *, namespace: dict[str, Any] | None = None) -> dict[str, object]:
    """Fetch a group and return its variables; takes and raises what `load_whole` does."""
    values = load_whole(store, group, namespace=namespace).values
    return {key: value for key, value in values.items() if is_variable(key)}


def load_copy(store: Store, group: Group, *, namespace: dict[str, Any]) -> dict[str, object]:
    """Fetch a group that is there already, without touching that; takes and raises what `load_whole` does."""
    return load_whole(store, group, namespace=namespace, unpickler=UnpicklerOfCopies).values


def load_whole(
    store: Store,
    group: Group,
    *,
    namespace: dict[str, Any] | None = None,
    unpickler: type[Unpickler] = Unpickler,
    watched: bool = False,
) -> Loaded:
    """Fetch a group.

    Parameters
    ----------
    store : Store
    group : Group
    namespace : dict, optional
        Becomes the globals of the functions and classes that the notebook defined; by default a new one.
    unpickler : type
    watched : bool
        Somebody will ask whether the values have changed: take a snapshot of them.

    Raises
    ------
    StoreError
        A part is not there, or is not what its digest says; nothing is unpickled then.
    """
    fetched = [_fetch(store, parts) for parts in [(group.pickle,), *group.buffers]]
    _each(lambda job: job(), [job for _, jobs in fetched for job in jobs])
    if namespace is None:
        namespace = {"__name__": "__main__"}
    pickle, *rest = (buffer for buffer, _ in fetched)
    loader = unpickler(io.BytesIO(pickle.memory), [buffer.memory for buffer in rest], namespace)
    values: dict[str, object] = loader.load()
    if loader.copies:
        from k8snb.artifacts.graft import graft

        if not graft(values, {}, copies=loader.copies):
            names = ", ".join(filter(is_variable, values))
            what = "what it shares with attributes of classes is a copy here: only its own code can put that back"
            warnings.warn(f"{names}: {what}", stacklevel=2)
    if not watched:
        return Loaded(values, tuple(rest), loader.plain)
    from k8snb.artifacts import snapshot

    return Loaded(values, tuple(rest), loader.plain, snapshot.take(values, rest, loader, group.pickle.size))


def digest(group: Group) -> str:
    """Return the digest (BLAKE3, hexadecimal) of what a group holds, and of which objects these are."""
    parts = [[group.pickle.digest], *([p.digest for p in parts] for parts in group.buffers)]
    return blake3(json.dumps([group.names, parts, group.marks], sort_keys=True).encode()).hexdigest()


def copy_group(source: Store, target: Store, group: Group) -> Group:
    """Bring a group from one store to another without unpickling it.

    Returns
    -------
    Group
        The group as `target` has it: its parts are cut anew where they are longer than that store's.

    Raises
    ------
    StoreError
    """
    limit = target.part_bytes
    jobs = [(group.pickle, None), *((part, limit) for parts in group.buffers for part in parts)]
    copied = iter(_each(lambda job: _copy(source, target, *job), jobs))
    return Group(
        names=group.names,
        pickle=next(copied)[0],
        buffers=tuple(tuple(part for _ in parts for part in next(copied)) for parts in group.buffers),
        needs=group.needs,
        modules=group.modules,
        summary=group.summary,
        marks=group.marks,
    )


def _blob(digest: str) -> str:
    return f"blobs/{digest}"


def _cut(buffer: memoryview, size: int | None) -> list[memoryview]:
    if size is None or buffer.nbytes <= size:
        return [buffer]
    return [buffer[i : i + size] for i in range(0, buffer.nbytes, size)]


def _each(do: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    """Do something for each item, several at a time; the first error ends it."""
    if len(items) < 2:  # noqa: PLR2004
        return [do(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(min(THREADS, len(items)))
    try:
        return list(pool.map(do, items))
    finally:
        pool.shutdown(cancel_futures=True)


def _store(store: Store, piece: memoryview) -> Part:
    file = store.local_path("blobs") if piece.nbytes >= SMALL else None
    if file is not None:
        return _store_file(store, file, piece)
    part = Part(blake3(piece).hexdigest(), piece.nbytes)
    if not store.exists(_blob(part.digest)):
        store.put(_blob(part.digest), piece)
    return part


def _store_file(store: Store, folder: Path, piece: memoryview) -> Part:
    """Write a file and compute its digest piece by piece, so that memory is read once; it gets its name in the end."""
    # obstore's listings leave out names of this form, which it uses for unfinished files itself.
    unfinished = folder / f"{threading.get_ident()}-{id(piece)}#1"
    seen = blake3()
    try:
        with store.errors("write", "blobs"):
            folder.mkdir(exist_ok=True)
            with unfinished.open("wb", buffering=0) as file:
                for start in range(0, piece.nbytes, _CACHED):
                    part = piece[start : start + _CACHED]
                    seen.update(part)
                    written = 0
                    while written < part.nbytes:
                        written += file.write(part[written:])
            if not store.exists(_blob(seen.hexdigest())):
                unfinished.replace(folder / seen.hexdigest())
    finally:
        unfinished.unlink(missing_ok=True)
    return Part(seen.hexdigest(), piece.nbytes)


def _fetch(store: Store, parts: Sequence[Part]) -> tuple[Buffer, list[Callable[[], None]]]:
    """Return a writable buffer, and what is to be done to fill it."""
    size = sum(part.size for part in parts)
    file = store.local_path(_blob(parts[0].digest)) if len(parts) == 1 and size >= SMALL else None
    if file is not None:
        mapped = _map(store, file, parts[0])
        return Buffer(mapped, parts, mapped=True), [lambda: _check(store, parts[0], blake3(mapped).hexdigest())]
    buffer = allocate(size)
    view, start = memoryview(buffer), 0
    jobs: list[Callable[[], None]] = []
    for part in parts:
        place = view[start : start + part.size]
        jobs.append(partial(_receive, store, part, place))
        start += part.size
    return Buffer(buffer, parts), jobs


def _map(store: Store, path: Path, part: Part) -> mmap.mmap:
    with store.errors("read", _blob(part.digest)):
        mapped = map_file(path)
    if len(mapped) != part.size:
        _refuse(store, part)
    return mapped


def _receive(store: Store, part: Part, place: memoryview) -> None:
    """Bring a part to its place, its digest computed on the way."""
    seen = blake3()
    for piece in store.read_into(_blob(part.digest), place):
        seen.update(piece)
    _check(store, part, seen.hexdigest())


def _copy(source: Store, target: Store, part: Part, limit: int | None) -> list[Part]:
    if (limit is None or part.size <= limit) and target.exists(_blob(part.digest)):
        return [part]
    buffer, jobs = _fetch(source, [part])
    for job in jobs:
        job()
    return [_store(target, piece) for piece in _cut(memoryview(buffer.memory), limit)]


def _check(store: Store, part: Part, digest: str) -> None:
    if digest != part.digest:
        _refuse(store, part)


def _refuse(store: Store, part: Part) -> None:
    raise StoreError(
        "a part of a value in the artifact store is not what was stored: its digest differs",
        where=f"{store.place}, {_blob(part.digest)}",
        fix="delete this object and run the step that makes the value again",
    )
