"""Makes a notebook smaller while what is wrong with it stays."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from writing import Cell, Chunk, Notebook

Fails = Callable[[Notebook], bool]

SIMPLE = ("1", "[1]", "{'k': 1}")
"""What may stand in the place of a value."""


def shrink(notebook: Notebook, fails: Fails, *, tries: int = 1500) -> Notebook:
    """Return the smallest notebook that was found.

    Parameters
    ----------
    notebook : Notebook
        It fails.
    fails : callable
        Says whether a notebook still does.
    tries : int
        Executions at most.
    """
    left = [tries]

    def still(smaller: Notebook) -> bool:
        left[0] -= 1
        return left[0] >= 0 and _compiles(smaller) and fails(smaller)

    passes = (_without_cells, _plain_cells, _without_chunks, _smaller_chunks)
    while True:
        before = notebook
        for candidates in passes:
            notebook = _smallest(notebook, candidates, still)
        if notebook == before or left[0] <= 0:
            return notebook


def _smallest(notebook: Notebook, candidates: Callable[[Notebook], Iterator[Notebook]], still: Fails) -> Notebook:
    """Take the first candidate that fails, and so on from there."""
    skip = 0
    while True:
        for place, smaller in enumerate(candidates(notebook)):
            if place >= skip and still(smaller):
                notebook, skip = smaller, place  # those before did not: try them again in the next pass
                break
        else:
            return notebook


def _compiles(notebook: Notebook) -> bool:
    try:
        for cell in notebook.cells:
            compile(cell.code, "cell", "exec")
    except SyntaxError:
        return False
    return any(cell.step for cell in notebook.cells) and all(map(_ends, notebook.cells))


def _ends(cell: Cell) -> bool:
    """Say whether each ``while`` still counts down first, as it was written."""
    loops = [node for node in ast.walk(ast.parse(cell.code)) if isinstance(node, ast.While)]
    return all(isinstance(loop.test, ast.Name) and isinstance(loop.body[0], ast.AugAssign) for loop in loops)


def _without_cells(notebook: Notebook) -> Iterator[Notebook]:
    for place in reversed(range(len(notebook.cells))):
        yield Notebook(notebook.cells[:place] + notebook.cells[place + 1 :])


def _plain_cells(notebook: Notebook) -> Iterator[Notebook]:
    for place, cell in enumerate(notebook.cells):
        if cell.step is not None:
            yield _with_cell(notebook, place, replace(cell, step=None))


def _without_chunks(notebook: Notebook) -> Iterator[Notebook]:
    for place, cell in enumerate(notebook.cells):
        if len(cell.chunks) > 1:
            for at in reversed(range(len(cell.chunks))):
                yield _with_cell(notebook, place, replace(cell, chunks=cell.chunks[:at] + cell.chunks[at + 1 :]))


def _smaller_chunks(notebook: Notebook) -> Iterator[Notebook]:
    for place, cell in enumerate(notebook.cells):
        for at, chunk in enumerate(cell.chunks):
            for source in _smaller_code(chunk.source):
                chunks = (*cell.chunks[:at], Chunk(source, chunk.features), *cell.chunks[at + 1 :])
                yield _with_cell(notebook, place, replace(cell, chunks=chunks))


def _with_cell(notebook: Notebook, place: int, cell: Cell) -> Notebook:
    return Notebook((*notebook.cells[:place], cell, *notebook.cells[place + 1 :]))


def _smaller_code(source: str) -> Iterator[str]:
    """Yield a piece of code with one thing less, or one thing simpler."""
    count = sum(1 for _ in ast.walk(ast.parse(source)))
    for index in range(count):
        for change in (_drop_statements, _unwrap, _simplify):
            yield from change(source, index)


def _node(source: str, index: int) -> tuple[ast.Module, ast.AST]:
    tree = ast.parse(source)
    return tree, list(ast.walk(tree))[index]


def _drop_statements(source: str, index: int) -> Iterator[str]:
    """Leave a statement out of a block, or a branch out of a statement."""
    _, node = _node(source, index)
    for name in ("body", "orelse", "finalbody", "handlers", "cases", "decorator_list"):
        block = getattr(node, name, None)
        for at in range(len(block) if isinstance(block, list) else 0):
            tree, same = _node(source, index)
            rest = getattr(same, name)
            del rest[at]
            if not rest and name == "body":
                if isinstance(same, ast.Module):
                    continue
                rest.append(ast.Pass())
                if isinstance(block[at], ast.Pass):
                    continue
            if text := _unparsed(tree):
                yield text


def _unwrap(source: str, index: int) -> Iterator[str]:
    """Put a block in the place of the statement that it stands in."""
    _, node = _node(source, index)
    for at, statement in enumerate(
        getattr(node, "body", None) or [] if not isinstance(node, ast.Lambda | ast.IfExp) else []
    ):
        if isinstance(statement, ast.If | ast.For | ast.While | ast.With | ast.Try):
            tree, same = _node(source, index)
            inner = same.body[at]  # type: ignore[attr-defined]
            same.body[at : at + 1] = inner.body  # type: ignore[attr-defined]
            if text := _unparsed(tree):
                yield text


def _simplify(source: str, index: int) -> Iterator[str]:
    """Put something simple in the place of a value."""
    _, node = _node(source, index)
    for name in ("value", "test", "iter"):
        value = getattr(node, name, None)
        if (
            not isinstance(value, ast.expr)
            or isinstance(value, ast.Constant)
            or isinstance(node, ast.Attribute | ast.Subscript | ast.Starred)
        ):
            continue
        for simple in (*SIMPLE, *(_parts(value) if name != "iter" else ())):
            if simple != ast.unparse(value):
                tree, same = _node(source, index)
                setattr(same, name, ast.parse(simple, mode="eval").body)
                if (text := _unparsed(tree)) and len(text) < len(source):
                    yield text


def _parts(value: ast.expr) -> list[str]:
    parts = (part for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr))
    return [ast.unparse(part) for part in parts if not isinstance(part, ast.Slice | ast.Starred)]


def _unparsed(tree: ast.Module) -> str | None:
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    except (ValueError, AttributeError, IndexError):  # such as a try without handlers
        return None
