"""Which scope a name belongs to: Python's own rules, over the syntax tree."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

Key = str | tuple[int, str]
"""A name of the notebook's namespace, or a name of the scope with that number."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Scope:
    """A function's, a class's or a comprehension's own names.

    Parameters
    ----------
    kind : {"function", "class", "comprehension"}
    bound : frozenset of str
        Names that belong to it.
    shared : frozenset of str
        Names that it declares ``global``.
    parameters : tuple of str
        Of a function.
    """

    kind: Literal["function", "class", "comprehension"]
    bound: frozenset[str]
    shared: frozenset[str] = frozenset()
    parameters: tuple[str, ...] = ()
    number: int = field(default_factory=lambda: next(_numbers))


def of_function(node: Function) -> Scope:
    """Return the scope of a function's body."""
    return _of_body("function", node.body, _parameters(node.args))


def yields(node: ast.FunctionDef) -> bool:
    """Say whether a function is a generator."""
    return any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in _own(node.body))


def of_lambda(node: ast.Lambda) -> Scope:
    """Return the scope of a lambda's body."""
    parameters = _parameters(node.args)
    return Scope("function", frozenset({*parameters, *bound([node.body])}), parameters=tuple(parameters))


def of_class(node: ast.ClassDef) -> Scope:
    """Return the scope of a class's body."""
    return _of_body("class", node.body, ())


def of_comprehension(node: Comprehension) -> Scope:
    """Return the scope of a comprehension: the names that its ``for`` parts bind."""
    targets = (n for generator in node.generators for n in ast.walk(generator.target))
    return Scope("comprehension", frozenset(n.id for n in targets if isinstance(n, ast.Name) and _stored(n)))


def of_statements(body: list[ast.stmt]) -> Scope:
    """Return the scope of statements that run as a function's body (``%timeit``)."""
    return _of_body("function", body, ())


def of_type_parameters(node: ast.AST) -> Scope:
    """Return the scope of ``[T, ...]`` after a name (Python 3.12); empty where there is none."""
    return Scope("function", frozenset(p.name for p in getattr(node, "type_params", ())))


def look_up(scopes: list[Scope], name: str) -> list[Key]:
    """Return where a read of a name looks, in order.

    A name that a class's body binds is looked for there, then in the namespace: never in a function around it.
    """
    for depth, scope in enumerate(reversed(scopes)):
        if name in scope.shared:
            break
        if name in scope.bound and scope.kind != "class":
            return [(scope.number, name)]
        if name in scope.bound and depth == 0:
            return [(scope.number, name), name]
    return [name]


def place(scopes: list[Scope], name: str, *, walrus: bool = False) -> Key:
    """Return where a binding of a name goes; a walrus in a comprehension binds outside of it."""
    for depth, scope in enumerate(reversed(scopes)):
        if name in scope.shared:
            return name
        passed_over = walrus if scope.kind == "comprehension" else scope.kind == "class" and depth > 0
        if name in scope.bound and not passed_over:
            return (scope.number, name)
    return name


def _of_body(kind: Literal["function", "class"], body: list[ast.stmt], parameters: Sequence[str]) -> Scope:
    shared = {n for node in _own(body) if isinstance(node, ast.Global) for n in node.names}
    outer = {n for node in _own(body) if isinstance(node, ast.Nonlocal) for n in node.names}
    own = {*parameters, *bound(body)} - shared - outer
    return Scope(kind, frozenset(own), frozenset(shared), tuple(parameters))


def with_defaults(args: ast.arguments) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the parameters that stand for one argument each, with their defaults."""
    by_place = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [
        *[None] * (len(by_place) - len(args.defaults)),
        *args.defaults,
        *args.kw_defaults,
    ]
    yield from ((one.arg, default) for one, default in zip((*by_place, *args.kwonlyargs), defaults, strict=True))


def taken(parameters: Sequence[str], arguments: Iterable[tuple[int | str, str]]) -> dict[str, str]:
    """Return what parameters are given in a call; what none of them takes by its place stands under a star."""
    places = dict(enumerate(parameters))
    return {place if isinstance(place, str) else places.get(place, "*"): given for place, given in arguments}


def parameters(args: ast.arguments) -> list[ast.arg]:
    """Return all parameters of a function, ``*args`` and ``**kwargs`` last."""
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return [a for a in (*named, args.vararg, args.kwarg) if a is not None]


def _parameters(args: ast.arguments) -> list[str]:
    return [a.arg for a in parameters(args)]


def bound(body: Iterable[ast.AST]) -> Iterator[str]:
    """Names that code binds in its own scope."""
    for node in _own(body):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=module, asname=name):
                yield name or module.partition(".")[0]
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name


def _own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Nodes of a scope's own code: of inner scopes only what is evaluated in this one."""
    todo = list(body)
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, Function):
            todo += [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        elif isinstance(node, ast.ClassDef):
            todo += [*node.decorator_list, *node.bases, *node.keywords]
        elif isinstance(node, ast.Lambda):
            todo += [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        elif isinstance(node, Comprehension):
            todo += [part for part in ast.iter_child_nodes(node) if not isinstance(part, ast.comprehension)]
            todo += [part for generator in node.generators for part in (generator.iter, *generator.ifs)]
        else:
            todo += ast.iter_child_nodes(node)


def _stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def in_texts(annotations: Iterable[ast.expr], *, all_are: bool) -> set[str]:
    """Return the names in annotations that are texts, ``"Unit"``: `typing.get_type_hints` looks them up.

    Parameters
    ----------
    annotations : iterable of expr
    all_are : bool
        Python keeps all of them as texts.
    """
    found: set[str] = set()
    for node in (inner for annotation in annotations for inner in ast.walk(annotation)):
        match node:
            case ast.Constant(value=str(text)):
                with suppress(SyntaxError, ValueError):
                    found |= in_texts([ast.parse(text, mode="eval").body], all_are=True)
            case ast.Name(id=name) if all_are:
                found.add(name)
    return found
