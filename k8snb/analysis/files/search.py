"""Goes through the code of a cell, or of a function, for the files that it reads and writes."""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from k8snb.analysis import mutation
from k8snb.analysis.files import gaps
from k8snb.analysis.files.commands import TAKE_FILES, of_command
from k8snb.analysis.files.opened import COPIES, WITH_MODE, is_write, mode_of, put_together
from k8snb.analysis.scopes import with_defaults
from k8snb.analysis.syntax import Expansion

_ASKS_OF_FILES = frozenset({"exists", "isfile", "isdir", "is_file", "is_dir", "getsize", "getmtime"})
_ASKS = _ASKS_OF_FILES | {"basename", "splitext", "startswith", "endswith"}
_TALKS = frozenset({"print", "debug", "info", "warning", "error", "set_title", "title", "format"})
_READ = ("read_", "imread")
_UNPACKS = {"extractall": 0, "unpack_archive": 1, "make_archive": 3, "snapshot_download": 9, "clone_from": 1}
"""Functions that write files which the code does not name, and the argument that is their folder."""

_OPENS = re.compile(r"open|Path|read_|load|glob|listdir|scandir|walk|iterdir|imread|ImageFolder|connect|memmap")
_DATABASE = re.compile(r"(?:sqlite|duckdb)(?:\+\w+)?:///(.+)")
"""The address of a database that is a file."""

_MAKES_FOLDERS = frozenset({"mkdir", "makedirs"})
_SHELLS = frozenset({"run", "call", "check_call", "check_output", "Popen", "system", "popen", "getoutput"})
_LONGEST = 255


class Called(NamedTuple):
    """A call of a function, or of a method of any class.

    Parameters
    ----------
    name : str
        As `name_of_method` gives those of methods.
    arguments : tuple of (int or str, str)
        Those that are texts, with gaps, and their places or parameters.
    """

    name: str
    arguments: tuple[tuple[int | str, str], ...] = ()

    def within(self, known: Mapping[str, str]) -> Called:
        """Return the call as it is made in a function whose parameters stand for what is known."""
        return self._replace(arguments=tuple((place, gaps.given(text, known)) for place, text in self.arguments))


class Search(ast.NodeVisitor):
    """Goes through code in its order: what is written first is no file that was there before."""

    def __init__(self, local: Mapping[str, str] | None = None, *, in_order: bool = True) -> None:
        self._local, self._in_order = dict(local or {}), in_order
        self.reads: dict[str, int] = {}
        self.writes: set[str] = set()
        self.asks: set[str] = set()
        self.opens: set[str] = set()
        self.logs: set[str] = set()
        self.guessed: dict[str, set[str]] = {}
        self._databases: set[str] = set()
        self._changes_databases = self._asks_databases = False
        self.names: set[str] = set()
        self.calls: set[Called] = set()
        self._anything_may_be_there = False

    def look_into(self, function: ast.AST) -> None:
        """Go through a function."""
        around = self._local
        self._local = around | local_names(function)
        self.visit(function)
        self._local = around

    def add_to(self, paths: Iterable[str]) -> None:
        """Take in that files are written to."""
        for path in paths:
            self.reads.setdefault(path, 1)
            self.writes.add(path)

    def settle(self) -> None:
        """Leave the databases alone that the code only asks; whoever only opens one may do anything."""
        if self._changes_databases or not self._asks_databases:
            self.writes |= self._databases

    def visit_Name(self, node: ast.Name) -> None:
        """Note a name; `open` without a call is handed on, to `map` perhaps."""
        if isinstance(node.ctx, ast.Load):
            self.names |= {node.id, OPERATORS}
            if node.id == "open":
                self.read(gaps.gap(), node.lineno)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Walk an attribute; a function that reads files may be handed on too."""
        if node.attr.startswith(_READ) and isinstance(node.ctx, ast.Load):
            self.read(gaps.gap(), node.lineno)
        self.names.add(name_of_method(node.attr))
        self.visit(node.value)

    def read(self, path: str, line: int) -> None:
        """Note that a path is read, unless the code has written it before."""
        path = gaps.with_stars(posixpath.normpath(path or "."))
        own = self.writes if self._in_order and gaps.is_named(path) else ()
        written = any(path == w or (path.startswith(f"{w}/") and not gaps.is_made(w)) for w in own)
        if not self._anything_may_be_there and not written:
            self.reads.setdefault(path, line)

    def write(self, path: str, by: str = "") -> None:
        """Note that a path is written by a function or command of some name."""
        path = posixpath.normpath(path)
        self.writes.add(gaps.made(path) if by in _MAKES_FOLDERS else path)

    def visit_Call(self, node: ast.Call) -> None:
        """Walk a call, which may open files, run a shell or only make a path."""
        if (path := _path(node)) is not None:  # Path("data", "x.csv")
            if name_of(node) in gaps.PATHS or looks_like_file(path):
                self.read(path, node.lineno)
            return
        if name_of(node) == "joinpath":
            self.visit(node.func)
            return
        self._note(node)
        self._may_do_anything(node)
        self._log_to(node)
        for one in put_together(node, self._local):
            if one.is_read:
                self.read(one.path, node.lineno)
            if one.written_by == "connect":
                self._databases.add(posixpath.normpath(one.path))
            elif one.written_by is not None:
                self.write(one.path, one.written_by)
        self._ask_database(node)
        if name_of(node) in _LISTS and not node.args and not node.keywords:
            self.read(".", node.lineno)
        if _is_shell(node) and node.args:
            self._shell(_command_line(node.args[0], self._local), node.lineno)
        else:
            self._take_written_out(node)

    def _note(self, call: ast.Call) -> None:
        """Note a call of a function or a method."""
        if name := call.func.id if isinstance(call.func, ast.Name) else name_of_method(name_of(call)):
            self.names.add(OPERATORS)
            self.calls.add(Called(name, tuple(self._arguments(call))))

    def _arguments(self, call: ast.Call) -> Iterator[tuple[int | str, str]]:
        """Yield what a call is given that is text, with the place or the parameter."""
        for place, value in mutation.arguments(call):
            if isinstance(value, ast.Starred):
                return
            match value:
                case ast.Constant(value=int() | float() as number):
                    yield place, str(number)
                case _ if (path := gaps.path_of(value, self._local)) is not None:
                    yield place, path

    def _may_do_anything(self, call: ast.Call) -> None:
        """Take in calls after which any file may be another, and those of methods whose names are put together."""
        if name_of(call) == "chdir":
            self._go_elsewhere(call.lineno)
        computed = isinstance(call.func, ast.Call) and name_of(call.func) == "getattr"
        for place in call.args if computed else ():
            path = gaps.path_of(place, self._local)
            if path is not None and looks_like_file(gaps.pattern(path).replace("*", "x")):
                self.read(path, call.lineno)
                self.write(path)

    def _go_elsewhere(self, line: int) -> None:
        """Take in that paths mean other files from here on: the code may read and write any."""
        self.read(gaps.gap(), line)
        self.write(gaps.gap())

    def _log_to(self, call: ast.Call) -> None:
        """Take in the file that a call of `logging` opens: whoever logs adds to it."""
        name = name_of(call)
        places = [k.value for k in call.keywords if k.arg == "filename"] if name in _LOGS else []
        places += _file_names(call) if name == "dictConfig" else []
        for place in places or (call.args[:1] if name in _LOGS - {"basicConfig"} else []):
            path = posixpath.normpath(gaps.any_path(place, self._local))
            self.logs.add(path)
            self.write(path)

    def _take_written_out(self, node: ast.Call) -> None:
        """Take in the paths that stand in a call."""
        name = name_of(node)
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        places = [p for p in (owner, *node.args, *(k.value for k in node.keywords)) if p is not None]
        if name in {"glob", "rglob"} and owner is not None and _path(owner) is not None:
            places = [owner]
        if name in WITH_MODE:
            places = [place for place in places if mode_of(place) is None]
        if name in _ASKS:
            paths = [path for place in places if (path := _path(place)) is not None]
            self.asks.update(path for path in paths if looks_like_file(path, opens=name in _ASKS_OF_FILES))
        if name in _ASKS | _TALKS:
            places = [place for place in places if _path(place) is None]
        elif name in COPIES and len(node.args) > 1:
            self._take(node.args[:1], write=None, opens=True)
            self._take(node.args[1:], write=name, opens=True)
            return
        self._take(places, write=name if is_write(name, node) else None, opens=bool(_OPENS.search(name)))
        if isinstance(node.func, ast.Name):
            for path in filter(None, map(_path, places)):
                if not looks_like_file(path):
                    self.guessed.setdefault(posixpath.normpath(path), set()).add(name)
        if name in _UNPACKS:
            into = node.args[_UNPACKS[name] :][:1] or [
                k.value for k in node.keywords if k.arg in {"path", "extract_dir"}
            ]
            self.write(gaps.any_path(into[0], self._local) if into else gaps.gap())
            self._anything_may_be_there |= name != "make_archive"

    def _take(self, places: Iterable[ast.expr], *, write: str | None, opens: bool) -> None:
        for place in places:
            path = _path(place)
            if path is None:
                self.visit(place)
            elif (database := _DATABASE.fullmatch(path)) is not None:
                self._open_database(database[1], place.lineno)
            elif not looks_like_file(path, opens=opens):
                continue
            elif write is not None:
                self.write(path, write)
            else:
                self.read(path, place.lineno)
                if opens:
                    self.opens.add(posixpath.normpath(path))

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Walk an operator: `/` makes paths."""
        if (path := _path(node)) is not None:
            self.read(path, node.lineno)
        elif gaps.path_of(node) is None or not isinstance(node.op, ast.Div):
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Take a text that looks like a file's name for one that is read."""
        if isinstance(node.value, str) and looks_like_file(node.value):
            self.read(node.value, node.lineno)

    def _open_database(self, path: str, line: int) -> None:
        self.read(path, line)
        self._databases.add(posixpath.normpath(path))

    def _ask_database(self, call: ast.Call) -> None:
        """Take in whether a call asks or changes a database."""
        match call.func:
            case ast.Attribute(attr="commit" | "to_sql" | "executemany" | "executescript"):
                self._changes_databases = True
            case ast.Attribute(attr="execute" | "read_sql" | "read_sql_query" | "read_sql_table", value=value):
                asks = any(_is_question(node) for argument in call.args for node in ast.walk(argument))
                self._asks_databases |= asks or call.func.attr != "execute"
                self._changes_databases |= call.func.attr == "execute" and not asks
                self.visit(value)

    def visit_Expr(self, node: ast.Expr) -> None:
        """Walk a statement that is no docstring."""
        if not isinstance(node.value, ast.Constant):
            self.visit(node.value)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Walk a lambda, whose parameters may be any paths."""
        around = self._local
        self._local = around | dict.fromkeys(local_names(node), "")
        self.visit(node.body)
        self._local = around

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Walk what an item is taken of: an index is a name of something else."""
        self.visit(node.value)

    def visit_Dict(self, node: ast.Dict) -> None:
        """Walk the values: keys are no files."""
        for value in node.values:
            self.visit(value)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Walk what is compared but with texts."""
        for part in (node.left, *node.comparators):
            if not isinstance(part, ast.Constant):
                self.visit(part)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave out the pieces of a text that is put together, but not what is called for them."""
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Expansion(self, node: Expansion) -> None:
        """Walk IPython's syntax: commands of a shell, scripts, cells that are written to files."""
        if node.cell in {"writefile", "file"}:
            self.write(node.text.split()[-1] if node.text.split() else "")
        elif node.cell in _OTHER_LANGUAGES:
            self.read(gaps.gap(), node.lineno)
            self.write(gaps.gap())
        elif node.cell in {"bash", "sh", "!", "sx", "system", "script"}:
            for number, line in enumerate(node.body.split("\n"), 1):
                self._shell(_EXPANDED.sub(gaps.gap(), line), node.lineno + number)
        elif node.magic in {"!", "sx", "system"} | _ALIASES:
            name = f"{node.magic} " if node.magic in _ALIASES else ""
            self._shell(name + _EXPANDED.sub(_expanded, node.text), node.lineno)
        elif node.magic in {"cd", "pushd"}:
            self._go_elsewhere(node.lineno)
        elif node.magic == "run" and (script := next((w for w in _words(node.text) if not w.startswith("-")), "")):
            self.read(script, node.lineno)

    def _shell(self, text: str, line: int) -> None:
        """Take in a line of a shell, which may have several commands."""
        command: list[str] = []
        folder = ""
        for word in [*_words(text), ";"]:
            if not (word and set(word) <= _BETWEEN):
                command.append(word)
                continue
            self._command(command, folder, line)
            if command[:1] == ["cd"]:
                folder = posixpath.join(folder, *command[1:2])
            command = []

    def _command(self, words: list[str], folder: str, line: int) -> None:
        """Take in a command that is executed in a folder."""
        reads, writes, brings = of_command(words)
        if folder:
            reads, writes = ([posixpath.join(folder, path) for path in paths] for paths in (reads, writes))
        for path in writes:
            self.write(path, words[0])
        for path in reads:
            if path == ".":  # `ls` for a look
                self.asks.add(path)
            elif not gaps.is_whole(path) or looks_like_file(path, opens=words[0] in TAKE_FILES):
                self.read(path, line)
        self._anything_may_be_there |= brings


def _file_names(call: ast.Call) -> list[ast.expr]:
    """Return the names of the files in what ``logging.config.dictConfig`` is given."""
    dicts = (node for node in ast.walk(call) if isinstance(node, ast.Dict))
    pairs = (pair for one in dicts for pair in zip(one.keys, one.values, strict=True))
    return [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "filename"]


_LOGS = frozenset({
    "basicConfig", "FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "WatchedFileHandler",
})  # fmt: skip
_BETWEEN = frozenset(";&|()\n")
_EXPANDED = re.compile(r"\$?\{([^{}]+)\}|(?<!\$)\$([A-Za-z_]\w*)")
"""Expressions whose values IPython puts into a command, and variables of the shell."""

_ALIASES = frozenset({"cat", "less", "more", "ls", "ll", "cp", "mv", "rm", "mkdir", "rmdir"})
"""Magics that are commands of the shell."""

_OTHER_LANGUAGES = frozenset({"python", "python2", "python3", "perl", "ruby", "R", "javascript", "js", "pypy"})
_LISTS = frozenset({"listdir", "scandir"})
_QUESTION = re.compile(r"\s*(select|pragma|explain|with|show|describe)\b", re.IGNORECASE)


def _expanded(found: re.Match[str]) -> str:
    try:
        path = gaps.any_path(ast.parse(found[1] or found[2], mode="eval").body)
    except (SyntaxError, ValueError):
        return gaps.gap()
    return path if re.search(r"\s", path) is None else gaps.gap()


OPERATORS = ".operators"
"""Stands for all methods that Python calls by itself: any use of an object may run them."""

_MAKE_OBJECTS = frozenset({"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"})


def name_of_method(name: str) -> str:
    """Return the name under which all methods of a name go."""
    is_operator = name.startswith("__") and name.endswith("__") and name not in _MAKE_OBJECTS
    return OPERATORS if is_operator else f".{name}"


def local_names(function: ast.AST) -> dict[str, str]:
    """Return the names that are bound in a function or a class, with the names of the gaps that they are.

    Only a parameter that stands for what it was given all the time has a name.
    """
    nodes = list(ast.walk(function))
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    parameters = [node.arg for node in nodes if isinstance(node, ast.arg)]
    own = dict(parameters_of(function)).keys() - stored
    clear = {name for name in own if parameters.count(name) == 1}
    return {name: gaps.parameter(name) if name in clear else "" for name in stored.union(parameters)}


def parameters_of(function: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Yield a function's parameters, with their defaults that are texts or numbers."""
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for name, default in with_defaults(function.args):
        known = isinstance(default, ast.Constant) and isinstance(default.value, str | int | float)
        yield name, str(default.value) if known else None  # type: ignore[union-attr]


def name_of(call: ast.Call) -> str:
    """Return the name of the function or method that is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_question(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and _QUESTION.match(node.value) is not None


def _is_shell(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name(id="os" | "subprocess" | "sp"), attr=name):
            return name in _SHELLS
        case ast.Name(id=name):
            by_name = {keyword.arg for keyword in call.keywords}
            return name in _SHELLS and (name not in {"run", "call"} or not by_name.isdisjoint({"shell", "check"}))
    return False


def _command_line(text: ast.expr, local: Mapping[str, str]) -> str:
    """Return a command that Python code runs, in the words of a shell."""
    if isinstance(text, ast.List):
        return shlex.join(gaps.path_of(part, local) or gaps.gap() for part in text.elts)
    return " ; ".join((gaps.path_of(text, local) or gaps.gap()).splitlines())


def _path(node: ast.expr) -> str | None:
    """Return the path that an expression is, where its code says all of it."""
    path = gaps.path_of(node)
    return path if path is not None and gaps.is_whole(path) else None


def looks_like_file(text: str, *, opens: bool = False) -> bool:
    """Whether a text may name a file; a word without an ending does so only where something is opened."""
    if _QUESTION.match(text) or not 0 < len(text) <= _LONGEST or "\n" in text or "://" in text or "\0" in text:
        return False
    return opens or "/" in text.rstrip("/") or re.search(r"[^.\s/]\.[A-Za-z]\w{0,9}$", text) is not None


def _words(text: str) -> list[str]:
    reader = shlex.shlex(text, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    try:
        return list(reader)
    except ValueError:
        return text.split()
