"""Sets a notebook's parameters: a cell below each one that is tagged for it, as papermill does."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import nbformat

from k8snb.analysis import analyse
from k8snb.errors import AnnotationError, meant, suggest
from k8snb.pipeline.tags import PARAMETERS

INJECTED = "injected-parameters"


def inject(content: Any, parameters: Mapping[str, Any]) -> list[str]:
    """Add cells that set parameters, each below the tagged cell that sets it; return what is to be said of them.

    What no tagged cell sets is set below the first of them, without any at the top.

    Parameters
    ----------
    content : nbformat.NotebookNode
        Is changed.
    parameters : mapping
    """
    tagged = [i for i, c in enumerate(content.cells) if c.cell_type == "code" and PARAMETERS & {*_tags(c)}]
    if not parameters:
        return []
    if not tagged:
        content.cells.insert(0, _cell(parameters))
        return ["no cell has the tag `parameters`: they are set above the first cell, and a cell may set them anew"]
    defaults = {place: _defaults(content.cells[place].source) for place in tagged}
    below = {place: {n: v for n, v in parameters.items() if n in defaults[place]} for place in tagged}
    known = {name for names in defaults.values() for name in names}
    unknown = {name: value for name, value in parameters.items() if name not in known}
    below[tagged[0]] |= unknown
    for place in reversed(tagged):
        if below[place]:
            content.cells.insert(place + 1, _cell(below[place]))
    changed = [_changed(n, v, names[n]) for names in defaults.values() for n, v in parameters.items() if n in names]
    return [*(_unknown(name, known) for name in unknown), *filter(None, changed)]


def _cell(parameters: Mapping[str, Any]) -> Any:
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    return nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": [INJECTED]})  # type: ignore[no-untyped-call]


def _tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _defaults(source: str) -> dict[str, Any]:
    """Return the names that a cell sets, with the value where the code says it, else None."""
    try:
        names: dict[str, Any] = dict.fromkeys(analyse(source).outputs)
    except AnnotationError:
        return {}
    for node in ast.walk(_python(source)):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                try:
                    names[name] = ast.literal_eval(value)
                except ValueError:
                    continue
    return names


def _python(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:  # IPython's syntax: what values are is not told then
        return ast.Module([], [])


def _unknown(name: str, known: set[str]) -> str:
    what = f"-p {name}: no cell with the tag `parameters` sets it"
    return f"{what}: {suggest(name, known)}" if meant(name, known) else what


def _changed(name: str, value: Any, default: Any) -> str | None:
    """Tell of a text that becomes a number, and the like: the shell has no types."""
    if default is None or value is None or type(value) is type(default):
        return None
    if isinstance(value, int | float) and isinstance(default, int | float) and not isinstance(default, bool):
        return None
    kinds = f"{type(default).__name__} in the notebook and {type(value).__name__} now"
    hint = f"; for a text write -p {name}='\"{value}\"'" if isinstance(default, str) else ""
    return f"-p {name}={value!r}: it is {kinds}{hint}"
