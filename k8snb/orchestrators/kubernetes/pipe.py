"""Where bytes from attach and from the log meet on their way to the reader."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from k8snb.orchestrators.kubernetes.stream import Assembler, finished

_FULL = 8 << 20
_WHOLE = 256 << 10
"""Bytes up to which a log is read again from its beginning; beyond, from shortly before where it broke off."""
_MARGIN = 5


class Pipe:
    """Holds what is to be delivered.

    Parameters
    ----------
    nonce : str
    beat : callable
        Called when there is something to take.
    """

    def __init__(self, nonce: str, beat: Callable[[], None]) -> None:
        self._nonce = nonce
        self._end = b'\x1b_k8snb:%b:{"k":"end"' % nonce.encode()
        self._last = b""
        self._assembler = Assembler(nonce)
        self._beat = beat
        self._chunks: list[bytes] = []
        self._size = 0
        self._taken = asyncio.Event()
        self._heard = self._moved = time.monotonic()
        self._whole = False
        self._opened = False
        self.attached = False
        self.said_end = False
        """The runner has said that it has ended."""
        self.begun = False
        self.end_attach: Callable[[], object] = lambda: None

    @property
    def position(self) -> int:
        """The next byte of the raw log to be delivered."""
        return self._assembler.position

    @property
    def silence(self) -> float:
        """Seconds since the log said something."""
        return time.monotonic() - self._heard

    def from_attach(self, data: bytes) -> bool:
        """Take bytes; return whether attach is of use still.

        It must be read without delay or be closed: a reader that does not read stops the step.
        """
        self._put(self._assembler.attach(data))
        return not (self._assembler.log_leads or self._assembler.stuck or self._size > _FULL)

    async def from_log(self, data: bytes) -> bool:
        """Take bytes, when there is room for them; return whether to read on."""
        self._heard = time.monotonic()
        before = self.position
        self._put(self._assembler.log(data))
        if self.position > before:
            self._moved = self._heard
        if self._assembler.gap:
            self._whole = True
            return False
        if self._assembler.log_leads:
            self.end_attach()
        while self._size > _FULL:
            self._taken.clear()
            await self._taken.wait()
        return True

    def open_log(self) -> int | None:
        """Prepare for the log being opened; return how many seconds back it is to begin, None for all of it."""
        first, self._opened = not self._opened, True
        if first:
            return None
        whole = self._whole or self._assembler.position < _WHOLE or not self._assembler.marked
        self._assembler.reread(whole=whole)
        self._whole = False
        return None if whole else int(time.monotonic() - self._moved) + _MARGIN

    def finish(self) -> bool:
        """The log's stream came to its end; return whether that is the log's end, else it is to be read whole.

        What was printed too long ago is not in a stream that was opened from somewhere.
        """
        self._whole = not self._assembler.placed
        self._put(self._assembler.finish())
        return not self._whole

    def doubt(self) -> None:
        """Have the log read from its beginning when it is opened next."""
        self._whole = True

    def take(self, *, last: bool = False) -> bytes:
        """Return what there is, but for a control string that is not complete yet."""
        if not self._chunks:
            return b""
        data = b"".join(self._chunks)
        cut = len(data) if last else finished(data, self._nonce)
        self._chunks = [data[cut:]] if data[cut:] else []
        self._size = len(data) - cut
        self._taken.set()
        return data[:cut]

    def _put(self, data: bytes) -> None:
        if data:
            self._last = self._last[-len(self._end) :] + data
            self.said_end = self.said_end or self._end in self._last
            self._chunks.append(data)
            self._size += len(data)
            self.begun = True
            self._beat()
