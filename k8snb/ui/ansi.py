"""Colours of terminals as HTML: classes that pages of Jupyter give their theme's colours; elsewhere plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from k8snb.run.terminal import drawn

CLASS = "k8snb-ansi"
"""Of the element around it: the extension for JupyterLab has colours for it that can be read in each theme."""

_NAMES = ("", "red", "green", "yellow", "blue", "magenta", "cyan", "")  # black and white: as the page has text
_STYLE = re.compile(r"\x1b\[([\d;]*)m")
_NEAR = 0.75


@dataclass(frozen=True)
class _Look:
    """How text is to look."""

    ink: str = ""
    ground: str = ""
    bold: bool = False

    def then(self, codes: list[int]) -> _Look:
        """Return the look after codes."""
        look, rest = self, iter(codes)
        for code in rest:
            match code:
                case 0:
                    look = _Look()
                case 1 | 22:
                    look = replace(look, bold=code == 1)
                case 38 | 48:
                    name = _of_many(rest)
                    look = replace(look, ink=name) if code == 38 else replace(look, ground=name)  # noqa: PLR2004
                case _ if code // 10 in {3, 9}:
                    look = replace(look, ink=_NAMES[code % 10] if code % 10 < len(_NAMES) else "")
                case _ if code // 10 in {4, 10}:
                    look = replace(look, ground=_NAMES[code % 10] if code % 10 < len(_NAMES) else "")
        return look

    def html(self, text: str) -> str:
        """Return a text that looks like this."""
        told = (("ansi-{}-fg", self.ink), ("ansi-{}-bg", self.ground), ("ansi-{}", "bold" if self.bold else ""))
        classes = " ".join(kind.format(name) for kind, name in told if name)
        return f'<span class="{classes}">{html.escape(text)}</span>' if classes else html.escape(text)


def coloured(text: str) -> str:
    r"""Return a terminal's text as HTML.

    Examples
    --------
    >>> coloured("\x1b[31mred\x1b[0m <b>")
    '<span class="ansi-red-fg">red</span> &lt;b&gt;'
    """
    pieces: list[tuple[_Look, str]] = []
    look, start = _Look(), 0
    for match in (*_STYLE.finditer(text), None):
        if piece := drawn(text[start : match.start() if match else None]):
            if pieces and pieces[-1][0] == look:
                piece = pieces.pop()[1] + piece
            pieces.append((look, piece))
        if match is not None:
            look = look.then([int(code[:3] or 0) for code in match[1].split(";")])
            start = match.end()
    return "".join(look.html(piece) for look, piece in pieces)


def _of_many(codes: Iterator[int]) -> str:
    """Return the nearest name for a colour of 256, or of red, green and blue."""
    kind = next(codes, 0)
    if kind == 2:  # noqa: PLR2004
        return _nearest([next(codes, 0) for _ in range(3)])
    number = next(codes, 0) if kind == 5 else 0  # noqa: PLR2004
    if number < 16:  # noqa: PLR2004 - those that have names, twice
        return _NAMES[number % 8]
    number -= 16
    return _nearest([number // 36, number // 6 % 6, number % 6]) if number < 6**3 else ""


def _nearest(colour: list[int]) -> str:
    bits = [value > _NEAR * max(colour) for value in colour]
    return _NAMES[sum(bit << place for place, bit in enumerate(bits))]
