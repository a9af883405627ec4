"""What is shown of a step's output: all of it as it came while that is little, else its beginning and its end.

What a step prints is written as streams, as a cell's would be. A line that is drawn again and again (a progress bar) is
brought up to date in a place of its own: a stream would keep all that it has been. What comes after `STEP` bytes, or
`RUN` of all steps, is in a place that shows the last lines. The whole log is in the artifact store.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field, replace

from k8snb.run.events import Display
from k8snb.ui.colours import QUIET
from k8snb.ui.terminal import drawn
from k8snb.ui.words import size_in_words

STEP, RUN, LINES = 20_000, 80_000, 200
"""Bytes of a notebook at most for the text of a step and of a run, and lines of a step; then come the last lines."""

REDRAWN = 10
"""Redrawn lines of a step at most that have a place of their own: JupyterLab shows 50 outputs of a cell."""

ENDS = 60_000
"""Bytes of a notebook at most for the last lines of steps that have succeeded."""

LAST, LAST_LINES, LONGEST = 3_000, 40, 400
"""Characters and lines at most of the end of a step's text, and characters of one of these lines."""

WIDGET = "application/vnd.jupyter.widget-view+json"
_NO_WIDGETS = (
    "a widget works only where the kernel's own code has made it: show it in a plain cell; for progress, "
    "tqdm.auto in place of tqdm.notebook"
)
_SEEN = 1 << 16
_PEEK = 100


@dataclass(frozen=True)
class Written:
    """Text of a stream, as printed."""

    stream: str
    text: str


@dataclass(frozen=True)
class Remark:
    """A sentence of k8snb's own about the step."""

    text: str


@dataclass
class Room:
    """What there is room for in a notebook of a run's text, in bytes.

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


class Line:
    """A line that is drawn again and again; shown in place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.changed = True

    def write(self, text: str) -> None:
        """Draw on."""
        self._text = (self._text + text)[-_SEEN:]
        self.changed = True

    @property
    def size(self) -> int:
        """Bytes that it takes in a notebook, about."""
        return 2 * _size(self._shown)

    @property
    def _shown(self) -> str:
        return _shortened(drawn(self._text).rstrip("\n"))

    def bundle(self) -> dict[str, str]:
        """Return what is shown of it now, as text and as HTML."""
        style = "margin: 0; white-space: pre-wrap"
        return {"text/plain": self._shown, "text/html": f'<pre style="{style}">{html.escape(self._shown)}</pre>'}


class End:
    """The last lines of a text that is too long to be shown; shown in place.

    Parameters
    ----------
    step : str
    room : Room
    """

    def __init__(self, step: str, room: Room) -> None:
        self._step, self._room = step, room
        self._text = ""
        self._lines = self._bytes = 0
        self._open = self.changed = True
        self._bare = False

    def write(self, text: str) -> None:
        """Take more of the text."""
        self._lines += text.count("\n")
        self._bytes += len(text.encode())
        self._text = (self._text + text)[-_SEEN:]
        self.changed = True

    def fold(self) -> None:
        """Fold it, its step has succeeded; without the lines where there is no room for them."""
        self._open, self.changed = False, True
        size = 2 * sum(map(_size, self._last()))
        self._bare = size > self._room.for_ends
        if not self._bare:
            self._room.for_ends -= size

    def _last(self) -> list[str]:
        lines = [_shortened(line) for line in drawn(self._text).rstrip("\n").split("\n")[-LAST_LINES:]]
        while len(lines) > 1 and sum(map(_size, lines)) > LAST:
            del lines[0]
        return lines

    def bundle(self) -> dict[str, str]:
        """Return what is shown of it now, as text and as HTML."""
        last = [] if self._bare else self._last()
        count = f"{self._lines:,} more lines" if self._lines != 1 else "1 more line"
        told = f"{self._step} has printed {count}, {size_in_words(self._bytes)}"
        command = f"%k8s_logs {self._step}" + (f" --run {self._room.run}" if self._room.run else "")
        told = f"{told} (all: {command}){'; the last:' if last else ''}"
        style = "margin: 0; max-height: 20em; overflow: auto; white-space: pre-wrap"
        return {
            "text/plain": "\n".join((f"… {told}", *last)),
            "text/html": f"<details{' open' * self._open}>"
            f'<summary style="color: {QUIET}; font-size: smaller">{html.escape(told)}</summary>'
            f'<pre style="{style}">{html.escape(chr(10).join(last))}</pre></details>',
        }


Part = Line | End
Item = Written | Remark | Display | Part


@dataclass
class Output:
    """What a step has shown, or is going to.

    Parameters
    ----------
    step : str
    room : Room
        Shared by the steps of a run.
    items : list
        In the order in which they came; a display that was brought up to date as it is now.
    parts : dict of int to Line or End
        Those that are shown in place, and which item each is.
    """

    step: str
    room: Room
    items: list[Item] = field(default_factory=list)
    parts: dict[int, Part] = field(default_factory=dict)
    _left: int = 0
    _lines: int = 0
    _line: str = ""
    """The unfinished line of what streams have shown."""
    _widgets_told: bool = False
    _live: Line | None = None
    _end: End | None = None

    def __post_init__(self) -> None:
        self._left, self._lines = STEP, self.room.lines

    def clear(self) -> None:
        """Forget all of it."""
        self.room.left += STEP - self._left
        self.items.clear()
        self.parts.clear()
        self._left, self._lines, self._line, self._live, self._end = STEP, self.room.lines, "", None, None

    @property
    def last_line(self) -> str:
        """The last line that it has printed."""
        for item in reversed(self.items):
            text = (
                item.text
                if isinstance(item, Written)
                else item.bundle()["text/plain"]
                if isinstance(item, Part)
                else ""
            )
            if lines := [line for line in drawn(text[-LONGEST:]).splitlines() if line.strip()]:
                return lines[-1].strip()[:_PEEK]
        return ""

    def show(self, item: Display | Remark) -> int | None:
        """Take a display or a remark; return the place of the item that it has brought up to date."""
        self._live = None
        if isinstance(item, Display) and WIDGET in item.data:
            item = replace(item, data={mime: data for mime, data in item.data.items() if mime != WIDGET})
            if not self._widgets_told:
                self._widgets_told = True
                self.items.append(Remark(f"{self.step}: {_NO_WIDGETS}"))
        if isinstance(item, Display) and item.update:
            for place, shown in enumerate(self.items):
                if isinstance(shown, Display) and shown.display_id == item.display_id:
                    self.items[place] = replace(item, update=shown.update)
                    return place
        self.items.append(item)
        return None

    def write(self, stream: str, text: str) -> None:
        """Take text as it was printed."""
        while text and self._end is None:
            line = self._live
            text = self._stream(stream, text) if line is None else self._go_on_with_line(line, text)
        if text and self._end is not None:
            self._end.write(text)

    def end(self, *, well: bool) -> None:
        """The step has ended; what is shown of the end of a long text is folded where it went well."""
        for part in self.parts.values():
            part.changed = True
        if self._end is not None and well:
            self._end.fold()

    def _go_on_with_line(self, line: Line, text: str) -> str:
        """Draw a line on up to its end; return what comes after it."""
        before, newline, after = text.partition("\n")
        line.write(before)
        if newline:
            self._take_room(line.size, 1)
            self._live = None
        return after

    def _stream(self, stream: str, text: str) -> str:
        """Write to a stream as far as there is room; return the rest."""
        if "\r" in text.replace("\r\n", "\n"):
            return self._begin_line(stream, text)
        size, lines = _size(text), text.count("\n")
        if size > min(self._left, self.room.left) or lines > self._lines:
            fitting = _fitting(text, min(self._left, self.room.left), self._lines)
            self._written(stream, fitting)
            self._take_room(_size(fitting), fitting.count("\n"))
            self._begin_end()
            return text[len(fitting) :]
        self._written(stream, text)
        self._take_room(size, lines)
        return ""

    def _begin_line(self, stream: str, text: str) -> str:
        """Go on in place from the line in which the text begins to draw again; return the rest of the text."""
        first = re.search(r"\r(?!\n)", text)
        assert first is not None
        whole = text.rfind("\n", 0, first.start()) + 1
        if whole:
            return self._stream(stream, text[:whole]) + text[whole:]
        if len(self.parts) >= REDRAWN:
            self._begin_end()
            return text
        if self._line:
            self._written(stream, "\r" + " " * len(drawn(self._line)) + "\r")
        self._live, self._line = Line(self._line), ""
        self._put(self._live)
        return text

    def _begin_end(self) -> None:
        self._end = End(self.step, self.room)
        self._put(self._end)

    def _put(self, part: Part) -> None:
        self.parts[len(self.items)] = part
        self.items.append(part)

    def _written(self, stream: str, text: str) -> None:
        if text:
            self.items.append(Written(stream, text))
            self._line = (self._line + text).rpartition("\n")[2][-LONGEST:]

    def _take_room(self, size: int, lines: int) -> None:
        self._left -= size
        self._lines -= lines
        self.room.left -= size


def _size(text: str) -> int:
    """Return the bytes that a text takes in a notebook."""
    return len(json.dumps(text, ensure_ascii=False).encode(errors="replace")) - 2


def _fitting(text: str, size: int, lines: int) -> str:
    """Return the whole lines at the beginning of a text for which there is room; of a long first line its beginning."""
    used = end = 0
    while end < len(text) and lines > 0:
        newline = text.find("\n", end, end + size) + 1
        line = text[end : newline or end + size + 1]
        used += _size(line)
        if used > size:
            break
        end, lines = end + len(line), lines - 1
    return text[:end] if end or lines <= 0 else text[: size // 6]  # a character takes six bytes at most


def _shortened(line: str) -> str:
    """Return a line, of a long one its end."""
    return line if len(line) <= LONGEST else f"…{line[1 - LONGEST :]}"
