"""A cell's source as a syntax tree, IPython's syntax read as what it means.

Magics that run Python (``%time``, ``%%capture``) become that Python; other magics and shell commands become
`Expansion` nodes, which read the names that their text holds. Lines stay those of the cell.
"""

from __future__ import annotations

import ast
import itertools
import re
import shlex
import string
import warnings
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from k8snb.analysis import magics, tables
from k8snb.analysis.source import body
from k8snb.analysis.syntax import Expansion, Inner
from k8snb.errors import AnnotationError

T = TypeVar("T", bound=ast.AST)

EXIT_CODE = "_exit_code"
"""What IPython binds after a shell command that is a statement."""


Scripts = Mapping[str, Sequence[str]]
"""Of files that ``%run`` names: the sources of their cells; a script is one."""


def parse(source: str, scripts: Scripts = MappingProxyType({})) -> tuple[ast.Module, bool]:
    """Return the cell's tree and whether it uses IPython's syntax.

    Parameters
    ----------
    source : str
    scripts : mapping of str to sequence of str
        What ``%run`` executes stands in the tree where the magic does.

    Raises
    ------
    AnnotationError
        The cell is not Python, with the line.
    """
    text = body(source)
    try:
        return _python(text), False
    except SyntaxError as error:
        if not _looks_like_ipython(text) and _with_sign(text) == text:
            raise _refused(error, text) from None
    try:
        tree = _cell(_with_sign(text))
    except SyntaxError as error:
        raise _refused(error, text) from None
    if scripts:
        _Scripts(scripts).visit(tree)
    return tree, True


def _python(text: str) -> ast.Module:
    with warnings.catch_warnings():  # a kernel says these once, when the cell runs
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except ValueError as error:  # null bytes, before Python 3.12
            raise SyntaxError(str(error)) from None


def _refused(error: SyntaxError, text: str) -> AnnotationError:
    number = error.lineno or 1
    line = "".join(text.split("\n")[number - 1 : number]).strip()
    return AnnotationError(f"the cell is not Python: {error.msg}", where=f"line {number}: {line}", fix="correct it")


def _looks_like_ipython(text: str) -> bool:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return any(
        line[0] in "%!?,;/" or line.endswith("?") or line.startswith((">>>", "In [")) or re.search(r"=\s*[%!]", line)
        for line in lines
    ) or text.lstrip("\n").startswith((" ", "\t"))


def _with_sign(text: str) -> str:
    """Put the ``%`` before a cell's only line where IPython does not need it (``pip install polars``)."""
    line = text.strip()
    known = "\n" not in line and line.partition(" ")[0] in magics.LINE_MAGICS
    return text.replace(line, f"%{line}") if known else text


def _cell(text: str) -> ast.Module:
    """Parse a cell; the cell magic on its first line, where there is one, says what the rest is."""
    lines = text.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if not lines[first].startswith("%%"):
        tree = _python(_transformed(lines))
        _Magics().visit(tree)
        return tree
    if lines[first].rstrip().endswith("?"):
        return _module()  # it shows help
    name, _, rest = lines[first][2:].strip().partition(" ")
    lines[first] = ""
    line = first + 1
    if name not in {*tables.CODE_MAGICS, "timeit", "capture"}:
        return _module(*_foreign(name, rest, line, "\n".join(lines[first + 1 :])))
    try:
        tree = _python("\n".join(lines))
    except SyntaxError:
        tree = _cell("\n".join(lines))
    if name == "timeit":
        return _module(_placed(Inner(body=[*_statements(_options(rest, tables.TIMEIT)[1], line), *tree.body]), line))
    if name == "capture":
        return _module(*tree.body, *_bindings([w for w in _words(rest) if not w.startswith("-")], line))
    return tree


def _foreign(name: str, rest: str, line: int, text: str) -> list[ast.stmt]:
    """What is known of a cell magic whose body is not Python: its line is expanded, ``--out`` and ``--err`` bind."""
    words = _words(rest)
    bound = [value for word, value in itertools.pairwise(words) if word in {"--out", "--err", "--proc"}]
    expansion = _expansion(rest, line, "" if name in tables.NOT_PYTHON else f"%{name}")
    expansion.cell, expansion.body = name, text
    return [_placed(ast.Expr(expansion), line), *_bindings(bound, line)]


def _module(*statements: ast.stmt) -> ast.Module:
    return ast.Module(body=list(statements), type_ignores=[])


def _bindings(names: list[str], line: int) -> list[ast.stmt]:
    targets = [ast.Name(name, ast.Store()) for name in names if name.isidentifier()]
    return [_placed(ast.Assign([target], ast.Constant(None)), line) for target in targets]


def _transformed(lines: list[str]) -> str:
    """Let IPython turn its syntax into calls, line by line; a command over several lines leaves blank ones behind."""
    from IPython.core.inputtransformer2 import TransformerManager  # 80 ms, and seldom needed

    blank = next((i for i, line in enumerate(lines) if line.strip()), 0)
    manager: Any = TransformerManager()  # type: ignore[no-untyped-call]
    code = [line + "\n" for line in lines[blank:]]
    for transform in [*manager.cleanup_transforms, *manager.line_transforms]:
        code = transform(code)
    changed = True
    while changed:
        changed, new = manager.do_one_token_transform(code)
        if len(new) < len(code):
            at = next(i for i, (one, other) in enumerate(zip(new, code, strict=False)) if one != other)
            new = [*new[: at + 1], *["\n"] * (len(code) - len(new)), *new[at + 1 :]]
        changed = changed and new != code
        code = new
    return "\n" * blank + "".join(code)


class _Magics(ast.NodeTransformer):
    """Puts what they mean in place of the calls that IPython's transformer makes."""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        match _magic(node.value):
            case name, text:
                if statements := _meaning(name, text, node.lineno):
                    return statements
        binds = [EXIT_CODE] if _sets_exit_code(node.value) else []
        self.generic_visit(node)
        return [node, *_bindings(binds, node.lineno)]

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        """Put what a magic runs in front of the assignment of what it returns: ``took = %timeit -o f(x)``."""
        before: list[ast.stmt] = []
        match _magic(node.value):
            case name, text:
                before = _meaning(name, text, node.lineno)
        if len(before) == 1 and isinstance(before[0], ast.Expr):
            before = []  # it is in the place of the magic
        self.generic_visit(node)
        return [*before, node]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        match _magic(node):
            case name, text:
                if name in tables.CODE_MAGICS:
                    statements = _statements(_options(text, tables.CODE_MAGICS[name])[1], node.lineno)
                    if len(statements) == 1 and isinstance(statements[0], ast.Expr):
                        return statements[0].value
                return _expansion(text, node.lineno, name)
        self.generic_visit(node)
        return node


class _Scripts(ast.NodeTransformer):
    """Puts what scripts do behind the magics that run them. What they read of their own they have bound before."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        if not isinstance(node.value, Expansion) or (cells := self._scripts.get(magics.script(node.value))) is None:
            return node
        try:
            trees = [_cell(cell) for cell in cells]
        except SyntaxError:  # running it says so
            return node
        node.value.known = True
        return [node, *(_placed(statement, node.lineno) for tree in trees for statement in tree.body)]


def _meaning(name: str, text: str, line: int) -> list[ast.stmt]:
    """Return the statements that a line magic stands for, where there are any."""
    if name in tables.CODE_MAGICS:
        return _statements(_options(text, tables.CODE_MAGICS[name])[1], line)
    if name == "timeit" and (statements := _statements(_options(text, tables.TIMEIT)[1], line)):
        return [_placed(Inner(body=statements), line)]
    if name == "xdel":
        return [_placed(ast.Delete([ast.Name(n, ast.Del())]), line) for n in _names(text)]
    return []


def _sets_exit_code(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr="system")):
            return True
    match _magic(node):
        case name, _:
            return name in magics.ALIASES
    return False


def _magic(node: ast.expr) -> tuple[str, str] | None:
    """Return name and text of a line magic or a shell command (name ``!``)."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=method), args=args):
            match method, args:
                case "run_line_magic", [ast.Constant(value=str(name)), ast.Constant(value=str(text))]:
                    return name, text
                case "system" | "getoutput", [ast.Constant(value=str(text))]:
                    return "!", text
    return None


def _placed(node: T, line: int) -> T:
    for part in ast.walk(node):
        if isinstance(part, ast.stmt | ast.expr | ast.excepthandler | ast.arg | ast.keyword | ast.alias | ast.pattern):
            part.lineno = part.end_lineno = line
            part.col_offset = part.end_col_offset = 0
    return node


def _statements(text: str, line: int) -> list[ast.stmt]:
    """Parse a magic's text; what is not Python there fails when the cell runs."""
    try:
        return [_placed(statement, line) for statement in _python(text).body]
    except SyntaxError:
        return []


def _options(text: str, letters: str) -> tuple[list[str], str]:
    """Split options (``-n 10 -q``) from what follows them."""
    found: list[str] = []
    rest = text.strip()
    while rest.startswith("-") and rest[1:2] in {*letters, "-"} and rest[1:2]:
        word, _, rest = rest.partition(" ")
        found.append(word)
        rest = rest.lstrip()
        if len(word) == len("-n") and word[1] in tables.TAKES_VALUE and word[1] in letters:
            value, _, rest = rest.partition(" ")
            found.append(value)
            rest = rest.lstrip()
    return found, rest


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _expansion(text: str, line: int, magic: str) -> Expansion:
    names = [n for word in _words(text) for n in _named(word)] if magic in tables.NAME_MAGICS else _expanded(text)
    return _placed(Expansion(magic, names, text), line)


def _expanded(text: str) -> list[str]:
    """Names that IPython may put the values of into a text: ``{name}``, ``{f(name)}``, ``$name``."""
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(text) if field]
    except ValueError:  # IPython leaves a text alone that it cannot read
        return []
    return [n for field in fields for n in _names(field)] + re.findall(r"(?<!\$)\$([A-Za-z_]\w*)", text)


def _named(word: str) -> list[str]:
    """Names in a word that stands for data: ``X_train``, ``train=X_train``; a path has none."""
    _, expression = magics.labelled(word)
    return [] if tables.DATA_FILES.search(expression) else _names(expression)


def _names(expression: str) -> list[str]:
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError:
        return []
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
