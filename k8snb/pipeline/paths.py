"""Files that cells write and read, as far as the code names them: who writes one comes before who reads it.

A path that the code puts together of what is not known may be any that fits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from k8snb.analysis import gaps
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
    names, above = set(names), list(above)
    for name, paths in ((n, p) for cell in above for n, p in cell.facts.files.in_code.items() if n in names):
        found |= {path: f"through {name}: " for path in paths if path not in found}
    if all(map(gaps.is_whole, found)):
        return found
    values: dict[str, str] = {}
    for one in (*(cell.facts for cell in above), facts):
        _take_in(one, values)
    return {gaps.fill(path, values): where for path, where in reversed(found.items())}


def _take_in(facts: CellFacts, values: dict[str, str]) -> None:
    """Note the paths and texts that names stand for after a cell."""
    for name in (facts.binds | facts.may_bind) & values.keys():
        del values[name]
    values |= facts.files.named


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
    values: dict[str, str] = {}
    for cell in cells:
        _take_in(cell.facts, values)
        names = cell.facts.reads if cell.step is None else inputs.get(cell.step, cell.facts.reads)
        through = (by_code[name] for name in by_code.keys() & set(names)) if by_code else ()
        paths = cell.facts.files.writes.union(*through)
        found.append(paths if all(map(gaps.is_whole, paths)) else frozenset(gaps.fill(p, values) for p in paths))
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
        anew = any(gaps.is_whole(one) and f"{path}/".startswith(f"{one}/") for one in paths)
        if cell.step is not None and (anew or any(_meet(one, path) for one in paths)):
            found.append(cell.step)
        if anew:
            break
    return found


def are_one(path: str, step: str, above: Sequence[Cell], writes: Sequence[frozenset[str]]) -> bool:
    """Say whether a path that a step may have written surely is meant: it is known, or put together in the same way."""
    own = zip(above, writes, strict=True)
    return gaps.is_whole(path) or any(path in paths for cell, paths in own if cell.step == step)


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
    for place, cell in enumerate(cells):
        if cell.step is not None:
            reads[cell.step] = read(cell.facts, inputs[cell.step], cells[:place])
            touched = (*reads[cell.step], *writes[place])
            makers = {step for path in touched for step in writers(path, cells[:place], writes[:place])}
            readers = {step for step, paths in reads.items() if any(_meet(p, w) for p in paths for w in writes[place])}
            found[cell.step] = frozenset(makers | readers) - {cell.step}
    return found


def _meet(one: str, other: str) -> bool:
    """Say whether two paths are the same, or one is in the other."""
    if not (gaps.is_whole(one) and gaps.is_whole(other)):
        return gaps.may_be_one(one, other) or "." in (one, other)
    return one == other or _is_in(one, other) or _is_in(other, one)


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/") or folder == "."
