# ruff: noqa: N802, N815 - ast.NodeVisitor names them
"""Expressions: what evaluating them reads, binds, changes, and which code it lets run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from k8snb.analysis import mutation, scopes
from k8snb.analysis.calls import Calls
from k8snb.analysis.flow import ANYTHING, BOUND, INCOMING, Call, Deferred, Exits, Origin, Parameter, State, join
from k8snb.analysis.scopes import Key, Scope
from k8snb.analysis.syntax import Expansion

Branches = tuple[State | None, State | None]
Node = TypeVar("Node", bound=ast.AST)


class Expressions(Calls):
    """Walks expressions in the order of their evaluation, carrying the state along."""

    def __init__(self, nodes: Sequence[ast.AST]) -> None:
        super().__init__(nodes)
        self.texts = _texts(nodes)
        self.queries: set[str] = set()  # names of such texts
        self.exits = Exits()
        self.known: dict[ast.AST, Scope] = {}
        self.plain: dict[ast.Call, ast.Call] = {}
        self.members: list[list[Deferred]] = []  # of the classes around

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
        own = {scope.number for scope in inner}
        end = join(self.state, self.exits.returned)
        leaving = join(end, self.exits.raised)
        self.state, self.exits, self.unit, self.scopes = around
        if end and called:
            code.sure = frozenset(k for k, flag in end.flags.items() if flag == BOUND and not _is_in(k, own))
        if leaving:
            code.binds = {key: flag & ~INCOMING for key, flag in leaving.flags.items() if flag != INCOMING}
        code.born = self.state and self.state.copy()
        self.unit.names |= code.names
        self.unit.inner |= code.names
        self.unit.inner_changes |= code.changes.keys() | code.inner_changes
        outer = {key for key in (*code.binds, *code.changes) if isinstance(key, tuple) and not _is_in(key, own)}
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

    def visit_yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        """Walk ``yield``, which gives back as ``return`` does."""
        self.visit_parts(node)
        if node.value and self.state is not None:
            self.give_back(node.value)
        self.may_raise()

    visit_Yield = visit_YieldFrom = visit_yield

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
        node = self.plain.setdefault(node, mutation.plain(node))
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
        if not self.scopes and (name := mutation.guarded(node)) is not None:
            self.may_load([name], node.lineno)
            return
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
            self.bind_elements(generator.target, generator.iter)
            for test in generator.ifs:
                if self.state:
                    self.state, no = self.branch(test)
                    end = join(end, no)
        for result in results:
            self.visit(result)
        self.may_raise()
        self.state = join(end, self.state)

    def bind_elements(self, target: ast.expr, iterable: ast.expr) -> None:
        """Bind the target of a loop to the elements of what it goes through."""
        assert self.state
        owners = self.parts(key for e in mutation.elements(iterable) for key in self.roots(e))
        inside = self.contents(iterable)
        self.bind_target(target, owners)
        self.hold_target(target, inside)

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
        texts = _texts(ast.walk(call.args[0]))
        if isinstance(call.args[0], ast.Name):
            self.queries.add(call.args[0].id)
            texts = self.texts
        return [] if "local_dict" in given else names_in_query(" ".join(texts))


def names_in_query(text: str) -> list[str]:
    """Return the names of variables in a query of pandas."""
    return re.findall(r"@([A-Za-z_]\w*)", text)


def _is_in(key: Key, numbers: Container[int]) -> bool:
    """Say whether a name is one of scopes."""
    return isinstance(key, tuple) and key[0] in numbers


def _texts(nodes: Iterable[ast.AST]) -> list[str]:
    return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
