"""What is shown of a step's output: all of it as it came while that is little, else its beginning and its end.

What a step prints is written as streams, as a cell's would be. Lines that are drawn again and again (progress bars) are
brought up to date in a place of their own, which each stream has: a stream would keep all that they have been. What
comes after `STEP` bytes, or `RUN` of all steps, is in a place that shows the last lines. The whole log is in the
artifact store.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from k8snb.run.events import Display
from k8snb.run.terminal import drawn, rows_above
from k8snb.ui.parts import LONGEST, REDRAWS, STEP, End, Part, Redrawn, Room, size_of

REDRAWN = 10
"""Redrawn places of a step at most: JupyterLab shows 50 outputs of a cell."""

WIDGET = "application/vnd.jupyter.widget-view+json"
_NO_WIDGETS = (
    "a widget works only where the kernel's own code has made it: show it in a plain cell; for progress, "
    "tqdm.auto in place of tqdm.notebook"
)
_PEEK = 100
_UNDECIDED = re.compile(r"(?:\r+|\x1b(?:\[\d*)?)\Z")
"""The end of a piece of which only the next one tells whether it draws again."""

_HELD = 100
"""Characters of such an end, at most."""

_ORDINARY = re.compile(r"(?<!\n)\n++(?=[^\r\x08\x1b]|\x1b\[[\d;]*m)")
"""Newlines that ordinary text follows."""

_GOES_ON = re.compile(r"\n*+(?:\x08|\r(?!\n)|\x1b\[\d*[A-GJK])")
"""What follows a line where it goes on to be drawn again, or one below it."""


@dataclass(frozen=True)
class Written:
    """Text of a stream, as printed."""

    stream: str
    text: str


@dataclass(frozen=True)
class Remark:
    """A sentence of k8snb's own about the step."""

    text: str


Item = Written | Remark | Display | Part


@dataclass
class _Stream:
    """How far a stream is.

    Parameters
    ----------
    name : str
    line : str
        The unfinished line of what it has shown.
    undecided : str
        The end of its last piece, which waits for the next.
    live : Redrawn or None
        Where it is drawn on.
    """

    name: str
    line: str = ""
    undecided: str = ""
    live: Redrawn | None = None


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
    parts : dict of int to Redrawn or End
        Those that are shown in place, and which item each is.
    has_taken_back : bool
        Items are others than they were: all has to be shown anew.
    """

    step: str
    room: Room
    items: list[Item] = field(default_factory=list)
    parts: dict[int, Part] = field(default_factory=dict)
    has_taken_back: bool = False
    _left: int = 0
    _lines: int = 0
    _streams: dict[str, _Stream] = field(default_factory=dict)
    _widgets_told: bool = False
    _end: End | None = None

    def __post_init__(self) -> None:
        self._left, self._lines = STEP, self.room.lines

    def clear(self) -> None:
        """Forget all of it."""
        self.room.left += STEP - self._left
        self.items.clear()
        self.parts.clear()
        self._streams.clear()
        self._left, self._lines, self._end = STEP, self.room.lines, None
        self._widgets_told = False

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

    def show(self, item: Display | Remark) -> list[int]:
        """Take a display or a remark; return the places of the items that it has brought up to date."""
        if isinstance(item, Display) and WIDGET in item.data:
            item = replace(item, data={mime: data for mime, data in item.data.items() if mime != WIDGET})
            if not self._widgets_told:
                self._widgets_told = True
                self.items.append(Remark(f"{self.step}: {_NO_WIDGETS}"))
        if isinstance(item, Display) and item.update:
            own = {
                place: shown
                for place, shown in enumerate(self.items)
                if isinstance(shown, Display) and shown.display_id == item.display_id
            }
            for place, shown in own.items():
                self.items[place] = replace(item, update=shown.update)
            if own:
                return list(own)
        if isinstance(item, Remark):  # as between two attempts: the next one draws nothing on
            self._write_undecided()
        for of in self._streams.values():
            self._leave(of, where_finished=isinstance(item, Display))
        self.items.append(item)
        return []

    # --- text --------------------------------------------------------------------------------------------------

    def write(self, stream: str, text: str) -> None:
        """Take text as it was printed."""
        of = self._streams.setdefault(stream, _Stream(stream))
        text = of.undecided + text
        undecided = _UNDECIDED.search(text, max(0, len(text) - _HELD))
        of.undecided = undecided[0] if undecided else ""
        text = text.removesuffix(of.undecided)
        is_between = of.live is not None and of.live.is_finished and len(text) < _HELD and not text.strip("\n")
        if is_between:  # another bar may follow, or ordinary text after blank lines
            text, of.undecided = "", text + of.undecided
        if text:
            for other in self._streams.values():
                if other is not of:
                    self._leave(other, where_finished=True)
            self._write(of, text)

    def end(self, *, well: bool) -> None:
        """The step has ended; what is shown of the end of a long text is folded where it went well."""
        self._write_undecided()
        for part in self.parts.values():
            part.changed = True
        if self._end is not None and well:
            self._end.fold()

    def _write(self, of: _Stream, text: str) -> None:
        while text:
            if of.live is not None:
                text = self._draw(of, of.live, text)
            elif self._end is not None:
                self._end.write(text)
                return
            else:
                text = self._stream(of, text)

    def _write_undecided(self) -> None:
        for of in self._streams.values():
            text, of.undecided = of.undecided.rstrip("\r\n"), ""
            self._write(of, text)

    def _leave(self, of: _Stream, *, where_finished: bool) -> None:
        """Draw no more on where a stream is drawn on: what comes of it comes below what follows now."""
        if (live := of.live) is not None and (live.is_finished or not where_finished):
            self._take_room(live.size, len(live.lines))
            of.live = None

    # --- what is drawn again -----------------------------------------------------------------------------------

    def _draw(self, of: _Stream, live: Redrawn, text: str) -> str:
        """Draw on as far as the text goes on to be drawn again; return the rest, which is ordinary text."""
        start = 0
        for end in (*(newlines.start() + 1 for newlines in _ORDINARY.finditer(text)), len(text)):
            if live.is_finished and not _GOES_ON.match(text, start):
                self._leave(of, where_finished=True)
                return text[start:]
            piece, start = text[start:end], end
            if (above := rows_above(piece) - live.row) > 0:
                self._take_back(of, live, above)
            live.write(piece)
        return ""

    def _begin_drawing(self, of: _Stream, text: str) -> str:
        """Go on in place from the line in which the text begins to draw again; return the rest of the text."""
        first = REDRAWS.search(text)
        assert first is not None
        whole = text.rfind("\n", 0, first.start()) + 1
        if whole:
            return self._stream(of, text[:whole]) + text[whole:]
        if len(self.parts) >= REDRAWN or min(self._left, self.room.left) <= 0:
            self._begin_end()
            return text
        of.live = Redrawn(self.step, self.room, of.name, of.line)
        if of.line:
            self._written(of, "\r" + " " * len(drawn(of.line)) + "\r")
            of.line = ""
        self._put(of.live)
        return text

    def _take_back(self, of: _Stream, live: Redrawn, count: int) -> None:
        """Let lines above be drawn on too, which were shown as ordinary text or in another place."""
        self.has_taken_back = True
        written: list[int] = []
        for place, item in self._above(of, live):
            if isinstance(item, Written):
                written.insert(0, place)
                continue
            count -= self._take_lines(live, written, count)
            if count <= 0:
                return
            written.clear()
            count -= len(item.above)
            live.put_above(item.above)
            del self.parts[place]
            self.items[place] = Written(of.name, "")
        self._take_lines(live, written, count)

    def _take_lines(self, live: Redrawn, places: Sequence[int], count: int) -> int:
        """Take the last lines of ordinary text, for a place to draw on; return how many there were of those wanted."""
        text = "".join(item.text for place in places if isinstance(item := self.items[place], Written))
        lines = text.split("\n")[:-1]  # what follows the last newline is drawn on already
        kept = lines[: max(0, len(lines) - count)]
        live.put_above(drawn(line) for line in lines[len(kept) :])
        for place in places:
            self.items[place] = Written(live.stream, "")
        if kept:
            self.items[places[0]] = Written(live.stream, "".join(f"{line}\n" for line in kept))
        return len(lines) - len(kept)

    def _above(self, of: _Stream, live: Redrawn) -> Iterator[tuple[int, Written | Redrawn]]:
        """Yield what a stream has shown right above where it is drawn on, from below, with its places."""
        begun = False
        for place in reversed(range(len(self.items))):
            match self.items[place]:
                case Redrawn() as item if item is live:
                    begun = True
                case (Written(stream=name) | Redrawn(stream=name)) as item if begun:
                    if name == of.name:
                        yield place, item
                case _ if begun:
                    return

    # --- what is shown as it came ------------------------------------------------------------------------------

    def _stream(self, of: _Stream, text: str) -> str:
        """Write to a stream as far as there is room; return the rest."""
        if REDRAWS.search(text):
            return self._begin_drawing(of, text)
        size, lines = size_of(text), text.count("\n")
        if size > min(self._left, self.room.left) or lines > self._lines:
            fitting = _fitting(text, min(self._left, self.room.left), self._lines)
            self._written(of, fitting)
            self._take_room(size_of(fitting), fitting.count("\n"))
            self._begin_end()
            return text[len(fitting) :]
        self._written(of, text)
        self._take_room(size, lines)
        return ""

    def _begin_end(self) -> None:
        self._end = End(self.step, self.room)
        self._put(self._end)

    def _put(self, part: Part) -> None:
        self.parts[len(self.items)] = part
        self.items.append(part)

    def _written(self, of: _Stream, text: str) -> None:
        if text:
            self.items.append(Written(of.name, text))
            of.line = (of.line + text).rpartition("\n")[2][-LONGEST:]

    def _take_room(self, size: int, lines: int) -> None:
        self._left -= size
        self._lines -= lines
        self.room.left -= size


def _fitting(text: str, size: int, lines: int) -> str:
    """Return the whole lines at the beginning of a text for which there is room; of a long first line its beginning."""
    used = end = 0
    while end < len(text) and lines > 0:
        newline = text.find("\n", end, end + size) + 1
        line = text[end : newline or end + size + 1]
        used += size_of(line)
        if used > size:
            break
        end, lines = end + len(line), lines - 1
    return text[:end] if end or lines <= 0 else text[: size // 6]  # a character takes six bytes at most
