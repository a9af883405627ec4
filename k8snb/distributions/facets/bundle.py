"""Facets' own HTML and script, read from the installed package `tensorboard_plugin_wit`; kept nowhere else."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from k8snb.errors import InputError

_PACKAGE = "tensorboard_plugin_wit"

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "form-action 'none'; base-uri 'none'"
)

_FONT = re.compile(r"@font-face\s*\{[^}]*\}")

_DASHBOARD = "<wit-dashboard></wit-dashboard>"

_SCRIPT = '<script src="wit_tb_bin.js"></script>'


@dataclass(frozen=True)
class Bundle:
    """What a frame needs to show Facets, but for the data: a script that calls ``k8snb(view)`` is put behind it.

    Parameters
    ----------
    html : str
    packed : bytes
        The same, gzipped.
    digest : str
    """

    html: str
    packed: bytes
    digest: str


@cache
def bundle() -> Bundle:
    """Return what the installed package has.

    Raises
    ------
    InputError
        It is not installed, or has not what it should.
    """
    try:
        folder = resources.files(_PACKAGE) / "static"
        page = (folder / "wit_tb_bin.html").read_text("utf-8")
        script = (folder / "wit_tb_bin.js").read_text("utf-8")
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise InputError("Facets is not installed", fix="pip install 'k8snb[skew]'") from error
    html = _composed(page, script)
    packed = gzip.compress(html.encode(), mtime=0)
    return Bundle(html, packed, hashlib.sha256(packed).hexdigest()[:16])


def _composed(page: str, script: str) -> str:
    """Return one page: no dashboard, no fonts to fetch, the script inline, and in front of all what it may do."""
    if _DASHBOARD not in page or _SCRIPT not in page:
        raise InputError("the installed Facets is another than k8snb knows", fix="pip install -U 'k8snb[skew]'")
    head = f'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    own = resources.files("k8snb.distributions.facets").joinpath("frame.js").read_text("utf-8")
    body = _FONT.sub("", page.removeprefix("<!doctype html>")).replace(_DASHBOARD, "")
    return head + body.replace(_SCRIPT, f"<script>{inline(script)}</script><script>{inline(own)}</script>")


def inline(script: str) -> str:
    """Return a script that nothing in it can end, and no comment that it seems to begin.

    Only texts and comments of a script may hold these, where the backslash changes nothing.
    """
    return re.sub(r"<(?=!--|/?script)", r"\\x3C", script, flags=re.IGNORECASE)
