"""Which files a cell reads and writes, as far as its code tells their paths."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from k8snb.analysis.files import gaps
from k8snb.analysis.files.opened import NOWHERE, is_in_memory
from k8snb.analysis.files.search import Search, local_names


@dataclass(frozen=True)
class Files:
    """Names of files in a cell's code.

    Parameters
    ----------
    reads : mapping of str to int
        Paths that the cell may read before it writes them, with the line.
    writes : frozenset of str
        Paths that it may write; none of folders that it only makes.
    asks : frozenset of str
        Paths of which it asks whether they are there.
    in_code, written_in_code : mapping of str to frozenset of str
        Paths that functions and classes read and write which the cell defines.
    named : mapping of str to str
        Texts and paths that names of the cell stand for. All may have gaps (`k8snb.analysis.files.gaps`).
    """

    reads: Mapping[str, int] = field(default_factory=dict)
    writes: frozenset[str] = frozenset()
    asks: frozenset[str] = frozenset()
    in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    written_in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)


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
            if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                top.visit(inner)
    for search in (*code.values(), top):
        search.settle()
    for search in (*code.values(), top):
        search.take_in(code)
    read = {name: frozenset(search.reads) for name, search in code.items() if search.reads}
    written = {name: frozenset(search.writes) for name, search in code.items() if search.writes}
    return Files(top.reads, frozenset(top.writes), frozenset(top.asks), read, written, _named(tree, nodes))


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
                path = NOWHERE if is_in_memory(value) else gaps.path_of(value)
                if path is None:
                    found[name] = gaps.gap(name)
                elif path != gaps.gap(name):
                    found[name] = path
    return found


def _each(loop: ast.For | ast.comprehension) -> dict[str, str]:
    """Return the gap for a name that goes through what another stands for."""
    if isinstance(loop.target, ast.Name) and isinstance(loop.iter, ast.Name):
        return {loop.target.id: gaps.gap(f"each of {loop.iter.id}")}
    return {}
