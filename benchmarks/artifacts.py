"""Saving and loading 500 MB of arrays, as ratios to the store's raw time for the same bytes in the same run.

Raw is obstore alone: the same parts, as many at a time, put from memory and got into memory, nothing kept together.
`floor` adds to raw what no reader of checked blobs can leave out: BLAKE3 of every part. Where the server and this
program share the processor, hashing cannot hide behind the network; `floor` tells that apart from our own time.
Each measurement is made by a new process, as a step is one: memory that was used before is quicker to fill.
Memory is the growth of the process's peak, beside the value's size.

    python benchmarks/artifacts.py [folder] [s3]        # s3 needs K8SNB_TEST_S3_*
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import obstore
from blake3 import blake3

from k8snb.artifacts.groups import Group
from k8snb.artifacts.packing import pack
from k8snb.artifacts.store import Store, open_store
from k8snb.artifacts.transfer import THREADS, load, save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

ARRAYS, BYTES, ROUNDS = 5, 500_000_000, 5
MIB = 2**20
KINDS = ("raw", "floor", "ours")


def main() -> None:
    if sys.argv[1:2] == ["--memory"]:
        measure_memory(*sys.argv[2:])
        return
    if sys.argv[1:2] == ["--round"]:
        print(json.dumps(one_round(open_store(sys.argv[2]), sys.argv[3], int(sys.argv[4]))))
        return
    for kind in sys.argv[1:] or ("folder", "s3"):
        report(kind, new_folder if kind == "folder" else new_bucket)


@contextmanager
def new_folder() -> Iterator[Store]:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield open_store(folder)


@contextmanager
def new_bucket() -> Iterator[Store]:
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from fixtures_s3 import temporary_bucket

    with temporary_bucket() as bucket:
        os.environ.update(bucket.environment)  # for the processes that measure
        yield bucket.open()


def report(kind: str, new: Callable[[], AbstractContextManager[Store]]) -> None:
    times: dict[str, dict[str, list[float]]] = {"save": {}, "load": {}}
    for number in range(ROUNDS + 1):
        # Another order each round: a disk's cache and its write-back favour whoever comes first.
        for one in KINDS[number % 3 :] + KINDS[: number % 3]:
            with new() as store:
                saving, loading = apart("--round", store.uri, one, str(number))
            if number:  # the first warms up
                times["save"].setdefault(one, []).append(saving)
                times["load"].setdefault(one, []).append(loading)
    print(f"{kind}: {BYTES / 1e6:.0f} MB in {ARRAYS} arrays, {THREADS} parts at a time, {os.cpu_count()} CPUs")
    times["both"] = {
        one: [sum(pair) for pair in zip(times["save"][one], times["load"][one], strict=True)] for one in KINDS
    }
    for what, kinds in times.items():
        raw, floor, ours = (median(kinds[one]) for one in KINDS)
        print(
            f"  {what}: raw {raw:.3f} s ({BYTES / raw / 1e6:.0f} MB/s), ours {ours:.3f} s:"
            f" {ours / raw:.2f} x raw, {ours / floor:.2f} x raw with digests"
        )
    with new() as store:
        for what in ("save", "load"):
            grown = apart("--memory", what, store.uri)
            print(f"  {what}: peak memory {grown / MIB:.0f} MiB beyond the value")


def apart(*arguments: str):
    """Measure in a process of its own."""
    command = [sys.executable, __file__, *arguments]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def one_round(store: Store, kind: str, number: int) -> tuple[float, float]:
    """Save and load fresh values, and return the seconds that each took."""
    for i in range(20):
        store.put(f"warm/{i}", b"")
    values = make(number)
    packed = pack({"x": values}).packed[0]
    os.sync()
    if kind == "ours":
        start = time.perf_counter()
        group = save(store, packed)
        middle = time.perf_counter()
        del values, packed
        between = time.perf_counter()
        held: object = load(store, group)
        end = time.perf_counter()
        del held  # giving the memory back is not counted
        return middle - start, end - between
    size = store.part_bytes or BYTES
    pieces = [buffer[i : i + size] for buffer in packed.buffers for i in range(0, buffer.nbytes, size)]
    check = blake3 if kind == "floor" else len
    with ThreadPoolExecutor(THREADS) as pool:
        start = time.perf_counter()
        list(pool.map(lambda one: (check(one[1]), store.put(f"raw/{one[0]}", one[1])), enumerate(pieces)))
        middle = time.perf_counter()
        count = len(pieces)
        del values, packed, pieces
        between = time.perf_counter()
        held = list(pool.map(lambda i: get(store, f"raw/{i}", check), range(count)))
        end = time.perf_counter()
    del held
    return middle - start, end - between


def get(store: Store, name: str, check):
    data = obstore.get(store._store, name).bytes()  # noqa: SLF001 - obstore itself, without what Store does
    check(memoryview(data))
    return data


def make(seed: int) -> list[np.ndarray]:
    return [np.random.default_rng([seed, i]).random(BYTES // ARRAYS // 8) for i in range(ARRAYS)]


def measure_memory(what: str, uri: str) -> None:
    """Print by how much the peak grows beyond the value: saving one that is there, loading one that is not."""
    store = open_store(uri)
    if what == "save":
        values = make(99)
        store.put("warm", b"")
        pack({"x": np.zeros(1)})
        before, held = peak(), 0
        group = save(store, pack({"x": values}).packed[0])
        store.put("group", json.dumps(group.dump()).encode())
    else:
        group = Group.load(json.loads(store.get("group")))
        store.put("warm", b"")
        before, held = peak(), BYTES
        values = load(store, group)["x"]
        for array in values:  # pages of a mapped file count once they are looked at
            array.sum()
    print(peak() - before - held)


def peak() -> int:
    """Return the process's peak resident memory since the last call, in bytes."""
    status = Path("/proc/self/status").read_text()
    size = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5")
    return size


if __name__ == "__main__":
    main()
