"""What the names stand for that imports bind: ``numpy`` a module, ``decimal:getcontext`` something in one."""

from __future__ import annotations

import ast


def by_imports(tree: ast.AST) -> dict[str, str]:
    """Return the names that imports bind anywhere in some code, with what they stand for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}:{alias.name}" for alias in node.names}
    return found


def dotted(path: str) -> str:
    """Return ``decimal.getcontext`` for ``decimal:getcontext``."""
    return path.replace(":", ".")


def is_module(path: str) -> bool:
    """Say whether what a name stands for is surely a module."""
    return ":" not in path
