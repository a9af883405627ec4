"""Calls of k8snb's own functions that are put into a cell's code before it is executed."""

from __future__ import annotations

import ast
from typing import cast


def call(module: str, function: str, *arguments: ast.expr, at: ast.AST) -> ast.Call:
    """Return a call of a module's function, in another node's place; no name of the user's is in its way.

    Parameters
    ----------
    module, function : str
    *arguments : ast.expr
        These keep the places that they have.
    at : ast.AST
    """
    made = ast.parse(f"__import__({module!r}, fromlist=[{function!r}]).{function}()", mode="eval").body
    for node in ast.walk(made):
        ast.copy_location(node, at)
    found = cast("ast.Call", made)
    found.args = [ast.copy_location(one, at) if isinstance(one, ast.Constant) else one for one in arguments]
    return found
