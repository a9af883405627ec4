"""The raw log as the supervisor writes it: text, control strings between, marks now and then."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from k8snb.runner import protocol

if TYPE_CHECKING:
    from collections.abc import Callable

MARK_BYTES = 64 * 1024
"""Bytes that the program printed between two marks, at most."""

MARK_SECONDS = 0.2
MARK_WORTH = 5 * 1024
"""Bytes of finished lines below which no mark is made: marks stay under 2% of the log."""


class Log:
    """Writes the raw log.

    Parameters
    ----------
    nonce : str
    fd : int
        Where it goes. A reader that has gone stops nothing; one that does not read holds the step up.
    keep : callable
        Is given each piece that was written, in order.
    """

    def __init__(self, nonce: str, fd: int, keep: Callable[[bytes], None]) -> None:
        self.bytes = self.lines = 0
        self._nonce, self._fd, self._keep = nonce, fd, keep
        self._stream = "out"
        self._since_mark = 0
        self._marked = time.monotonic()
        self._unfinished: float | None = None
        self._reader_gone = False

    def text(self, stream: str, data: bytes) -> None:
        """Write what the program printed to ``"out"`` or ``"err"``."""
        if stream != self._stream:
            self.control(stream)
            self._stream = stream
        for start in range(0, len(data), MARK_BYTES):
            self._piece(data[start : start + MARK_BYTES])

    def control(self, kind: str, **fields: Any) -> None:
        """Write a control string."""
        self._write(protocol.encode(self._nonce, kind, **fields))
        self._begin_unfinished()

    def mark(self) -> None:
        """Write a mark; what was written is then seen, also where only whole lines are handed over."""
        self._write(protocol.encode(self._nonce, "mark", b=self.bytes, l=self.lines))
        self._since_mark, self._marked, self._unfinished = 0, time.monotonic(), None

    def end(self, state: str) -> Callable[[], None]:
        """Make the ``end`` string the last piece that is kept; return what shows it to the reader."""
        end = protocol.encode(self._nonce, "end", state=state, bytes=self.bytes)
        mark = protocol.encode(self._nonce, "mark", b=self.bytes + len(end), l=self.lines)
        self._keep(end)
        self.bytes += len(end)
        return lambda: self._show(end + mark)  # the mark only brings it through; the log ends before

    @property
    def due(self) -> float | None:
        """When (monotonic seconds) `mark` is to be called so that an unfinished line is seen."""
        return None if self._unfinished is None else self._unfinished + MARK_SECONDS

    def _piece(self, data: bytes) -> None:
        if self._since_mark + len(data) > MARK_BYTES:
            self.mark()
        self._write(data)
        self.lines += data.count(b"\n")
        self._since_mark += len(data)
        if data.endswith(b"\n"):
            self._unfinished = None
        else:
            self._begin_unfinished()
        if self._since_mark >= MARK_WORTH and time.monotonic() >= self._marked + MARK_SECONDS:
            self.mark()

    def _begin_unfinished(self) -> None:
        if self._unfinished is None:
            self._unfinished = time.monotonic()

    def _write(self, data: bytes) -> None:
        self._show(data)
        self.bytes += len(data)
        self._keep(data)

    def _show(self, data: bytes) -> None:
        view = memoryview(data)
        while view and not self._reader_gone:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                import select

                select.select([], [self._fd], [])
            except OSError:
                self._reader_gone = True
