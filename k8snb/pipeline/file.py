"""Reads the cells of a notebook file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from k8snb.analysis import analyse
from k8snb.errors import AnnotationError, InputError
from k8snb.pipeline.context import in_context
from k8snb.pipeline.gate import with_sets
from k8snb.pipeline.model import Cell
from k8snb.pipeline.parse import parse_options
from k8snb.pipeline.tags import Gathered, Piece, defaults, gather, is_kales, left_out


def read_notebook(path: Path) -> list[Cell]:
    """Return the code cells of a notebook in the order of the file.

    A cell is a step by its line (``%%k8s_step NAME``, ``# %%k8s_step NAME``) or by a tag ``step:NAME`` (or
    ``block:NAME``); the tag ``prev:NAME`` then means ``--after NAME``, ``limit:KIND:VALUE`` what the step may use and
    ``image:NAME`` its image. In a notebook with Kale's tags a cell without any belongs to the step above it. Cells with
    the tag ``skip`` are left out.

    Raises
    ------
    InputError
        The file is no notebook, or a step's line, its tags or a cell's code is wrong.
    """
    return in_context([_cell(found, path.name) for found in gathered(path)[1]])


def gathered(path: Path) -> tuple[list[Piece], list[Gathered]]:
    """Return the code cells of a notebook file, and as they make up its pipeline.

    Raises
    ------
    InputError
        The file is no notebook, or tags are wrong.
    """
    pieces, metadata = _read(path)
    try:
        return pieces, gather(pieces, kale=is_kales(pieces, metadata), given=defaults(metadata))
    except AnnotationError as error:
        raise AnnotationError(error.what, where=f"{path.name}, {error.where}", fix=error.fix) from None


def kales_own(path: Path) -> list[str]:
    """Tell of what a notebook file asks Kale for and steps here do not get by it.

    Raises
    ------
    InputError
        The file is no notebook.
    """
    return list(left_out(_read(path)[1]))


def _read(path: Path) -> tuple[list[Piece], object]:
    """Return a notebook's code cells and its metadata."""
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        cells = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
        pieces = [
            Piece("".join(cell["source"]), tuple(cell.get("metadata", {}).get("tags", ())), cell.get("id"))
            for cell in cells
        ]
        return pieces, document.get("metadata")
    except OSError as error:
        raise InputError(f"the notebook cannot be read: {error.strerror}", where=str(path)) from None
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}"
        fix = "look there for the marks of a merge (<<<<<<<), or take the file's last good version"
        raise InputError(f"the file is no notebook: {error.msg}", where=where, fix=fix) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        what, fix = "the file is no notebook of format 4", "open it in Jupyter and save it again"
        raise InputError(what, where=str(path), fix=fix) from None


def _cell(found: Gathered, file: str) -> Cell:
    where = f"{file}, code cell {found.places[0] + 1}"
    try:
        facts = analyse(found.source)
    except AnnotationError as error:
        raise AnnotationError(error.what, where=f"{where}, {error.where}", fix=error.fix) from None
    if found.line is None:
        return Cell(found.source, facts)
    name, options, _ = parse_options(found.line, where=where)
    return Cell(found.source, with_sets(facts, options), name, options)
