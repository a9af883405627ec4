"""Nodes that stand in the syntax tree for what only IPython's syntax says."""

from __future__ import annotations

import ast


class Inner(ast.stmt):
    """Statements that run at once, but in a function's scope (``%timeit``)."""

    _fields = ("body",)

    def __init__(self, body: list[ast.stmt]) -> None:
        super().__init__()
        self.body = body


class Expansion(ast.expr):
    """A magic or a shell command whose text may hold names of the namespace.

    Parameters
    ----------
    magic : str
        Its name; ``!`` for a shell command, empty for a cell magic that leaves the namespace alone.
    names : list of str
        Names that its text may hold.
    text : str
    """

    _fields = ()

    def __init__(self, magic: str, names: list[str], text: str) -> None:
        super().__init__()
        self.magic, self.names, self.text = magic, names, text
