"""One log out of two streams of it: attach, which is quick, and the log API, which can be read again. Pure.

Positions are the runner's own count of bytes, told by the marks in the log. What comes before the first mark is
counted from zero and set right by it, so that bytes which the runner did not count (a warning of the interpreter
printed before it) do not shift what follows.
"""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field

_MARK_LENGTH = 256
_KEPT = 1 << 20
"""Bytes of attach at most that wait for the log to fill what is missing before them."""


@dataclass(frozen=True)
class _Piece:
    """Bytes, where the first stands, and where the byte behind the last stands (a mark may set it right)."""

    start: int
    data: bytes
    after: int


@dataclass
class _Source:
    """Cuts one stream into pieces of known position."""

    mark: re.Pattern[bytes]
    position: int | None
    pieces: deque[_Piece] = field(default_factory=deque)
    marked: bool = False
    _held: bytes = b""
    _tail: bytes = b""

    def feed(self, data: bytes) -> None:
        if self.position is None:
            self._held += data
            match = self.mark.search(self._held)
            if match is None:
                return
            self.position = _bytes_before(match) - match.start()
            data, self._held = self._held, b""
        window = self._tail + data
        offset, cut = len(self._tail), 0
        for match in self.mark.finditer(window):
            end = match.end() - offset
            if end > 0:
                self._add(data[cut:end], _bytes_before(match) + len(match[0]))
                cut, self.marked = end, True
        self._add(data[cut:], self.position + len(data) - cut)
        self._tail = window[-_MARK_LENGTH:]

    def assume(self, position: int) -> None:
        """Take what is held for the bytes from a position on: no mark will tell."""
        if self.position is None:
            self.position = position
            held, self._held = self._held, b""
            self.feed(held)

    @property
    def waiting(self) -> int:
        """Bytes that cannot be delivered yet."""
        return len(self._held) + sum(len(p.data) for p in self.pieces)

    def _add(self, data: bytes, after: int) -> None:
        assert self.position is not None
        if data:
            self.pieces.append(_Piece(self.position, data, after))
            self.position = after


def _bytes_before(match: re.Match[bytes]) -> int:
    return int(json.loads(match[1])["b"])


def finished(data: bytes, nonce: str) -> int:
    r"""Return the length of the data without a control string of the nonce that is cut off at its end.

    Examples
    --------
    >>> finished(b"text" + b"\x1b_k8snb:0123456789abcdef:{", "0123456789abcdef")
    4
    """
    prefix = b"\x1b_k8snb:%b:" % nonce.encode()
    # The last escape may be the first half of the terminator: then the one before is the string's own.
    before = data.rfind(b"\x1b", 0, len(data) - 1) if data.endswith(b"\x1b") else -1
    for start in (before, data.rfind(b"\x1b")):
        begin = data[start : start + len(prefix)]
        if start >= 0 and prefix.startswith(begin):
            return start
    return len(data)


class Assembler:
    """Delivers each byte of the raw log once, in order, from whichever stream has it first.

    Parameters
    ----------
    nonce : str
        Of the attempt; marks with another are text.
    """

    def __init__(self, nonce: str) -> None:
        self._mark = re.compile(rb'\x1b_k8snb:%b:(\{"k":"mark",[^\x1b]*)\x1b\\' % nonce.encode())
        self._attach = _Source(self._mark, None)
        self._log = _Source(self._mark, 0)
        self._whole = True
        self._log_begun = False
        self._begun = False
        self.marked = False
        """Whether positions are the runner's: a log may be read on from somewhere."""
        self.position = 0
        """The next byte to be delivered."""

    def attach(self, data: bytes) -> bytes:
        """Take bytes from attach; return those to deliver."""
        self._attach.feed(data)
        return self._deliver()

    def log(self, data: bytes) -> bytes:
        """Take bytes from the log; return those to deliver."""
        if self._begun and not self._log_begun:
            self._log.position = None  # attach is ahead, by a position that a mark told: the log's must be told too
        self._log_begun = True
        self._log.feed(data)
        return self._deliver()

    def reread(self, *, whole: bool) -> None:
        """The log is opened again: from its beginning, or from somewhere that its first mark tells."""
        self._whole, self._log_begun = whole, True
        self._log = _Source(self._mark, 0 if whole and not self.marked else None)

    def finish(self) -> bytes:
        """The log was read to its end; return what waited for a mark that never came.

        Where marks came before, a stream without one is not the log.
        """
        if self._whole and not self.marked:
            self._log.assume(0)
        return self._deliver()

    @property
    def log_leads(self) -> bool:
        """Whether the log has delivered all that attach has."""
        at = self._log.position
        return at is not None and at >= self.position > 0

    @property
    def gap(self) -> bool:
        """Whether the log was opened behind the next byte to be delivered."""
        return not self._whole and bool(self._log.pieces)

    @property
    def placed(self) -> bool:
        """Whether it is known what of the log has been read since it was opened."""
        return (self._whole and not self.marked) or self._log.position is not None

    @property
    def stuck(self) -> bool:
        """Whether attach has more waiting than is worth keeping."""
        return self._attach.waiting > _KEPT

    def _deliver(self) -> bytes:
        out: list[bytes] = []
        self._drain(self._log, out, skip_gaps=self._whole)
        if self.marked or not self._begun:
            # Before the first mark the log's positions are provisional: attach's cannot be compared with them.
            self._drain(self._attach, out, skip_gaps=False)
        return b"".join(out)

    def _drain(self, source: _Source, out: list[bytes], *, skip_gaps: bool) -> None:
        while source.pieces:
            piece = source.pieces[0]
            if not self._begun and piece.start < 0:
                self.position = piece.start  # printed before the runner began to count
            if piece.start > self.position:
                if not skip_gaps:
                    return
                self.position = piece.start  # rotated away: gone from the API, the store has it
            source.pieces.popleft()
            out.append(piece.data[self.position - piece.start :])
            if piece.start + len(piece.data) >= self.position:
                self.position = piece.after
            self._begun, self.marked = True, self.marked or source.marked
