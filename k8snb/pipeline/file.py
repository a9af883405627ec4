"""Reads the cells of a notebook file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from k8snb.analysis import analyse, step_line
from k8snb.errors import AnnotationError, InputError
from k8snb.pipeline.context import contexts
from k8snb.pipeline.model import Cell
from k8snb.pipeline.options import StepOptions
from k8snb.pipeline.parse import check_name, parse_options

_STEP, _PREVIOUS, _SKIP = "step:", "prev:", "skip"


def read_notebook(path: Path) -> list[Cell]:
    """Return the code cells of a notebook in the order of the file.

    A cell is a step by its line (``%%k8s_step NAME``, ``# %%k8s_step NAME``) or by a tag ``step:NAME``; the tag
    ``prev:NAME`` then means ``--after NAME``. Cells with the tag ``skip`` are left out.

    Raises
    ------
    InputError
        The file is no notebook, or a step's line or a cell's code is wrong.
    """
    read = [
        _cell(source, tags, f"{path.name}, code cell {place}")
        for place, (source, tags) in enumerate(_code(path), 1)
        if _SKIP not in tags
    ]
    return [
        replace(cell, facts=analyse(cell.source, *around), futures=around[1]) if any(around) else cell
        for cell, around in zip(read, contexts([cell.facts for cell in read]), strict=True)
    ]


def _code(path: Path) -> list[tuple[str, list[str]]]:
    """Return source and tags of a notebook's code cells."""
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        cells = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
        return [("".join(cell["source"]), list(cell.get("metadata", {}).get("tags", ()))) for cell in cells]
    except OSError as error:
        raise InputError(f"the notebook cannot be read: {error.strerror}", where=str(path)) from None
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}"
        fix = "look there for the marks of a merge (<<<<<<<), or take the file's last good version"
        raise InputError(f"the file is no notebook: {error.msg}", where=where, fix=fix) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        what, fix = "the file is no notebook of format 4", "open it in Jupyter and save it again"
        raise InputError(what, where=str(path), fix=fix) from None


def _cell(source: str, tags: Sequence[str], where: str) -> Cell:
    try:
        facts = analyse(source)
    except AnnotationError as error:
        raise AnnotationError(error.what, where=f"{where}, {error.where}", fix=error.fix) from None
    line = step_line(source)
    if line is not None:
        name, options, _ = parse_options(line, where=where)
        return Cell(source, facts, name, options)
    for tag in tags:
        if tag.startswith(_STEP):
            name = tag.removeprefix(_STEP)
            check_name(name, where=where)
            previous = tuple(t.removeprefix(_PREVIOUS) for t in tags if t.startswith(_PREVIOUS))
            given = frozenset({"after"}) if previous else frozenset[str]()
            return Cell(source, facts, name, StepOptions(after=previous, given=given))
    return Cell(source, facts)
