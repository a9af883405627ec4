"""Objects behind names: which are the same, which contain which, what changes them, and who is given them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from k8snb.analysis import mutation, scopes, tables
from k8snb.analysis.facts import Pass
from k8snb.analysis.flow import ANYTHING, INCOMING, Before, Deferred, Origin, Parameter, State, union
from k8snb.analysis.scopes import Key, Scope

Root = Parameter | Before | Key
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
        self.bound_methods = mutation.bound_methods(nodes)
        self.state: State | None = State()  # None: no way leads here
        self.scopes: list[Scope] = []
        self.cell = self.unit = Deferred()  # the code that is walked: the cell, or a function of it
        self.deferred: dict[ast.AST, Deferred] = {}
        self.definitions: dict[Key, list[Deferred]] = {}  # all code of the cell that a name may stand for
        self.rebound: dict[Key, list[Deferred]] = {}  # of these, what functions bind through `global` and `nonlocal`
        self.parameters: dict[Key, Parameter] = {}
        self.into: dict[ast.AST, frozenset[str]] = {}  # calls, and the names that are bound to their results

    def change(self, expression: ast.expr, line: int) -> None:
        """Note that an object is changed in place: what the expression is, or something inside what it is a part of."""
        assert self.state
        if isinstance(expression, ast.Attribute) and expression.attr in tables.INDEXERS:
            expression = expression.value
        own = set(scopes.look_up(self.scopes, expression.id)) if isinstance(expression, ast.Name) else set()
        found = self.roots(expression)
        if not own:
            found |= {origin for key in found for origin in self.held(key)}
        for origin in found:
            if isinstance(origin, Parameter):
                origin.code.altered.add(origin.name)
            elif isinstance(origin, Before):
                self.unit.changes.setdefault(origin.key, line)
                if origin.key not in own or not self.state.flag(origin.key) & INCOMING:
                    self.unit.deep.add(origin.key)

    def roots(self, expression: ast.expr) -> set[Root]:
        """Return the names whose objects an expression is, or is a part of; aliases are followed."""
        return self.stand_for(mutation.roots(expression)) | self.given_by(expression)

    def given_by(self, expression: ast.expr) -> set[Root]:
        """Return the names whose objects functions of the cell return that an expression calls."""
        while isinstance(expression, ast.Attribute | ast.Subscript):
            expression = expression.value
        if not isinstance(expression, ast.Call) or not isinstance(expression.func, ast.Name):
            return set()
        return {root for code in self.code_of(expression.func.id) for name in code.gives for root in self.meant(name)}

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
                origins = self.state.origins.get(key, ANYTHING)
                found.update(o for o in origins if isinstance(o, Parameter | Before | str | tuple))
        return found

    def meant(self, key: Key) -> set[Root]:
        """Return a name's key and, where the name may still stand for it, the object that it came in with."""
        assert self.state
        return {key, Before(key)} if self.state.flag(key) & INCOMING else {key}

    def held(self, key: Root) -> set[Root]:
        """Return the names whose objects that of another name may contain."""
        assert self.state
        held = self.state.held.get(key, frozenset()) if isinstance(key, str | tuple) else frozenset[Origin]()
        return {origin for origin in held if isinstance(origin, Parameter | Before | str | tuple)}

    def keep(self, owner: ast.expr, values: Iterable[ast.expr]) -> None:
        """Note that an object may contain values from now on."""
        self.keep_in(owner, frozenset[Origin]().union(*(self.contents(value) for value in values)))

    def keep_in(self, owner: ast.expr, kept: frozenset[Origin]) -> None:
        """Note what the object that an expression is, or is a part of, may contain from now on."""
        for key in self.roots(owner):
            if isinstance(key, str | tuple):
                self.hold(key, kept)

    def hand_over(self, call: ast.Call) -> None:
        """Note what a call is given of the namespace's and the callers' objects."""
        match call.func:
            case ast.Name(id=callee) if callee not in tables.GIVEN or self.shadowed(callee):
                given: list[tuple[int | str, ast.expr]] = []
            case ast.Attribute(value=owner, attr=callee):
                given = [("self", owner)]
            case _:
                return
        given += enumerate(call.args)
        given += [(keyword.arg or "**", keyword.value) for keyword in call.keywords]
        for position, value in given:
            self.hand(call, callee, position, self.contents(value))

    def hand_on(self, call: ast.Call) -> None:
        """Note what ``map(function, values)`` and the like hand to a function."""
        match call:
            case ast.Call(func=ast.Name(id="map" | "filter"), args=[ast.Name(id=callee), *values]):
                pass
            case ast.Call(func=ast.Name(id="sorted" | "min" | "max"), args=values):
                keys = (k.value.id for k in call.keywords if k.arg == "key" and isinstance(k.value, ast.Name))
                callee = next(keys, "")
            case _:
                return
        for position, value in enumerate(values if callee else ()):
            self.hand(call, callee, position, self.contents(value))

    def hand(
        self,
        call: ast.Call,
        callee: str,
        position: int | str,
        objects: frozenset[Origin],
        method: ast.Attribute | None = None,
    ) -> None:
        """Note one argument of a call, or what a method is called on that the call is given."""
        assert self.state
        keys = {o.key for o in objects if isinstance(o, Before) and isinstance(o.key, str)}
        parameters = {o.name for o in objects if isinstance(o, Parameter) and o.code is self.unit}
        place = (method or call, position)
        if old := self.unit.passes.get(place):
            keys |= old.names
            parameters |= old.parameters
        if keys or parameters:
            self.unit.passes[place] = Pass(
                callee=callee,
                method=method is not None or isinstance(call.func, ast.Attribute),
                position=position,
                names=frozenset(keys),
                parameters=frozenset(parameters),
                into=self.into.get(call, frozenset()),
                line=call.lineno,
            )

    def shadowed(self, name: str) -> bool:
        """Say whether the cell binds a builtin's name here."""
        assert self.state
        return any(self.state.flag(key) != INCOMING for key in scopes.look_up(self.scopes, name))

    def give_back(self, value: ast.expr) -> None:
        """Note what a function returns of what it was given."""
        found = self.contents(value)
        self.unit.gives |= {o for o in found if isinstance(o, str)}
        self.unit.returned |= {o.name for o in found if isinstance(o, Parameter) and o.code is self.unit}

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
            case ast.Call(func=ast.Attribute(attr=method)) if method in tables.VIEWS:
                return frozenset[Origin](self.roots(value)) | ANYTHING
            case ast.Lambda() | ast.GeneratorExp():
                return frozenset({self.deferred[value]})
            case ast.NamedExpr(target=target):
                return self.origins(target)
            case ast.IfExp(body=one, orelse=other) if not _holds_code(value):
                return self.origins(one) | self.origins(other)
            case ast.Call(func=ast.Name(id=function), args=args):
                given = self.handed_through(function, args) or (
                    self.roots(value) if function in tables.GIVES_OF_ARGUMENTS else set()
                )
                return frozenset[Origin](given) | ANYTHING
        return ANYTHING

    def handed_through(self, function: str, args: Sequence[ast.expr]) -> set[Root]:
        """Return the names whose objects a call of a function of the cell may return."""
        return {
            root
            for code in self.code_of(function)
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

    def change_through(self, call: ast.Call) -> None:
        """Note what methods change that a call is handed, or that go by a name of their own: ``put = x.append``."""
        for method in (
            m for part in (*call.args, *(k.value for k in call.keywords)) for m in mutation.methods_in(part)
        ):
            self.change_by(method, method.value, call)
        if isinstance(call.func, ast.Name | ast.Subscript):
            owners = mutation.roots(call.func)
            for method in (m for owner in owners for m in self.bound_methods.get(owner.id, ())):
                self.change_by(method, ast.Subscript(call.func, ast.Constant(0)), call)

    def change_by(self, method: ast.Attribute, owner: ast.expr, call: ast.Call) -> None:
        """Note that a call may call a method of an object."""
        if method.attr in tables.CHANGING_METHODS:
            self.change(owner, call.lineno)
        self.hand(call, method.attr, "self", self.contents(owner), method)


def _holds_code(value: ast.expr) -> bool:
    return any(isinstance(n, ast.Lambda | ast.GeneratorExp) for n in ast.walk(value))
