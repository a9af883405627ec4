"""What it costs to know whether a loaded value has been changed in place, beside packing, saving and loading it.

Nothing has changed and the store is a folder: the dearest case of the check beside the cheapest store. Each value is
read first, as a step would have: pages of a mapped file are in memory only then.

    python benchmarks/changes.py
"""

from __future__ import annotations

import tempfile
import time
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from k8snb.artifacts.changes import changed
from k8snb.artifacts.packing import pack
from k8snb.artifacts.store import Store, open_store
from k8snb.artifacts.transfer import load_whole, save

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
ROWS = 200_000


def main() -> None:
    for name, make in VALUES.items():
        rounds = []
        for number in range(ROUNDS + 1):
            with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
                rounds.append(one_round(open_store(folder), make(np.random.default_rng(number))))
        saving, loading, checking = (median(column) for column in zip(*rounds[1:], strict=True))  # the first warms up
        print(
            f"{name}: pack and save {saving * 1000:.1f} ms, load {loading * 1000:.1f} ms,"
            f" check {checking * 1000:.2f} ms: {checking / (saving + loading):.1%}"
        )


def one_round(store: Store, value: object) -> tuple[float, float, float]:
    """Return the seconds that packing with saving, loading and the check took."""
    start = time.perf_counter()
    [packed] = pack({"x": value}).packed
    group = save(store, packed)
    saved = time.perf_counter()
    loaded = load_whole(store, group, namespace={})
    there = time.perf_counter()
    read(loaded.values["x"])  # noqa: PD011 - no frame
    before = time.perf_counter()
    found = changed(store, group, loaded, {})
    end = time.perf_counter()
    assert not found
    return saved - start, there - saved, end - before


def read(value: object) -> None:
    """Look at all of a value, as a step does that uses it."""
    if isinstance(value, np.ndarray):
        value.sum()
    elif isinstance(value, pd.DataFrame):
        value.sum(numeric_only=True)
    elif isinstance(value, list) and isinstance(value[0], np.ndarray):
        for array in value:
            array.sum()


def frame(rng: np.random.Generator) -> pd.DataFrame:
    numbers = {f"c{i}": rng.random(ROWS) for i in range(40)}
    return pd.DataFrame({**numbers, "text": [str(i) for i in range(ROWS)]})


VALUES: dict[str, Callable[[np.random.Generator], object]] = {
    "array of 100 MB": lambda rng: rng.random((1250, 10_000)),
    "frame of 64 MB and a column of text": frame,
    "1,000 arrays of 8 kB": lambda rng: [rng.random(1000) for _ in range(1000)],
    "list of 1,000,000 ints": lambda rng: rng.integers(0, 10**6, 10**6).tolist(),
    "100,000 dicts": lambda rng: [{"a": i, "b": str(i), "c": x} for i, x in enumerate(rng.random(100_000).tolist())],
}


if __name__ == "__main__":
    main()
