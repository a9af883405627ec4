"""Paths that code puts together of texts and names: what it does not tell of a path is a gap, which has a name or none.

``f"{folder}/x.csv"`` is a gap that the value of `folder` fills, and ``/x.csv``. As text a gap stands between two marks.
"""

from __future__ import annotations

import ast
import glob
import posixpath
import re
from collections.abc import Mapping
from types import MappingProxyType

_MARK = "\0"
_GAP = re.compile(f"{_MARK}([^{_MARK}]*){_MARK}")
_DEEP = 8
"""Names behind names that are followed."""

PATHS = frozenset({"Path", "PurePath", "PosixPath"})
_MAKES_PATHS = PATHS | {"str", "fspath"}
_SAME_PATH = frozenset({"resolve", "absolute", "abspath", "realpath", "normpath", "expanduser", "as_posix"})
_SIGNS = re.compile(rf"{_MARK}[^{_MARK}]*{_MARK}|\*\*/\*?|[*?]+|\[[^]]+\]")
_NO_NAMES: Mapping[str, str] = MappingProxyType({})
_HERE = frozenset({"cwd", "getcwd"})
_PLACE = re.compile(r"%[-+ #0]*[\d.]*[a-z]|\{[^{}]*\}")
"""Of a text that ``%`` or `format` fill."""


def gap(name: str = "") -> str:
    """Return a gap as text."""
    return f"{_MARK}{name}{_MARK}"


def parameter(name: str) -> str:
    """Return the name of the gap that a function's parameter fills, with what it is given."""
    return f"={name}"


def given(path: str, values: Mapping[str, str]) -> str:
    """Return a path of a function in a call that gives its parameters values; what is not given may be anything."""
    return _GAP.sub(lambda found: values.get(found[1][1:], gap()) if found[1].startswith("=") else found[0], path)


def made(folder: str) -> str:
    """Return what stands for making a folder, which leaves alone what is in it."""
    return f"{folder.rstrip('/')}/"


def is_made(path: str) -> bool:
    """Say whether a path stands for making a folder."""
    return path.endswith("/") and path != "/"


def is_whole(path: str) -> bool:
    """Say whether a path has no gap."""
    return _MARK not in path


def with_stars(path: str) -> str:
    """Return a pattern of paths with gaps for its signs."""
    return _SIGNS.sub(lambda found: found[0] if found[0].startswith(_MARK) else gap("*"), path)


def pattern(path: str) -> str:
    """Return a pattern of the files that a path with gaps may mean."""
    return "*".join(map(glob.escape, _GAP.split(path)[::2]))


def folder(path: str) -> str:
    """Return the folder in which a pattern looks; a path that is none as it is."""
    before, star, _ = path.partition(gap("*"))
    return (posixpath.dirname(before) or ".") if star else path


def is_named(path: str) -> bool:
    """Say whether all gaps of a path have names: who names the same means the same."""
    return all(_GAP.split(path)[1::2])


def shown(path: str) -> str:
    """Return a path for people to read."""
    return _GAP.sub(lambda found: "*" if found[1] == "*" else f"{{{found[1].partition('@')[0] or '...'}}}", path)


def is_telling(path: str) -> bool:
    """Say whether a path stands for one file, or a few: its gaps have names, or a part of the file's name is known."""
    stem = posixpath.splitext("".join(_GAP.split(path)[::2]))[0]
    return is_named(path) or any(letter.isalnum() for letter in stem)


def fill(path: str, values: Mapping[str, str]) -> str:
    """Put the paths and texts that names stand for into a path's gaps, and so on."""
    for _ in range(_DEEP):
        filled = _GAP.sub(lambda found: values.get(found[1], found[0]), path)
        if filled == path:
            break
        path = filled
    return made(posixpath.normpath(path)) if is_made(path) else posixpath.normpath(path)


def may_be_one(one: str, other: str) -> bool:
    """Say whether two paths may be the same, whatever fills their gaps."""
    first, second = _GAP.split(one)[::2], _GAP.split(other)[::2]
    if len(first) == len(second) == 1:
        return one == other
    begins = [first[0], second[0]]
    ends = [first[-1][::-1], second[-1][::-1]]
    if len(first) == 1 or len(second) == 1:  # the gaps of the one have to fit into the other
        whole, parts = (one, second) if len(first) == 1 else (other, first)
        fits = re.compile(".*".join(map(re.escape, parts)), re.DOTALL).fullmatch
        return any(map(fits, (whole, f"./{whole}")))
    return all(a.startswith(b) or b.startswith(a) for a, b in (begins, ends))


def path_of(node: ast.expr, local: Mapping[str, str] = _NO_NAMES) -> str | None:
    """Return the path or text that an expression is, with gaps for what its code does not say; None where it is none.

    Parameters
    ----------
    node : expr
    local : mapping of str to str
        Names of the function around, and the names of their gaps: of what is not a parameter nothing is known outside.
    """
    found: str | None = None
    match node:
        case ast.Constant(value=str(text)):
            found = text
        case ast.Name(id=name):
            found = gap(local.get(name, name))
        case ast.Attribute() | ast.Subscript():
            found = _part(node, local)
        case ast.JoinedStr(values=parts):
            found = "".join(_piece(part, local) for part in parts)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            found = _joined([left, right], local)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = path_of(left, local), path_of(right, local)
            found = None if one is None or other is None else one + other
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=right):
            found = _formatted(text, right.elts if isinstance(right, ast.Tuple) else [right], local)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args):
            found = _called(node.func, name, args, local)
    return found


def _called(function: ast.expr, name: str, args: list[ast.expr], local: Mapping[str, str]) -> str | None:
    """Return the path that a call of what makes paths gives."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    if name in _HERE:
        return "."
    if args and (name in _MAKES_PATHS or is_join(function)):
        return _joined(args, local)
    if name in _SAME_PATH and (same := args[0] if args else owner) is not None:
        return path_of(same, local)
    if name == "joinpath" and owner is not None:
        return _joined([owner, *args], local)
    if name == "format" and isinstance(owner, ast.Constant) and isinstance(owner.value, str):
        return _formatted(owner.value, args, local)
    return "." if name in PATHS and not args else None


def _formatted(text: str, values: list[ast.expr], local: Mapping[str, str]) -> str:
    """Return a text whose places values fill, in their order."""
    left = iter(values)
    return _PLACE.sub(lambda _: _piece(value, local) if (value := next(left, None)) is not None else gap(), text)


def any_path(node: ast.expr, local: Mapping[str, str] = _NO_NAMES) -> str:
    """Return the path that an expression is which surely is one, as `path_of` does."""
    found = path_of(node, local)
    return _part(node, local) if found is None else found


def is_join(function: ast.expr) -> bool:
    """Say whether a function is `os.path.join`, as far as its name tells."""
    match function:
        case ast.Name(id="join"):
            return True
        case ast.Attribute(value=ast.Attribute(attr="path") | ast.Name(id="path"), attr="join"):
            return True
    return False


def _joined(nodes: list[ast.expr], local: Mapping[str, str]) -> str:
    return posixpath.join("", *(_piece(node, local) for node in nodes))


def _piece(node: ast.expr, local: Mapping[str, str]) -> str:
    value = node.value if isinstance(node, ast.FormattedValue) else node
    found = path_of(value, local)
    return gap() if found is None else found


def _part(node: ast.expr, local: Mapping[str, str]) -> str:
    """Return the gap for a part of an object: one that only the same code fills with the same."""
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    if not names or not names.isdisjoint(local):
        return gap()
    return gap(re.sub(rf"[{_MARK}@/'\"\s]", "", ast.unparse(node)))
