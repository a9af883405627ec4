"""What calls are given, and which functions they may call: where the code here does not tell what becomes of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from k8snb.analysis import mutation, scopes, tables
from k8snb.analysis.facts import KEEPING, RESULT, Function, Pass
from k8snb.analysis.flow import Before, Deferred, Origin, Parameter
from k8snb.analysis.objects import Objects
from k8snb.analysis.scopes import Key

Given = tuple[int | str, ast.expr]
"""An argument: its place, from 0, or its name."""


class Calls(Objects):
    """Notes what a cell hands to functions and methods."""

    def __init__(self, nodes: Sequence[ast.AST]) -> None:
        super().__init__(nodes)
        self.nodes = nodes
        self.bound_methods = mutation.bound_methods(nodes)
        self.nameless: set[Deferred] = set()
        self.into: dict[ast.AST, frozenset[str]] = {}  # calls, and the names that are bound to their results

    def hand_over(self, call: ast.Call) -> None:
        """Note what a call is given of the namespace's and the callers' objects."""
        self.call_result(call.func)
        if self.hand_on(call):
            return
        given: list[Given] = mutation.arguments(call)
        match call.func:
            case ast.Name(id=callee) if callee in tables.GIVEN and not self.shadowed(callee):
                return
            case ast.Attribute(value=owner, attr=method):
                given.append(("self", owner))
                called = [Function(method, method=True)]
            case function:
                called = list(self.functions(function))
                if codes := self.code_of(function.id) if isinstance(function, ast.Name) else []:
                    self.alter_through(codes)
                else:
                    self.use(function, "__call__")
        for one in called:
            self.hand_all(call, one, given)
            self.hand(call, one, RESULT, frozenset())

    def alter_through(self, codes: Iterable[Deferred]) -> None:
        """Note what functions inside this one, which are called, change of what this one is given."""
        for code in codes:
            given = (self.parameters.get(key) for key in code.changes)
            self.unit.altered |= {one.name for one in given if one is not None and one.code is self.unit}

    def use(self, expression: ast.expr, *methods: str) -> None:
        """Note that a statement or an operator calls methods of an object by itself: ``__call__``, ``__enter__``."""
        objects = self.contents(expression)
        for method in methods:
            self.hand(expression, Function(method, method=True), "self", objects)

    def decorate(self, method: ast.Attribute, name: str, *, by_result: bool) -> None:
        """Note that a method, or what it returns, is given a function or a class by decorating it."""
        function = KEEPING if by_result else Function(method.attr, method=True)
        self.hand(method, function, "self", self.contents(method.value), functions=((0, Function(name)),))

    def call_result(self, function: ast.expr) -> None:
        """Note that what a call has returned is called in turn: ``counting(words)("a")``."""
        if isinstance(function, ast.Call):
            self.unit.called_results.add(function)

    def hand_on(self, call: ast.Call) -> bool:
        """Note what ``map(function, values)`` and the like hand to a function; say whether it is such a call."""
        name = mutation.function_name(call)
        given: list[Given] = list(enumerate(call.args))
        if name in tables.CALLS_FIRST and call.args:
            called = call.args[:1]
            given = [*enumerate(call.args[1:]), *((k.arg or "**", k.value) for k in call.keywords)]
        elif name in tables.CALLS_KEY:
            called = [k.value for k in call.keywords if k.arg == "key"]
        else:
            return False
        for value in called:
            self.call_result(value)
            for one in self.functions(value):
                self.hand_all(call, one, given, later=name in tables.CALLS_FIRST, place=value)
        return True

    def waits(self, call: ast.Call) -> bool:
        """Say whether a call makes a function with arguments of its own, which this cell does nothing with."""
        names = self.into.get(call, frozenset()) if mutation.function_name(call) == "partial" else frozenset()
        return bool(names) and not any(
            isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load) for node in self.nodes
        )

    def hand_all(
        self,
        call: ast.Call,
        function: Function,
        given: Sequence[Given],
        *,
        later: bool = False,
        place: ast.expr | None = None,
    ) -> None:
        """Note all arguments of a call, or of one at another place that it makes."""
        functions = tuple((position, one) for position, value in given for one in self.functions(value))
        methods = self.methods(value for position, value in given if position != "self")
        for position, value in given:
            objects = self.contents(value)
            self.hand(call, function, position, objects, functions=functions, methods=methods, later=later, place=place)

    def give(self, owner: ast.expr, value: ast.expr) -> None:
        """Note functions that an object is given to keep: ``button.callback = clicks.append``."""
        functions = tuple((0, one) for one in self.functions(value))
        self.hand(value, KEEPING, "self", self.contents(owner), functions=functions, methods=self.methods([value]))

    def hand(
        self,
        call: ast.expr,
        function: Function,
        position: int | str,
        objects: frozenset[Origin],
        *,
        functions: tuple[tuple[int | str, Function], ...] = (),
        methods: frozenset[tuple[str, str]] = frozenset(),
        later: bool = False,
        place: ast.expr | None = None,
    ) -> None:
        """Note one argument of a call, or of one at another place that it makes."""
        keys = {o.key for o in objects if isinstance(o, Before) and isinstance(o.key, str)}
        parameters = {o.name for o in objects if isinstance(o, Parameter) and o.code is self.unit}
        if function.method and not function.name.startswith("__") and position == "self":
            self.hand_outer(function, objects, call.lineno)
        keepers = {o for o in objects if isinstance(o, str)} if position == "self" else set[str]()
        key = (place or call, position, function)
        if old := self.unit.passes.get(key):
            more = tuple(one for one in functions if one not in old.functions)
            keys, parameters, functions = keys | old.names, parameters | old.parameters, old.functions + more
            methods, keepers = methods | old.methods, keepers | old.keepers
        if keys or parameters or keepers or position == RESULT or later:
            self.unit.passes[key] = Pass(
                callee=function,
                position=position,
                names=frozenset(keys),
                parameters=frozenset(parameters),
                into=self.into.get(call, frozenset()),
                line=call.lineno,
                functions=functions,
                methods=methods,
                keepers=frozenset(keepers),
                later=later,
                waits=later and isinstance(call, ast.Call) and self.waits(call),
            )

    def hand_outer(self, method: Function, objects: frozenset[Origin], line: int) -> None:
        """Note that a function calls a method of what parameters of functions around it stand for."""
        for origin in objects:
            if isinstance(origin, Parameter) and origin.code is not self.unit:
                one = Pass(method, "self", frozenset(), frozenset({origin.name}), frozenset(), line)
                if one not in origin.code.inner_passes:
                    origin.code.inner_passes.append(one)

    def methods(self, values: Iterable[ast.expr]) -> frozenset[tuple[str, str]]:
        """Return the methods that values may be or hold, uncalled, with the names of their objects."""
        methods = (method for value in values for method in mutation.methods_in(value))
        found = ((method.attr, origin) for method in methods for origin in self.contents(method.value))
        return frozenset((name, o) for name, o in found if isinstance(o, str))

    def functions(self, expression: ast.expr) -> Iterator[Function]:
        """Yield what an expression may be that can be called, methods left out."""
        assert self.state
        match expression:
            case ast.Lambda() if expression in self.deferred:
                yield self.without_name(self.deferred[expression])
            case ast.Name(id=name):
                for key in scopes.look_up(self.scopes, name):
                    if isinstance(key, str):
                        others = self.state.origins.get(key, ())
                        yield from (Function(one) for one in {key, *(o for o in others if isinstance(o, str))})
                    else:
                        yield from self.inner_functions(key)
            case ast.Subscript(value=ast.Name() as holder):
                yield from self.functions(holder)
            case ast.IfExp(body=one, orelse=other):
                yield from self.functions(one)
                yield from self.functions(other)
            case ast.Call(args=[function, *_]) if mutation.function_name(expression) in tables.CALLS_FIRST:
                bound = len(expression.args) - 1
                yield from (replace(one, bound=one.bound + bound) for one in self.functions(function))

    def inner_functions(self, key: Key) -> Iterator[Function]:
        """Yield what a name of a function may be that can be called; of one around this code, all that it ever is."""
        assert self.state
        around = [*self.definitions.get(key, ()), *([self.parameters[key]] if key in self.parameters else [])]
        for origin in self.state.origins.get(key, around):
            match origin:
                case Parameter(name=name):
                    yield Function(name, parameter=True)
                case Deferred():
                    yield self.without_name(origin)
                case str():
                    yield Function(origin)

    def without_name(self, code: Deferred) -> Function:
        """Return a function that no name of the namespace stands for."""
        self.nameless.add(code)
        return Function(code.mark)

    def change_through(self, call: ast.Call) -> None:
        """Note what methods change that a call is handed, or that go by a name of their own: ``put = x.append``."""
        if self.waits(call):
            return
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
        self.hand(call, Function(method.attr, method=True), "self", self.contents(owner), place=method)
