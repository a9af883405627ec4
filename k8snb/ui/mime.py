"""What JupyterLab and Notebook are told besides HTML, for the buttons that `labextension` adds there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

MIME = "application/vnd.k8snb+json"

Kind = Literal["card", "run", "step", "log", "stacks", "runs"]


def with_buttons(data: Mapping[str, str], kind: Kind, **fields: object) -> dict[str, object]:
    """Return a MIME bundle that says of what kind it is; where that means nothing it shows as before.

    Parameters
    ----------
    data : mapping
    kind : str
    **fields
        What JSON can say: ``step``, ``run``, ``stacks``, ``active``, ``contexts``, ``runs``, ``stack``, ``anew``; and
        ``live`` while what is shown may change.
    """
    return {**data, MIME: {"kind": kind, **fields}}
