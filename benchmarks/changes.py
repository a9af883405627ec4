"""What it costs to know whether a step has changed an input in place, beside packing, saving and loading the input.

Nothing has changed and the store is a folder: the dearest case of the check beside the cheapest store. Each value is
given to a cell of whose code it shows that it only looks at it, and to one of which nothing is known: then it is
compared with what came. What the end of the step takes is measured, with nothing to put out, and what is noted of the
value for it at the step's start.

    python benchmarks/changes.py
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pandas as pd

from k8snb.analysis import analyse
from k8snb.artifacts import snapshot
from k8snb.artifacts.packing import pack
from k8snb.artifacts.store import Store, open_store
from k8snb.artifacts.transfer import save
from k8snb.pipeline import Cell, build
from k8snb.pipeline.looks import only_looked_at
from k8snb.runner.inputs import bind
from k8snb.runner.outputs import put_out
from k8snb.runner.spec import KERNEL, Key, Spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8snb.artifacts.groups import Group

ROUNDS = 5
ROWS = 200_000


def main() -> None:
    for name, (make, looking) in VALUES.items():
        rounds = []
        for number in range(ROUNDS + 1):
            with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
                rounds.append(one_round(open_store(folder), make(np.random.default_rng(number)), looking))
        saving, loading, looked, compared = (
            median(column) for column in zip(*rounds[1:], strict=True)
        )  # the first warms up
        print(
            f"{name}: pack and save {saving * 1000:.1f} ms, load {loading * 1000:.1f} ms;"
            f" only looked at {looked * 1000:.2f} ms ({looked / (saving + loading):.1%}),"
            f" compared {compared * 1000:.2f} ms ({compared / (saving + loading):.1%})"
        )


def one_round(store: Store, value: object, looking: str) -> tuple[float, float, float, float]:
    """Return the seconds that packing with saving, loading, and the ends of a looking and another cell took."""
    start = time.perf_counter()
    [packed] = pack({"x": value}).packed
    group = save(store, packed)
    saved = time.perf_counter()
    step = _step(group, looking)
    begun = time.perf_counter()
    bind(step, store, {"np": np})
    loading = time.perf_counter() - begun
    seconds = [_end_of(spec, store, looking) for spec in (step, replace(step, looked_at={}))]
    return saved - start, loading, seconds[0], seconds[1]


def _end_of(spec: Spec, store: Store, looking: str) -> float:
    """Return the seconds that a step takes to know what it has changed: nothing."""
    noting = 0.0
    take = snapshot.take

    def timed(*args: Any) -> snapshot.Snapshot | None:
        nonlocal noting
        before = time.perf_counter()
        taken = take(*args)
        noting += time.perf_counter() - before
        return taken

    namespace: dict[str, Any] = {"np": np}
    with mock.patch.object(snapshot, "take", timed):
        came = bind(spec, store, namespace)
    exec(looking, namespace)
    before = time.perf_counter()
    outputs = put_out(spec, came, namespace, store)
    assert not outputs.changed
    return noting + time.perf_counter() - before


def _step(group: Group, source: str) -> Spec:
    """Return the order of a step that reads `x`; what its cell binds is not put out."""
    cells = [Cell("import numpy as np", analyse("import numpy as np")), Cell(source, analyse(source), step="step")]
    pipeline = build(cells, name="benchmark", known={"x"})
    looked_at = {name: sorted(into) for name, into in only_looked_at(pipeline, pipeline["step"]).items()}
    assert "x" in looked_at
    inputs = {"x": [KERNEL]}
    return Spec(Key("run", "step"), "", "", "", "", inputs, [group], [], [], 0, "", looked_at=looked_at)


def frame(rng: np.random.Generator) -> pd.DataFrame:
    numbers = {f"c{i}": rng.random(ROWS) for i in range(40)}
    return pd.DataFrame({**numbers, "text": [str(i) for i in range(ROWS)]})


VALUES: dict[str, tuple[Callable[[np.random.Generator], object], str]] = {
    "array of 100 MB": (lambda rng: rng.random((1250, 10_000)), "n = float(x.sum())"),
    "frame of 64 MB and a column of text": (frame, "n = x.groupby('text')['c0'].mean()"),
    "1,000 arrays of 8 kB": (lambda rng: [rng.random(1000) for _ in range(1000)], "n = np.mean([a.sum() for a in x])"),
    "list of 1,000,000 ints": (lambda rng: rng.integers(0, 10**6, 10**6).tolist(), "n = sum(x) / len(x)"),
    "100,000 dicts": (
        lambda rng: [{"a": i, "b": str(i), "c": c} for i, c in enumerate(rng.random(100_000).tolist())],
        "n = sum(one['c'] for one in x if one['b'])",
    ),
}


if __name__ == "__main__":
    main()
