# ruff: noqa: N815 - ast.NodeVisitor names them
"""Expressions: what evaluating them reads, binds, changes, and which code it lets run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from k8snb.analysis import mutation, scopes, tables
from k8snb.analysis.facts import Pass
from k8snb.analysis.flow import ANYTHING, BOUND, INCOMING, Call, Deferred, Exits, Origin, Parameter, State, join, union
from k8snb.analysis.scopes import Key, Scope
from k8snb.analysis.syntax import Expansion

Branches = tuple[State | None, State | None]
Node = TypeVar("Node", bound=ast.AST)


class Expressions(ast.NodeVisitor):
    """Walks expressions in the order of their evaluation, carrying the state along.

    Parameters
    ----------
    tree : AST
        The whole cell's. Names that its functions declare ``global`` may be bound anew by any call.
    """

    def __init__(self, tree: ast.AST) -> None:
        self.shared = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
        self.texts = _texts(tree)
        self.bound_methods = mutation.bound_methods(tree)
        self.state: State | None = State()  # None: no way leads here
        self.exits = Exits()
        self.scopes: list[Scope] = []
        self.unit = Deferred()  # the code that is walked: the cell, or a function of it
        self.deferred: dict[ast.AST, Deferred] = {}
        self.definitions: dict[Key, list[Deferred]] = {}  # all code of the cell that a name may stand for
        self.rebound: dict[Key, list[Deferred]] = {}  # of these, what functions bind through `global` and `nonlocal`
        self.known: dict[ast.AST, Scope] = {}
        self.parameters: dict[Key, Parameter] = {}
        self.members: list[list[Deferred]] = []  # of the classes around
        self.cell = self.unit
        self.into: dict[ast.AST, frozenset[str]] = {}  # calls, and the names that are bound to their results

    def visit(self, node: ast.AST) -> None:
        """Walk a node, unless no way leads to it."""
        if self.state is not None:
            super().visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        """Walk the parts; evaluating anything but what has a method of its own may raise."""
        super().generic_visit(node)
        if isinstance(node, ast.expr):
            self.may_raise()

    def may_raise(self) -> None:
        """Note that control may leave here by an exception."""
        self.exits.add("raised", self.state)

    # Names

    def load(self, name: str, line: int) -> None:
        """Read a name."""
        assert self.state
        for key in scopes.look_up(self.scopes, name):
            flag = self.state.flag(key)
            if isinstance(key, str):
                self.unit.names.add(key)
            if flag & INCOMING:
                self.unit.reads.setdefault(key, line)
                if flag == INCOMING:
                    self.may_raise()  # a NameError, which a handler may be there for: then the name was not read
                    self.state.read.add(key)
            self.run_code(key, self.state.origins.get(key, ANYTHING))
            if flag == BOUND:
                return
        self.may_raise()

    def run_code(self, key: Key | None, origins: frozenset[Origin]) -> None:
        """Note that the code that a name or a value stands for may run from here on."""
        assert self.state
        code = tuple(o for o in origins if isinstance(o, Deferred))
        if code or key in self.shared:
            self.unit.calls.append(Call(key, code, self.state.copy()))

    def bind(self, key: Key, origins: frozenset[Origin] = ANYTHING) -> None:
        """Bind a name."""
        assert self.state
        self.state.bind(key, origins)
        for code in origins:
            if isinstance(code, Deferred):
                self.definitions.setdefault(key, []).append(code)
                if self.unit is not self.cell:
                    self.rebound.setdefault(key, []).append(code)

    def bind_name(self, name: str, origins: frozenset[Origin] = ANYTHING, *, walrus: bool = False) -> None:
        """Bind a name in the scope that it belongs to here."""
        self.bind(scopes.place(self.scopes, name, walrus=walrus), origins)

    def hold(self, key: Key, kept: frozenset[Origin]) -> None:
        """Note what the object of a name may contain."""
        if self.state is not None:
            self.state.hold(key, kept)

    def hold_target(self, target: ast.expr, kept: frozenset[Origin]) -> None:
        """Note what is in what was bound left of ``=``, after ``for`` or ``as``, or stored into a container there."""
        assert self.state
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.hold(scopes.place(self.scopes, node.id), kept)
        if isinstance(target, ast.Attribute | ast.Subscript):
            for key in self.roots(target.value):
                if not isinstance(key, Parameter):
                    self.hold(key, kept)

    def bind_target(self, target: ast.expr, origins: frozenset[Origin] = ANYTHING) -> None:
        """Bind what stands left of ``=``, after ``for`` or ``as``."""
        match target:
            case ast.Name(id=name):
                self.bind_name(name, origins)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self.may_raise()
                for part in parts:
                    self.bind_target(part, origins)
            case ast.Starred(value=value):
                self.bind_target(value)
            case ast.Attribute() | ast.Subscript():
                self.visit_parts(target)
                self.may_raise()
                self.change(target.value, target.lineno)

    def visit_parts(self, node: ast.AST) -> None:
        """Walk the parts of a node."""
        super().generic_visit(node)

    def change(self, expression: ast.expr, line: int) -> None:
        """Note that an object is changed in place: what the expression is, or something inside what it is a part of."""
        assert self.state
        own = set(scopes.look_up(self.scopes, expression.id)) if isinstance(expression, ast.Name) else set()
        found = self.roots(expression)
        if not own:
            found |= {origin for key in found for origin in self.held(key)}
        for origin in found:
            if isinstance(origin, Parameter):
                origin.code.altered.add(origin.name)
            elif not isinstance(origin, Deferred) and self.state.flag(origin) & INCOMING:
                self.unit.changes.setdefault(origin, line)
                if origin not in own:
                    self.unit.deep.add(origin)

    def roots(self, expression: ast.expr) -> set[Parameter | Key]:
        """Return the names whose objects an expression is, or is a part of; aliases are followed."""
        return self.stand_for(mutation.roots(expression)) | self.given_by(expression)

    def given_by(self, expression: ast.expr) -> set[Parameter | Key]:
        """Return the names whose objects functions of the cell return that an expression calls."""
        while isinstance(expression, ast.Attribute | ast.Subscript):
            expression = expression.value
        if not isinstance(expression, ast.Call) or not isinstance(expression.func, ast.Name):
            return set()
        assert self.state
        [key, *_] = scopes.look_up(self.scopes, expression.func.id)
        code = [o for o in self.state.origins.get(key, ANYTHING) if isinstance(o, Deferred)]
        return {name for c in code for name in c.gives}

    def contents(self, expression: ast.expr) -> frozenset[Origin]:
        """Return the names whose objects an expression's value may be or contain."""
        found = self.stand_for(mutation.contents(expression))
        return frozenset[Origin](found).union(*(self.held(key) for key in found))

    def stand_for(self, names: Iterable[ast.Name]) -> set[Parameter | Key]:
        """Return names' keys, and those whose objects they may stand for."""
        assert self.state
        found: set[Parameter | Key] = set()
        for name in names:
            for key in scopes.look_up(self.scopes, name.id):
                found.add(key)
                origins = self.state.origins.get(key, ANYTHING)
                found.update(o for o in origins if isinstance(o, Parameter | str | tuple))
        return found

    def held(self, key: Parameter | Key) -> set[Parameter | Key]:
        """Return the names whose objects that of another name may contain."""
        assert self.state
        held = frozenset[Origin]() if isinstance(key, Parameter) else self.state.held.get(key, frozenset())
        return {origin for origin in held if isinstance(origin, Parameter | str | tuple)}

    def keep(self, owner: ast.expr, values: Iterable[ast.expr]) -> None:
        """Note that an object may contain values from now on."""
        assert self.state
        kept = frozenset[Origin]().union(*(self.contents(value) for value in values))
        for key in self.roots(owner):
            if not isinstance(key, Parameter):
                self.state.hold(key, kept)

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

    def hand(self, call: ast.Call, callee: str, position: int | str, objects: frozenset[Origin]) -> None:
        """Note one argument of a call."""
        assert self.state
        keys = {o for o in objects if isinstance(o, str) and self.state.flag(o) & INCOMING}
        parameters = {o.name for o in objects if isinstance(o, Parameter) and o.code is self.unit}
        if old := self.unit.passes.get((call, position)):
            keys |= old.names
            parameters |= old.parameters
        if keys or parameters:
            self.unit.passes[call, position] = Pass(
                callee=callee,
                method=isinstance(call.func, ast.Attribute),
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
        self.unit.gives |= {o for o in self.contents(value) if isinstance(o, str)}
        self.unit.returned |= {o.name for o in self.contents(value) if isinstance(o, Parameter) and o.code is self.unit}

    def origins(self, value: ast.expr) -> frozenset[Origin]:  # noqa: PLR0911 - one for each kind of expression
        """Return what a value may be, of this cell's code and of other names' objects."""
        assert self.state
        match value:
            case ast.Name(id=name):
                keys = scopes.look_up(self.scopes, name)
                return union([frozenset[Origin](keys), *(self.state.origins.get(k, ANYTHING) for k in keys)])
            case ast.Attribute() | ast.Subscript(slice=ast.Constant() | ast.Slice() | ast.UnaryOp()):
                return frozenset[Origin](self.roots(value)) | ANYTHING
            case ast.Lambda() | ast.GeneratorExp():
                return frozenset({self.deferred[value]})
            case ast.NamedExpr(target=target):
                return self.origins(target)
            case ast.IfExp(body=one, orelse=other) if not _holds_code(value):
                return self.origins(one) | self.origins(other)
            case ast.Call(func=ast.Name(id=function), args=args):
                given = self.handed_through(function, args) or (self.roots(value) if function in _THROUGH else set())
                return frozenset[Origin](given) | ANYTHING
        return ANYTHING

    def handed_through(self, function: str, args: Sequence[ast.expr]) -> set[Parameter | Key]:
        """Return the names whose objects a call of a function of the cell may return."""
        assert self.state
        [key, *_] = scopes.look_up(self.scopes, function)
        code = [o for o in self.state.origins.get(key, ANYTHING) if isinstance(o, Deferred)]
        pairs = [
            (parameter, arg)
            for c in code
            for parameter, arg in zip(c.parameters, args, strict=False)
            if parameter in c.returned
        ]
        return {root for _, arg in pairs for root in self.roots(arg)}

    # Code that runs later

    def later(
        self, node: ast.AST, inner: Sequence[Scope], walk: Callable[[], None], *, called: bool = True
    ) -> Deferred:
        """Walk code that a later call runs; once, however often the walk comes by.

        Parameters
        ----------
        node : ast.AST
            What stands for the code.
        inner : sequence of Scope
            Its scopes, the outermost first.
        walk : callable
            Walks the code.
        called : bool
            A call runs it to its end (it is no generator and no coroutine).
        """
        if node in self.deferred:
            code = self.deferred[node]
            code.born = join(code.born, self.state)
            return code
        code = self.deferred[node] = Deferred()
        around = self.state, self.exits, self.unit, self.scopes
        self.state, self.exits, self.unit, self.scopes = State(), Exits(), code, [*self.scopes, *inner]
        walk()
        end = join(self.state, self.exits.returned)
        leaving = join(end, self.exits.raised)
        self.state, self.exits, self.unit, self.scopes = around
        if end and called:
            code.sure = frozenset(key for key, flag in end.flags.items() if flag == BOUND)
        if leaving:
            code.binds = {key: flag & ~INCOMING for key, flag in leaving.flags.items() if flag != INCOMING}
        code.born = self.state and self.state.copy()
        self.unit.names |= code.names
        self.unit.inner |= code.names
        self.unit.inner_changes |= code.changes.keys() | code.inner_changes
        own = {scope.number for scope in inner}
        outer = {key for key in (*code.binds, *code.changes) if isinstance(key, tuple) and key[0] not in own}
        code.stateful = any(key[0] not in {s.number for s in self.scopes if s.kind != "function"} for key in outer)
        self.unit.makes_stateful |= code.stateful or code.makes_stateful
        if self.scopes and self.scopes[-1].kind == "class":
            self.members[-1].append(code)
        return code

    def define(self, node: ast.Lambda | ast.GeneratorExp) -> Deferred:
        """Evaluate what a lambda or a generator evaluates at once; its body is for later."""
        if isinstance(node, ast.Lambda):
            self.visit_defaults(node.args)
            scope = scopes.of_lambda(node)

            def walk() -> None:
                self.bind_parameters(scope)
                self.visit(node.body)
                if self.state is not None:
                    self.give_back(node.body)

            code = self.later(node, [scope], walk)
            code.parameters = scope.parameters
            return code
        self.visit(node.generators[0].iter)
        self.may_raise()
        scope = scopes.of_comprehension(node)
        return self.later(node, [scope], lambda: self.generate(node.generators, [node.elt]), called=False)

    def visit_defaults(self, args: ast.arguments) -> None:
        """Evaluate the defaults of parameters."""
        for default in (*args.defaults, *args.kw_defaults):
            if default:
                self.visit(default)

    def bind_parameters(self, scope: Scope) -> None:
        """Bind parameters at the start of a function's body."""
        assert self.state
        for name in scope.parameters:
            self.state.bind(
                (scope.number, name),
                frozenset({self.parameters.setdefault((scope.number, name), Parameter(self.unit, name))}),
            )

    def visit_code(self, node: ast.Lambda | ast.GeneratorExp) -> None:
        """Walk a lambda or a generator that goes to where it may run: to a call, into a container."""
        code = self.define(node)
        self.run_code(None, frozenset({code}))

    visit_Lambda = visit_GeneratorExp = visit_code

    # Expressions that bind, branch or do not raise

    def visit_Constant(self, node: ast.Constant) -> None:
        """Nothing happens."""

    def visit_Name(self, node: ast.Name) -> None:
        """Read a name."""
        self.load(node.id, node.lineno)

    def visit_literal(self, node: ast.Tuple | ast.List) -> None:
        """Walk a literal that cannot raise by itself."""
        self.visit_parts(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        """Walk a dict; keys may not be hashable."""
        self.visit_parts(node)
        if not all(isinstance(key, ast.Constant) for key in node.keys):
            self.may_raise()

    visit_Tuple = visit_List = visit_literal

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Walk ``name := value``."""
        self.visit(node.value)
        kept, origins = self.contents(node.value), self.origins(node.value)
        self.bind_name(node.target.id, origins, walrus=True)
        self.hold(scopes.place(self.scopes, node.target.id, walrus=True), kept)

    def visit_Call(self, node: ast.Call) -> None:
        """Walk a call; a function of the cell has then bound what it surely binds."""
        self.visit_parts(node)
        self.may_load(self.queried(node), node.lineno)
        for expression in mutation.of_call(node):
            self.change(expression, node.lineno)
            self.keep(expression, [*node.args, *(keyword.value for keyword in node.keywords)])
        self.change_through(node)
        self.hand_over(node)
        self.may_raise()
        if not isinstance(node.func, ast.Name):
            return
        assert self.state
        [key, *outside] = scopes.look_up(self.scopes, node.func.id)
        origins = self.state.origins.get(key, ANYTHING)
        if len(origins) == 1 and not outside and self.state.flag(key) == BOUND and key not in self.shared:
            for code in origins:
                for bound in code.sure if isinstance(code, Deferred) else ():
                    self.bind(bound)

    def change_through(self, call: ast.Call) -> None:
        """Note what a method changes that goes by a name of its own: ``put = x.append``."""
        if isinstance(call.func, ast.Name) and call.func.id in self.bound_methods:
            self.change(ast.Subscript(call.func, ast.Constant(0)), call.lineno)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """Walk ``a if test else b``."""
        yes, no = self.branch(node.test)
        ends = []
        for state, value in ((yes, node.body), (no, node.orelse)):
            self.state = state
            self.visit(value)
            ends.append(self.state)
        self.state = join(*ends)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Walk ``and`` and ``or``."""
        self.state = join(*self.branch(node))

    def branch(self, test: ast.expr) -> Branches:
        """Walk a condition; return the states in which it holds and in which it does not."""
        match test:
            case ast.Constant(value=constant):
                return (self.state, None) if constant else (None, self.state)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yes, no = self.branch(operand)
                return no, yes
            case ast.BoolOp(op=op, values=values):
                settled: State | None = None
                for value in values:
                    yes, no = self.branch(value) if self.state else (None, None)
                    self.state, over = (yes, no) if isinstance(op, ast.And) else (no, yes)
                    settled = join(settled, over)
                return (self.state, settled) if isinstance(op, ast.And) else (settled, self.state)
        self.visit(test)
        self.may_raise()
        return self.state, self.state.copy() if self.state else None

    def visit_Compare(self, node: ast.Compare) -> None:
        """Walk a comparison; ``is`` cannot raise, and what follows a first one that fails is not evaluated."""
        self.visit(node.left)
        skipped: State | None = None
        for op, value in zip(node.ops, node.comparators, strict=True):
            self.visit(value)
            if not isinstance(op, ast.Is | ast.IsNot):
                self.may_raise()
            skipped = join(skipped, self.state) if len(node.ops) > 1 else self.state
        self.state = skipped

    # Comprehensions

    @contextmanager
    def inside(self, node: Node, of: Callable[[Node], Scope]) -> Iterator[None]:
        """Walk a node's code in its scope, which is there only as long as the code runs.

        However often the walk comes by, the scope is the same: else a loop's state would never settle.
        """
        scope = self.known.setdefault(node, of(node))
        self.scopes.append(scope)
        yield
        self.scopes.pop()
        if self.state:
            self.state.forget(scope.number)

    def visit_comprehension_now(self, node: ast.ListComp | ast.SetComp | ast.DictComp) -> None:
        """Walk a comprehension: its first iterable out here, the rest in its own scope."""
        self.visit(node.generators[0].iter)
        self.may_raise()
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        with self.inside(node, scopes.of_comprehension):
            self.generate(node.generators, results)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_comprehension_now

    def generate(self, generators: Sequence[ast.comprehension], results: Sequence[ast.expr]) -> None:
        """Walk the ``for`` parts of a comprehension, which may go round any number of times."""
        end: State | None = None
        for index, generator in enumerate(generators):
            if self.state is None:
                break
            if index:
                self.visit(generator.iter)
                self.may_raise()
            end = join(end, self.state)
            self.bind_target(generator.target)
            for test in generator.ifs:
                if self.state:
                    self.state, no = self.branch(test)
                    end = join(end, no)
        for result in results:
            self.visit(result)
        self.may_raise()
        self.state = join(end, self.state)

    # IPython

    def visit_Expansion(self, node: Expansion) -> None:
        """Read the names that a magic's text may hold; it stays as it is where one is not there."""
        self.may_load(node.names, node.lineno)
        self.may_raise()

    def may_load(self, names: Sequence[str], line: int) -> None:
        """Read names that are read where they are there."""
        assert self.state
        before = self.state.copy()
        for name in names:
            self.load(name, line)
        self.state = join(before, self.state)

    def queried(self, call: ast.Call) -> list[str]:
        """Return the names in ``df.query("a > @limit")`` and ``df.eval("a = b * @factor")``: pandas looks them up.

        A text that is not there may be any of the cell's. Other libraries' queries have such words too: whether a name
        is read is never sure.
        """
        given = {keyword.arg for keyword in call.keywords}
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in {"query", "eval"} or not call.args:
            return []
        texts = self.texts if isinstance(call.args[0], ast.Name) else _texts(call.args[0])
        return [] if "local_dict" in given else re.findall(r"@([A-Za-z_]\w*)", " ".join(texts))


def _texts(node: ast.AST) -> list[str]:
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


_THROUGH = tables.GIVES_OF_ARGUMENTS


def _holds_code(value: ast.expr) -> bool:
    return any(isinstance(n, ast.Lambda | ast.GeneratorExp) for n in ast.walk(value))
