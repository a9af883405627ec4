"""What cells change through others: by calling functions of cells above, and through objects that names share."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from types import MappingProxyType

from k8snb.analysis.facts import BINDS_ANY, CellFacts, Pass
from k8snb.pipeline.inside import Inside
from k8snb.pipeline.library import Library, is_look
from k8snb.pipeline.model import Cell
from k8snb.pipeline.sources import code_of, with_uses

ByName = Mapping[str, frozenset[str]]
NONE: ByName = MappingProxyType({})


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

    def __call__(self, cells: Sequence[Cell], kernel_uses: ByName, kernel_held: ByName = NONE) -> list[Cell]:
        """Return the cells with all that they change; of the kernel's values as `k8snb.pipeline.build` takes it."""
        known = self.facts(cells, kernel_uses, kernel_held)
        return [replace(cell, facts=facts) for cell, facts in zip(cells, known, strict=True)]

    def facts(self, cells: Sequence[Cell], kernel_uses: ByName, kernel_held: ByName = NONE) -> list[CellFacts]:
        """Return what is known of each cell, with all that it changes."""
        same = sum(1 for _ in itertools.takewhile(_is_same, zip(self._facts, cells, strict=False)))
        if same < len(self._facts):
            again = same == len(self._facts) - 1
            self._state = self._before_last.copy() if again else _State()
        for cell in cells[len(self._state.done) :]:
            self._before_last = self._state.copy()
            self._state.add(cell, kernel_uses, kernel_held)
        self._facts = [cell.facts for cell in cells]
        return [cell.facts for cell in self._state.done]


def _is_same(pair: tuple[CellFacts, Cell]) -> bool:
    return pair[0] is pair[1].facts


class _State:
    """What is known after some cells."""

    def __init__(self) -> None:
        self.done: list[Cell] = []
        self._modules: set[str] = set()
        self._unbound: set[str] = set()
        self._library = Library()
        self._sharing = _Sharing()
        self._inside = Inside()

    def copy(self) -> _State:
        """Return a state that goes on on its own."""
        new = _State()
        new.done, new._modules, new._unbound = list(self.done), set(self._modules), set(self._unbound)
        new._library, new._sharing = self._library.copy(), self._sharing.copy()
        new._inside = self._inside.copy()
        return new

    def add(self, cell: Cell, kernel_uses: ByName, kernel_held: ByName) -> None:
        """Take in one more cell."""
        library, sharing, modules = self._library, self._sharing, self._modules
        calls_and_binds = not cell.facts.reads.keys().isdisjoint(cell.facts.binds)  # what it calls, it binds anew later
        before = library.copy() if calls_and_binds else library
        library.add(cell.facts)
        facts = self._inside.add(_with_registries(cell.facts, library), library, kernel_uses)
        facts = _with_functions(facts, self.done, kernel_uses, library)
        handed = (
            library.handed(facts, kernel_held)
            | sharing.let_off(facts, modules)
            | sharing.looked_at(facts, library.changed_by_looks)
        )
        handed |= {
            name: one.line
            for one in facts.passes
            if library.of_a_base(one) and not is_look(one.callee)
            for name in one.names & sharing.instances_of(library.changed_by_methods)
        }
        if calls_and_binds:
            handed |= before.handed(facts, kernel_held)
        facts = facts.with_changes({n: line for n, line in handed.items() if n not in modules})
        facts = facts.with_changes(_drawn_from(facts, library, sharing), beside=True)
        start = facts.changes.keys() | sharing.inside(facts.deep | handed.keys())
        through = [one for one in facts.passes if library.changes_class(one)]
        of_class = {name for one in through for name in one.names}
        start |= {c for one in through for n in one.keepers for c in facts.results.get(n, ()) if c in library.codes}
        held = {name for name in handed if kernel_held.get(name)}  # perhaps functions that were put on its class
        start |= sharing.classes_of(facts.deep | of_class | held)
        start |= sharing.instances_of(start)
        shared = sharing.around(start) - facts.changes.keys() - modules
        facts = facts.with_changes(dict.fromkeys(shared, min(facts.changes.values(), default=1)), beside=True)
        nothing = modules | (self._unbound - facts.binds - facts.may_bind)  # there is nothing to change
        facts = replace(facts, changes={n: line for n, line in facts.changes.items() if n not in nothing})
        self.done.append(replace(cell, facts=facts))
        sharing.add(cell.facts, library)
        self._modules = (modules - facts.binds) | facts.modules
        binds_any = facts.warned(BINDS_ANY) is not None
        self._unbound = set() if binds_any else (self._unbound - facts.binds - facts.may_bind) | facts.gone


def _drawn_from(facts: CellFacts, library: Library, sharing: _Sharing) -> dict[str, int]:
    """Return the random generators in what a cell calls or hands to calls, with the lines: these may draw from them."""
    used = [one for one in facts.passes if one.names and not is_look(one.callee)] if library.generators else []
    return {name: one.line for one in used for name in sharing.inside(one.names) & library.generators}


def _with_registries(facts: CellFacts, library: Library) -> CellFacts:
    """Add that what a decorator changes may keep the functions that it decorates, and uses what they use."""
    decorated = facts.codes.keys() & facts.results.keys()
    uses = dict(facts.uses) if decorated else {}
    for name in decorated:
        for kept in {kept for by in facts.results[name] & library.codes.keys() for kept in library.codes[by].touches}:
            uses[kept] = uses.get(kept, frozenset()) | {name}
    return replace(facts, uses=uses) if decorated else facts


def _with_functions(facts: CellFacts, above: Sequence[Cell], kernel_uses: ByName, library: Library) -> CellFacts:
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


class _Sharing:
    """Which names' objects contain, or are, those of others; as far as the code of the cells so far tells."""

    def __init__(self) -> None:
        self._contents: dict[str, set[str]] = {}
        self._classes: dict[str, set[str]] = {}
        self._armed: dict[str, set[str]] = {}  # names that an object changes by functions that it has been given

    def copy(self) -> _Sharing:
        """Return one that goes on on its own."""
        new = _Sharing()
        new._contents = {name: set(inner) for name, inner in self._contents.items()}
        new._classes = {name: set(classes) for name, classes in self._classes.items()}
        new._armed = {name: set(others) for name, others in self._armed.items()}
        return new

    def add(self, facts: CellFacts, library: Library) -> None:
        """Take in a cell: what it binds surely shares nothing any more but what the cell says."""
        returned = [one for one in facts.passes if library.returns(one)]
        stays = {name for name, others in facts.same.items() if name in others}
        stays |= {name for one in returned for name in one.into if name in one.names}
        self._forget((facts.binds | facts.gone) - stays)
        for name in facts.results.keys() | facts.instances.keys():
            functions = facts.results.get(name, frozenset()) | facts.instances.get(name, frozenset())
            if classes := {c for f in functions for c in library.classes_made_by(f)}:
                self._classes.setdefault(name, set()).update(classes)
        for name, others in facts.holds.items():
            self._put(name, others)
        for name, others in facts.same.items():
            self._join(name, others)
        self._join_results(facts, library)
        for one in facts.passes:
            self._arm(one, library)
        for one in returned:
            for name in one.into:
                self._join(name, one.names)
        self._forget(facts.gone)

    def _join_results(self, facts: CellFacts, library: Library) -> None:
        """Note what names share that stand for what functions of the cells return."""
        for name, functions in facts.results.items():
            for function in functions & library.codes.keys():
                self._join(name, library.codes[function].gives)
                if library.codes[function].makes_stateful:  # what it returns may have a variable in common
                    self._join(name, {other for other, makers in facts.results.items() if function in makers})

    def _forget(self, names: Iterable[str]) -> None:
        """Leave out names that stand for others or for none now; what is shared through their objects still is."""
        for name in names:
            inner = self._contents.pop(name, set())
            for outer, parts in list(self._contents.items()):
                if name in parts:
                    left = (parts | inner) - {name, outer}
                    if left:
                        self._contents[outer] = left
                    else:
                        del self._contents[outer]
            self._classes.pop(name, None)
            self._armed.pop(name, None)

    def _arm(self, one: Pass, library: Library) -> None:
        """Note which names an object may change by functions that a call of its method gives it."""
        armed = library.armed(one)
        keepers = one.names | one.keepers if one.callee.method else one.into
        for name in keepers if armed else ():
            self._armed.setdefault(name, set()).update(armed - {name})
            self._put(name, {other for _, other in one.methods})

    def classes_of(self, names: Iterable[str]) -> set[str]:
        """Return the notebook's classes that names stand for instances of: what is inside those may be the class's."""
        return set[str]().union(*(self._classes.get(name, ()) for name in names))

    def let_off(self, facts: CellFacts, modules: AbstractSet[str]) -> dict[str, int]:
        """Return the names that objects which a cell reads may change by functions that they keep; with the lines."""
        armed = (self._armed.keys() & facts.reads.keys()) - modules
        return {other: facts.reads[name] for name in sorted(armed) for other in self._armed[name]}

    def looked_at(self, facts: CellFacts, classes: AbstractSet[str]) -> dict[str, int]:
        """Return the instances of some classes that a cell reads, with the lines."""
        return {n: facts.reads[n] for n in self.instances_of(classes) & facts.reads.keys()} if classes else {}

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
