"""What one kernel keeps beside the variables: last values, annotations, cached results, subclasses, files mapped."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from k8snb.analysis import tables
from k8snb.analysis.facts import Kept
from k8snb.analysis.files.opened import maps_to_change
from k8snb.analysis.imported import path_of
from k8snb.analysis.makers import bound_to

DISPLAYED = re.compile(r"_{1,3}|_\d+|_oh|Out")
"""Names under which IPython keeps values that cells have displayed."""

_CACHES = frozenset({"functools.lru_cache", "functools.cache"})
_NOTHING = Kept()


def of_cell(
    tree: ast.Module, source: str, names: Mapping[str, str], effects: Collection[str], quiet: Collection[int]
) -> Kept:
    """Return what a cell leaves behind that is no variable.

    Parameters
    ----------
    tree : Module
    source : str
    names : mapping of str to str
        What names stand for that imports bind.
    effects : collection of str
        Functions of the cell that change something outside of them.
    quiet : collection of int
        Lines about which the user does not want to be warned.
    """
    shown = _displayed(tree, source)
    annotated = [node.lineno for node in tree.body if _is_annotation(node)]
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list]
    maps = {name: value.lineno for name, value, _ in bound_to(tree.body) if _maps(value) and value.lineno not in quiet}
    if not (shown or annotated or classes or functions or maps):
        return _NOTHING
    classes = [node for node in classes if node.lineno not in quiet]
    cached = {node.name: node.lineno for node in functions if _is_cached(node, names) and node.lineno not in quiet}
    return Kept(
        displays=0 if shown in quiet else shown,
        annotates=next((line for line in annotated if line not in quiet), 0),
        derives={node.name: node.lineno for node in classes if node.bases},
        one_dict={node.name: node.lineno for node in classes if _shares_attributes(node)},
        cached=cached,
        maps=maps,
        doing=frozenset(node.name for node in functions if node.name in cached and _does(node, effects)),
        calls=frozenset(_called(tree.body) & cached.keys()) if cached else frozenset(),
    )


def _displayed(tree: ast.Module, source: str) -> int:
    """Return the line of the last expression, where its value is displayed."""
    match tree.body[-1:]:
        case [ast.Expr(value=ast.Constant(value=None)) | ast.Expr(value=ast.Await())]:
            return 0
        case [ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)))] if name in _GIVES_NOTHING:
            return 0
        case [ast.Expr(value=ast.expr() as value) as last] if type(value).__module__ in {"ast", "_ast"}:
            rest = source.split("\n")[(last.end_lineno or 1) - 1 :]
            return 0 if rest and rest[0].partition("#")[0].rstrip().endswith(";") else last.lineno
    return 0


_GIVES_NOTHING = tables.CHANGING_METHODS - {"pop", "setdefault", "popitem"} | tables.words("print display show close")


def _maps(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and maps_to_change(value)


def _is_annotation(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)


def _is_cached(node: ast.FunctionDef, names: Mapping[str, str]) -> bool:
    functions = (one.func if isinstance(one, ast.Call) else one for one in node.decorator_list)
    return any(path_of(function, names) in _CACHES for function in functions)


def _does(node: ast.FunctionDef, effects: Collection[str]) -> bool:
    """Say whether a function does anything but compute from what it is given."""
    return node.name in effects or not _DOES.isdisjoint(_called(node.body))


_DOES = tables.DRAWS | tables.words("""
    print display warn debug info warning error exception log write input next
    now today time time_ns perf_counter monotonic uuid1 uuid4 default_rng token_hex urandom
""")
"""Functions and methods that do something, or give another value each time."""


def _called(body: Iterable[ast.stmt]) -> set[str]:
    """Return the names that statements call, whatever they are called on; not those that functions among them call."""
    calls = (node.func for statement in body for node in _now(statement) if isinstance(node, ast.Call))
    return {f.id if isinstance(f, ast.Name) else f.attr for f in calls if isinstance(f, ast.Name | ast.Attribute)}


def _now(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes of a statement but for the bodies of functions."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            todo += ast.iter_child_nodes(node)


def _shares_attributes(node: ast.ClassDef) -> bool:
    """Say whether instances of a class are given another dict for their attributes: ``self.__dict__ = shared``."""
    methods: Sequence[ast.stmt] = [one for one in node.body if isinstance(one, ast.FunctionDef)]
    return any(
        isinstance(target, ast.Attribute) and target.attr == "__dict__"
        for method in methods
        for inner in ast.walk(method)
        if isinstance(inner, ast.Assign)
        for target in inner.targets
    )
