"""What a notebook's cells show, printed as it comes where a shell executes it.

What changes in place (progress bars, the end of a long log) stays below all else of a terminal while it does; elsewhere
only what it was in the end is printed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from typing import Any, TextIO

from k8snb.notebook.cards import CARD
from k8snb.notebook.screen import FAILURE, LIVE, OVERVIEW, STEP_LINE

_LOGS = re.compile(r"%k8s_logs (\S+) --run ([\w-]+)")
"""What a notebook's user types for a whole log."""

_LINES = 10_000
"""Lines of a cell at most that are known again."""


class Printer:
    """Prints what cells print and display, and what k8snb says.

    Parameters
    ----------
    out, err : text file
        For what k8snb says, the second.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out, self._err = out, err
        self._live: dict[str, str] = {}
        self._unfinished = ""
        self._rows = 0
        self._prepares = ""
        self._lines: set[str] = set()
        self._is_again = False

    def begin(self) -> None:
        """Take what follows as another cell's."""
        self._lines.clear()
        self._is_again = False

    def clear(self) -> None:
        """Take what follows as shown again, in the place of all that the cell has shown: what is new is printed."""
        self._is_again = True

    def stream(self, name: str, text: str) -> None:
        """Print text as it was printed."""
        self._write(text, self._err if name == "stderr" else self._out)

    def error(self, traceback: list[str]) -> None:
        """Print an error's traceback."""
        self._line("\n".join(traceback), self._err)

    def display(self, content: Mapping[str, Any]) -> None:
        """Print a display's text; lines of k8snb's own to stderr, of cards of steps only the warnings."""
        text, metadata = content["data"].get("text/plain", ""), content["metadata"]
        if CARD in metadata:
            self._warnings(text)
        elif OVERVIEW in metadata:  # it is for where the shown one changes
            self._prepare(metadata[OVERVIEW])
        elif LIVE in metadata:
            self._part(content.get("transient", {}).get("display_id", ""), text, live=metadata[LIVE])
        elif FAILURE in metadata:
            self._line(text, self._err)
        elif STEP_LINE not in metadata:
            self._line(text, self._out)
        elif not text.endswith(": starting"):  # the next line of that step follows at once, or says why not
            self._line(f"[{text}]", self._err)

    def close(self) -> None:
        """Leave what is shown in place as it is now."""
        if self._rows:
            self._err.write("\n")
        self._live.clear()
        self._rows = 0

    def _warnings(self, card: str) -> None:
        title, *rows = card.splitlines()
        for head, *words in filter(None, map(str.split, rows)):
            if head == "warning":
                self._line(f"[{title}: warning: {' '.join(words)}]", self._err)

    def _prepare(self, text: str) -> None:
        """Say what is done before steps can start, where it is another thing."""
        if text and text != self._prepares:
            self._line(f"[{text}]", self._err)
        self._prepares = text

    def _part(self, key: str, text: str, *, live: bool) -> None:
        text = _LOGS.sub(r"k8snb runs logs \2 \1", text)
        if not live:
            self._live.pop(key, None)
            self._line(text, self._out)
        elif self._err.isatty():
            self._live[key] = text
            self._draw(self._erased())

    def _line(self, text: str, file: TextIO) -> None:
        self._write(f"{text}\n", file)

    def _write(self, text: str, file: TextIO) -> None:
        """Write text above what is shown in place."""
        text = self._new(text)
        if self._rows:
            self._err.write(self._erased())
            self._err.flush()
        file.write(text)
        file.flush()
        if file.isatty():
            self._unfinished = (self._unfinished + text).rpartition("\n")[2].rpartition("\r")[2]
        self._draw()

    def _new(self, text: str) -> str:
        """Return a text without the lines at its beginning that a cell shows again."""
        lines = text.splitlines(keepends=True)
        while self._is_again and lines and lines[0] in self._lines:
            del lines[0]
        self._is_again = self._is_again and not lines
        if len(self._lines) < _LINES:
            self._lines.update(lines)
        return "".join(lines)

    def _erased(self) -> str:
        """Return what takes away from the terminal what is shown in place; the unfinished line above it stays."""
        if not self._rows:
            return ""
        up = f"\x1b[{self._rows - 1}A" if self._rows > 1 else ""
        self._rows = 0
        return f"{up}\r\x1b[J{self._unfinished}"

    def _draw(self, erased: str = "") -> None:
        """Show below all else what changes in place, as much of its end as there is room for."""
        if self._live:
            width, height = shutil.get_terminal_size()
            lines = [line[: width - 1] for text in self._live.values() for line in text.splitlines()][2 - height :]
            self._err.write(erased + "\n".join([""] * bool(self._unfinished) + lines))  # at once: else it flickers
            self._rows = len(lines) + -(-len(self._unfinished) // width)
        self._err.flush()
