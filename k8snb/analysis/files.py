"""Which files a cell reads and writes, as far as their names stand in its code."""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from k8snb.analysis import gaps
from k8snb.analysis.opened import COPIES, WITH_MODE, is_write, mode_of, put_together
from k8snb.analysis.syntax import Expansion

_ASKS = frozenset({"exists", "isfile", "isdir", "is_file", "is_dir", "basename", "splitext", "startswith", "endswith"})
_TALKS = frozenset({"print", "debug", "info", "warning", "error", "set_title", "title", "format"})
_UNPACKS = frozenset({"extractall", "extract", "unpack_archive", "snapshot_download", "clone_from"})
_OPENS = re.compile(r"open|Path|read_|load|glob|listdir|scandir|walk|iterdir|imread|ImageFolder|connect")
_PATTERN = re.compile(r"[^/]*[*?\[].*")
"""What is left of a pattern before its first part with a sign is the folder that is read."""
_PATHS = frozenset({"Path", "PurePath", "PosixPath"})
_MAKES_FOLDERS = frozenset({"mkdir", "makedirs"})
_SHELLS = frozenset({"run", "call", "check_call", "check_output", "Popen", "system", "popen", "getoutput"})
_COMMANDS_WRITE = frozenset({"mkdir", "touch", "tee", "rm", "rmdir", "export"})
_COMMANDS_BRING = frozenset({
    "wget", "curl", "git", "gdown", "kaggle", "aws", "gsutil", "az", "unzip", "tar", "gunzip", "7z", "make", "dvc",
})  # fmt: skip
_LONGEST = 255


@dataclass(frozen=True)
class Files:
    """Names of files in a cell's code.

    Parameters
    ----------
    reads : mapping of str to int
        Paths that the cell may read before it writes them, with the line.
    writes : frozenset of str
        Paths that it may write; none of folders that it only makes.
    in_code, written_in_code : mapping of str to frozenset of str
        Paths that functions and classes read and write which the cell defines.
    named : mapping of str to str
        Texts and paths that names of the cell stand for. All may have gaps (`k8snb.analysis.gaps`).
    """

    reads: Mapping[str, int] = field(default_factory=dict)
    writes: frozenset[str] = frozenset()
    in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    written_in_code: Mapping[str, frozenset[str]] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)


def files(tree: ast.Module, nodes: Iterable[ast.AST]) -> Files:
    """Return the files that a cell's code names; `nodes` are all of its tree."""
    top, code = _Search(), dict[str, _Search]()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            code[statement.name] = _Search(_locals(statement))
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
    return Files(top.reads, frozenset(top.writes), read, written, _named(tree, nodes))


def _locals(function: ast.AST) -> frozenset[str]:
    """Return the names that are bound in a function or a class."""
    nodes = list(ast.walk(function))
    names = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return frozenset(names.union(node.arg for node in nodes if isinstance(node, ast.arg)))


def _named(tree: ast.Module, nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Return the paths and texts that names stand for which a cell binds once, at its top; a gap for all others."""
    stored = Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    found = dict.fromkeys(stored, gaps.gap())
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if stored[name] == 1:
                path = gaps.path_of(value)
                if path is not None and path != gaps.gap(name):
                    found[name] = path
    return found


class _Search(ast.NodeVisitor):
    """Goes through code in its order: what is written first is no file that was there before."""

    def __init__(self, local: frozenset[str] = frozenset()) -> None:
        self._local = local
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
        if isinstance(node.func, ast.Name):
            self.names.add(node.func.id)
        for one in put_together(node, self._local):
            if one.is_read:
                self.read(one.path, node.lineno)
            if one.written_by is not None:
                self.write(one.path, one.written_by)
        if _is_shell(node) and node.args:
            self._shell(_command_line(node.args[0], self._local), node.lineno)
        else:
            self._take_written_out(node)

    def _take_written_out(self, node: ast.Call) -> None:
        """Take in the paths that stand in a call."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        places = [p for p in (owner, *node.args, *(k.value for k in node.keywords)) if p is not None]
        if name in {"glob", "rglob"} and owner is not None and _path(owner) is not None:
            places = [owner]
        if name in WITH_MODE:
            places = [place for place in places if mode_of(place) is None]
        if name in _ASKS | _TALKS:
            places = [place for place in places if _path(place) is None]
        elif name in COPIES and len(node.args) > 1:
            self._take(node.args[:1], write=None, opens=True)
            self._take(node.args[1:], write=name, opens=True)
            return
        self._take(places, write=name if is_write(name, node) else None, opens=bool(_OPENS.search(name)))
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
        elif gaps.path_of(node) is None or not isinstance(node.op, ast.Div):
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
                self._shell(line, node.lineno + number)
        elif node.magic in {"!", "sx", "system", "cat", "less", "more"}:
            self._shell(_EXPANDED.sub(lambda found: gaps.gap(found[1] or found[2]), node.text), node.lineno)
        elif node.magic == "run" and (script := next((w for w in _words(node.text) if not w.startswith("-")), "")):
            self.read(script, node.lineno)

    def _shell(self, text: str, line: int) -> None:
        """Take in a line of a shell, which may have several commands."""
        command: list[str] = []
        for word in [*_words(text), ";"]:
            if word and set(word) <= _BETWEEN:
                self._command(command, line)
                command = []
            else:
                command.append(word)

    def _command(self, words: list[str], line: int) -> None:
        name = words[0] if words else ""
        self._anything_may_be_there |= name in _COMMANDS_BRING
        writes = name in _COMMANDS_WRITE
        plain = [word for word in words[1:] if not word.startswith("-") and ">" not in word]
        last = plain[-1:] if name in _COMMANDS_COPY else plain[:1] if name in _COMMANDS_PACK else []
        options = _OUTPUT_OPTIONS.get(name, ())
        for before, word in zip(["", *words], words, strict=False):
            if word == name or word.startswith("-") or set(word) == {">"}:
                continue
            if writes or word in last or set(before) == {">"} or before in options:
                self.write(word, name)
            elif not gaps.is_whole(word) or looks_like_file(word):
                self.read(word, line)


_BETWEEN = frozenset(";&|()")
_EXPANDED = re.compile(r"\{(\w+)\}|(?<!\$)\$([A-Za-z_]\w*)")
"""Names whose values IPython puts into a command."""

_COMMANDS_COPY = frozenset({"cp", "mv", "ln", "install", "rsync"})
_COMMANDS_PACK = frozenset({"zip", "tar"})
_OUTPUT_OPTIONS = {"sort": ("-o", "--output"), "curl": ("-o", "--output"), "wget": ("-O",), "gcc": ("-o",)}


def _is_shell(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name(id="os" | "subprocess"), attr=name):
            return name in _SHELLS
    return False


def _command_line(text: ast.expr, local: frozenset[str]) -> str:
    """Return a command that Python code runs, in the words of a shell."""
    parts = text.elts if isinstance(text, ast.List) else [text]
    found = [gaps.path_of(part, local) or gaps.gap() for part in parts]
    return found[0] if not isinstance(text, ast.List) else shlex.join(found)


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
    reader = shlex.shlex(text, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    try:
        return list(reader)
    except ValueError:
        return text.split()
