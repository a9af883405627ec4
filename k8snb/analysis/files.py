"""Which files a cell reads and writes, as far as their names stand in its code."""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from k8snb.analysis.syntax import Expansion

_WRITES = re.compile(r"write|save|dump|to_|export|mkdir|makedirs|touch|unlink|remove|rmtree|urlretrieve|imwrite")
_ASKS = frozenset({"exists", "isfile", "isdir", "is_file", "is_dir", "basename", "splitext", "startswith", "endswith"})
_TALKS = frozenset({"print", "debug", "info", "warning", "error", "set_title", "title", "format"})
_COPIES = frozenset({"copy", "copy2", "copyfile", "copytree", "move", "rename", "replace"})
_UNPACKS = frozenset({"extractall", "extract", "unpack_archive", "snapshot_download", "clone_from"})
_OPENS = re.compile(r"open|Path|read_|load|glob|listdir|scandir|walk|iterdir|imread|ImageFolder|connect")
_WITH_MODE = frozenset({"open", "fdopen", "File", "ZipFile", "Dataset"})
_MODE = re.compile(r"[rwax][bt+]{0,2}|[bt][rwax]\+?|r\+")
_WRITING = frozenset("wax+")
_PATTERN = re.compile(r"[^/]*[*?\[].*")
"""What is left of a pattern before its first part with a sign is the folder that is read."""
_PATHS = frozenset({"Path", "PurePath", "PosixPath"})
_MAKES_FOLDERS = frozenset({"mkdir", "makedirs"})
_COMMANDS_WRITE = frozenset({"mkdir", "touch", "tee", "rm", "rmdir", "export"})
_COMMANDS_BRING = frozenset({
    "wget", "curl", "git", "gdown", "kaggle", "aws", "gsutil", "az", "unzip", "tar", "gunzip", "7z", "make", "dvc",
})  # fmt: skip
_LONGEST = 255


@dataclass(frozen=True)
class Files:
    """Names of files in a cell's code; none that the code puts together.

    Parameters
    ----------
    reads : mapping of str to int
        Paths that the cell may read before it writes them, with the line.
    writes : frozenset of str
        Paths that it may write; none of folders that it only makes.
    in_code, written_in_code : mapping of str to frozenset of str
        Paths that functions and classes read and write which the cell defines.
    """

    reads: Mapping[str, int] = field(default_factory=dict)
    writes: frozenset[str] = frozenset()
    in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    written_in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)


def files(tree: ast.Module) -> Files:
    """Return the files that a cell's code names."""
    top, code = _Search(), dict[str, _Search]()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            code[statement.name] = _Search()
            code[statement.name].visit(statement)
        else:
            top.visit(statement)
        for inner in statement.body if isinstance(statement, ast.ClassDef) else ():
            if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                top.visit(inner)
    for search in (*code.values(), top):
        search.take_in(code)
    read = {name: frozenset(search.reads) for name, search in code.items() if search.reads}
    written = {name: frozenset(search.writes) for name, search in code.items() if search.writes}
    return Files(top.reads, frozenset(top.writes), read, written)


class _Search(ast.NodeVisitor):
    """Goes through code in its order: what is written first is no file that was there before."""

    def __init__(self) -> None:
        self.reads: dict[str, int] = {}
        self.writes: set[str] = set()
        self._folders: set[str] = set()
        self.names: set[str] = set()
        self._anything_may_be_there = False

    def take_in(self, code: Mapping[str, _Search]) -> None:
        """Add what functions do that this code names, and those that they name."""
        seen, todo = set[str](), self.names & code.keys()
        while todo:
            seen |= todo
            for search in (code[name] for name in todo):
                self.reads |= {path: line for path, line in search.reads.items() if path not in self.reads}
                self.writes |= search.writes
            todo = {name for done in todo for name in code[done].names & code.keys()} - seen

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.names.add(node.id)

    def read(self, path: str, line: int) -> None:
        path = posixpath.normpath(_PATTERN.split(path)[0] or ".")
        written = any(path == w or path.startswith(f"{w}/") for w in self.writes | self._folders)
        if not self._anything_may_be_there and not written:
            self.reads.setdefault(path, line)

    def write(self, path: str, by: str = "") -> None:
        (self._folders if by in _MAKES_FOLDERS else self.writes).add(posixpath.normpath(path))

    def visit_Call(self, node: ast.Call) -> None:
        if (path := _path(node)) is not None:  # Path("data", "x.csv")
            self.read(path, node.lineno)
            return
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        places = [p for p in (owner, *node.args, *(k.value for k in node.keywords)) if p is not None]
        if isinstance(node.func, ast.Name):
            self.names.add(name)
        if name in {"glob", "rglob"} and owner is not None and _path(owner) is not None:
            places = [owner]
        if name in _WITH_MODE:
            places = [place for place in places if _mode(place) is None]
        if name in _ASKS | _TALKS:
            places = [place for place in places if _path(place) is None]
        elif name in _COPIES and len(node.args) > 1:
            self._take(node.args[:1], write=None, opens=True)
            self._take(node.args[1:], write=name, opens=True)
            return
        self._take(places, write=name if _is_write(name, node) else None, opens=bool(_OPENS.search(name)))
        self._anything_may_be_there |= name in _UNPACKS

    def _take(self, places: Iterable[ast.expr], *, write: str | None, opens: bool) -> None:
        for place in places:
            path = _path(place)
            if path is None:
                self.visit(place)
            elif not looks_like_file(path, opens=opens):
                continue
            elif write is not None:
                self.write(path, write)
            else:
                self.read(path, place.lineno)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if (path := _path(node)) is not None:
            self.read(path, node.lineno)
        else:
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and looks_like_file(node.value):
            self.read(node.value, node.lineno)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # no docstring
            self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)  # an index is a name of something else

    def visit_Dict(self, node: ast.Dict) -> None:
        for value in node.values:
            self.visit(value)

    def visit_Compare(self, node: ast.Compare) -> None:
        for part in (node.left, *node.comparators):
            if not isinstance(part, ast.Constant):
                self.visit(part)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave out the pieces of a text that is put together."""

    def visit_Expansion(self, node: Expansion) -> None:
        if node.cell in {"writefile", "file"}:
            self.write(node.text.split()[-1] if node.text.split() else "")
        elif node.cell in {"bash", "sh", "!", "sx", "system", "script"}:
            for number, line in enumerate(node.body.split("\n"), 1):
                self._command(line, node.lineno + number)
        elif node.magic in {"!", "sx", "system", "cat", "less", "more"}:
            self._command(node.text, node.lineno)
        elif node.magic == "run" and (script := next((w for w in _words(node.text) if not w.startswith("-")), "")):
            self.read(script, node.lineno)

    def _command(self, text: str, line: int) -> None:
        words = _words(text)
        if words and words[0] in _COMMANDS_BRING:
            self._anything_may_be_there = True
        writes = bool(words) and words[0] in _COMMANDS_WRITE
        for before, word in zip(["", *words], words, strict=False):
            if target := word.lstrip(">") if writes or before.endswith(">") or word.startswith(">") else "":
                self.write(target, words[0])
            elif looks_like_file(word):
                self.read(word, line)


def _is_write(name: str, call: ast.Call) -> bool:
    if name not in _WITH_MODE:
        return bool(_WRITES.match(name.lstrip("_")))
    modes = map(_mode, (*call.args, *(k.value for k in call.keywords)))
    return any(mode is not None and not _WRITING.isdisjoint(mode) for mode in modes)


def _mode(node: ast.expr) -> str | None:
    """Return the mode that a file is opened in, where an argument is one."""
    match node:
        case ast.Constant(value=str(text)) if _MODE.fullmatch(text):
            return text
    return None


def _path(node: ast.expr) -> str | None:
    """Return the path that an expression is, where its code says it."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _joined([left, right])
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[_, *_] as args) if name in _PATHS:
            return _joined(args)
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="path"), attr="join"), args=[_, *_] as args):
            return _joined(args)
    return None


def _joined(nodes: list[ast.expr]) -> str | None:
    parts = [part for node in nodes if (part := _path(node)) is not None]
    return posixpath.join(*parts) if len(parts) == len(nodes) else None


def looks_like_file(text: str, *, opens: bool = False) -> bool:
    """Whether a text may name a file; a word without an ending does so only where something is opened."""
    if not 0 < len(text) <= _LONGEST or "\n" in text or "://" in text or "\0" in text:
        return False
    return opens or "/" in text.rstrip("/") or re.search(r"[^.\s/]\.[A-Za-z]\w{0,9}$", text) is not None


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()
