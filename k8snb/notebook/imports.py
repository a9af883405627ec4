"""Names that a step binds by an import alone: the kernel can do that itself, without running the step."""

from __future__ import annotations

import ast
from typing import Any

from k8snb.analysis.source import body


def execute(source: str, name: str, namespace: dict[str, Any]) -> None:
    """Execute the import that binds a name in a step's cell.

    Does nothing where the name is bound in another way too, or where the module cannot be imported here.
    """
    if (statement := binding(source, name)) is None:
        return
    try:
        exec(compile(ast.Module([statement], []), "<import>", "exec"), namespace)  # noqa: S102 - the user's own statement
    except ImportError:
        return


def binding(source: str, name: str) -> ast.stmt | None:
    """Return the import that alone binds a name in a cell, if one does."""
    try:
        tree = ast.parse(body(source))
    except SyntaxError:  # IPython's syntax
        return None
    found = [s for s in tree.body if isinstance(s, ast.Import | ast.ImportFrom) and name in _names(s)]
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    return found[0] if len(found) == 1 and name not in stored else None


def _names(statement: ast.Import | ast.ImportFrom) -> set[str]:
    return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
