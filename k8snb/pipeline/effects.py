"""What cells change through others: by calling functions of cells above, and through objects that names share."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from k8snb.analysis.facts import CellFacts, Code, Pass
from k8snb.analysis.tables import CHANGING_METHODS, CHANGING_METHODS_OF, DRAWS, GENERATORS, GROWING
from k8snb.pipeline.model import Cell
from k8snb.pipeline.sources import code_of, with_uses


class Effects:
    """Adds to each cell's facts what it changes through functions of cells above, and through shared objects.

    ``history.append(...)`` in a function changes `history` in each cell that calls it; a function that changes its
    argument changes what it is given. Modules are left out: changing them does not travel. Of cells that come again
    and again mostly the last is new: the others are known already.
    """

    def __init__(self) -> None:
        self._facts: list[CellFacts] = []
        self._state = _State()
        self._before_last = _State()

    def __call__(self, cells: Sequence[Cell], kernel_uses: Mapping[str, frozenset[str]]) -> list[Cell]:
        """Return the cells with all that they change; `kernel_uses` as `k8snb.pipeline.build` takes it."""
        same = sum(1 for _ in itertools.takewhile(_is_same, zip(self._facts, cells, strict=False)))
        if same < len(self._facts):
            again = same == len(self._facts) - 1
            self._state = self._before_last.copy() if again else _State()
        for cell in cells[len(self._state.done) :]:
            self._before_last = self._state.copy()
            self._state.add(cell, kernel_uses)
        self._facts = [cell.facts for cell in cells]
        return [replace(cell, facts=known.facts) for cell, known in zip(cells, self._state.done, strict=True)]


def _is_same(pair: tuple[CellFacts, Cell]) -> bool:
    return pair[0] is pair[1].facts


class _State:
    """What is known after some cells."""

    def __init__(self) -> None:
        self.done: list[Cell] = []
        self._modules: set[str] = set()
        self._library = _Library()
        self._sharing = _Sharing()

    def copy(self) -> _State:
        """Return a state that goes on on its own."""
        new = _State()
        new.done, new._modules = list(self.done), set(self._modules)
        new._library, new._sharing = self._library.copy(), self._sharing.copy()
        return new

    def add(self, cell: Cell, kernel_uses: Mapping[str, frozenset[str]]) -> None:
        """Take in one more cell."""
        library, sharing, modules = self._library, self._sharing, self._modules
        calls_and_binds = not cell.facts.reads.keys().isdisjoint(cell.facts.binds)  # what it calls, it binds anew later
        before = library.copy() if calls_and_binds else library
        library.add(cell.facts)
        facts = _with_functions(cell.facts, self.done, kernel_uses, library)
        handed = library.handed(facts)
        if calls_and_binds:
            handed |= before.handed(facts)
        facts = facts.with_changes({n: line for n, line in handed.items() if n not in modules})
        start = facts.changes.keys() | sharing.inside(facts.deep | handed.keys())
        start |= sharing.classes_of(facts.deep) | sharing.instances_of(start)
        shared = sharing.around(start) - facts.changes.keys() - modules
        facts = facts.with_changes(dict.fromkeys(shared, min(facts.changes.values(), default=1)))
        facts = replace(facts, changes={n: line for n, line in facts.changes.items() if n not in modules})
        self.done.append(replace(cell, facts=facts))
        sharing.add(cell.facts, library)
        self._modules = (modules - facts.binds) | facts.modules


def _with_functions(
    facts: CellFacts, above: Sequence[Cell], kernel_uses: Mapping[str, frozenset[str]], library: _Library
) -> CellFacts:
    """Add the names that functions of cells above rebind or change when the cell calls them."""
    touched: dict[str, int] = {}
    reached = with_uses(facts.reads, above, kernel_uses, facts.uses)
    for name in reached:
        if name not in facts.reads:  # a function that others call
            touched |= dict.fromkeys(facts.effects.get(name, ()), 1)
            touched |= {name: 1} if name in library.stateful else {}
        for made_in, bound in code_of(name, above):
            effects = {*made_in.effects.get(bound, ()), *library.changed_by_results(made_in.results.get(bound, ()))}
            touched |= dict.fromkeys(effects, facts.reads.get(name, 1))
    inplace = {n: line for n, line in touched.items() if n in reached}
    may_bind = facts.may_bind | (touched.keys() - inplace.keys() - facts.binds)
    return replace(facts, changes={**inplace, **facts.changes}, may_bind=may_bind)


@dataclass
class _Library:
    """The functions, classes and methods of the cells so far."""

    codes: dict[str, Code] = field(default_factory=dict)
    methods: dict[str, list[Code]] = field(default_factory=dict)
    stateful: set[str] = field(default_factory=set)
    generators: set[str] = field(default_factory=set)
    made_by: dict[str, str] = field(default_factory=dict)

    def add(self, facts: CellFacts) -> None:
        for name, code in facts.codes.items():
            self.codes[name] = code.beside(None if name in facts.binds else self.codes.get(name))
            for method, inner in code.methods.items():
                self.methods.setdefault(method, []).append(inner)
        self.made_by = {n: by for n, by in self.made_by.items() if n not in facts.binds} | dict(facts.made_by)
        self.generators -= facts.binds
        self.generators |= {n for n, functions in facts.results.items() if not functions.isdisjoint(GENERATORS)}
        self.stateful -= facts.binds
        self.stateful |= {name for name, code in facts.codes.items() if code.stateful}
        self.stateful |= {
            name
            for name, functions in facts.results.items()
            if any(self.codes[f].makes_stateful for f in functions & self.codes.keys())
        }
        self.stateful |= {
            name for name, methods in facts.methods.items() if any(map(self._changes_its_object, methods))
        }
        self.stateful |= {name for name, others in facts.same.items() if not others.isdisjoint(self.stateful)}

    def _changes_its_object(self, method: str) -> bool:
        own = self.methods.get(method, ())
        return method in CHANGING_METHODS or any(self._alters(m, name, set()) for m in own for name in m.parameters[:1])

    def copy(self) -> _Library:
        """Return one that goes on on its own."""
        methods = {name: list(codes) for name, codes in self.methods.items()}
        return _Library(dict(self.codes), methods, set(self.stateful), set(self.generators), dict(self.made_by))

    def handed(self, facts: CellFacts) -> dict[str, int]:
        """Return the names whose objects a cell hands to what changes them, with the lines."""
        found = {n: p.line for p in facts.passes if self.changes(p) for n in p.names}
        for code in (self.codes[name] for name in self.codes.keys() & facts.reads.keys()):
            found |= dict.fromkeys(self.changed_outside(code), 1)
        found |= {name: line for name, line in facts.called.items() if name in self.stateful}
        return found | {name: line for name, line in facts.looked_up.items() if self.made_by.get(name) in GROWING}

    def changes(self, one: Pass) -> bool:
        """Say whether what is handed to a call is changed there."""
        draws = one.method and one.position == "self" and one.callee in DRAWS
        if one.method and one.position == "self" and one.callee in CHANGING_METHODS_OF:
            kinds = CHANGING_METHODS_OF[one.callee]
            return any(self.made_by.get(name) in kinds for name in one.names)
        return (draws and not one.names.isdisjoint(self.generators)) or any(
            self._alters(code, name, set()) for code, name in self._taken(one)
        )

    def changed_by_results(self, functions: Iterable[str]) -> set[str]:
        """Return the names whose objects calling what functions have returned may change."""
        return {n for f in functions if f in self.codes for n in self.codes[f].inner_changes}

    def returns(self, one: Pass) -> bool:
        """Say whether what is handed to a call comes back in its result."""
        return any(name in code.returns for code, name in self._taken(one))

    def changed_outside(self, code: Code) -> set[str]:
        """Return the names of the namespace that a function hands to what changes them."""
        inner = (method for method in code.methods.values())
        return {n for c in (code, *inner) for p in c.passes if p.names and self.changes(p) for n in p.names}

    def _alters(self, code: Code, name: str, seen: set[tuple[int, str]]) -> bool:
        if (id(code), name) in seen:
            return False
        seen.add((id(code), name))
        handed = (one for one in code.passes if name in one.parameters)
        return name in code.changes or any(
            self._alters(other, parameter, seen) for one in handed for other, parameter in self._taken(one)
        )

    def _taken(self, one: Pass) -> Iterator[tuple[Code, str]]:
        """Yield the code that a call may run, and the parameter that an argument becomes there."""
        if one.method:
            yield from _received(self.methods.get(one.callee, ()), one.position, first=1)
        elif code := self.codes.get(one.callee):
            made = [method for name, method in code.methods.items() if name == "__init__"]
            yield from _received(made, one.position, first=1)
            yield from _received([code] if code.parameters else [], one.position, first=0)


def _received(codes: Iterable[Code], position: int | str, *, first: int) -> Iterator[tuple[Code, str]]:
    """Yield functions and the parameters that an argument becomes, where the first ones are given otherwise."""
    for code in codes:
        if position == "self":
            yield from ((code, name) for name in code.parameters[:first])
        elif isinstance(position, str):
            yield from ((code, name) for name in code.parameters if position in {name, "**"})
        else:
            place = min(position + first, len(code.parameters) - 1)
            yield from ((code, name) for name in code.parameters[max(place, 0) :][:1])


class _Sharing:
    """Which names' objects contain, or are, those of others; as far as the code of the cells so far tells."""

    def __init__(self) -> None:
        self._contents: dict[str, set[str]] = {}
        self._classes: dict[str, set[str]] = {}

    def copy(self) -> _Sharing:
        """Return one that goes on on its own."""
        new = _Sharing()
        new._contents = {name: set(inner) for name, inner in self._contents.items()}
        new._classes = {name: set(classes) for name, classes in self._classes.items()}
        return new

    def add(self, facts: CellFacts, library: _Library) -> None:
        """Take in a cell: what it binds surely shares nothing any more but what the cell says."""
        stays = {name for name, others in facts.same.items() if name in others}
        for name in (facts.binds | facts.deletes) - stays:
            kept = {m: inner - {name} for m, inner in self._contents.items() if m != name}
            self._contents = {m: inner for m, inner in kept.items() if inner}
            self._classes.pop(name, None)
        for name, functions in facts.results.items():
            if classes := {f for f in functions if f in library.codes and library.codes[f].is_class}:
                self._classes.setdefault(name, set()).update(classes)
        for name, others in facts.holds.items():
            self._put(name, others)
        for name, others in facts.same.items():
            self._join(name, others)
        for name, functions in facts.results.items():
            for function in functions & library.codes.keys():
                self._join(name, library.codes[function].gives)
        for one in facts.passes:
            for name in one.into if library.returns(one) else ():
                self._join(name, one.names)

    def classes_of(self, names: Iterable[str]) -> set[str]:
        """Return the notebook's classes that names stand for instances of: what is inside those may be the class's."""
        return set[str]().union(*(self._classes.get(name, ()) for name in names))

    def instances_of(self, names: AbstractSet[str]) -> set[str]:
        """Return the names that stand for instances of classes among names."""
        return {name for name, classes in self._classes.items() if not classes.isdisjoint(names)}

    def inside(self, names: Iterable[str]) -> set[str]:
        """Return names with all whose objects theirs contain."""
        found: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self._contents.get(name, ())
        return found

    def around(self, names: AbstractSet[str]) -> set[str]:
        """Return names with all whose objects contain theirs."""
        found = set(names)
        while more := {m for m, inner in self._contents.items() if m not in found and not inner.isdisjoint(found)}:
            found |= more
        return found

    def _put(self, name: str, others: Iterable[str]) -> None:
        self._contents.setdefault(name, set()).update(self.inside(others) - {name})

    def _join(self, name: str, others: Iterable[str]) -> None:
        for other in others:
            self._put(name, [other])
            self._put(other, [name])
