"""Runs a cell's source in a namespace as a notebook's kernel does."""

from __future__ import annotations

import _ast
import io
import linecache
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType

    _Piece = tuple[CodeType, bool]

_PARSE = _ast.PyCF_ONLY_AST | _ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | 0x4000
"""0x4000 is codeop.PyCF_ALLOW_INCOMPLETE_INPUT: a cell that breaks off is called what IPython calls it."""
NEXT_CELL = "# %% the step's next cell"
"""As `k8snb.analysis.source` has it, which takes long to import: the line between cells that are one step."""

_PLACE = ("lineno", "col_offset", "end_lineno", "end_col_offset")
_COROUTINE = 0x80  # inspect.CO_COROUTINE; inspect takes long to import


def execute(
    source: str,
    label: str,
    namespace: dict[str, Any],
    show: Callable[[Any], None],
    futures: Sequence[str] = (),
    shows: str = "last_expr",
) -> BaseException | None:
    """Run a cell.

    Parameters
    ----------
    source : str
        Python. ``await`` may stand outside of functions.
    label : str
        The file name in tracebacks.
    namespace : dict
        Globals and locals.
    show : callable
        Is given the value of the last expression, unless it is None or a ``;`` follows.
    futures : sequence of str
        Features of ``__future__`` that hold already.
    shows : str
        Whose values are shown, as IPython's ``ast_node_interactivity`` says.

    Returns
    -------
    BaseException or None
        What the cell raised (whatever it is), with the traceback from the cell's own frames on.
    """
    lines = io.StringIO(f"{source}\n", newline=None).readlines()  # `inspect.getsource` gives whole lines
    linecache.cache[label] = (len(source), None, lines, label)
    if shows == "all":
        before, sys.displayhook = sys.displayhook, lambda value: None if value is None else show(value)
        try:
            return _execute(source, label, namespace, show, futures, shows)
        finally:
            sys.displayhook = before
    return _execute(source, label, namespace, show, futures, shows)


def _execute(
    source: str,
    label: str,
    namespace: dict[str, Any],
    show: Callable[[Any], None],
    futures: Sequence[str],
    shows: str,
) -> BaseException | None:
    if not _awaits(source, label):
        return _run(_pieces(source, label, futures, shows), namespace, show)
    import asyncio

    return asyncio.run(_run_async(_pieces(source, label, futures, shows), namespace, show))


def _run(pieces: Iterator[_Piece], namespace: dict[str, Any], show: Callable[[Any], None]) -> BaseException | None:
    try:
        for code, shown in pieces:
            value = eval(code, namespace)  # noqa: S307 - this is what it is for
            if shown and value is not None:
                show(value)
    except BaseException as error:  # noqa: BLE001 - the caller tells of it, whatever it is
        return _without_our_frames(error)
    return None


async def _run_async(
    pieces: Iterator[_Piece], namespace: dict[str, Any], show: Callable[[Any], None]
) -> BaseException | None:
    """Run the pieces in one event loop, so that a task made by one goes on while a later one waits."""
    try:
        for code, shown in pieces:
            value = eval(code, namespace)  # noqa: S307
            if code.co_flags & _COROUTINE:
                value = await value
            if shown and value is not None:
                show(value)
    except BaseException as error:  # noqa: BLE001
        return _without_our_frames(error)
    return None


def _pieces(source: str, label: str, futures: Sequence[str], shows: str) -> Iterator[_Piece]:
    """Compile each statement when it is its turn: what stands before a faulty one has run, as in IPython.

    With each goes whether it is an expression whose value is displayed.
    """
    tree = compile(source, label, "exec", flags=_PARSE, dont_inherit=True)
    assert isinstance(tree, _ast.Module)
    flags = _ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if futures:
        import __future__

        for name in futures:
            flags |= getattr(__future__, name).compiler_flag
    ends = [] if shows in {"all", "none"} else _last_of_cells(tree.body, source)
    told = shows == "all" and bool(tree.body) and not _silenced(source, tree.body[-1])
    for node in _with_assigned(tree.body, ends) if shows == "last_expr_or_assign" else tree.body:
        shown = node in ends and isinstance(node, _ast.Expr) and not _silenced(source, node)
        if told:  # each expression calls `sys.displayhook`, in loops too
            code = compile(_ast.Interactive([node]), label, "single", flags=flags, dont_inherit=True)
        elif shown:
            code = compile(_ast.Expression(node.value), label, "eval", flags=flags, dont_inherit=True)  # type: ignore[attr-defined]
        else:
            code = compile(_ast.Module([node], []), label, "exec", flags=flags, dont_inherit=True)
        if isinstance(node, _ast.ImportFrom) and node.module == "__future__":
            flags |= _future_flags(code)
        yield code, shown


def _with_assigned(body: list[_ast.stmt], ends: list[_ast.stmt]) -> Iterator[_ast.stmt]:
    """Yield the statements; after a last one that binds a name, an expression of that name, which is a last one too."""
    for node in body:
        yield node
        if node in ends and isinstance(node, _ast.Assign | _ast.AugAssign | _ast.AnnAssign):
            target = node.targets[0] if isinstance(node, _ast.Assign) else node.target
            if isinstance(target, _ast.Name):
                place: dict[str, Any] = {name: getattr(node, name) for name in _PLACE}
                ends.append(_ast.Expr(_ast.Name(target.id, _ast.Load(), **place), **place))
                yield ends[-1]


def _last_of_cells(body: list[_ast.stmt], source: str) -> list[_ast.stmt]:
    """Return the last statement of each cell that the source is made of."""
    if NEXT_CELL not in source:
        return body[-1:]
    cuts = [number for number, line in enumerate(source.split("\n"), 1) if line == NEXT_CELL]
    between = [[node for node in body if node.lineno > cut] for cut in cuts]
    befores = [body[: len(body) - len(after)] for after in between]
    return [part[-1] for part in (*befores, body) if part]


def _awaits(source: str, label: str) -> bool:
    """Whether the cell awaits outside of functions."""
    if "await" not in source and "async" not in source:
        return False
    try:
        code = compile(source, label, "exec", flags=_ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError:  # raised again where it stands
        return False
    return bool(code.co_flags & _COROUTINE)


def _future_flags(code: CodeType) -> int:
    import __future__

    flags = (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
    return sum({flag for flag in flags if code.co_flags & flag})


def _silenced(source: str, node: _ast.stmt) -> bool:
    """Whether a ``;`` follows the statement (and perhaps closing parentheses and comments, which hold none)."""
    assert node.end_lineno is not None
    lines = source.encode().splitlines(keepends=True)[node.end_lineno - 1 :]
    lines[0] = lines[0][node.end_col_offset :]
    for line in lines:
        if line.rstrip() == NEXT_CELL.encode():
            return False
        if b";" in line.partition(b"#")[0]:
            return True
    return False


def _without_our_frames(error: BaseException) -> BaseException:
    """Return the error with a traceback that begins with the cell's own frames."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    return error.with_traceback(traceback)
