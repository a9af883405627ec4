"""Which names' objects a step only looks at, with the functions of all cells up to it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from k8snb.analysis.looks import imports, look, makers_among
from k8snb.analysis.looks.model import ANY, Handed, Look, Looking, Looks
from k8snb.analysis.looks.points_to import is_operator
from k8snb.analysis.looks.tables import BUILTINS
from k8snb.analysis.tables import KNOWN_PACKAGES
from k8snb.pipeline.model import Cell, Pipeline, Step


def only_looked_at(pipeline: Pipeline, step: Step) -> dict[str, frozenset[str]]:
    """Return what `OnlyLookedAt` says of one step."""
    return OnlyLookedAt(pipeline)[step.name]


class OnlyLookedAt:
    """Says whose objects steps leave as they are, if these are plain data. Cells are taken in once for all steps below.

    ``[step]`` gives the names that the step's cell reads, and for each the names whose objects may be, or contain,
    parts of its object in the end.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._cells = pipeline.cells
        self._above = {0: _Functions()}  # those of so many cells

    def __getitem__(self, step: str) -> dict[str, frozenset[str]]:
        place = next((i for i, cell in enumerate(self._cells) if cell.step == step), None)
        if place is None:
            return {}
        nearest = max(count for count in self._above if count <= place)
        functions = self._above[nearest].copy()
        for other in self._cells[nearest:place]:
            functions.add(other)
        self._above[place] = functions.copy()
        cell = self._cells[place]
        own = functions.add(cell, whole=True)
        return {
            name: found.into
            for name, found in own.names.items()
            if name not in cell.facts.changes and functions.hold(found)
        }


class _Functions:
    """The functions and methods of cells, and what they only look at."""

    def __init__(self) -> None:
        self._imported: dict[str, str] = {}
        self._functions: dict[str, list[Looking]] = {}
        self._methods: dict[str, list[Looking]] = {}
        self._bound: set[str] = set()
        self._assigned: set[str] = set()
        self._packages: set[str] = set()

    def copy(self) -> _Functions:
        """Return one that goes on on its own."""
        new = _Functions()
        new._imported = dict(self._imported)
        new._functions = {name: list(ones) for name, ones in self._functions.items()}
        new._methods = {name: list(ones) for name, ones in self._methods.items()}
        new._bound, new._assigned, new._packages = set(self._bound), set(self._assigned), set(self._packages)
        return new

    def add(self, cell: Cell, *, whole: bool = False) -> Looks:
        """Take in one more cell; return what is known of its functions, or of the whole of it."""
        bound = cell.facts.binds | cell.facts.may_bind
        self._bound |= bound
        self._packages |= cell.facts.imports
        by_imports = imports(cell.source) if cell.facts.imports else {}
        for name in bound - by_imports.keys():
            self._imported.pop(name, None)
        self._imported |= by_imports
        if not whole and not cell.facts.codes:
            self._assigned |= bound
            return Looks()
        imported = frozenset(self._imported.items())
        found = look(cell.source, frozenset(cell.facts.reads), imported, makers_among(self._functions))
        _collect(self._functions, found.functions)
        _collect(self._methods, found.methods)
        self._assigned |= found.assigned
        return found

    def hold(self, found: Look) -> bool:
        """Say whether what a look hangs on is so."""
        seen: set[tuple[int, str]] = set()
        operators = [one for name, ones in self._methods.items() if is_operator(name) for one in ones]
        harmless = all(self._looks(one, name, seen) for one in operators for name in one.by_place[1:])
        return harmless and all(self._leaves_alone(one, seen) for one in found.needs)

    def _leaves_alone(self, one: Handed, seen: set[tuple[int, str]]) -> bool:
        if one.method:
            ones = self._methods.get(one.callee, [])
            if self._packages - KNOWN_PACKAGES - sys.stdlib_module_names:
                return False  # a class of a module of which nothing is known may have such a method
        elif one.callee in self._functions and one.callee not in self._assigned:
            ones = self._functions[one.callee]
        else:
            return one.callee not in self._bound and one.callee in BUILTINS
        return all(self._looks(code, name, seen) for code in ones for name in _received(code, one))

    def _looks(self, code: Looking, parameter: str, seen: set[tuple[int, str]]) -> bool:
        if (id(code), parameter) in seen:
            return True
        seen.add((id(code), parameter))
        found = code.looks.get(parameter)
        return found is not None and all(self._leaves_alone(one, seen) for one in found.needs)


def _collect(into: dict[str, list[Looking]], found: Mapping[str, Sequence[Looking]]) -> None:
    for name, ones in found.items():
        into.setdefault(name, []).extend(ones)


def _received(code: Looking, one: Handed) -> Iterable[str]:
    """Return the parameters that an argument may become."""
    position = one.position
    if position == "self":
        return code.by_place[:1]
    if isinstance(position, int) and (place := position + one.method) < len(code.by_place):
        return [code.by_place[place]]
    if position != ANY and position in code.parameters:
        return [str(position)]
    return code.parameters
