"""Which files a cell reads and writes, as far as its code tells their paths."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from k8snb.analysis.files import gaps
from k8snb.analysis.files.opened import NOWHERE, is_in_memory
from k8snb.analysis.files.search import Called, Search, local_names, name_of_method, parameters_of
from k8snb.analysis.mutation import last_name
from k8snb.analysis.state_tables import LOG_METHODS

__all__ = ["Called", "Files", "Parameters", "add_parameters", "files", "is_method", "name_of_method"]


_T = TypeVar("_T")
Parameters = Mapping[str, tuple[tuple[str, str | None], ...]]


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
    guessed : mapping of str to frozenset of str
        Paths that do not look so, but are given to functions of these names: if the notebook's, these tell themselves.
    in_code, written_in_code : mapping of str to frozenset of str
        Paths that functions and classes read and write which the cell defines, and their methods (`is_method`).
    uses, calls : frozenset of str and of Called
        Functions and methods that the cell may call with whatever arguments, and calls with what these are known to be.
    used_in_code, calls_in_code : mapping of str to frozenset of str and of Called
        The same of the cell's functions, classes and methods.
    parameters : mapping of str to tuple of (str, str or None)
        Of functions and methods: their parameters, but what a method is called on, with defaults that are known.
    named : mapping of str to str
        Texts and paths that names of the cell stand for. All may have gaps (`k8snb.analysis.files.gaps`).
    """

    reads: Mapping[str, int] = field(default_factory=dict)
    writes: frozenset[str] = frozenset()
    asks: frozenset[str] = frozenset()
    opens: frozenset[str] = frozenset()
    guessed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    written_in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    uses: frozenset[str] = frozenset()
    calls: frozenset[Called] = frozenset()
    used_in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    calls_in_code: Mapping[str, frozenset[Called]] = field(default_factory=dict)
    parameters: Parameters = field(default_factory=dict)

    @property
    def are_there(self) -> bool:
        """Whether the cell itself, or its code, has to do with any."""
        return bool(self.reads or self.writes or self.asks or self.in_code or self.written_in_code)

    def with_code(self, other: Files) -> Files:
        """Return the same with functions that stand in other code."""
        parameters = dict(self.parameters)
        add_parameters(parameters, other.parameters)
        return replace(
            self,
            in_code=_together(self.in_code, other.in_code),
            written_in_code=_together(self.written_in_code, other.written_in_code),
            used_in_code=_together(self.used_in_code, other.used_in_code),
            calls_in_code=_together(self.calls_in_code, other.calls_in_code),
            parameters=parameters,
        )


def _together(one: Mapping[str, frozenset[_T]], other: Mapping[str, frozenset[_T]]) -> dict[str, frozenset[_T]]:
    return {**one, **{name: found | one.get(name, frozenset()) for name, found in other.items()}}


def add_parameters(found: dict[str, tuple[tuple[str, str | None], ...]], new: Parameters) -> None:
    """Add the parameters of functions; of methods of one name that have others nothing is known."""
    for name, own in new.items():
        found[name] = () if is_method(name) and found.get(name, own) != own else own


def is_method(name: str) -> bool:
    """Say whether a name stands for the methods of that name, of whatever class: ``.save``."""
    return name.startswith(".")


def files(tree: ast.Module, nodes: Iterable[ast.AST]) -> Files:
    """Return the files that a cell's code names; `nodes` are all of its tree."""
    top, code = Search(), dict[str, Search]()
    parameters: dict[str, tuple[tuple[str, str | None], ...]] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            code[statement.name] = Search(local_names(statement), in_order=not isinstance(statement, ast.ClassDef))
            code[statement.name].visit(statement)
            parameters[statement.name] = tuple(parameters_of(statement))
        else:
            top.visit(statement)
        for inner in statement.body if isinstance(statement, ast.ClassDef) else ():
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                name = name_of_method(inner.name)
                code.setdefault(name, Search(in_order=False)).look_into(inner)
                static = any(last_name(one) == "staticmethod" for one in inner.decorator_list)
                own = tuple(parameters_of(inner))[0 if static else 1 :]
                add_parameters(parameters, {name: own})
            else:
                top.visit(inner)
    for search in (*code.values(), top):
        search.settle()
    if logs := set[str]().union(*(search.logs for search in (*code.values(), top))):
        for name in map(name_of_method, LOG_METHODS):
            code.setdefault(name, Search(in_order=False)).add_to(logs)
    return Files(
        top.reads,
        frozenset(top.writes),
        frozenset(top.asks),
        frozenset(top.opens & top.reads.keys()),
        {path: frozenset(functions) for path, functions in top.guessed.items()},
        {name: frozenset(search.reads) for name, search in code.items() if search.reads},
        {name: frozenset(search.writes) for name, search in code.items() if search.writes},
        _named(tree, nodes),
        frozenset(top.names),
        frozenset(top.calls),
        {name: frozenset(search.names) for name, search in code.items() if search.names},
        {name: frozenset(search.calls) for name, search in code.items() if search.calls},
        parameters,
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
