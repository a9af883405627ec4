"""Parts of a step's text that are shown in place: what is drawn again and again, and the end of a long text."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from k8snb.run.terminal import Terminal
from k8snb.ui.colours import MONOSPACE, QUIET
from k8snb.ui.words import size_in_words

STEP, RUN, LINES = 20_000, 80_000, 200
"""Bytes of a notebook at most for the text of a step and of a run, and lines of a step; then come the last lines."""

ENDS = 60_000
"""Bytes of a notebook at most for the last lines of steps that have succeeded."""

LAST, LAST_LINES, LONGEST = 3_000, 40, 400
"""Characters and lines at most of what is shown in place, and characters of one of these lines."""

REDRAWS = re.compile(r"\r(?!\n)|\x1b\[\d*[ADFG]")
"""What sends the cursor back, so that something is drawn again."""

_MOVES_UP = re.compile(r"\x1b\[\d*[AF]")
_PRE = f"{MONOSPACE}; font-size: 93%; padding-left: 8px"
"""As streams look in JupyterLab."""

_TITLE = f"{QUIET}; font-size: smaller"


@dataclass
class Room:
    """What there is room for in a notebook of a run's text, in bytes, and where all of it is.

    Parameters
    ----------
    run : str
        Its id, once it is known.
    lines : int
        Of each step's text that are shown as they come.
    left : int
        For the streams of its steps.
    for_ends : int
        For the last lines of steps that have succeeded.
    """

    run: str = ""
    lines: int = LINES
    left: int = RUN
    for_ends: int = ENDS

    def all_of(self, step: str) -> str:
        """Return what to type for all that a step has printed."""
        return f"all: %k8s_logs {step}" + (f" --run {self.run}" if self.run else "")


class Redrawn:
    """Lines of a stream that are drawn again and again, such as progress bars; shown in place.

    Parameters
    ----------
    step : str
    room : Room
    stream : str
    text : str
        What stood before on the first line.

    Attributes
    ----------
    changed : bool
        What is shown of it is another than before.
    """

    def __init__(self, step: str, room: Room, stream: str, text: str) -> None:
        self.stream, self.changed = stream, True
        self._step, self._room = step, room
        self._terminal = Terminal()
        self._terminal.write(text)
        self._moves_up = False
        self._plain = 0

    def write(self, text: str) -> None:
        """Draw on."""
        self._moves_up = self._moves_up or _MOVES_UP.search(text) is not None
        self._plain = 0 if REDRAWS.search(text) else self._plain + text.count("\n")
        self._terminal.write(text)
        self.changed = True

    @property
    def row(self) -> int:
        """The row in which it is drawn on."""
        return self._terminal.row

    @property
    def is_finished(self) -> bool:
        """Each line has its newline, and nothing was drawn further up: ordinary text may follow elsewhere."""
        return self.row > 0 and self._terminal.is_below_all and (not self._moves_up or self._plain >= LAST_LINES)

    @property
    def above(self) -> list[str]:
        """The rows above the one in which it is drawn on."""
        return self._terminal.lines[: self.row]

    def put_above(self, rows: Iterable[str]) -> None:
        """Let rows that stood above be drawn on too."""
        self._terminal.put_above(rows)

    @property
    def lines(self) -> list[str]:
        """What is shown of it."""
        return _last(self._terminal.lines)

    @property
    def size(self) -> int:
        """Bytes that it takes in a notebook, about."""
        return 2 * sum(size_of(line) + 2 for line in self.lines)

    @property
    def lacks_some(self) -> bool:
        """There were more lines, above those that are shown."""
        return self._terminal.gone > 0 or len(self.lines) < len(_without_blank_end(self._terminal.lines))

    def bundle(self) -> dict[str, str]:
        """Return what is shown of it now, as text and as HTML."""
        text = "\n".join(self.lines)
        shown = f'<pre style="{_PRE}">{html.escape(text)}</pre>'
        if not self.lacks_some:
            return {"text/plain": text, "text/html": shown}
        told = f"{self._step} has drawn more lines above ({self._room.all_of(self._step)})"
        return {
            "text/plain": f"… {told}\n{text}",
            "text/html": f'<div style="{_TITLE}">{html.escape(told)}</div>{shown}',
        }


class End:
    """The last lines of a text that is too long to be shown; shown in place.

    Parameters
    ----------
    step : str
    room : Room

    Attributes
    ----------
    changed : bool
        What is shown of it is another than before.
    """

    def __init__(self, step: str, room: Room) -> None:
        self._step, self._room = step, room
        self._terminal = Terminal()
        self._lines = self._bytes = 0
        self._open = self.changed = True
        self._bare = False

    def write(self, text: str) -> None:
        """Take more of the text."""
        self._lines += text.count("\n")
        self._bytes += len(text.encode())
        self._terminal.write(text)
        self.changed = True

    def fold(self) -> None:
        """Fold it, its step has succeeded; without the lines where there is no room for them."""
        self._open, self.changed = False, True
        size = 2 * sum(map(size_of, self._last()))
        self._bare = size > self._room.for_ends
        if not self._bare:
            self._room.for_ends -= size

    lacks_some = True

    def _last(self) -> list[str]:
        return _last(self._terminal.lines)

    def bundle(self) -> dict[str, str]:
        """Return what is shown of it now, as text and as HTML."""
        last = [] if self._bare else self._last()
        count = f"{self._lines:,} more lines" if self._lines != 1 else "1 more line"
        told = f"{self._step} has printed {count}, {size_in_words(self._bytes)}"
        told = f"{told} ({self._room.all_of(self._step)}){'; the last:' if last else ''}"
        lines = html.escape("\n".join(last))
        shown = f'<pre style="{_PRE}; max-height: 20em; overflow: auto">{lines}</pre>' if last else ""
        return {
            "text/plain": "\n".join((f"… {told}", *last)),
            "text/html": f"<details{' open' * self._open}>"
            f'<summary style="{_TITLE}">{html.escape(told)}</summary>{shown}</details>',
        }


Part = Redrawn | End


def size_of(text: str) -> int:
    """Return the bytes that a text takes in a notebook."""
    return len(json.dumps(text, ensure_ascii=False).encode(errors="replace")) - 2


def _last(lines: list[str]) -> list[str]:
    """Return the last lines for which there is room, each shortened."""
    last = [_shortened(line.rstrip()) for line in _without_blank_end(lines)[-LAST_LINES:]]
    while len(last) > 1 and sum(map(size_of, last)) > LAST:
        del last[0]
    return last


def _without_blank_end(lines: list[str]) -> list[str]:
    end = next((number for number in range(len(lines), 1, -1) if lines[number - 1].strip()), 1)
    return lines[:end]


def _shortened(line: str) -> str:
    """Return a line, of a long one its end."""
    return line if len(line) <= LONGEST else f"…{line[1 - LONGEST :]}"
