"""What steps need of plain cells, where no kernel has executed these: imports, functions, classes and constants."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from k8snb.analysis import analyse, body
from k8snb.analysis.ipython import parse
from k8snb.analysis.tables import GIVEN
from k8snb.errors import AnnotationError, PipelineError
from k8snb.pipeline.model import Cell, Pipeline
from k8snb.pipeline.sources import find


def definitions(pipeline: Pipeline, cells: Sequence[Cell]) -> dict[str, str]:
    """Return for each step the code of plain cells that binds what it takes from the notebook.

    Parameters
    ----------
    pipeline : Pipeline
    cells : sequence of Cell
        What it was built of.

    Raises
    ------
    PipelineError
        Values are needed that only executing plain cells gives: names them and their cells.
    """
    places = {cell.step: place for place, cell in enumerate(cells) if cell.step is not None}
    found: dict[str, str] = {}
    missing: dict[str, list[str]] = {}
    for step in pipeline.steps:
        statements = _Needed(cells)
        for name in sorted(step.from_kernel - GIVEN):
            statements.add(name, cells[: places[step.name]])
        found[step.name] = statements.source
        for value in statements.values:
            missing.setdefault(value, []).append(f"step {step.name}")
    if missing:
        raise PipelineError(
            "values are needed that only a kernel has: "
            + "; ".join(f"{value}, for {' and '.join(readers)}" for value, readers in missing.items()),
            where=pipeline.name,
            fix="make these cells steps, or run the notebook with a kernel: k8snb run",
        )
    return found


class _Needed:
    """Gathers statements of plain cells, with what these need in their turn."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._places = {id(cell): place for place, cell in enumerate(cells)}
        self._statements: dict[tuple[int, int], str] = {}
        self.values: dict[str, None] = {}

    @property
    def source(self) -> str:
        """The statements in the order of the notebook."""
        return "\n".join(text for _, text in sorted(self._statements.items()))

    def add(self, name: str, above: Sequence[Cell]) -> None:
        """Find what binds a name in the cells above, and what that reads."""
        cell = find(name, above).cell
        if cell is None:
            return
        place = self._places[id(cell)]
        binding = _binding(name, cell)
        if binding is None:
            self.values[f"{name!r} of code cell {place + 1} ({_line(name, cell)})"] = None
            return
        lineno, text = binding
        if (place, lineno) in self._statements:
            return
        self._statements[place, lineno] = text
        facts = analyse(text)
        for used in sorted({*facts.reads, *facts.uses.get(name, ())} - GIVEN - {name}):
            self.add(used, above if used in facts.uses.get(name, ()) else above[: place + 1])


def _binding(name: str, cell: Cell) -> tuple[int, str] | None:
    """Return line and code of the one statement that binds a name, where it needs no other run of the cell."""
    try:
        tree, _ = parse(cell.source)
    except AnnotationError:
        return None
    binding = [node for node in tree.body if name in _bound(node)]
    if len(binding) != 1 or not _is_definition(binding[0]) or name in cell.facts.changes:
        return None
    node = binding[0]
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
    lines = body(cell.source).split("\n")[first - 1 : node.end_lineno]
    text = "\n".join(lines)
    return (first, text) if _same(text, node) else (first, ast.unparse(node))


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement of the cell binds; those that functions in it bind for themselves too."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case _:
            yield from analyse(ast.unparse(node)).outputs


def _is_definition(node: ast.stmt) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return True
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return _is_constant(value)
    return False


def _is_constant(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True


def _same(text: str, node: ast.stmt) -> bool:
    """Whether lines of a cell hold a statement and nothing else."""
    try:
        return ast.dump(ast.parse(text)) == ast.dump(ast.Module([node], []))
    except SyntaxError:
        return False


def _line(name: str, cell: Cell) -> str:
    lines = body(cell.source).strip().split("\n")
    return next((line.strip() for line in lines if name in line), lines[0].strip())
