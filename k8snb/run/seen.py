"""What a step has shown in the end: its lines as text, and what it has drawn; so that two runs can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from blake3 import blake3

from k8snb.run.events import Clear, Display, Event, Text
from k8snb.run.lines import lines_of

WIDTH = 200
"""Characters of a line that are looked at."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
_PACE = re.compile(r"\[\d+:\d\d(?::\d\d)?<[^\]]*\]")
"""What tqdm says behind its bar."""

_RANDOM = re.compile(r"0x[0-9a-f]{6,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\bT_[0-9a-f]{5}|\b[mp][0-9a-f]{10}\b")
"""What is another each time that the same is drawn: addresses, and ids in HTML and SVG."""

_DATE = re.compile(r"<dc:date>.*?</dc:date>")
_TEXT = "text/plain"
_PICTURES = ("image/png", "image/jpeg")


@dataclass(frozen=True)
class Drawn:
    """Something that is more than text.

    Parameters
    ----------
    kind : str
        ``figure``, ``table`` or ``display``.
    digest : str
        Of what it is made of.
    picture : str
        The address of a figure that holds it whole (``data:image/png;base64,...``); else empty.
    """

    kind: str
    digest: str
    picture: str = field(default="", compare=False, repr=False)


@dataclass
class Seen:
    """What has been shown.

    Parameters
    ----------
    lines : list of str
    drawn : list of Drawn
    """

    lines: list[str]
    drawn: list[Drawn]


@dataclass
class _Entry:
    """A stretch of text, or a display under its id."""

    printed: list[bytes]
    bundle: Mapping[str, Any] | None = None
    display_id: str | None = None


def seen(events: Iterable[Event]) -> Seen:
    """Return what the events of a step leave on the screen."""
    shown: list[_Entry] = []
    for event in events:
        match event:
            case Text(_, _, data):
                if not shown or shown[-1].bundle is not None:
                    shown.append(_Entry([]))
                shown[-1].printed.append(data)
            case Display(_, bundle, _, display_id, update) if update:
                for entry in shown:
                    if entry.bundle is not None and entry.display_id == display_id:
                        entry.bundle = bundle
            case Display(_, bundle, _, display_id, _):
                shown.append(_Entry([], bundle, display_id))
            case Clear():
                shown.clear()
    lines = [line for entry in shown for line in _lines(entry)]
    return Seen(lines, [drawn for entry in shown if (drawn := _drawn(entry.bundle or {})) is not None])


def without_chance(line: str) -> str:
    """Return a line without what differs from run to run: addresses, and how quick a progress bar was."""
    return _PACE.sub("", _ADDRESS.sub("0x", line))


def _lines(entry: _Entry) -> Iterator[str]:
    text = entry.printed if entry.bundle is None else [str(entry.bundle.get(_TEXT, "")).encode()]
    for line in lines_of(text):
        yield _as_seen(line)


def _as_seen(line: bytes) -> str:
    """Return what stands there in the end: without colours, and after the last carriage return."""
    text = line.decode(errors="replace").rstrip("\r\n").rpartition("\r")[2]
    return _COLOURS.sub("", text)[:WIDTH]


def _drawn(bundle: Mapping[str, Any]) -> Drawn | None:
    parts = {mime: data for mime, data in bundle.items() if mime != _TEXT}
    if not parts:
        return None
    is_figure = any(mime.startswith("image/") or "plotly" in mime or "vega" in mime for mime in parts)
    is_table = "<table" in str(parts.get("text/html", ""))
    text = _DATE.sub("", _RANDOM.sub("", json.dumps(parts, sort_keys=True, default=str)))
    kind = "figure" if is_figure else "table" if is_table else "display"
    return Drawn(kind, blake3(text.encode()).hexdigest(), next(_pictures(bundle), ""))


def _pictures(bundle: Mapping[str, Any]) -> Iterator[str]:
    for mime in _PICTURES:
        if isinstance(data := bundle.get(mime), str):
            yield f"data:{mime};base64,{''.join(data.split())}"
