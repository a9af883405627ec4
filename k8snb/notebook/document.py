"""Which notebook this is, as far as the front end tells."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8snb.errors import InputError, PipelineError

if TYPE_CHECKING:
    from k8snb.notebook.cells import Entry

NOTEBOOK = "K8SNB_NOTEBOOK"
"""Environment variable with the notebook's path; ``k8snb run`` sets it."""

PARAMETERS = "K8SNB_PARAMETERS"
"""Environment variable with the parameters that ``k8snb run`` was given, as JSON."""


def parameters() -> dict[str, Any]:
    """Return what the notebook was started with."""
    given: dict[str, Any] = json.loads(os.environ.get(PARAMETERS, "{}"))
    return given


def notebook_file(namespace: Mapping[str, Any]) -> Path | None:
    """Return the notebook's file, where it is known and there."""
    for told in (os.environ.get(NOTEBOOK), namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if told and (path := Path(told).absolute()).suffix == ".ipynb" and path.is_file():
            return path
    return None


def pipeline_name(namespace: Mapping[str, Any]) -> str:
    """Return what the notebook's pipeline is called."""
    file = notebook_file(namespace)
    return file.stem if file else "notebook"


def twice(old: Entry | None, new: Entry, file: Path | None) -> list[str]:
    """Tell a step whose cell is executed again from two steps of one name.

    Parameters
    ----------
    old, new : Entry
        The step that was known by the name, and the one to take its place.
    file : Path or None
        The notebook's, where it is known.

    Returns
    -------
    list of str
        Warnings.

    Raises
    ------
    PipelineError
        The notebook has two cells for the name.
    """
    if old is None or old.source == new.source or (old.cell_id is not None and old.cell_id == new.cell_id):
        return []
    if file is not None:
        refuse_twins(file)
    return [f"takes the place of another cell that was step {new.step!r}"]


def refuse_twins(file: Path) -> None:
    """Raise `PipelineError` where two cells of a notebook file are one step."""
    from k8snb.pipeline.file import gathered

    try:
        _, cells = gathered(file)
    except InputError:  # being saved just now, or no notebook
        return
    seen: dict[str, int] = {}
    for cell in cells:
        number = cell.places[0] + 1
        name, *_ = (cell.line or "").split() or [""]
        if name in seen:
            raise PipelineError(
                f"two cells are step {name!r}",
                where=f"{file.name}: code cells {seen[name]} and {number}",
                fix="give one of them another name",
            )
        if name:
            seen[name] = number
