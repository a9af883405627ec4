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
        Its name; ``!`` for a shell command, empty for a cell magic that leaves the namespace alone, ``%NAME`` for one
        that may not.
    names : list of str
        Names that its text may hold.
    text : str
    cell : str
        The name of a cell magic.
    body : str
        What stands below a cell magic.
    known : bool
        What it does stands beside it in the tree.
    """

    _fields = ()

    def __init__(self, magic: str, names: list[str], text: str, cell: str = "", body: str = "") -> None:
        super().__init__()
        self.magic, self.names, self.text, self.cell, self.body = magic, names, text, cell, body
        self.known = False
