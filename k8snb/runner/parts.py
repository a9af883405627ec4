"""The log's copy in the store: numbered parts, brought there in order while the step runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from k8snb.errors import StoreError

if TYPE_CHECKING:
    import queue
    import threading

    from k8snb.artifacts.store import Store

PART_BYTES = 1024 * 1024
PART_SECONDS = 2.0
_WAITING = 32
"""Parts that may wait for a slow store; then the step waits too."""


class Parts:
    """Cuts the log into parts and brings them to the store.

    Parameters
    ----------
    store : Store
    folder : str
        The attempt's.
    """

    def __init__(self, store: Store, folder: str) -> None:
        self._store, self._folder = store, folder
        self._held: list[bytes] = []
        self._size = 0
        self._stored = 0
        self._error: StoreError | None = None
        self._queue: queue.Queue[bytes | None] | None = None
        self._thread: threading.Thread | None = None
        self.due: float | None = None
        """When (monotonic seconds) `cut` is to be called."""

    def add(self, data: bytes) -> None:
        """Take the next piece of the log."""
        self._held.append(data)
        self._size += len(data)
        if self.due is None:
            self.due = time.monotonic() + PART_SECONDS
        if self._size >= PART_BYTES:
            self.cut()

    def cut(self) -> None:
        """Send what is held on its way, in a thread of its own."""
        if self._queue is None:
            import queue
            import threading

            self._queue = queue.Queue(_WAITING)
            self._thread = threading.Thread(target=self._bring, args=(self._queue,), daemon=True)
            self._thread.start()
        if part := self._take():
            self._queue.put(part)

    def close(self) -> int:
        """Wait until all is in the store; return the number of parts.

        Where the store refused one, the parts before it are there and no others.
        """
        if self._queue is not None and self._thread is not None:
            self._queue.put(None)
            self._thread.join()
        if part := self._take():
            self._put(part)
        return self._stored

    def _take(self) -> bytes:
        part = b"".join(self._held)
        self._held, self._size, self.due = [], 0, None
        return part

    def _bring(self, parts: queue.Queue[bytes | None]) -> None:
        while (part := parts.get()) is not None:
            self._put(part)

    def _put(self, part: bytes) -> None:
        if self._error is not None:
            return
        try:
            self._store.put(f"{self._folder}/log/{self._stored:06d}", part)
            self._stored += 1
        except StoreError as error:
            self._error = error
