"""Files that cells write and read, as far as the code names them: who writes one comes before who reads it.

A path that the code puts together of what is not known may be any that fits.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from k8snb.analysis.facts import CellFacts
from k8snb.analysis.files import gaps
from k8snb.pipeline.model import Cell, Step

_ADDRESS = re.compile(r"[a-z][\w+.-]+:/", re.IGNORECASE)


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
    if any(cell.facts.files.in_code for cell in above):
        behind: dict[str, frozenset[str]] = {}
        for cell in above:
            _note_code(cell.facts, behind)
        names = _reached(names, behind)
        for name, paths in ((n, p) for cell in above for n, p in cell.facts.files.in_code.items() if n in names):
            found |= {path: f"through {name}: " for path in paths if path not in found}
    if all(map(gaps.is_whole, found)):
        return found
    values: dict[str, str] = {}
    for place, one in enumerate((*(cell.facts for cell in above), facts)):
        _take_in(one, place, values)
    return _filled(found, values)


def asked(
    facts: CellFacts, names: Iterable[str], above: Sequence[Cell], writes: Iterable[frozenset[str]]
) -> dict[str, str]:
    """Return what `read` does, and the paths too of which a cell asks whether they are there, and modules.

    Parameters
    ----------
    facts, names, above
        As `read` takes them.
    writes : iterable of frozenset of str
        What the cells above write: modules are told only where they are among it.
    """
    modules = {f"{name}.py" for name in facts.imports}
    modules = {path for paths in writes for path in paths if path in modules}
    return dict.fromkeys((*facts.files.asks, *modules), "") | read(facts, names, above)


def _take_in(facts: CellFacts, place: int, values: dict[str, str]) -> None:
    """Note the paths and texts that names stand for after the cell at a place."""
    for name in (facts.binds | facts.may_bind) & values.keys():
        del values[name]
    named = facts.files.named.items()
    values |= {name: gaps.gap(f"{name}@{place}") if path == gaps.gap(name) else path for name, path in named}


def _filled(found: dict[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return paths with what is known for their gaps, without addresses."""
    filled = {gaps.fill(path, values): where for path, where in reversed(found.items())}
    return {path: where for path, where in filled.items() if not _ADDRESS.match(path)}


def _note_code(facts: CellFacts, behind: dict[str, frozenset[str]]) -> None:
    """Note what the code behind a cell's names uses, and the functions and classes that have made them."""
    for name in facts.uses.keys() | facts.results.keys():
        behind[name] = facts.uses.get(name, frozenset()) | facts.results.get(name, frozenset())


def _reached(names: Iterable[str], behind: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the names and those behind them, as `_note_code` has noted them."""
    found, todo = set[str](), set(names)
    while todo:
        found |= todo
        todo = {more for name in todo for more in behind.get(name, ())} - found
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
    values: dict[str, str] = {}
    behind: dict[str, frozenset[str]] = {}
    for place, cell in enumerate(cells):
        _take_in(cell.facts, place, values)
        paths = cell.facts.files.writes
        if by_code:
            names = cell.facts.reads if cell.step is None else inputs.get(cell.step, cell.facts.reads)
            paths = paths.union(*(by_code[name] for name in by_code.keys() & _reached(names, behind)))
        if not all(map(gaps.is_whole, paths)):
            paths = frozenset(_filled(dict.fromkeys(paths, ""), values))
        found.append(paths)
        _note_code(cell.facts, behind)
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


def known_writers(path: str, above: Sequence[Cell], writes: Sequence[frozenset[str]], *, there: bool) -> list[str]:
    """Return those of `writers` that very likely have written the path.

    Both are known, or put together of the same names; or what is known of both fits, and no such file is there else.
    """
    by_step = {cell.step: paths for cell, paths in zip(above, writes, strict=True)}
    return [step for step in writers(path, above, writes) if _is_likely(path, by_step[step], there=there)]


def _is_likely(path: str, written: Iterable[str], *, there: bool) -> bool:
    met = [one for one in written if _meet(one, path)]
    if any(gaps.is_whole(one) and (gaps.is_whole(path) or not there) for one in met):
        return True
    if gaps.is_telling(path) and gaps.is_named(path) and any(one == path or _is_in(one, path) for one in met):
        return True
    return not there and any(gaps.is_telling(one) and gaps.may_be_one(one, path) for one in met)


def users(paths: Iterable[str], above: Sequence[Cell], writes: Sequence[frozenset[str]]) -> dict[str, list[str]]:
    """Return for paths that a cell writes anew the steps above that surely write or read them: it comes after these."""
    found: dict[str, list[str]] = {path: [] for path in paths if gaps.is_whole(path)}
    for place, (cell, own) in enumerate(zip(above, writes, strict=True) if found else ()):
        if cell.step is not None:
            used = [*filter(gaps.is_whole, (*own, *read(cell.facts, cell.facts.reads, above[:place])))]
            for path, steps in found.items():
                if any(_meet(one, path) for one in used):
                    steps.append(cell.step)
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
    for place, cell in enumerate(cells):
        if cell.step is not None:
            reads[cell.step] = asked(cell.facts, inputs[cell.step], cells[:place], writes[:place])
            touched = (*reads[cell.step], *writes[place])
            makers = {step for path in touched for step in writers(path, cells[:place], writes[:place])}
            readers = {step for step, paths in reads.items() if any(_meet(p, w) for p in paths for w in writes[place])}
            found[cell.step] = frozenset(makers | readers) - {cell.step}
    return found


def _meet(one: str, other: str) -> bool:
    """Say whether two paths are the same, or one is in the other."""
    if gaps.is_whole(one) and gaps.is_whole(other):
        return one == other or _is_in(one, other) or _is_in(other, one)
    if gaps.may_be_one(one, other) or "." in (one, other):
        return True
    return any(_may_be_folder(a) and gaps.may_be_one(f"{a}/{gaps.gap()}", b) for a, b in ((one, other), (other, one)))


def _may_be_folder(path: str) -> bool:
    return gaps.is_whole(path) and not posixpath.splitext(path)[1]


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/") or folder == "."
