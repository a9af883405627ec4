"""Objects behind names: which are the same, which contain which, what changes them, and who is given them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace

from k8snb.analysis import mutation, scopes, tables
from k8snb.analysis.flow import ANYTHING, INCOMING, Before, Deferred, Origin, Parameter, Result, State, union
from k8snb.analysis.scopes import Key, Scope

Root = Parameter | Result | Before | Key
"""Whose object something may be."""


class Objects(ast.NodeVisitor):
    """What a walk through a cell knows of the objects at a point.

    Parameters
    ----------
    nodes : sequence of AST
        The whole cell's. Names that its functions declare ``global`` may be bound anew by any call.
    """

    def __init__(self, nodes: Sequence[ast.AST]) -> None:
        self.shared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
        self.state: State | None = State()  # None: no way leads here
        self.scopes: list[Scope] = []
        self.cell = self.unit = Deferred()  # the code that is walked: the cell, or a function of it
        self.deferred: dict[ast.AST, Deferred] = {}
        self.definitions: dict[Key, list[Deferred]] = {}  # all code of the cell that a name may stand for
        self.rebound: dict[Key, list[Deferred]] = {}  # of these, what functions bind through `global` and `nonlocal`
        self.parameters: dict[Key, Parameter] = {}

    def change(self, expression: ast.expr, line: int) -> None:
        """Note that an object is changed in place: what the expression is, or something inside what it is a part of."""
        assert self.state
        if isinstance(expression, ast.Attribute) and expression.attr in tables.INDEXERS:
            expression = expression.value
        own = set(scopes.look_up(self.scopes, expression.id)) if isinstance(expression, ast.Name) else set()
        found = self.roots(expression)
        itself = found.copy() if isinstance(expression, ast.Name | ast.Call) else set[Root]()
        if not own:
            found |= {origin for key in found for origin in self.held(key)}
        for origin in found:
            if isinstance(origin, Parameter):
                origin.code.altered.add(origin.name)
                origin.code.changes_class |= _is_class_of(expression)
            elif isinstance(origin, Result):
                inside = origin.part or origin not in itself
                (origin.code.altered_parts if inside else origin.code.altered_results).add(origin.call)
            elif isinstance(origin, Before):
                self.unit.changes.setdefault(origin.key, line)
                if origin.key not in own or not self.state.flag(origin.key) & INCOMING:
                    self.unit.deep.add(origin.key)

    def roots(self, expression: ast.expr) -> set[Root]:
        """Return the names whose objects an expression is, or is a part of; aliases are followed."""
        return self.stand_for(mutation.roots(expression)) | self.given_by(expression)

    def given_by(self, expression: ast.expr) -> set[Root]:
        """Return what the call returns that an expression is, or is a part of, and whose objects that may be."""
        part = isinstance(expression, ast.Attribute | ast.Subscript)
        while isinstance(expression, ast.Attribute | ast.Subscript):
            expression = expression.value
        if not isinstance(expression, ast.Call):
            return set()
        found: set[Root] = {Result(self.unit, expression, part)}
        if isinstance(expression.func, ast.Name):
            codes = self.code_of(expression.func.id)
            found |= {root for code in codes for name in code.gives for root in self.meant(name)}
            found |= self.handed_through(codes, expression.args)
        return found

    def parts(self, owners: Iterable[Root]) -> frozenset[Origin]:
        """Return what an element of something may be."""
        found = (replace(owner, part=True) if isinstance(owner, Result) else owner for owner in owners)
        return frozenset[Origin](found) | ANYTHING

    def code_of(self, function: str) -> list[Deferred]:
        """Return the code of this cell that a call of a name may run."""
        assert self.state
        [key, *_] = scopes.look_up(self.scopes, function)
        return [origin for origin in self.state.origins.get(key, ANYTHING) if isinstance(origin, Deferred)]

    def contents(self, expression: ast.expr) -> frozenset[Origin]:
        """Return the names whose objects an expression's value may be or contain."""
        found = self.stand_for(mutation.contents(expression))
        return frozenset[Origin](found).union(*(self.held(key) for key in found))

    def stand_for(self, names: Iterable[ast.Name]) -> set[Root]:
        """Return names' keys, and those whose objects they may stand for."""
        assert self.state
        found: set[Root] = set()
        for name in names:
            for key in scopes.look_up(self.scopes, name.id):
                found |= self.meant(key)
                found |= _roots(self.state.origins.get(key, ANYTHING))
        return found

    def meant(self, key: Key) -> set[Root]:
        """Return a name's key and, where the name may still stand for it, the object that it came in with."""
        assert self.state
        return {key, Before(key)} if self.state.flag(key) & INCOMING else {key}

    def held(self, key: Root) -> set[Root]:
        """Return the names whose objects that of another name may contain."""
        assert self.state
        return _roots(self.state.held.get(key, ())) if isinstance(key, str | tuple) else set()

    def keep(self, owner: ast.expr, values: Iterable[ast.expr]) -> None:
        """Note that an object may contain values from now on."""
        self.keep_in(owner, frozenset[Origin]().union(*(self.contents(value) for value in values)))

    def keep_in(self, owner: ast.expr, kept: frozenset[Origin]) -> None:
        """Note what the object that an expression is, or is a part of, may contain from now on."""
        for key in self.roots(owner):
            if isinstance(key, str | tuple):
                self.hold(key, kept)

    def shadowed(self, name: str) -> bool:
        """Say whether the cell binds a builtin's name here."""
        assert self.state
        return any(self.state.flag(key) != INCOMING for key in scopes.look_up(self.scopes, name))

    def give_back(self, value: ast.expr) -> None:
        """Note what a function returns of what it was given."""
        itself = self.roots(value)
        found = self.contents(value)
        self.unit.methods_out.update(method.attr for method in mutation.methods_in(value))
        self.unit.returned_results |= {o.call for o in itself | found if isinstance(o, Result) and o.code is self.unit}
        if not isinstance(value, ast.List | ast.Dict | ast.Set):
            self.unit.returned_itself |= {o.name for o in itself if isinstance(o, Parameter) and o.code is self.unit}
        self.unit.gives |= {o for o in found if isinstance(o, str)}
        found |= self.closed_over(value)
        self.unit.returned |= {o.name for o in found if isinstance(o, Parameter) and o.code is self.unit}

    def closed_over(self, value: ast.expr) -> set[Root]:
        """Return whose objects variables may be, or contain, that functions in a value have of the code around them."""
        assert self.state
        named = (key for name in mutation.contents(value) for key in scopes.look_up(self.scopes, name.id))
        codes = [o for key in named for o in self.state.origins.get(key, ()) if isinstance(o, Deferred)]
        codes += [self.deferred[node] for node in ast.walk(value) if node in self.deferred]
        keys = {key for code in codes for key in (*code.reads, *code.changes) if isinstance(key, tuple)}
        direct = (_roots(self.state.origins.get(key, ANYTHING)) for key in keys)
        return set[Root]().union(*direct, *(self.held(key) for key in keys))

    def origins(self, value: ast.expr) -> frozenset[Origin]:  # noqa: PLR0911 - one for each kind of expression
        """Return what a value may be, of this cell's code and of other names' objects."""
        assert self.state
        match value:
            case ast.Name(id=name):
                keys = scopes.look_up(self.scopes, name)
                own = (frozenset[Origin](self.meant(key)) for key in keys)
                return union([*own, *(self.state.origins.get(k, ANYTHING) for k in keys)])
            case ast.Attribute() | ast.Subscript(slice=ast.Constant() | ast.Slice() | ast.UnaryOp()):
                return frozenset[Origin](self.roots(value)) | ANYTHING
            case ast.Call(func=ast.Attribute(attr=method)) if method in tables.LOOKING:
                return frozenset[Origin](self.roots(value)) | ANYTHING
            case ast.Lambda() | ast.GeneratorExp():
                return frozenset({self.deferred[value]})
            case ast.NamedExpr(target=target):
                return self.origins(target)
            case ast.IfExp(body=one, orelse=other) if not _holds_code(value):
                return self.origins(one) | self.origins(other)
            case ast.Call():
                through = mutation.function_name(value) in tables.GIVES_OF_ARGUMENTS or mutation.is_drawing(value)
                return frozenset[Origin](self.roots(value) if through else self.given_by(value)) | ANYTHING
        return ANYTHING

    def handed_through(self, codes: Iterable[Deferred], args: Sequence[ast.expr]) -> set[Root]:
        """Return the names whose objects a call of functions of the cell may return."""
        return {
            root
            for code in codes
            for parameter, arg in zip(code.parameters, args, strict=False)
            if parameter in code.returned
            for root in self.roots(arg)
        }

    def hold(self, key: Key, kept: frozenset[Origin]) -> None:
        """Note what the object of a name may contain."""
        if self.state is not None:
            self.state.hold(key, kept)

    def hold_target(self, target: ast.expr, kept: frozenset[Origin]) -> None:
        """Note what is in what was bound left of ``=``, after ``for`` or ``as``, or stored into a container there."""
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.hold(scopes.place(self.scopes, node.id), kept)
        if isinstance(target, ast.Attribute | ast.Subscript):
            self.keep_in(target.value, kept)


def _roots(origins: Iterable[Origin]) -> set[Root]:
    """Return those of origins that are somebody's objects."""
    return {origin for origin in origins if isinstance(origin, Parameter | Result | Before | str | tuple)}


def _holds_code(value: ast.expr) -> bool:
    return any(isinstance(n, ast.Lambda | ast.GeneratorExp) for n in ast.walk(value))


def _is_class_of(expression: ast.expr) -> bool:
    """Say whether something is, or is a part of, an object's class: ``type(x).y``."""
    while isinstance(expression, ast.Attribute | ast.Subscript):
        if isinstance(expression, ast.Attribute) and expression.attr == "__class__":
            return True
        expression = expression.value
    match expression:
        case ast.Call(func=ast.Name(id="type"), args=[_]):
            return True
    return False
