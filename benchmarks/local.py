"""Digits on the `local` stack against the same cells in one kernel, both as whole notebook runs in fresh kernels."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cluster import kernel, report
from benchmarks.digits import STEPS


def run(folder: Path, *, steps: bool) -> float:
    """Run all cells in a fresh kernel and return the seconds of the cells."""
    cells = [cell.strip() for cell in STEPS.format(seed=1).split("---\n")]
    with kernel(folder) as notebook:
        started = time.perf_counter()
        if steps:
            cells = ["%load_ext k8snb", *cells, "%k8s_run", "model, test_acc, reference, comparison"]
        else:
            cells = [cell.partition("\n")[2] for cell in cells]
        for cell in cells:
            notebook.run(cell)
        return time.perf_counter() - started


def main(rounds: int = 5) -> None:
    values: dict[str, list[float]] = {"local stack": [], "one kernel": []}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["K8SNB_HOME"] = folder
        for i in range(rounds + 1):
            for key, steps in (("local stack", True), ("one kernel", False)):
                seconds = run(Path(folder), steps=steps)
                if i:
                    values[key].append(seconds)
    report("local", values, lambda m: m["local stack"] / m["one kernel"], 2.0)
    print("local: the budget is 2 times, or 5 s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
