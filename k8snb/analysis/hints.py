"""Warnings: what cannot be known from a cell's code, and what a pod does not have."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping
from typing import NamedTuple

from k8snb.analysis import magics, mutation, tables
from k8snb.analysis.facts import Warning_
from k8snb.analysis.source import quiet_lines
from k8snb.analysis.syntax import Expansion

TEXTS = {
    "eval": "eval() may read any name: give what it reads with --in",
    "exec": "exec() may read and bind any name: give these with --in and --out",
    "globals": "globals() may read and bind any name: give these with --in and --out",
    "locals": "locals() is the namespace here and may read any name: give these with --in",
    "vars": "vars() is the namespace here and may read any name: give these with --in",
    "input": "{0}() has nobody to answer it in a pod: set a variable in a plain cell",
    "debugger": "{0}() has nobody at the debugger in a pod: to debug the cell, run it without its first line",
    "get_ipython": "get_ipython() reaches the kernel, which a pod does not have: use what it gives in a plain cell",
    "namespace": "get_ipython().{0} may read and bind any name: give these with --in and --out",
    "main": "{0} looks at all names of the notebook: give what it is to find with --in",
    "star-import": "what `from {0} import *` binds is not known: import the names, or give them with --out",
    "shell-state": "%{0} sets what only this step sees: repeat it in each that needs it",
    "partial": "%{0} tells in a step only of what the step has: use it in a plain cell",
    "script": "%run binds what its script does: give that with --out, or import it from the file",
    "magic": "%{0} may read and bind any name: give these with --in and --out, or write it as Python",
}


_OF_CALLER = frozenset({"eval", "exec", "globals", "input", "debugger", "get_ipython", "namespace", "main"})
"""In a function these matter to who calls it, not to who defines it."""

_OF_NAMESPACE = frozenset({"user_ns", "user_global_ns", "ev", "ex", "run_cell", "push", "drop_by_id", "del_var"})
"""What of IPython's shell reaches the notebook's names."""


class Hints(NamedTuple):
    """What a cell's code says of what cannot be known.

    Parameters
    ----------
    warnings : tuple of Warning_
        In the order of their lines, one per line and code.
    opaque : mapping of str to str
        Functions that the cell defines, and for whoever uses them the code of the warning, with what is named in it.
    """

    warnings: tuple[Warning_, ...]
    opaque: Mapping[str, str]


def hints(tree: ast.Module, bound: frozenset[str], source: str, opaque: Mapping[str, str]) -> Hints:
    """Return what cannot be known from a cell.

    Parameters
    ----------
    tree : ast.Module
    bound : frozenset of str
        Names that the cell binds: a function of its own may be called ``eval``.
    source : str
        The cell's, whose comments may ask for quiet.
    opaque : mapping of str to str
        Functions of cells above, as `Hints` has them.
    """
    others = {name: code for name, code in opaque.items() if name not in bound}
    visitor = _Hints(bound, quiet_lines(source), others)
    visitor.visit(tree)
    return Hints(tuple(visitor.found[key] for key in sorted(visitor.found)), visitor.opaque)


class _Hints(ast.NodeVisitor):
    def __init__(self, bound: frozenset[str], quiet: frozenset[int], others: Mapping[str, str]) -> None:
        self.bound, self.quiet, self.others = bound, quiet, others
        self.found: dict[tuple[int, str], Warning_] = {}
        self.opaque: dict[str, str] = {}
        self.function = ""  # of the cell
        self.depth = 0  # of functions

    def say(self, node: ast.AST, code: str, detail: str = "", prefix: str = "") -> None:
        line: int = node.lineno  # type: ignore[attr-defined]
        is_quiet = line in self.quiet
        if self.function and code in _OF_CALLER:
            if not is_quiet:
                self.opaque.setdefault(self.function, f"{code} {detail}".rstrip())
            return
        self.found.setdefault((line, code), Warning_(line, code, prefix + TEXTS[code].format(detail), is_quiet))

    def visit_Module(self, node: ast.Module) -> None:
        for statement in node.body:
            is_function = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
            self.function = statement.name if is_function else ""  # type: ignore[attr-defined]
            self.visit(statement)

    def visit_Name(self, node: ast.Name) -> None:
        known = self.opaque.get(node.id, self.others.get(node.id))
        if known is not None and isinstance(node.ctx, ast.Load) and node.id != self.function:
            code, _, detail = known.partition(" ")
            self.say(node, code, detail, f"in {node.id}(), ")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if any(alias.name == "*" for alias in node.names):
            self.say(node, "star-import", f"{'.' * node.level}{node.module or ''}")

    def visit_function(self, node: ast.AST) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_function  # noqa: N815

    def visit_Call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Name(id="eval" | "exec" as name) if name not in self.bound:
                if len(node.args) == 1:  # else its names are those of a dict
                    self.say(node, name)
            case ast.Name(id="globals" | "get_ipython" as name) if name not in self.bound:
                self.say(node, name)
            case called if (asks := _asks(called, self.bound)) is not None:
                self.say(node, *asks)
            case ast.Attribute(value=ast.Name(id="unittest" | "doctest" as module), attr="main" | "testmod" as name):
                self.say(node, "main", f"{module}.{name}()")
            case ast.Name(id="locals" | "vars" as name) if name not in self.bound:
                if not node.args and not self.depth:
                    self.say(node, name)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        if any(alias.name == "__main__" for alias in node.names):
            self.say(node, "main", "__main__")

    def visit_Subscript(self, node: ast.Subscript) -> None:
        match node:
            case ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Constant(value="__main__")):
                self.say(node, "main", "__main__")
            case _:
                self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if self.depth or mutation.guarded(node) is None:
            self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        match node:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=attr) if attr in _OF_NAMESPACE:
                self.say(node, "namespace", attr)
            case _:
                self.generic_visit(node)

    def visit_Expansion(self, node: Expansion) -> None:
        if node.known:
            return
        if node.magic in tables.SHELL_MAGICS and (node.magic != "config" or "=" in node.text):
            self.say(node, "shell-state", node.magic)
        elif node.magic in tables.LOOKING_MAGICS:
            self.say(node, "partial", node.magic)
        elif node.magic == "run" and _is_apart(node.text):
            self.say(node, "script")
        elif node.magic in tables.NAMESPACE_MAGICS or node.magic.startswith("%") or _is_foreign(node.magic):
            self.say(node, "magic", node.magic)


def _asks(called: ast.expr, bound: frozenset[str]) -> tuple[str, str] | None:
    """Return the code of the warning for a function that waits for somebody's answer, and what is called."""
    match called:
        case ast.Name(id="input") if "input" not in bound:
            return "input", "input"
        case ast.Name(id="getpass") | ast.Attribute(value=ast.Name(id="getpass"), attr="getpass"):
            return "input", "getpass"
        case ast.Name(id="breakpoint") if "breakpoint" not in bound:
            return "debugger", "breakpoint"
        case ast.Attribute(value=ast.Name(id="pdb" | "ipdb" as module), attr="set_trace"):
            return "debugger", f"{module}.set_trace"
        case _:
            return None


def _is_apart(text: str) -> bool:
    """Say whether ``%run`` executes a script in a namespace of its own."""
    options = list(itertools.takewhile(lambda word: word.startswith("-"), text.split()))
    file = next(iter(text.split()[len(options) :]), "")
    return file.endswith(".py") and not any("i" in option for option in options)


def _is_foreign(magic: str) -> bool:
    """Say whether a line magic is of an extension of which nothing is known."""
    known = magics.LINE_MAGICS | tables.CODE_MAGICS.keys() | tables.LEAVES_NAMES
    return magic.isidentifier() and magic not in known and not magic.startswith("k8s_")
