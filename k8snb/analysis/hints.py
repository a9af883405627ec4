"""Warnings: what cannot be known from a cell's code, and what does not travel from a pod."""

from __future__ import annotations

import ast

from k8snb.analysis import tables
from k8snb.analysis.facts import Warning_
from k8snb.analysis.syntax import Expansion

TEXTS = {
    "eval": "eval() may read any name: give what it reads with --in",
    "exec": "exec() may read and bind any name: give these with --in and --out",
    "globals": "globals() may read and bind any name: give these with --in and --out",
    "locals": "locals() is the namespace here and may read any name: give these with --in",
    "vars": "vars() is the namespace here and may read any name: give these with --in",
    "input": "input() has nobody to answer it in a pod: set a variable in a plain cell",
    "get_ipython": "get_ipython() reaches the kernel, which a pod does not have: use what it gives in a plain cell",
    "star-import": "what `from {0} import *` binds is not known: import the names, or give them with --out",
    "module-state": "{0} changes the state of a module, which other steps do not see: repeat it in each that needs it",
    "partial": "%{0} tells in a step only of what the step has: use it in a plain cell",
    "magic": "%{0} may read and bind any name: give these with --in and --out, or write it as Python",
}


def warnings(tree: ast.Module, bound: frozenset[str]) -> tuple[Warning_, ...]:
    """Return a cell's warnings in the order of their lines, one per line and code.

    Parameters
    ----------
    tree : ast.Module
    bound : frozenset of str
        Names that the cell binds: a function of its own may be called ``eval``.
    """
    visitor = _Hints(bound)
    visitor.visit(tree)
    return tuple(visitor.found[key] for key in sorted(visitor.found))


class _Hints(ast.NodeVisitor):
    def __init__(self, bound: frozenset[str]) -> None:
        self.bound = bound
        self.found: dict[tuple[int, str], Warning_] = {}
        self.modules = {name: module for name, module in tables.CUSTOMARY.items() if name not in bound}
        self.objects: dict[str, str] = {}  # names from `from module import name`
        self.depth = 0  # of functions

    def say(self, node: ast.AST, code: str, detail: str = "") -> None:
        line: int = node.lineno  # type: ignore[attr-defined]
        self.found.setdefault((line, code), Warning_(line, code, TEXTS[code].format(detail)))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            top = alias.name.partition(".")[0]
            self.modules[alias.asname or top] = alias.name if alias.asname else top

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.say(node, "star-import", f"{'.' * node.level}{node.module or ''}")
            else:
                self.objects[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_function(self, node: ast.AST) -> None:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_function  # noqa: N815

    def visit_Call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Name(id="eval" | "exec" | "globals" | "input" | "get_ipython" as name) if name not in self.bound:
                self.say(node, name)
            case ast.Name(id="locals" | "vars" as name) if name not in self.bound:
                if not node.args and not self.depth:
                    self.say(node, name)
        dotted = self.dotted(node.func)
        if dotted in tables.STATE_CALLS:
            self.say(node, "module-state", f"{ast.unparse(node.func)}()")
        self.generic_visit(node)

    def visit_Expansion(self, node: Expansion) -> None:
        shows = node.magic in {"env", "set_env"} and len(node.text.replace("=", " ").split()) < len(("name", "value"))
        shows |= node.magic == "config" and "=" not in node.text
        if node.magic in tables.LOOKING_MAGICS:
            self.say(node, "partial", node.magic)
        elif node.magic in tables.STATE_MAGICS and not shows:
            self.say(node, "module-state", f"%{node.magic}")
        elif node.magic in tables.NAMESPACE_MAGICS or node.magic.startswith("%"):
            self.say(node, "magic", node.magic)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.stored(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.stored(node)

    def stored(self, node: ast.Attribute | ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            dotted = self.dotted(node.value)
            if dotted and (self.is_module(node.value) or dotted.startswith(tables.STATE_OBJECTS)):
                self.say(node, "module-state", ast.unparse(node))
        self.generic_visit(node)

    def is_module(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.modules

    def dotted(self, node: ast.expr) -> str | None:
        """Return ``numpy.random.seed`` for ``np.random.seed``."""
        match node:
            case ast.Name(id=name):
                return self.modules.get(name) or self.objects.get(name)
            case ast.Attribute(value=value, attr=attribute):
                owner = self.dotted(value)
                return f"{owner}.{attribute}" if owner else None
        return None
