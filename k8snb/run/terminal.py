"""What a terminal shows of a text: a cursor that is sent back and up, lines that are erased and drawn again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

ROWS, WIDTH = 60, 10_000
"""Rows that can still be drawn on, the last ones, and characters of one of them that are kept, the last ones."""

_HELD = 256
"""Characters of an escape at most that waits for its end."""

_MOVES = r"\x1b\[(?:\d*[ABCDEFGK]|0?J)"
_MOVE = re.compile(rf"{_MOVES}|\r|\x08")
_TOKEN = re.compile(r"\x1b\[(?P<count>\d*)(?P<move>[ABCDEFGJK])|\r+|\n|\x08+|[^\r\n\x08\x1b]+")
_DRAWS_NOTHING = re.compile(
    rf"(?!{_MOVES})\x1b(?:\[[0-?]*[ -/]*[@-~]"  # control sequences, colours among them
    r"|[\]P_^X][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # operating system commands and other strings
    r"|[ -/]*[0-~]?)"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]P_^X][^\x07\x1b\n]*\x1b?|[ -/]*)?\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What is left of control characters when lines are drawn, and what turns the direction of writing."""


class Terminal:
    r"""Draws text that comes in any pieces; without colours, and as wide as its lines are.

    The end of the text can be drawn on, as on a screen; what is above stays as it is, and is forgotten.

    Parameters
    ----------
    rows, width : int
        How many can be drawn on, and how many characters of one are kept.

    Attributes
    ----------
    gone : int
        Rows that are forgotten.
    row : int
        The cursor's, from 0, among those that are left.

    Examples
    --------
    >>> terminal = Terminal()
    >>> terminal.write("one: 10%\ntwo: 10%\x1b[A\rone: 20%")
    >>> terminal.lines
    ['one: 20%', 'two: 10%']
    """

    def __init__(self, rows: int = ROWS, width: int = WIDTH) -> None:
        self._most, self._width = rows, width
        self._rows = [""]
        self._cut: set[int] = set()
        self._unfinished = ""
        self._column = 0
        self.gone = self.row = 0

    @property
    def lines(self) -> list[str]:
        """The rows that are left, as they are to be read."""
        return [_CONTROL.sub("\N{REPLACEMENT CHARACTER}", row) for row in self._rows]

    @property
    def is_below_all(self) -> bool:
        """Nothing stands where the cursor is, or below: as after the newline at a text's end."""
        return self._column == 0 and not any(row.strip() for row in self._rows[self.row :])

    def put_above(self, rows: Iterable[str]) -> None:
        """Let rows that stood above be drawn on too."""
        above = list(rows)
        self._rows[:0] = above
        self._cut = {row + len(above) for row in self._cut}
        self.row += len(above)
        self._forget()

    def write(self, text: str) -> None:
        """Draw on."""
        text = self._unfinished + text
        unfinished = _UNFINISHED.search(text, max(0, len(text) - _HELD))
        self._unfinished = unfinished[0] if unfinished else ""
        text = _DRAWS_NOTHING.sub("", text.removesuffix(self._unfinished)).replace("\r\n", "\n")
        moves = _MOVE.search(text) is not None
        if not moves and self.row == len(self._rows) - 1:
            self._write_lines(text)
            return
        for token in _TOKEN.finditer(text):
            self._take(token)
        self._forget()

    def _write_lines(self, text: str) -> None:
        """Write below all text without moves; of many lines the last are enough."""
        first, *lines = text.split("\n")
        self._put(first)
        if lines:
            skipped = max(0, len(lines) - self._most)
            self._rows += (line[-self._width :] for line in lines[skipped:])
            self.gone += skipped
            self.row, self._column = len(self._rows) - 1, len(self._rows[-1])
            if len(lines[-1]) > self._width:
                self._cut.add(self.row)
        self._forget()

    def _take(self, token: re.Match[str]) -> None:
        text = token[0]
        if move := token["move"]:
            self._move(move, min(int(token["count"][:9] or 1 - (move in "JK")), self._width))
        elif text == "\n":
            self._begin_row()
        elif text[0] == "\r":
            self._to(0)
        elif text[0] == "\b":
            self._to(self._column - len(text))
        else:
            self._put(text)

    def _move(self, move: str, count: int) -> None:
        match move:
            case "A" | "F":
                self.row = max(0, self.row - max(1, count))
            case "B" | "E":
                self.row = min(len(self._rows) - 1, self.row + max(1, count))
            case "C":
                self._to(self._column + max(1, count))
            case "D":
                self._to(self._column - max(1, count))
            case "G":
                self._to(count - 1)
            case "J":
                self._erase_below()
            case "K":
                self._erase(count)
        if move in "EF":
            self._to(0)

    def _to(self, column: int) -> None:
        self._column = min(max(0, column), self._width)

    def _erase(self, which: int) -> None:
        """Erase of the cursor's row what is right of it (0), left of it (1), or all (2)."""
        row = self._rows[self.row]
        if which == 0:
            self._rows[self.row] = row[: self._column]
        else:
            self._rows[self.row] = " " * (self._column + 1) + row[self._column + 1 :] if which == 1 else ""

    def _erase_below(self) -> None:
        """Erase all from the cursor on; a whole screen is not erased: what stands on it is worth reading."""
        self._erase(0)
        self._rows[self.row + 1 :] = [""] * (len(self._rows) - self.row - 1)

    def _put(self, text: str) -> None:
        """Write over what stands at the cursor."""
        row, start = self._rows[self.row], self._column
        if start == 0 and self.row in self._cut:  # its beginning is not known: it begins anew
            self._cut.discard(self.row)
            row = ""
        row = row.ljust(start) if len(row) < start and text else row
        row = row[:start] + text + row[start + len(text) :]
        self._column = start + len(text)
        if len(row) > self._width:
            self._column = max(0, self._column - (len(row) - self._width))
            row = row[-self._width :]
            self._cut.add(self.row)
        self._rows[self.row] = row

    def _begin_row(self) -> None:
        self.row, self._column = self.row + 1, 0
        if self.row == len(self._rows):
            self._rows.append("")
            if self.row > 2 * self._most:
                self._forget()

    def _forget(self) -> None:
        """Forget rows at the top that are too many."""
        if (many := len(self._rows) - self._most) > 0:
            many = min(many, self.row)
            del self._rows[:many]
            self._cut = {row - many for row in self._cut if row >= many}
            self.gone, self.row = self.gone + many, self.row - many


def drawn(text: str) -> str:
    r"""Return a text as it is to be read on a terminal, without colours.

    Examples
    --------
    >>> drawn("10%\r20%\n\x1b[31mred\x1b[0m")
    '20%\nred'
    """
    terminal = Terminal(text.count("\n") + 1, len(text) + 1)
    terminal.write(text)
    return "\n".join(terminal.lines)


def rows_above(text: str) -> int:
    r"""Return how many rows above the one that it begins in a text draws on.

    Examples
    --------
    >>> rows_above("\x1b[2A\rone\ntwo\nthree\x1b[A")
    2
    """
    row = highest = 0
    for change in _changes_of_row(text):
        row += change
        highest = min(highest, row)
    return -highest


def _changes_of_row(text: str) -> Iterator[int]:
    for token in re.finditer(r"\n|\x1b\[(\d*)([ABEF])", text):
        count = max(1, min(int(token[1][:9] or 1), ROWS)) if token[2] else 1
        yield -count if token[2] in {"A", "F"} else count
