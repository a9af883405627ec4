"""Files that cells write and read, as far as the code names them: who writes one comes before who reads it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

from k8snb.analysis.facts import CellFacts
from k8snb.pipeline.model import Cell, Step


def read(facts: CellFacts, names: Iterable[str], above: Sequence[Cell]) -> dict[str, str]:
    """Return the paths that a cell reads, and where they stand: in a line, or in a function that it may call.

    Parameters
    ----------
    facts : CellFacts
    names : iterable of str
        What the cell reads.
    above : sequence of Cell
        In their order.
    """
    found = {path: f"line {line}: " for path, line in facts.files.reads.items()}
    for cell in above:
        for name in cell.facts.files.in_code.keys() & set(names):
            found |= {path: f"through {name}: " for path in cell.facts.files.in_code[name] if path not in found}
    return found


def writer(path: str, above: Sequence[Cell]) -> str | None:
    """Return the step above that has written a file, or something in a folder, last; None where a plain cell has."""
    exactly = (cell.step for cell in reversed(above) if path in cell.facts.files.writes)
    return next(exactly, next((cell.step for cell in reversed(above) if _writes(cell, path)), None))


def writers(step: Step, cells: Sequence[Cell]) -> list[str]:
    """Return the steps that have written last what a step reads."""
    above = list(itertools.takewhile(lambda cell: cell.step != step.name, cells))
    found = (writer(path, above) for path in read(step.cell.facts, step.inputs, above))
    return [name for name in found if name is not None]


def before(cells: Sequence[Cell], inputs: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """Return for each step the steps above it that it must not overtake for the sake of files.

    Parameters
    ----------
    cells : sequence of Cell
        All, in their order.
    inputs : mapping of str to iterable of str
        The names that each step reads.
    """
    found: dict[str, frozenset[str]] = {}
    if not any(cell.step is not None and cell.facts.files.writes for cell in cells):
        return found
    reads: dict[str, dict[str, str]] = {}
    for place, cell in enumerate(cells):
        if cell.step is None:
            continue
        above = cells[:place]
        reads[cell.step] = read(cell.facts, inputs[cell.step], above)
        makers = {writer(path, above) for path in (*reads[cell.step], *cell.facts.files.writes)}
        readers = {step for step, paths in reads.items() if any(_writes(cell, path) for path in paths)}
        found[cell.step] = frozenset(step for step in makers | readers if step is not None) - {cell.step}
    return found


def _writes(cell: Cell, path: str) -> bool:
    """Say whether a cell writes a path, something in it, or the folder that it is in."""
    return any(f"{path}/".startswith(f"{w}/") or w.startswith(f"{path}/") for w in cell.facts.files.writes)
