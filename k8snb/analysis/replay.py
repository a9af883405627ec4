"""Statements that set the state of modules, written so that another process can execute them before a step's cell."""

from __future__ import annotations

import ast
import builtins
import copy
import sys
from collections.abc import Iterable, Iterator, Mapping

from k8snb.analysis.facts import Replay
from k8snb.analysis.scopes import parameters as parameters_of
from k8snb.analysis.scopes import taken
from k8snb.analysis.syntax import Expansion

_SUBMODULES = ("matplotlib.style", "matplotlib.pyplot", "matplotlib_inline.backend_inline", "logging.config")
"""Modules that are reached through the name of their package."""

_CALLABLE = frozenset({
    "logging.getLogger", "logging.Formatter", "logging.StreamHandler", "logging.NullHandler", "decimal.getcontext",
    "decimal.Context", "cycler.cycler", "matplotlib.cycler", "seaborn.color_palette",
})  # fmt: skip
"""What may be called on the way, because it only makes a value."""


def of(
    statement: ast.stmt, modules: Mapping[str, str], objects: Mapping[str, str], loggers: Mapping[str, ast.expr]
) -> Replay | None:
    """Return a statement of a cell as one that stands alone; None where it does more than set constants.

    Parameters
    ----------
    statement : ast.stmt
    modules, objects : mapping of str to str
        What the cell's names stand for: ``numpy``, ``os.environ``.
    loggers : mapping of str to ast.expr
        Names of the cell that stand for a logger, and the call that gives it.
    """
    if isinstance(statement, ast.Expr) and isinstance(statement.value, Expansion):
        return _of_magic(statement.value)
    tree: ast.stmt = _Again(loggers).visit(copy.deepcopy(statement))
    if not all(_allowed(node, tree, modules, objects) for node in ast.walk(tree)):
        return None
    given = {arg.arg for node in ast.walk(tree) if isinstance(node, ast.Lambda) for arg in parameters_of(node.args)}
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - given
    lines, tops, free = [], set(), set()
    for name in sorted(read):
        if name in modules:
            lines.append(f"import {modules[name]} as {name}")
            tops.add(modules[name].partition(".")[0])
        elif name in objects:
            module, _, attribute = objects[name].rpartition(".")
            if module.startswith("None"):
                return None
            lines.append(f"from {module} import {attribute} as {name}")
            tops.add(module.partition(".")[0])
        elif not hasattr(builtins, name):
            free.add(name)
    lines += sorted({f"import {module}" for module in _submodules(tree, modules)})
    code = "\n".join([*lines, ast.unparse(tree)])
    return Replay(code, tuple(sorted(tops - sys.stdlib_module_names)), frozenset(free))


def of_call(
    inner: Replay | None, parameters: Mapping[str, str | None], args: Iterable[tuple[int | str, str]] | None
) -> Replay | None:
    """Return what a statement of a function is in a call of it; None where that cannot be told.

    Parameters
    ----------
    inner : Replay or None
        The statement, with parameters for names.
    parameters, args
        As `ModuleState` has parameters of a function, and the arguments of a call.
    """
    if inner is None or args is None:
        return None
    found = taken(list(parameters), args)
    if not found.keys() <= parameters.keys():
        return None
    given = {**parameters, **found}
    used = inner.names & given.keys()
    values = {name: value for name in sorted(used) if (value := given[name]) is not None}
    free = {value for value in values.values() if value.isidentifier() and not hasattr(builtins, value)}
    crossed = any(value in used and value != name for name, value in values.items())
    if len(values) < len(used) or crossed:
        return None
    lines = [f"{name} = {value}" for name, value in values.items()]
    return Replay("\n".join([*lines, inner.code]), inner.modules, (inner.names - used) | free)


def _of_magic(node: Expansion) -> Replay | None:
    """Return ``%env NAME=VALUE``, or how figures are to be shown, as Python."""
    if is_of_figures(node):
        line = f"get_ipython().run_line_magic('config', {node.text.strip()!r})"
        return Replay(f"import matplotlib_inline.backend_inline\n{line}", ("matplotlib_inline",))
    if node.magic not in {"env", "set_env"} or node.names:
        return None
    name, _, value = node.text.strip().partition("=" if "=" in node.text else " ")
    return Replay(f"import os\nos.environ[{name.strip()!r}] = {value.strip()!r}")


def is_of_figures(node: Expansion) -> bool:
    """Say whether a magic is ``%config`` with a constant for an option of the inline backend."""
    name, _, value = node.text.partition("=")
    return node.magic == "config" and name.strip().startswith("InlineBackend.") and _is_literal(value)


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


class _Again(ast.NodeTransformer):
    """Puts the call that gives a logger in the place of its name; a log file is there already and not to be emptied."""

    def __init__(self, loggers: Mapping[str, ast.expr]) -> None:
        self._loggers = loggers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._loggers.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        given = {keyword.arg for keyword in node.keywords}
        if ast.unparse(node.func).endswith("basicConfig") and "filename" in given:
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "filemode"]
            node.keywords.append(ast.keyword("filemode", ast.Constant("a")))
        self.generic_visit(node)
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        names = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if {"class", "filename", "mode"}.issubset(names):
            node.values[names.index("mode")] = ast.Constant("a")
        self.generic_visit(node)
        return node


def _allowed(node: ast.AST, whole: ast.AST, modules: Mapping[str, str], objects: Mapping[str, str]) -> bool:
    """Say whether a part of the statement gives the same elsewhere."""
    if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr | ast.comprehension | ast.Starred):
        return False
    if not isinstance(node, ast.Call) or (isinstance(whole, ast.Expr) and whole.value is node):
        return True
    if any(inner is node for top in ast.walk(whole) if isinstance(top, ast.Lambda) for inner in ast.walk(top)):
        return True
    root = node.func
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return False
    name = ast.unparse(node.func)
    own, _, rest = name.partition(".")
    return f"{modules.get(own) or objects.get(own) or own}{'.' if rest else ''}{rest}" in _CALLABLE | {"dict", "str"}


def _submodules(tree: ast.AST, modules: Mapping[str, str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            own, _, rest = ast.unparse(node).partition(".")
            dotted = f"{modules.get(own, own)}.{rest}."
            yield from (module for module in _SUBMODULES if own in modules and dotted.startswith(f"{module}."))
