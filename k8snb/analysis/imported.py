"""What the names stand for that imports bind: ``numpy`` a module, ``decimal:getcontext`` something in one."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping

from k8snb.analysis.tables import CUSTOMARY


def by_imports(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Return the names that imports among nodes bind, with what they stand for."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}:{alias.name}" for alias in node.names}
    return found


def known(own: Mapping[str, str], bound: Collection[str], above: Mapping[str, str]) -> dict[str, str]:
    """Return what the names of a cell stand for that imports bind, its own, those of cells above or customary ones.

    Parameters
    ----------
    own : mapping of str to str
        Of its own imports.
    bound : collection of str
        Names that it binds.
    above : mapping of str to str
        Of cells above.
    """
    return {**{name: path for name, path in {**CUSTOMARY, **above}.items() if name not in bound}, **own}


def path_of(node: ast.expr, names: Mapping[str, str]) -> str | None:
    """Return ``numpy.random.seed`` for ``np.random.seed``, None where its first name is not imported."""
    match node:
        case ast.Name(id=name):
            return dotted(names[name]) if name in names else None
        case ast.Attribute(value=value, attr=attribute):
            owner = path_of(value, names)
            return f"{owner}.{attribute}" if owner else None
    return None


def dotted(path: str) -> str:
    """Return ``decimal.getcontext`` for ``decimal:getcontext``."""
    return path.replace(":", ".")


def is_module(path: str) -> bool:
    """Say whether what a name stands for is surely a module."""
    return ":" not in path
