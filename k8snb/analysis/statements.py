# ruff: noqa: N802, N815 - ast.NodeVisitor names them
"""Statements: the ways that control takes through them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

from k8snb.analysis import mutation, scopes, tables
from k8snb.analysis.expressions import Branches, Expressions
from k8snb.analysis.flow import ANYTHING, BOUND, Call, Deferred, Exits, Module, Origin, State, join, union
from k8snb.analysis.mutation import last_name
from k8snb.analysis.scopes import Function
from k8snb.analysis.syntax import Inner

LAZY_ANNOTATIONS = sys.version_info >= (3, 14)


class Statements(Expressions):
    """Walks a cell."""

    def __init__(self, nodes: Sequence[ast.AST], *, lazy_annotations: bool = False) -> None:
        super().__init__(nodes)
        self.lazy_annotations = lazy_annotations or LAZY_ANNOTATIONS
        self.holds: dict[str, list[Deferred]] = {}  # names of the namespace and the code that their values bring along
        self.instances: dict[str, set[str]] = {}  # names and the classes from elsewhere that they may be instances of
        self.given: dict[str, set[tuple[str, str]]] = {}  # names, and what calls got that made what they stand for
        self.modules: set[str] = set()
        self.submodules: set[str] = set()
        self.results: dict[str, set[str]] = {}  # names and the functions whose results they may stand for

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Walk statements in order, as far as a way leads."""
        for statement in statements:
            self.visit(statement)

    # Bindings

    def visit_Assign(self, node: ast.Assign) -> None:
        """Walk ``a = b = value``."""
        self.assign(node.targets, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Walk ``name: annotation = value``; without a value nothing is bound."""
        if node.value:
            self.assign([node.target], node.value)
        elif not isinstance(node.target, ast.Name):
            self.visit_parts(node.target)
        if not self.lazy_annotations and (not node.simple or not self.scopes or self.scopes[-1].kind != "function"):
            self.visit(node.annotation)

    def assign(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        """Evaluate a value and bind it."""
        for function in mutation.results(value):
            self.note_result(function, targets)
        partials = (n for n in ast.walk(value) if isinstance(n, ast.Call) and mutation.function_name(n) == "partial")
        for call in [value] if isinstance(value, ast.Call) else partials:
            self.into[call] = frozenset[str]().union(*map(_names, targets))
        if isinstance(value, ast.Lambda | ast.GeneratorExp) and all(isinstance(t, ast.Name) for t in targets):
            self.define(value)
        else:
            self.visit(value)
        brings = self.brings(value)
        match targets, value:
            case [ast.Tuple(elts=parts) | ast.List(elts=parts)], ast.Tuple(elts=values) | ast.List(elts=values) if len(
                parts
            ) == len(values) and not any(isinstance(e, ast.Starred) for e in (*parts, *values)):
                found = [(self.origins(v), self.contents(v)) for v in values]
                for part, (origin, kept) in zip(parts, found, strict=True):
                    self.bind_target(part, origin)
                    self.hold_target(part, kept)
            case _:
                origin, kept = self.origins(value), self.contents(value)
                for target in targets:
                    self.bind_target(target, origin)
                    self.hold_target(target, kept)
                self.same_object(targets)
                self.parts_of_one(targets, value)
        for node in (node for target in targets for node in ast.walk(target)):
            match node:
                case ast.Name(id=name, ctx=ast.Store()):
                    self.note(name, *brings)
                case (ast.Attribute() | ast.Subscript()) as part if isinstance(part.ctx, ast.Store):
                    self.note_in(part.value, value)
                    self.give(part.value, value)

    def same_object(self, targets: Sequence[ast.expr]) -> None:
        """Note that the names of ``a = b = value`` stand for one object."""
        names = [t.id for t in targets if isinstance(t, ast.Name)]
        for name in names[1:]:
            first = frozenset[Origin](scopes.look_up(self.scopes, names[0]))
            self.bind_name(name, self.origins(ast.Name(name, ast.Load())) | first)

    def parts_of_one(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        """Note where the objects that are bound at once reach one another: ``fig, ax = plt.subplots()``."""
        if last_name(value) not in tables.MAKES_PARTS:
            return
        names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        keys = {name: scopes.place(self.scopes, name) for name in names}
        for name in names:
            self.hold(keys[name], frozenset(key for other, key in keys.items() if other != name))

    def note_result(self, function: ast.expr, targets: Iterable[ast.expr]) -> None:
        """Note the function whose result names of the namespace may stand for."""
        for node in (n for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)):
            if scopes.place(self.scopes, node.id) == node.id and (name := last_name(function)):
                self.results.setdefault(node.id, set()).add(name)

    def note(
        self, name: str, brought: Sequence[Deferred], made: set[str], given: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Note the code that a name of the namespace brings along."""
        key = scopes.place(self.scopes, name)
        if isinstance(key, str):
            self.holds.setdefault(key, []).extend(brought)
            self.instances.setdefault(key, set()).update(made)
            self.given.setdefault(key, set()).update(given)

    def visit_Call(self, node: ast.Call) -> None:
        """Walk a call; a container that is given functions brings along what they use."""
        super().visit_Call(node)
        if self.state is None:
            return
        match node.func:
            case ast.Attribute(value=owner, attr=method) if tables.REGISTERS.match(method):
                for value in node.args:
                    self.note_in(owner, value)
            case ast.Call(func=ast.Attribute(value=owner)):  # bus.on("order")(mail)
                for value in node.args:
                    self.note_in(owner, value)
                    self.give(owner, value)

    def note_in(self, owner: ast.expr, value: ast.expr) -> None:
        """Note the code that an object brings along from now on, which holds a value now."""
        brings = self.brings(value)
        for node in mutation.roots(owner) if any(brings) else ():
            self.note(node.id, *brings)

    def brings(self, value: ast.expr) -> tuple[list[Deferred], set[str], set[tuple[str, str]]]:
        """Return the code of this cell that a value may hold, what is called as classes are in it, what calls get.

        What a function returns does not hold the function.
        """
        assert self.state
        nodes = tuple(ast.walk(value))
        called = [node.func for node in nodes if isinstance(node, ast.Call)]
        found = [self.deferred[node] for node in nodes if node in self.deferred]
        for node in nodes:
            if isinstance(node, ast.Name):
                origins = union(self.state.origins.get(k, ANYTHING) for k in scopes.look_up(self.scopes, node.id))
                found += [o for o in origins if isinstance(o, Deferred) and (o.is_class or node not in called)]
        made = {f.id for f in called if isinstance(f, ast.Name) and f.id[:1].isupper()}
        return found, made, {pair for node in nodes if isinstance(node, ast.Call) for pair in _given(node)}

    def visit_Expr(self, node: ast.Expr) -> None:
        """Walk an expression that is a statement: a method is called for what it does to its object, not its result."""
        self.visit(node.value)
        match node.value:
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if self.state is not None:
                if tables.DOES.match(method) and not mutation.is_module(owner):
                    self.change(owner, node.lineno)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Walk ``target += value``: a name is read, its object perhaps changed, and bound again."""
        target = node.target
        if isinstance(target, ast.Name):
            self.load(target.id, target.lineno)
        else:
            self.visit_parts(target)
        self.visit(node.value)
        self.may_raise()
        self.change(target if isinstance(target, ast.Name) else target.value, node.lineno)
        self.note_in(target, node.value)
        kept = self.contents(node.value)
        if isinstance(target, ast.Name):
            origins = self.origins(ast.Name(target.id, ast.Load()))
            kept |= self.contents(ast.Name(target.id, ast.Load()))
            self.bind_name(target.id, origins | ANYTHING)
        self.hold_target(target, kept)

    def visit_Delete(self, node: ast.Delete) -> None:
        """Walk ``del``."""
        for target in node.targets:
            self.delete(target)

    def delete(self, target: ast.expr) -> None:
        """Unbind a name, or change what it is deleted from."""
        assert self.state
        if isinstance(target, ast.Name):
            self.load(target.id, target.lineno)
            self.state.unbind(scopes.place(self.scopes, target.id))
        elif isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self.delete(part)
        else:
            self.bind_target(target)

    def visit_Import(self, node: ast.Import) -> None:
        """Walk ``import a.b as c``."""
        for alias in node.names:
            self.may_raise()
            name = alias.asname or alias.name.partition(".")[0]
            self.bind_name(name, ANYTHING | {Module()})
            if scopes.place(self.scopes, name) == name:
                self.modules.add(name)
                if alias.asname is None and name != alias.name:
                    self.submodules.add(alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Walk ``from a import b``; nothing is known of ``*``."""
        for alias in node.names:
            self.may_raise()
            if alias.name != "*":
                self.bind_name(alias.asname or alias.name)

    def visit_TypeAlias(self, node: ast.AST) -> None:
        """Walk ``type X = ...``, whose value is evaluated later."""
        value: ast.expr = node.value  # type: ignore[attr-defined]
        name: ast.Name = node.name  # type: ignore[attr-defined]
        code = self.later(node, [scopes.of_type_parameters(node)], lambda: self.visit(value))
        self.bind_name(name.id, frozenset({code}))
        self.note(name.id, [code], set())

    # Functions and classes

    def visit_function(self, node: Function) -> None:
        """Walk a ``def``: decorators, defaults and annotations now, the body later."""
        for decorator in node.decorator_list:
            self.visit(decorator)
            self.call_result(decorator)
        self.visit_defaults(node.args)
        around = scopes.of_type_parameters(node)
        annotations = [a.annotation for a in scopes.parameters(node.args) if a.annotation]
        annotations += [node.returns] if node.returns else []
        if not self.lazy_annotations:
            self.scopes.append(around)
            for annotation in annotations:
                self.visit(annotation)
            self.scopes.pop()
        own = scopes.of_function(node)

        def walk() -> None:
            self.bind_parameters(own)
            self.block(node.body)

        plain = isinstance(node, ast.FunctionDef) and not node.decorator_list and not scopes.yields(node)
        code = self.later(node, [around, own], walk, called=plain)
        static = any(last_name(d) == "staticmethod" for d in node.decorator_list)
        code.label, code.parameters = node.name, ("", *own.parameters) if static else own.parameters
        code.names |= scopes.in_texts(annotations, all_are=self.lazy_annotations)
        code.stateful |= not code.altered.isdisjoint(_with_defaults(node.args))
        if any(last_name(d) == "classmethod" for d in node.decorator_list):
            code.changes_class = not code.altered.isdisjoint(code.parameters[:1])
        self.bind_code(node, code)
        for name, default in scopes.with_defaults(node.args):
            if default and self.state is not None:
                contents = self.contents(default)
                self.hold(scopes.place(self.scopes, node.name), contents)
                code.defaults[name] = frozenset(o for o in contents if isinstance(o, str))

    visit_FunctionDef = visit_AsyncFunctionDef = visit_function

    def bind_code(self, node: Function | ast.ClassDef, code: Deferred) -> None:
        """Bind a function or a class; a decorator that is not known may run it."""
        if node.decorator_list:
            self.may_raise()
        self.bind_name(node.name, frozenset({code}))
        self.note(node.name, [code], set())
        for decorator in node.decorator_list:
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            self.note_result(function, [ast.Name(node.name, ast.Store())])
            if isinstance(function, ast.Attribute) and self.state is not None:
                self.decorate(function, node.name, by_result=function is not decorator)
                self.note_in(function.value, ast.Name(node.name, ast.Load()))
        if not all(last_name(d) in tables.LEAVES_ALONE for d in node.decorator_list):
            self.run_code(None, frozenset({code}))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Walk a class: its body now, its methods later."""
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        kinds = [*node.bases, *(keyword.value for keyword in node.keywords if keyword.arg == "metaclass")]
        bases = [code for kind in kinds for code in self.brings(kind)[0]]
        self.members.append([])
        self.scopes.append(scopes.of_type_parameters(node))
        with self.inside(node, scopes.of_class):
            self.block(node.body)
        self.scopes.pop()
        methods = self.members.pop()
        if self.state is None:
            return
        code = self.deferred.get(node)
        if code is None:
            own = any(isinstance(n, ast.FunctionDef) and n.name == "__init_subclass__" for n in node.body)
            hooks = own or bool(node.keywords) or any(base.hooks for base in bases)
            code = self.deferred[node] = Deferred(is_class=True, hooks=hooks)
            code.label, code.methods = node.name, {m.label: m for m in methods}
            code.getters = _getters(node)
            changing = _changing_own_class(node)
            for method in methods:
                method.changes_class |= method.label in changing
            altering = [m.label for m in methods if m.altered & {*m.parameters[:1]}]
            code.stateful = "__new__" in altering or (_keeps_objects(node) and bool(altering))
            code.stateful |= any(m.changes_class for m in methods if m.label == "__init__")
            code.names = {name for part in (*methods, *bases) for name in part.names}
            annotations = [part.annotation for part in node.body if isinstance(part, ast.AnnAssign)]
            code.names |= scopes.in_texts(annotations, all_are=self.lazy_annotations)
            code.calls.append(Call(None, (*methods, *bases), State()))
            if self.scopes and self.scopes[-1].kind == "class":
                self.members[-1].append(code)
        self.may_raise()
        self.bind_code(node, code)
        self.note(node.name, [], {kind.id for kind in kinds if isinstance(kind, ast.Name)})
        if node.keywords or any(last_name(b) in tables.ENUMS for b in node.bases) or any(base.hooks for base in bases):
            self.run_code(None, frozenset({code}))

    def visit_Inner(self, node: Inner) -> None:
        """Walk statements that run now, in a function's scope."""
        code = self.later(node, [scopes.of_statements(node.body)], lambda: self.block(node.body))
        self.run_code(None, frozenset({code}))
        self.may_raise()

    # Ways

    def visit_Return(self, node: ast.Return) -> None:
        """Walk ``return``."""
        if node.value:
            self.visit(node.value)
            if self.state is not None:
                self.give_back(node.value)
        self.exits.add("returned", self.state)
        self.state = None

    def visit_Raise(self, node: ast.Raise) -> None:
        """Walk ``raise``."""
        self.visit_parts(node)
        self.may_raise()
        self.state = None

    def visit_Break(self, _: ast.Break) -> None:
        """Walk ``break``."""
        self.exits.add("broken", self.state)
        self.state = None

    def visit_Continue(self, _: ast.Continue) -> None:
        """Walk ``continue``."""
        self.exits.add("continued", self.state)
        self.state = None

    def visit_Assert(self, node: ast.Assert) -> None:
        """Walk ``assert``."""
        holds, self.state = self.branch(node.test)
        if node.msg:
            self.visit(node.msg)
        self.may_raise()
        self.state = holds

    def visit_If(self, node: ast.If) -> None:
        """Walk ``if``."""
        yes, no = self.branch(node.test)
        self.state = yes
        self.block(node.body)
        end, self.state = self.state, no
        self.block(node.orelse)
        self.state = join(end, self.state)

    def visit_loop(self, node: ast.For | ast.AsyncFor) -> None:
        """Walk ``for``."""
        self.visit(node.iter)
        if self.state is not None:
            self.use(node.iter, "__iter__", "__next__")
        self.may_raise()

        def enter() -> Branches:
            self.may_raise()
            assert self.state
            over = self.state.copy()
            self.bind_elements(node.target, node.iter)
            return self.state, over

        self.loop(enter, node.body, node.orelse, at_least_once=self.goes_round(node.iter))

    visit_For = visit_AsyncFor = visit_loop

    def visit_While(self, node: ast.While) -> None:
        """Walk ``while``."""
        self.loop(lambda: self.branch(node.test), node.body, node.orelse, at_least_once=False)

    def loop(
        self,
        enter: Callable[[], Branches],
        body: Sequence[ast.stmt],
        orelse: Sequence[ast.stmt],
        *,
        at_least_once: bool,
    ) -> None:
        """Walk a loop until another round adds nothing.

        Parameters
        ----------
        enter : callable
            Walks the loop's head; returns the states into the body and out of the loop.
        body, orelse : sequence of stmt
        at_least_once : bool
            The body surely runs.
        """
        outer, self.exits = self.exits, Exits()
        head, back = self.state, None
        while True:
            assert head
            self.state = head.copy()
            self.state, over = enter()
            self.block(body)
            back = join(back, join(self.state, self.exits.continued))
            wider = join(head, back)
            assert wider
            if wider.same(head):
                break
            head = wider
        inner, self.exits = self.exits, outer
        broken, inner.broken, inner.continued = inner.broken, None, None
        outer.merge(inner)
        self.state = back if at_least_once else over
        self.block(orelse)
        self.state = join(self.state, broken)

    def goes_round(self, iterable: ast.expr) -> bool:
        """Say whether a loop over an iterable surely has a first round."""
        match iterable:
            case ast.Tuple(elts=[_, *_] as parts) | ast.List(elts=[_, *_] as parts):
                return not isinstance(parts[0], ast.Starred)
            case ast.Constant(value=str(text)):
                return bool(text)
            case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(stop))], keywords=[]):
                assert self.state
                return stop > 0 and self.state.flag("range") != BOUND
            case ast.Call(func=ast.Name(id="enumerate" | "tqdm" | "reversed"), args=[inner, *_]):
                return self.goes_round(inner)
        return False

    def visit_with(self, node: ast.With | ast.AsyncWith) -> None:
        """Walk ``with``."""
        self.manage(node.items, node.body)

    visit_With = visit_AsyncWith = visit_with

    def manage(self, items: Sequence[ast.withitem], body: Sequence[ast.stmt]) -> None:
        """Walk context managers from the outermost; one that is not known may swallow exceptions."""
        if not items:
            self.block(body)
            return
        self.visit(items[0].context_expr)
        if self.state is not None:
            self.use(items[0].context_expr, "__enter__", "__exit__")
        self.may_raise()
        outer, self.exits = self.exits, Exits()
        if target := items[0].optional_vars:
            self.into[items[0].context_expr] = _names(target)
            self.bind_target(target, self.origins(items[0].context_expr))
        self.manage(items[1:], body)
        inner, self.exits = self.exits, outer
        if last_name(items[0].context_expr) not in tables.LETS_THROUGH:
            self.state = join(self.state, inner.raised)
        outer.merge(inner)
        self.may_raise()

    def visit_try(self, node: ast.Try | ast.TryStar) -> None:
        """Walk ``try``: whichever way control leaves the rest, ``finally`` comes after it."""
        outer, self.exits = self.exits, Exits()
        self.attempt(node)
        inner, self.exits = self.exits, outer
        if not node.finalbody:
            outer.merge(inner)
            return
        end = self.state
        for way in Exits.WAYS:
            self.state = getattr(inner, way)
            self.block(node.finalbody)
            outer.add(way, self.state)
        self.state = end
        self.block(node.finalbody)

    visit_Try = visit_TryStar = visit_try

    def attempt(self, node: ast.Try | ast.TryStar) -> None:
        """Walk a ``try`` without its ``finally``."""
        outer, self.exits = self.exits, Exits()
        self.block(node.body)
        inner, self.exits = self.exits, outer
        failed, inner.raised = inner.raised, None
        outer.merge(inner)
        self.block(node.orelse)
        end = self.state
        self.state = failed
        for handler in node.handlers:
            if handler.type and self.state:
                self.visit(handler.type)
            unmatched = self.state.copy() if self.state else None
            self.handle(handler)
            end = join(end, self.state)
            self.state = None if handler.type is None or last_name(handler.type) == "BaseException" else unmatched
        outer.add("raised", self.state)
        self.state = end

    def handle(self, handler: ast.ExceptHandler) -> None:
        """Walk an ``except`` clause; its name is unbound on every way out."""
        if self.state is None:
            return
        if handler.name is None:
            self.block(handler.body)
            return
        outer, self.exits = self.exits, Exits()
        self.bind_name(handler.name)
        self.block(handler.body)
        inner, self.exits = self.exits, outer
        key = scopes.place(self.scopes, handler.name)
        for state in (self.state, *(getattr(inner, way) for way in Exits.WAYS)):
            if state:
                state.unbind(key)
        outer.merge(inner)

    def visit_Match(self, node: ast.Match) -> None:
        """Walk ``match``: the first pattern that fits, and its guard, decide."""
        self.visit(node.subject)
        if self.state is None:
            return
        owners, inside = frozenset[Origin](self.roots(node.subject)) | ANYTHING, self.contents(node.subject)
        end: State | None = None
        for case in node.cases:
            if self.state is None:
                break
            unmatched = None if _always(case.pattern) else self.fit(case.pattern)
            for name in _captures(case.pattern):
                self.bind_name(name, owners)
                self.hold(scopes.place(self.scopes, name), inside)
            if case.guard:
                self.state, no = self.branch(case.guard)
                unmatched = join(unmatched, no)
            self.block(case.body)
            end = join(end, self.state)
            self.state = unmatched
        self.state = join(end, self.state)

    def fit(self, pattern: ast.pattern) -> State | None:
        """Walk what a pattern evaluates; return the state in which it does not fit."""
        assert self.state
        for node in ast.walk(pattern):
            match node:
                case ast.MatchValue(value=value) | ast.MatchClass(cls=value):
                    self.visit(value)
                case ast.MatchMapping(keys=keys):
                    for key in keys:
                        self.visit(key)
        self.may_raise()
        return self.state.copy()


def _names(target: ast.expr) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def _changing_own_class(node: ast.ClassDef) -> set[str]:
    """Return the methods that change in place, through ``self``, what the class itself has and no instance."""
    containers = {
        target.id
        for part in node.body
        if isinstance(part, ast.Assign | ast.AnnAssign) and isinstance(part.value, _CONTAINERS)
        for target in (part.targets if isinstance(part, ast.Assign) else [part.target])
        if isinstance(target, ast.Name)
    }
    if not containers:
        return set()
    functions = [part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
    inner = [(function.name, one) for function in functions for one in ast.walk(function)]
    containers -= {n.attr for _, n in inner if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    found = set[str]()
    for name, one in inner:
        match one:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(), attr=attribute), attr=method)) if (
                method in tables.CHANGING_METHODS and attribute in containers
            ):
                found.add(name)
            case ast.Subscript(value=ast.Attribute(value=ast.Name(), attr=attribute)) if attribute in containers:
                found |= {name} if not isinstance(one.ctx, ast.Load) else set()
    return found


_CONTAINERS = (ast.List, ast.Dict, ast.Set, ast.Call, ast.ListComp, ast.DictComp, ast.SetComp)


def _getters(node: ast.ClassDef) -> frozenset[str]:
    functions = (one for one in node.body if isinstance(one, ast.FunctionDef))
    return frozenset(f.name for f in functions if any(last_name(d) in tables.GETTERS for d in f.decorator_list))


def _keeps_objects(node: ast.ClassDef) -> bool:
    """Say whether a class has an attribute of its own that methods may change, a list for example."""
    kinds = ast.List | ast.Dict | ast.Set | ast.Call | ast.ListComp | ast.DictComp | ast.SetComp
    return any(isinstance(part, ast.Assign) and isinstance(part.value, kinds) for part in node.body)


def _with_defaults(args: ast.arguments) -> set[str]:
    """Return the parameters that have defaults."""
    positional = [*args.posonlyargs, *args.args]
    named = [a for a, default in zip(args.kwonlyargs, args.kw_defaults, strict=True) if default is not None]
    return {a.arg for a in (*positional[len(positional) - len(args.defaults) :], *named)}


def _always(pattern: ast.pattern) -> bool:
    match pattern:
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchAs(pattern=inner) if inner:
            return _always(inner)
        case ast.MatchOr(patterns=patterns):
            return any(map(_always, patterns))
    return False


def _captures(pattern: ast.pattern) -> list[str]:
    names = []
    for node in ast.walk(pattern):
        match node:
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                names.append(name)
    return names


def _given(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the names that a call is given, other calls among its arguments left out, with what is called."""
    callee = last_name(call.func)
    data = callee in tables.GIVES_DATA or (isinstance(call.func, ast.Attribute) and callee in tables.METHODS_GIVE_DATA)
    todo: list[ast.AST] = [] if data else [value for _, value in mutation.arguments(call)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name):
            yield callee, node.id
        elif not isinstance(node, ast.Call):
            todo += ast.iter_child_nodes(node)
