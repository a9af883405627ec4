"""Exports to HTML bring what draws Facets, once for all views of a notebook."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from k8snb.distributions.facets.page import CARRIES, MARK, carrier
from k8snb.errors import InputError


def carry(notebook: Any, resources: Any) -> tuple[Any, Any]:
    """Put what draws Facets into a notebook's first view, if none brings it: a preprocessor of nbconvert.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The export's own copy.
    resources : mapping
    """
    views = [
        output.data
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if MARK in _html(output) and output.output_type in {"display_data", "execute_result"}
    ]
    if views and not any(CARRIES in _html_of(view) for view in views):
        with suppress(InputError):  # the tables are there
            views[0]["text/html"] = _html_of(views[0]) + carrier()
    return notebook, resources


def _html(output: Any) -> str:
    return _html_of(output.get("data", {}))


def _html_of(data: Any) -> str:
    html = data.get("text/html", "")
    return "".join(html) if isinstance(html, list) else str(html)
