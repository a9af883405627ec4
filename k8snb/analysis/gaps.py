"""Paths that code puts together of texts and names: what it does not tell of a path is a gap, which has a name or none.

``f"{folder}/x.csv"`` is a gap that the value of `folder` fills, and ``/x.csv``. As text a gap stands between two marks.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Collection, Mapping

_MARK = "\0"
_GAP = re.compile(f"{_MARK}([^{_MARK}]*){_MARK}")
_DEEP = 8
"""Names behind names that are followed."""

_MAKES_PATHS = frozenset({"Path", "PurePath", "PosixPath", "str", "fspath"})


def gap(name: str = "") -> str:
    """Return a gap as text."""
    return f"{_MARK}{name}{_MARK}"


def is_whole(path: str) -> bool:
    """Say whether a path has no gap."""
    return _MARK not in path


def shown(path: str) -> str:
    """Return a path for people to read."""
    return _GAP.sub(lambda found: f"{{{found[1] or '...'}}}", path)


def fill(path: str, values: Mapping[str, str]) -> str:
    """Put the paths and texts that names stand for into a path's gaps, and so on."""
    for _ in range(_DEEP):
        filled = _GAP.sub(lambda found: values.get(found[1], found[0]), path)
        if filled == path:
            break
        path = filled
    return posixpath.normpath(path)


def may_be_one(one: str, other: str) -> bool:
    """Say whether two paths may be the same, whatever fills their gaps."""
    first, second = _GAP.split(one)[::2], _GAP.split(other)[::2]
    if len(first) == len(second) == 1:
        return one == other
    begins = [first[0], second[0]]
    ends = [first[-1][::-1], second[-1][::-1]]
    if len(first) == 1 or len(second) == 1:  # the gaps of the one have to fit into the other
        whole, parts = (one, second) if len(first) == 1 else (other, first)
        return re.fullmatch(".*".join(map(re.escape, parts)), whole, re.DOTALL) is not None
    return all(a.startswith(b) or b.startswith(a) for a, b in (begins, ends))


def path_of(node: ast.expr, local: Collection[str] = ()) -> str | None:
    """Return the path or text that an expression is, with gaps for what its code does not say; None where it is none.

    Parameters
    ----------
    node : expr
    local : collection of str
        Names of the function around, of which nothing is known outside of it.
    """
    found: str | None = None
    match node:
        case ast.Constant(value=str(text)):
            found = text
        case ast.Name(id=name):
            found = gap() if name in local else gap(name)
        case ast.Attribute() | ast.Subscript():
            found = _part(node, local)
        case ast.JoinedStr(values=parts):
            found = "".join(_piece(part, local) for part in parts)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            found = _joined([left, right], local)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = path_of(left, local), path_of(right, local)
            found = None if one is None or other is None else one + other
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[_, *_] as args):
            found = _joined(args, local) if name in _MAKES_PATHS or _is_join(node.func) else None
    return found


def _is_join(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=ast.Attribute(attr="path") | ast.Name(id="path"), attr="join"):
            return True
    return False


def _joined(nodes: list[ast.expr], local: Collection[str]) -> str:
    return posixpath.join("", *(_piece(node, local) for node in nodes))


def _piece(node: ast.expr, local: Collection[str]) -> str:
    value = node.value if isinstance(node, ast.FormattedValue) else node
    found = path_of(value, local)
    return gap() if found is None else found


def _part(node: ast.expr, local: Collection[str]) -> str:
    """Return the gap for a part of an object: one that only the same code fills with the same."""
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return gap() if not names.isdisjoint(local) else gap("@" + re.sub(r"\W+", "_", ast.unparse(node)))
