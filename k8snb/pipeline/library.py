"""The functions, classes and methods of a notebook's cells, and what calling them changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from k8snb.analysis.facts import KEEPING, CellFacts, Code, Function, Pass
from k8snb.analysis.makers import TEXT
from k8snb.analysis.tables import (
    BUFFERS,
    CHANGING_METHODS,
    CHANGING_METHODS_OF,
    DRAWS,
    GENERATORS,
    GROWING,
    ITERATORS,
    MAKES_FIGURES,
    NOT_BY_LOOKING,
    REGISTERS,
)


@dataclass(frozen=True)
class Closure:
    """A function, with the functions that parameters around it stand for.

    Parameters
    ----------
    code : Code
    given : mapping of str to tuple of Closure
    first : int
        How many of its parameters a call's arguments do not become.
    """

    code: Code
    given: Given
    first: int = 0

    def received(self, position: int | str) -> tuple[str, ...]:
        """Return the parameters that an argument becomes."""
        names = self.code.parameters
        if position == "self":
            return names[: self.first]
        if isinstance(position, str):
            return tuple(name for name in names if position in {name, "**"}) or names[-1:]  # of ``**kwargs``
        place = min(position + self.first, len(names) - 1)
        return names[max(place, 0) :][:1]


Given = Mapping[str, tuple[Closure, ...]]
NOTHING: Given = MappingProxyType({})


def is_look(method: Function) -> bool:
    """Say whether Python calls a method by itself, though not to call its object."""
    return method.name.startswith("__") and method != _CALL


CLOSURE = ""
"""Stands among methods for a function that keeps objects in variables of the code around it."""

_CALL = Function("__call__", method=True)
_REGISTER = Function("register", method=True)
"""Of a function that dispatches by types, or an abstract class: it changes them."""


@dataclass
class Library:
    """The functions, classes and methods of the cells so far.

    Parameters
    ----------
    codes, nameless : dict of str to Code
        As `CellFacts` has them.
    methods : dict of str to list of Code
        Of all classes.
    stateful, generators : set of str
        Names whose objects calling and drawing change.
    changed_by_methods : set of str
        Classes with methods that change their objects: so may methods of their bases from elsewhere, which call these.
    changed_by_looks : set of str
        Classes whose objects a look at them may change: a property that counts, an own ``__getitem__`` of a cache.
    made_here : set of str
        Names that may stand for what functions of the cells return.
    made_by : dict of str to str
        As `CellFacts` has it.
    figures : set of str
        Names that stand for figures of matplotlib and axes: whatever asks these may bring them up to date.
    uses : dict of str to frozenset of str
        As `CellFacts` has it, of functions and classes.
    holding : dict of str to frozenset of str
        For names that are no functions: the functions that their objects may be or contain.
    bound : dict of str to frozenset of str
        As `CellFacts.methods` has it.
    """

    codes: dict[str, Code] = field(default_factory=dict)
    nameless: dict[str, Code] = field(default_factory=dict)
    methods: dict[str, list[Code]] = field(default_factory=dict)
    stateful: set[str] = field(default_factory=set)
    generators: set[str] = field(default_factory=set)
    changed_by_methods: set[str] = field(default_factory=set)
    changed_by_looks: set[str] = field(default_factory=set)
    made_here: set[str] = field(default_factory=set)
    made_by: dict[str, str] = field(default_factory=dict)
    figures: set[str] = field(default_factory=set)
    uses: dict[str, frozenset[str]] = field(default_factory=dict)
    holding: dict[str, frozenset[str]] = field(default_factory=dict)
    bound: dict[str, frozenset[str]] = field(default_factory=dict)

    def add(self, facts: CellFacts) -> None:
        """Take in one more cell."""
        self.nameless |= facts.nameless
        self.uses |= facts.uses
        for name, code in facts.codes.items():
            self.codes[name] = code.beside(None if name in facts.binds else self.codes.get(name))
            for method, inner in code.methods.items():
                self.methods.setdefault(method, []).append(inner)
        self.made_by = {n: by for n, by in self.made_by.items() if n not in facts.binds} | dict(facts.made_by)
        self.generators -= facts.binds
        self.generators |= {n for n, functions in facts.results.items() if not functions.isdisjoint(GENERATORS)}
        self.figures -= facts.binds
        self.figures |= {n for n, functions in facts.results.items() if not functions.isdisjoint(MAKES_FIGURES)}
        self.figures |= {n for n, others in facts.same.items() if not others.isdisjoint(self.figures)}
        self.made_here -= facts.binds
        self.made_here |= {n for n, functions in facts.results.items() if not functions.isdisjoint(self.codes.keys())}
        self.stateful -= facts.binds
        self.holding = {name: held for name, held in self.holding.items() if name not in facts.binds}
        for name in (facts.holds.keys() | facts.same.keys()) - self.codes.keys():
            held = (facts.holds.get(name, frozenset()) | facts.same.get(name, frozenset())) & self.codes.keys()
            self.holding[name] = self.holding.get(name, frozenset()) | held
        for name, marks in facts.lambdas.items():
            self.holding[name] = self.holding.get(name, frozenset()) | marks
        self.stateful |= {name for name, code in facts.codes.items() if code.stateful}
        kinds = [(name, facts.instances.get(name, frozenset())) for name in facts.codes]
        self.stateful |= {name for name, bases in kinds if not bases.isdisjoint(self.stateful)}
        self.changed_by_methods |= {name for name, code in facts.codes.items() if self._changes_by_methods(code)}
        self.changed_by_methods |= {name for name, bases in kinds if not bases.isdisjoint(self.changed_by_methods)}
        self.changed_by_looks |= {name for name, code in facts.codes.items() if self._changes_by_looks(code)}
        self.changed_by_looks |= {name for name, bases in kinds if not bases.isdisjoint(self.changed_by_looks)}
        self.stateful |= {
            name for name, functions in facts.results.items() if any(map(self._gives_stateful, functions))
        }
        self.bound = {name: methods for name, methods in self.bound.items() if name not in facts.binds}
        self.bound |= facts.methods
        self.stateful |= {
            name for name, methods in facts.methods.items() if any(map(self._changes_its_object, methods))
        }
        self.stateful |= {name for one in facts.passes if one.later and self.changes(one) for name in one.into}
        self.stateful |= {name for name, others in facts.same.items() if not others.isdisjoint(self.stateful)}

    def _gives_stateful(self, function: str) -> bool:
        """Say whether calling what a function or method returns changes that, or what it was made by."""
        codes = [self.codes[function]] if function in self.codes else []
        return any(
            code.makes_stateful
            or (code.is_class and "__call__" in code.methods and self._changes_its_object("__call__"))
            or any(map(self._changes_its_object, code.methods_out))
            or any(map(self.changes, code.inner_passes))
            for code in (*codes, *self.methods.get(function, ()))
        )

    def _changes_its_object(self, method: str) -> bool:
        own = [*self.methods.get(method, ()), *([self.codes[method]] if method in self.codes else [])]
        return method in CHANGING_METHODS or method == CLOSURE or any(map(self._alters_its_first, own))

    def _changes_by_methods(self, code: Code) -> bool:
        methods = (method for name, method in code.methods.items() if not name.startswith("__"))
        return any(map(self._alters_its_first, methods))

    def of_a_base(self, one: Pass) -> bool:
        """Say whether a method is called that no class of the notebook defines."""
        return one.callee.method and one.position == "self" and one.callee.name not in self.methods

    def _changes_by_looks(self, code: Code) -> bool:
        dunders = {name for name in code.methods if name.startswith("__") and name.endswith("__")}
        methods = (code.methods[name] for name in (dunders - NOT_BY_LOOKING) | code.getters)
        return any(map(self._alters_its_first, methods))

    def copy(self) -> Library:
        """Return one that goes on on its own."""
        methods = {name: list(codes) for name, codes in self.methods.items()}
        return Library(methods=methods, **{n: value.copy() for n, value in vars(self).items() if n != "methods"})

    def handed(self, facts: CellFacts, kernel_held: Mapping[str, frozenset[str]]) -> dict[str, int]:
        """Return the names whose objects a cell hands to what changes them, with the lines.

        Parameters
        ----------
        facts : CellFacts
        kernel_held : mapping of str to frozenset of str
            As `k8snb.pipeline.build` takes it.
        """
        held = {name: kernel_held[name] for name in facts.reads if kernel_held.get(name)}
        stateful = self.stateful | {name for name, ones in held.items() if any(map(self._changes_its_object, ones))}
        found = {n: p.line for p in facts.passes for n in self.changed_by(p)}
        for name in self.codes.keys() & (facts.reads.keys() | facts.called.keys()):
            found |= dict.fromkeys(self.changed_outside(self.codes[name]), 1)
        called = {name: line for name, line in facts.called.items() if name in stateful}
        for one in facts.passes:  # of what the cell calls, what it has made itself
            for name in one.into & called.keys() - facts.reads.keys():
                found |= dict.fromkeys(one.names, called[name]) if self.returns(one) else {}
        found |= {name: line for name, line in called.items() if name in facts.reads}
        for name in held.keys() & facts.called.keys():
            outer = {function.partition(".")[0] for function in held[name] if "." in function}
            found |= dict.fromkeys(self.changed_by_results(outer), facts.called[name])
        called_inside = (one for one in facts.passes if one.callee == _CALL and one.position == "self")
        found |= {name: one.line for one in called_inside for name in one.names & stateful}
        found |= {name: line for name, line in facts.looked_up.items() if self.made_by.get(name) in GROWING}
        return found | {n: line for n, line in facts.reads.items() if n in self.figures or self._is_used_up(n)}

    def _is_used_up(self, name: str) -> bool:
        """Say whether a name stands for what each look at its items brings further."""
        made_by = self.made_by.get(name, "")
        return made_by in ITERATORS or made_by == TEXT or made_by.startswith("itertools.")

    def changed_by(self, one: Pass) -> set[str]:
        """Return the names whose objects are changed by, or through, what is handed to a call."""
        found = set(one.names) if not one.waits and self.changes(one) else set[str]()
        if one.callee.name.startswith("__") and one.callee != KEEPING:
            found &= self.made_here  # nearly everything is called or gone through: only what may be of such a class
        if one.position != "self":
            found |= {name for name in one.names if self.made_by.get(name) in BUFFERS}
        if one.altered or one.altered_inside:
            found |= {name for closure in self._called(one.callee, NOTHING) for name in closure.code.gives}
            found |= {one.callee.name} & self.made_here
        return found

    def changes(self, one: Pass) -> bool:
        """Say whether what is handed to a call is changed there, or in what the call returns of it."""
        if one.callee.method and one.position == "self" and one.callee.name in CHANGING_METHODS_OF:
            kinds = CHANGING_METHODS_OF[one.callee.name]
            return any(self.made_by.get(name) in kinds for name in one.names)
        if not one.callee.method and one.position == 0 and self._calls_methods_of_arguments(one.callee.name):
            return True
        if one.callee == _REGISTER and one.position == "self" and not one.names.isdisjoint(self.codes.keys()):
            return True
        draws = one.callee.method and one.position == "self" and one.callee.name in DRAWS
        return (draws and not one.names.isdisjoint(self.generators)) or self._handed_to(one, NOTHING, set())

    def _calls_methods_of_arguments(self, name: str) -> bool:
        """Say whether a name may stand for methods of classes that change what they are given first."""
        if self.made_by.get(name) == "operator.methodcaller":
            return True
        return not CHANGING_METHODS.isdisjoint(self.bound.get(name, ()))

    def armed(self, one: Pass) -> set[str]:
        """Return the names that an object may change from a call on, of its method or of its class: it keeps functions.

        Methods of the notebook's classes tell whether they keep anything; of others it is known by the method's name.
        """
        if not (one.functions or one.methods) or not self._may_keep(one):
            return set()
        found = {name for method, name in one.methods if self._changes_its_object(method)}
        for function in (function for _, function in one.functions if not function.parameter):
            code = self.nameless.get(function.name) or self.codes.get(function.name)
            if code is not None and not code.is_class:
                found |= code.touches | self.changed_outside(code)
        return found

    def _may_keep(self, one: Pass) -> bool:
        """Say whether a call may keep what it is given in what it is called on, or in what it makes."""
        if not one.callee.method:
            return one.callee.name in self.codes and self.codes[one.callee.name].is_class
        if one.position != "self":
            return False
        if one.callee.name in self.methods:
            return self.changes(one)
        return one.callee == KEEPING or REGISTERS.match(one.callee.name) is not None

    def classes_made_by(self, function: str) -> set[str]:
        """Return the classes whose instances a call of a function, or of a class, may return: those that it names."""
        seen, todo = set[str](), {function}
        while todo:
            seen |= todo
            todo = {used for name in todo if name in self.codes for used in self.uses.get(name, ())} - seen
            todo &= self.codes.keys()
        return {name for name in seen if name in self.codes and self.codes[name].is_class}

    def changes_class(self, one: Pass) -> bool:
        """Say whether a method is called that changes the class of what it is called on."""
        return (
            one.callee.method
            and one.position == "self"
            and any(method.changes_class for method in self.methods.get(one.callee.name, ()))
        )

    def changed_by_results(self, functions: Iterable[str]) -> set[str]:
        """Return the names whose objects calling what functions have returned may change."""
        return {n for f in functions if f in self.codes for n in self.codes[f].inner_changes}

    def returns(self, one: Pass, *, itself: bool = False) -> bool:
        """Say whether what is handed to a call comes back in its result, or as it, or as a part of what it was."""
        return self._comes_back(one, NOTHING, itself, set())

    def _comes_back(self, one: Pass, given: Given, itself: bool, seen: set[int]) -> bool:
        """Say whether what is handed to a call is in its result, where parameters stand for functions."""
        code = self.codes.get(one.callee.name)
        if not one.callee.method and code is not None and "__enter__" in code.methods:
            return bool(code.methods["__enter__"].returns)
        if id(one) in seen:
            return False
        seen.add(id(one))
        for closure in self._called(one.callee, given):
            code, names = closure.code, closure.received(one.position)
            if not (code.returns_itself if itself else code.returns).isdisjoint(names):
                return True
            inner = (p for p in code.passes if p.returned and not p.parameters.isdisjoint(names))
            if any(self._comes_back(p, closure.given, itself, seen) for p in inner):
                return True
        return False

    def changed_outside(self, code: Code) -> set[str]:
        """Return the names of the namespace that a function hands to what changes them."""
        return {n for c in (code, *code.methods.values()) for p in c.passes for n in self.changed_by(p)}

    def _alters_its_first(self, code: Code) -> bool:
        """Say whether a method changes the object that it is called on, a function its first argument."""
        return any(self._alters(Closure(code, NOTHING), name) for name in code.parameters[:1])

    def _alters(self, closure: Closure, name: str, seen: set[object] | None = None) -> bool:
        """Say whether a function changes the object that a parameter stands for."""
        seen = set() if seen is None else seen
        inside = frozenset(id(one.code) for ones in closure.given.values() for one in ones)
        if (key := (id(closure.code), name, inside)) in seen:
            return False
        seen.add(key)
        handed = (one for one in closure.code.passes if name in one.parameters)
        return name in closure.code.changes or any(self._handed_to(one, closure.given, seen) for one in handed)

    def _handed_to(self, one: Pass, given: Given, seen: set[object]) -> bool:
        """Say whether what is handed to a call is changed, where parameters stand for functions."""
        called = list(self._called(one.callee, given))
        functions = {position: tuple(self._called(function, given)) for position, function in one.functions}
        for closure in called:
            taken = {name: ones for place, ones in functions.items() if ones for name in closure.received(place)}
            inner = Closure(closure.code, {**closure.given, **taken}, closure.first)
            if any(self._alters(inner, name, seen) for name in closure.received(one.position)):
                return True
        if not called and not one.callee.parameter and not functions.get(one.position):
            given_to = [function for ones in functions.values() for function in ones]
            if any(self._alters(f, name, seen) for f in given_to for name in f.code.parameters[f.first :]):
                return True
        inside = one.altered_inside or (one.called and self._makes_stateful(one.callee))
        return (one.altered and self.returns(one, itself=True)) or (inside and self.returns(one))

    def _makes_stateful(self, function: Function) -> bool:
        """Say whether calling what a function returns changes that."""
        return any(closure.code.makes_stateful for closure in self._called(function, NOTHING))

    def _called(self, function: Function, given: Given) -> Iterator[Closure]:
        """Yield the code that calling a function may run."""
        name = function.name
        bound = function.bound
        if function.parameter:
            yield from (replace(one, first=one.first + bound) for one in given.get(name, ()))
        elif function.method:
            yield from (Closure(method, NOTHING, 1) for method in self.methods.get(name, ()))
        elif code := self.nameless.get(name):
            yield Closure(code, given, bound)
        elif code := self.codes.get(name):
            yield from (Closure(method, NOTHING, 1 + bound) for n, method in code.methods.items() if n == "__init__")
            yield Closure(code, NOTHING, bound)
        else:
            for held in self.holding.get(name, ()):
                yield from self._called(replace(function, name=held), given)
