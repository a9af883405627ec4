"""HTML that shows Facets: for a notebook's output, with or without what draws it, and as a file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from k8snb.distributions.facets.bundle import bundle, inline

MARK = "data-k8snb-facets"
"""Attribute of the element in which a view is shown."""

CARRIES = "data-k8snb-carries"
"""Attribute of the script that brings what draws all views of a document."""

_WORDS = {
    "table": "table",
    "embed": "Facets is drawn in JupyterLab, Notebook 7 and by jupyter nbconvert --to html-facets; elsewhere: "
    "%config K8sMagics.facets = 'embed', then run this cell again",
    "install": "to see Facets here: pip install 'k8snb[skew]' where the Jupyter server runs, and start it again",
    "failed": "Facets could not be drawn",
}


@dataclass(frozen=True)
class View:
    """What Facets shows.

    Parameters
    ----------
    kind : {"overview", "dive"}
    data : bytes
        A ``DatasetFeatureStatisticsList``, or rows as JSON.
    title : str
        Of the frame; what a screen reader says.
    shown : mapping of str to object
        Of Dive: which properties are set.
    """

    kind: Literal["overview", "dive"]
    data: bytes
    title: str
    shown: Mapping[str, object]


def output(view: View, fallback: str, *, carries: bool = False) -> str:
    """Return the HTML of a notebook's output.

    Parameters
    ----------
    view : View
    fallback : str
        HTML without scripts that stands there until Facets is drawn, and where it is not.
    carries : bool
        Whether what draws it comes along; else a Jupyter server, an export or another output must have it.
    """
    packed = base64.b64encode(gzip.compress(view.data, mtime=0)).decode()
    name = hashlib.sha256(packed.encode()).hexdigest()[:12]
    told = {"id": name, "kind": view.kind, "data": packed, "shown": view.shown}
    words = {**_WORDS, "title": view.title}
    called = f"{_loader()}({_json(told)},{_json(words)})"
    brought = carrier() if carries else ""
    return f'<div {MARK}="{name}">{fallback}</div>{brought}<script>{called}</script>'


def carrier() -> str:
    """Return a script that brings what draws all views of a document, wherever in it they stand."""
    packed = base64.b64encode(bundle().packed).decode()
    code = f"(window.k8snbFacets ??= {{}}).packed ??= '{packed}';dispatchEvent(new Event('k8snb-facets'))"
    return f"<script {CARRIES}>{code}</script>"


def file(view: View, fallback: str) -> str:
    """Return a whole HTML document that needs nothing else."""
    title = html.escape(view.title)
    look = "body { font: 14px system-ui, sans-serif; margin: 16px; color: #111; background: #fff }"
    head = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{look}</style></head>'
    )
    return f"{head}<body>{output(view, fallback, carries=True)}</body></html>"


@cache
def _loader() -> str:
    source = resources.files("k8snb.distributions.facets").joinpath("loader.js").read_text("utf-8")
    return inline(" ".join(line.strip() for line in source.splitlines()))


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")
