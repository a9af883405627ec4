"""What a terminal would show of a text: carriage returns and backspaces applied, escapes kept or dropped."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # control sequences, colours among them
    r"|[\]P_^X][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # operating system commands and other strings
    r"|[ -/]*[0-~]?)"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What is left of control characters when lines are drawn, and what turns the direction of writing."""


def drawn(text: str) -> str:
    r"""Return a text as it is to be read on a terminal, without colours.

    Examples
    --------
    >>> drawn("10%\r20%\n\x1b[31mred\x1b[0m")
    '20%\nred'
    """
    plain = _ESCAPE.sub("", text)
    if "\r" in plain or "\b" in plain:
        plain = "\n".join(_line(line.removesuffix("\r")) for line in plain.split("\n"))
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", plain)


def _line(text: str) -> str:
    """Return one line with what was written over it."""
    if "\b" not in text:
        shown = ""
        for part in text.split("\r"):
            shown = part + shown[len(part) :]
        return shown
    cells: list[str] = []
    column = 0
    for character in text:
        if character == "\r":
            column = 0
        elif character == "\b":
            column = max(0, column - 1)
        else:
            cells[column : column + 1] = [character]
            column += 1
    return "".join(cells)
