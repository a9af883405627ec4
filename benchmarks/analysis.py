"""Reading cells: each cell of the ordinary notebooks, and a notebook of 200 cells made of them, whole and one by one.

The floor of a cell is what Python itself takes to parse and compile it; of 200 cells executed one by one, a shell
without k8snb that executes the same. Steps' cells are only made steps: nothing runs.
"""

from __future__ import annotations

import ast
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.cluster import report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "notebook"))

from inprocess import notebook

from k8snb.analysis import analyse, body, looks, step_line
from k8snb.notebook.cells import _analyse
from k8snb.pipeline import Cell, build
from k8snb.pipeline.looks import OnlyLookedAt

ORDINARY = Path(__file__).parents[1] / "tests" / "ordinary"
CELLS = 200
BUDGET, WHOLE = 0.005, 0.5


def ordinary() -> list[str]:
    """Return all cells of the ordinary notebooks."""
    texts = [f"\n{path.read_text()}" for path in sorted(ORDINARY.glob("*.py"))]
    return [cell.strip("\n") for text in texts for cell in text.split("\n# %%\n")[1:]]


def notebook_of(cells: Sequence[str]) -> list[tuple[str, str | None]]:
    """Return 200 cells, with a name for each step among them."""
    chosen = list(itertools.islice(itertools.cycle(cells), CELLS))
    return [(source, None if step_line(source) is None else f"step-{i}") for i, source in enumerate(chosen)]


def each(cells: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Time the analysis and the floor of each cell."""
    values: dict[str, list[float]] = {"analysis of a cell": [], "parse and compile": []}
    for source in [cell for _ in range(rounds) for cell in cells]:
        values["analysis of a cell"].append(_seconds(lambda source=source: analyse(source)))
        if _is_python(source):
            values["parse and compile"].append(_seconds(lambda source=source: _compile(source)))
    return values


def _is_python(source: str) -> bool:
    return not any(line.startswith("%") or "= !" in line for line in source.splitlines())


def _compile(source: str) -> None:
    compile(ast.parse(body(source)), "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def whole(cells: Sequence[tuple[str, str | None]]) -> None:
    """Analyse all cells, build their pipeline, and say of each step what it only looks at."""
    looks.look.cache_clear()
    looks.imports.cache_clear()
    read = [Cell(source, analyse(source), step) for source, step in cells]
    known = {name for cell in read for name in cell.facts.outputs | cell.facts.reads.keys()}
    pipeline = build(read, name="notebook", known=known)
    looked_at = OnlyLookedAt(pipeline)
    for step in pipeline.steps:
        looked_at[step.name]


def one_by_one(steps: int, *, loaded: bool) -> float:
    """Execute 200 small cells, some of them steps, in a shell; return the seconds of all."""
    with tempfile.TemporaryDirectory() as folder, notebook(Path(folder)) as nb:
        if loaded:
            nb.run("%%k8s_step first\nv_first = 1")
        else:
            nb.shell.extension_manager.unload_extension("k8snb")
        _analyse.cache_clear()
        started = time.perf_counter()
        for i in range(CELLS):
            source = f"def f{i}(x):\n    return x + {i}\nv{i} = f{i}(v{i - 1})" if i else "v0 = 1"
            is_step = loaded and i and i % (CELLS // steps) == 0
            nb.run(f"%%k8s_step s{i}\nw{i} = f{i - 1}(v{i - 1})\nv{i} = 1" if is_step else source)
            if is_step:
                nb.ns[f"v{i}"] = 1  # as if it had run
        return time.perf_counter() - started


def _seconds(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def main(rounds: int = 5) -> None:
    cells = ordinary()
    report("analysis, figure in ms", each(cells, rounds), lambda m: m["analysis of a cell"] * 1000, BUDGET * 1000)
    many = notebook_of(cells)
    times = {
        "200 cells": [_seconds(lambda: whole(many)) for _ in range(rounds)],
        "parse and compile": [
            sum(_seconds(lambda s=s: _compile(s)) for s, _ in many if _is_python(s)) for _ in range(rounds)
        ],
    }
    report("analysis and pipeline", times, lambda m: m["200 cells"], WHOLE)
    with tempfile.TemporaryDirectory() as home:
        os.environ["K8SNB_HOME"] = home
        live = {
            "200 cells, one by one": [one_by_one(20, loaded=True) for _ in range(rounds)],
            "without k8snb": [one_by_one(20, loaded=False) for _ in range(rounds)],
        }
    report("session", live, lambda m: m["200 cells, one by one"] - m["without k8snb"], WHOLE)
    print(f"cells: {len(cells)}, median {statistics.median(map(len, cells)):.0f} characters")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
