"""Files that cells write and read, as far as the code names them: who writes one comes before who reads it.

A path that the code puts together of what is not known may be any that fits.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from k8snb.analysis.facts import CellFacts
from k8snb.analysis.files import Called, add_parameters, gaps
from k8snb.analysis.scopes import taken
from k8snb.pipeline.model import Cell, Step

_T = TypeVar("_T")
_ADDRESS = re.compile(r"[a-z][\w+.-]+:/", re.IGNORECASE)
_CALLS = 300
"""Calls of functions that are followed with what they are given: one that calls itself may give more each time."""


class Known:
    """What cells say of files, taken in one after the other: what names stand for, and what functions do.

    Methods go by their names alone, with a dot before: a call runs that of any class of the notebook. It tells of the
    cell that was taken in last.
    """

    def __init__(self) -> None:
        self._last = CellFacts()
        self._place = 0
        self._values: dict[str, str] = {}
        self._behind: dict[str, frozenset[str]] = {}
        self._reads: dict[str, frozenset[str]] = {}
        self._writes: dict[str, frozenset[str]] = {}
        self._uses: dict[str, frozenset[str]] = {}
        self._calls: dict[str, frozenset[Called]] = {}
        self._parameters: dict[str, tuple[tuple[str, str | None], ...]] = {}

    def take_in(self, facts: CellFacts) -> None:
        """Take in the next cell."""
        self._last, files = facts, facts.files
        for name in (facts.binds | facts.may_bind) & self._values.keys():
            del self._values[name]
        for name, path in files.named.items():
            self._values[name] = gaps.gap(f"{name}@{self._place}") if path == gaps.gap(name) else path
        self._place += 1
        for name in facts.uses.keys() | facts.results.keys() | facts.holds.keys() | facts.same.keys():
            behind = (found.get(name, frozenset()) for found in (facts.uses, facts.results, facts.holds, facts.same))
            called = {call.name for call in files.calls_in_code.get(name, ())}
            self._behind[name] = frozenset[str]().union(*behind) - called
        for code in (self._reads, self._writes, self._uses, self._calls, self._parameters):
            for name in facts.binds & code.keys():  # methods stay: their classes' objects may be there still
                del code[name]
        _add(self._reads, files.in_code)
        _add(self._writes, files.written_in_code)
        _add(self._uses, files.used_in_code)
        _add(self._calls, files.calls_in_code)
        add_parameters(self._parameters, files.parameters)

    def read(self) -> dict[str, str]:
        """Return the paths that the cell reads, and where they stand: in a line, or in a function that it may call."""
        reads = self._last.files.reads
        found = {path: f"line {line}: " for path, line in reads.items() if not self._is_told_by_code(path)}
        if self._reads:
            for name, paths in sorted(self._done(self._reads)):
                where = f"through {name.removeprefix('.')}: "
                found |= {path: where for path in sorted(paths) if path not in found}
        return self._filled(found)

    def written(self) -> frozenset[str]:
        """Return the paths that the cell writes, through functions too."""
        paths = frozenset(path for path in self._last.files.writes if not self._is_told_by_code(path))
        if self._writes:
            paths = paths.union(*(more for _, more in self._done(self._writes)))
        return frozenset(self._filled(dict.fromkeys(paths, "")))

    def _done(self, does: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield functions that the cell may call, and the paths that they read, or write, as they are called."""
        last = self._last.files
        only_called = {call.name for call in last.calls} - last.uses
        whatever = [name for name in last.uses.union(self._last.reads) if name not in only_called]
        todo = list(last.calls)
        seen = set[str | Called]()
        while whatever or todo:
            one = whatever.pop() if whatever else todo.pop()
            if one in seen:
                continue
            seen.add(one)
            name, known = (one, {}) if isinstance(one, str) else (one.name, self._given(one))
            is_function = name in self._parameters and len(seen) < _CALLS
            if not (is_function or isinstance(one, str)):
                whatever.append(name)  # what may hold functions
                continue
            if name in does:
                yield name, tuple(gaps.given(path, known) for path in does[name])
            inner = self._calls.get(name, frozenset())
            todo += [call.within(known) for call in inner]
            whatever += self._uses.get(name, frozenset()) - {call.name for call in inner}
            whatever += self._behind.get(name, ())

    def _is_told_by_code(self, path: str) -> bool:
        """Say whether a path is one only because functions of the notebook are given it: these tell what they do."""
        return path in (guessed := self._last.files.guessed) and guessed[path] <= self._parameters.keys()

    def _given(self, call: Called) -> dict[str, str]:
        """Return what the parameters of a function stand for in a call."""
        parameters = self._parameters.get(call.name, ())
        known = {name: default for name, default in parameters if default is not None}
        return known | taken([name for name, _ in parameters], call.arguments)

    def _filled(self, found: dict[str, str]) -> dict[str, str]:
        """Return paths with what is known for their gaps, without addresses."""
        filled = {gaps.fill(path, self._values): where for path, where in reversed(found.items())}
        return {path: where for path, where in filled.items() if not _ADDRESS.match(path)}


def _add(found: dict[str, frozenset[_T]], new: Mapping[str, frozenset[_T]]) -> None:
    for name, ones in new.items():
        found[name] = ones | found.get(name, frozenset())


def of_last(cells: Iterable[Cell]) -> tuple[dict[str, str], list[frozenset[str]]]:
    """Return the paths that the last of some cells reads, as `Known.read` has them, and those that each writes."""
    known, writes = Known(), list[frozenset[str]]()
    for cell in cells:
        known.take_in(cell.facts)
        writes.append(known.written())
    return known.read(), writes


def asked(facts: CellFacts, writes: Iterable[frozenset[str]]) -> dict[str, str]:
    """Return the paths of which a cell asks whether they are there, and modules, as `Known.read` returns paths.

    Parameters
    ----------
    facts : CellFacts
    writes : iterable of frozenset of str
        What the cells above write: modules are told only where they are among it.
    """
    modules = {f"{name}.py" for name in facts.imports}
    modules = {path for paths in writes for path in paths if path in modules}
    return dict.fromkeys((*facts.files.asks, *modules), "")


def writers(path: str, above: Sequence[Cell], writes: Sequence[frozenset[str]], own: Iterable[str] = ()) -> list[str]:
    """Return the steps above that have written a path last, or made its folder, the last of them first.

    There may be several where it is a folder. What a plain cell has written anew since is not a step's.

    Parameters
    ----------
    path : str
    above : sequence of Cell
    writes : sequence of frozenset of str
        What each of them writes.
    own : iterable of str
        What the cell writes that uses the path: folders that it makes need no other to make them.
    """
    found = []
    makes = any(gaps.is_made(one) and _is_in(path, one) for one in own)
    for cell, paths in zip(reversed(above), reversed(writes), strict=True):
        anew = any(gaps.is_whole(one) and f"{path}/".startswith(f"{one}/") for one in paths)
        if cell.step is not None and any(_touches(path, one) for one in paths if not (makes and gaps.is_made(one))):
            found.append(cell.step)
        if anew:
            break
    return found


def known_writers(path: str, above: Sequence[Cell], writes: Sequence[frozenset[str]], *, there: bool) -> list[str]:
    """Return those of `writers` that very likely have written the path.

    Both are known, or put together of the same names; or what is known of both fits, and no such file is there else.
    """
    written = {c.step: [*itertools.filterfalse(gaps.is_made, paths)] for c, paths in zip(above, writes, strict=True)}
    return [step for step in writers(path, above, writes) if _is_likely(path, written[step], there=there)]


def _is_likely(path: str, written: Iterable[str], *, there: bool) -> bool:
    met = [one for one in written if _meet(one, path)]
    if any(gaps.is_whole(one) and (gaps.is_whole(path) or not there) for one in met):
        return True
    if gaps.is_telling(path) and gaps.is_named(path) and any(one == path or _is_in(one, path) for one in met):
        return True
    return not there and any(gaps.is_telling(one) and gaps.may_be_one(one, path) for one in met)


def users(paths: Iterable[str], above: Sequence[Cell], writes: Sequence[frozenset[str]]) -> dict[str, list[str]]:
    """Return for paths that a cell writes the steps above that may write or read them: it comes after these."""
    found = {path: writers(path, above, writes, paths) for path in paths}
    known = Known()
    for cell in above if found else ():
        known.take_in(cell.facts)
        read = [*known.read(), *cell.facts.files.asks] if cell.step is not None else []
        for path, steps in found.items():
            if cell.step is not None and cell.step not in steps and any(_touches(path, one) for one in read):
                steps.append(cell.step)
    return found


def needed(step: Step, cells: Sequence[Cell]) -> list[str]:
    """Return the steps that have written last what a step reads, or made the folders that it writes to."""
    place = next(place for place, cell in enumerate(cells) if cell.step == step.name)
    read, [*writes, own] = of_last(cells[: place + 1])
    above = cells[:place]
    found = [name for path in asked(step.cell.facts, writes) | read for name in writers(path, above, writes, own)]
    makes = [frozenset(filter(gaps.is_made, paths)) for paths in writes]
    return found + [name for path in own for name in writers(path, above, makes, own)]


def with_those_before(steps: Iterable[str], cells: Sequence[Cell]) -> frozenset[str]:
    """Return steps and all that they must not overtake, as `before` says: these may not run after them any more."""
    order, found, todo = before(cells), set[str](), set(steps)
    while todo:
        found |= todo
        todo = {above for step in todo for above in order.get(step, ())} - found
    return frozenset(found)


def before(cells: Sequence[Cell]) -> dict[str, frozenset[str]]:
    """Return for each step the steps above it that it must not overtake for the sake of files.

    Parameters
    ----------
    cells : sequence of Cell
        All, in their order.
    """
    _, writes = of_last(cells)
    if not any(paths for cell, paths in zip(cells, writes, strict=True) if cell.step is not None):
        return {}
    known, found = Known(), dict[str, frozenset[str]]()
    reads: dict[str, dict[str, str]] = {}
    for place, cell in enumerate(cells):
        known.take_in(cell.facts)
        if cell.step is not None:
            reads[cell.step] = asked(cell.facts, writes[:place]) | known.read()
            touched = (*reads[cell.step], *writes[place])
            own = writes[place]
            makers = {step for path in touched for step in writers(path, cells[:place], writes[:place], own)}
            readers = {step for step, paths in reads.items() if any(_touches(w, p) for p in paths for w in own)}
            found[cell.step] = frozenset(makers | readers) - {cell.step}
    return found


def _touches(path: str, written: str) -> bool:
    """Say whether it matters to the use of a path that another was written, or used, before.

    Making a folder leaves alone what is in it.
    """
    if gaps.is_made(path):
        folder = path.rstrip("/")
        return not gaps.is_made(written) and gaps.is_whole(path) and (written == folder or _is_in(folder, written))
    return _meet(path, written)


def _meet(one: str, other: str) -> bool:
    """Say whether two paths are the same, or one is in the other."""
    if gaps.is_whole(one) and gaps.is_whole(other):
        return one == other.rstrip("/") or _is_in(one, other) or _is_in(other, one)
    one, other = one.rstrip("/"), other.rstrip("/")
    if gaps.may_be_one(one, other) or "." in (one, other):
        return True
    return any(_may_be_folder(a) and gaps.may_be_one(f"{a}/{gaps.gap()}", b) for a, b in ((one, other), (other, one)))


def _may_be_folder(path: str) -> bool:
    return not posixpath.splitext(path)[1] and (gaps.is_whole(path) or gaps.is_named(path))


def _is_in(path: str, name: str) -> bool:
    """Say whether a path is in a folder, or has a suffix more: ``np.save("x", a)`` writes ``x.npy``."""
    within = (name,) if gaps.is_made(name) else (f"{name}/", f"{name}.")
    return path.startswith(within) or name == "."
