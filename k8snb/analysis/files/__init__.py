"""Which files a cell reads and writes, as far as its code tells their paths."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from k8snb.analysis.files import gaps
from k8snb.analysis.files.opened import NOWHERE, is_in_memory
from k8snb.analysis.files.search import Search, local_names, name_of_method
from k8snb.analysis.state_tables import LOG_METHODS

__all__ = ["Files", "files", "is_method", "name_of_method"]


@dataclass(frozen=True)
class Files:
    """Names of files in a cell's code.

    Parameters
    ----------
    reads : mapping of str to int
        Paths that the cell may read before it writes them, with the line.
    writes : frozenset of str
        Paths that it may write, and folders that it makes (`gaps.made`).
    asks : frozenset of str
        Paths of which it asks whether they are there.
    opens : frozenset of str
        Paths among `reads` that it opens itself.
    in_code, written_in_code : mapping of str to frozenset of str
        Paths that functions and classes read and write which the cell defines, and their methods (`is_method`).
    called : frozenset of str
        Functions and methods that the cell may call.
    called_in_code : mapping of str to frozenset of str
        The same of the cell's functions, classes and methods.
    named : mapping of str to str
        Texts and paths that names of the cell stand for. All may have gaps (`k8snb.analysis.files.gaps`).
    """

    reads: Mapping[str, int] = field(default_factory=dict)
    writes: frozenset[str] = frozenset()
    asks: frozenset[str] = frozenset()
    opens: frozenset[str] = frozenset()
    in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    written_in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    called: frozenset[str] = frozenset()
    called_in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)

    def with_code(self, other: Files) -> Files:
        """Return the same with functions that stand in other code."""
        return replace(
            self,
            in_code=_together(self.in_code, other.in_code),
            written_in_code=_together(self.written_in_code, other.written_in_code),
            called_in_code=_together(self.called_in_code, other.called_in_code),
        )


def _together(one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    return {**one, **{name: found | one.get(name, frozenset()) for name, found in other.items()}}


def is_method(name: str) -> bool:
    """Say whether a name stands for the methods of that name, of whatever class: ``.save``."""
    return name.startswith(".")


def files(tree: ast.Module, nodes: Iterable[ast.AST]) -> Files:
    """Return the files that a cell's code names; `nodes` are all of its tree."""
    top, code = Search(), dict[str, Search]()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            code[statement.name] = Search(local_names(statement), in_order=not isinstance(statement, ast.ClassDef))
            code[statement.name].visit(statement)
        else:
            top.visit(statement)
        for inner in statement.body if isinstance(statement, ast.ClassDef) else ():
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                method = code.setdefault(name_of_method(inner.name), Search(in_order=False))
                method.look_into(inner)
            else:
                top.visit(inner)
    for search in (*code.values(), top):
        search.settle()
    if logs := set[str]().union(*(search.logs for search in (*code.values(), top))):
        for name in map(name_of_method, LOG_METHODS):
            code.setdefault(name, Search(in_order=False)).add_to(logs)
    for search in (*code.values(), top):
        search.take_in(code)
    return Files(
        top.reads,
        frozenset(top.writes),
        frozenset(top.asks),
        frozenset(top.opens & top.reads.keys()),
        {name: frozenset(search.reads) for name, search in code.items() if search.reads},
        {name: frozenset(search.writes) for name, search in code.items() if search.writes},
        frozenset(top.names),
        {name: frozenset(search.names) for name, search in code.items() if search.names},
        _named(tree, nodes),
    )


def _named(tree: ast.Module, nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Return the paths and texts that names stand for which a cell binds once, at its top; a gap for all others."""
    stored, each = Counter[str](), dict[str, str]()
    for node in nodes:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                stored[node.id] += 1
        elif isinstance(node, ast.For | ast.comprehension):
            each |= _each(node)
    found = {name: each.get(name, gaps.gap()) if count == 1 else gaps.gap() for name, count in stored.items()}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if stored[name] == 1:
                path = _stands_for(value)
                if path is None:
                    found[name] = gaps.gap(name)
                elif path != gaps.gap(name):
                    found[name] = path
    return found


def _stands_for(value: ast.expr) -> str | None:
    """Return the path or text that a value is, or has in a text that it is put into."""
    match value:
        case ast.Constant(value=int() | float() as number):
            return str(number)
    return NOWHERE if is_in_memory(value) else gaps.path_of(value)


def _each(loop: ast.For | ast.comprehension) -> dict[str, str]:
    """Return the gap for a name that goes through what another stands for."""
    if isinstance(loop.target, ast.Name) and isinstance(loop.iter, ast.Name):
        return {loop.target.id: gaps.gap(f"each of {loop.iter.id}")}
    return {}
