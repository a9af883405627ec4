"""Files that cells write and read, as far as the code names them: who writes one comes before who reads it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from k8snb.analysis.facts import CellFacts
from k8snb.pipeline.model import Cell, Step


def read(facts: CellFacts, names: Iterable[str], above: Iterable[Cell]) -> dict[str, str]:
    """Return the paths that a cell reads, and where they stand: in a line, or in a function that it may call.

    Parameters
    ----------
    facts : CellFacts
    names : iterable of str
        What the cell reads.
    above : iterable of Cell
        In their order.
    """
    found = {path: f"line {line}: " for path, line in facts.files.reads.items()}
    names = set(names)
    for name, paths in ((n, p) for cell in above for n, p in cell.facts.files.in_code.items() if n in names):
        found |= {path: f"through {name}: " for path in paths if path not in found}
    return found


def written(cells: Sequence[Cell], inputs: Mapping[str, Collection[str]]) -> list[frozenset[str]]:
    """Return the paths that each cell writes, through functions of cells above as well.

    Parameters
    ----------
    cells : sequence of Cell
        In their order.
    inputs : mapping of str to collection of str
        The names that each step reads.
    """
    found: list[frozenset[str]] = []
    by_code: dict[str, frozenset[str]] = {}
    for cell in cells:
        names = cell.facts.reads if cell.step is None else inputs.get(cell.step, cell.facts.reads)
        through = (by_code[name] for name in by_code.keys() & set(names)) if by_code else ()
        found.append(cell.facts.files.writes.union(*through))
        by_code |= cell.facts.files.written_in_code
    return found


def writers(path: str, above: Sequence[Cell], writes: Sequence[frozenset[str]]) -> list[str]:
    """Return the steps above that have written a path last, the last of them first.

    There may be several where it is a folder. What a plain cell has written anew since is not a step's.

    Parameters
    ----------
    path : str
    above : sequence of Cell
    writes : sequence of frozenset of str
        What each of them writes.
    """
    found = []
    for cell, paths in zip(reversed(above), reversed(writes), strict=True):
        anew = any(f"{path}/".startswith(f"{one}/") for one in paths)
        if cell.step is not None and (anew or any(_is_in(one, path) for one in paths)):
            found.append(cell.step)
        if anew:
            break
    return found


def needed(step: Step, cells: Sequence[Cell], inputs: Mapping[str, Collection[str]]) -> list[str]:
    """Return the steps that have written last what a step reads."""
    above = cells[: next(place for place, cell in enumerate(cells) if cell.step == step.name)]
    writes = written(above, inputs)
    return [name for path in read(step.cell.facts, step.inputs, above) for name in writers(path, above, writes)]


def before(cells: Sequence[Cell], inputs: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    """Return for each step the steps above it that it must not overtake for the sake of files.

    Parameters
    ----------
    cells : sequence of Cell
        All, in their order.
    inputs : mapping of str to collection of str
        The names that each step reads.
    """
    writes = written(cells, inputs)
    if not any(paths for cell, paths in zip(cells, writes, strict=True) if cell.step is not None):
        return {}
    found: dict[str, frozenset[str]] = {}
    reads: dict[str, dict[str, str]] = {}
    with_code: list[Cell] = []
    for place, cell in enumerate(cells):
        if cell.step is not None:
            reads[cell.step] = read(cell.facts, inputs[cell.step], with_code)
            touched = (*reads[cell.step], *writes[place])
            makers = {step for path in touched for step in writers(path, cells[:place], writes[:place])}
            readers = {step for step, paths in reads.items() if any(_meet(p, w) for p in paths for w in writes[place])}
            found[cell.step] = frozenset(makers | readers) - {cell.step}
        if cell.facts.files.in_code:
            with_code.append(cell)
    return found


def _meet(one: str, other: str) -> bool:
    """Say whether two paths are the same, or one is in the other."""
    return one == other or _is_in(one, other) or _is_in(other, one)


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/") or folder == "."
