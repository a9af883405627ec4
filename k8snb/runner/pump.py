"""Brings what the step process prints and says to the log until it has ended."""

from __future__ import annotations

import json
import os
import selectors
import time
from typing import TYPE_CHECKING, Any

from k8snb.errors import StoreError
from k8snb.runner import protocol
from k8snb.runner.frames import Frames

if TYPE_CHECKING:
    from k8snb.artifacts.store import Store
    from k8snb.runner.children import Children
    from k8snb.runner.log import Log
    from k8snb.runner.parts import Parts
    from k8snb.runner.process import StepProcess

CHUNK = 256 * 1024
END_SECONDS = 5.0
"""What the step process has, after it has said its outcome, for exit handlers of the libraries it uses."""

_CONTROL = 64
"""Bytes that a control string has around its JSON, at most."""


class Pump:
    """Writes the log of one step process.

    Parameters
    ----------
    step : StepProcess
    children : Children
    log : Log
    parts : Parts
    store : Store
        Large displays go there.
    timeout : float or None
        Seconds from the start of the user's code to its outcome.
    """

    def __init__(
        self,
        step: StepProcess,
        children: Children,
        log: Log,
        parts: Parts,
        store: Store,
        timeout: float | None = None,
    ) -> None:
        self.outcome: dict[str, Any] | None = None
        """What the step process said in the end; None: it died before."""
        self.started: float | None = None
        self.timed_out = False
        self._step, self._children, self._log, self._parts, self._store = step, children, log, parts, store
        self._frames = Frames()
        self._deadline: float | None = None
        self._timeout = timeout
        self._end_by: float | None = None  # as the timeout says, while the user's code runs

    def run(self) -> None:
        """Write until the step process has ended and what it left in its pipes is written."""
        pipes = (self._step.out, self._step.err, self._step.messages)
        with selectors.DefaultSelector() as selector:
            for fd in (*pipes, self._children.wakeup):
                selector.register(fd, selectors.EVENT_READ)
            while self._children.status is None:
                for key, _ in selector.select(self._patience()):
                    if key.fd == self._children.wakeup:
                        self._children.reap()
                    elif not self._read(key.fd, CHUNK):
                        selector.unregister(key.fd)
                self._on_time()
        for fd in pipes:
            self._drain(fd)

    def _read(self, fd: int, size: int) -> bool:
        """Take the next piece of a pipe; False at its end."""
        data = os.read(fd, size)
        if not data:
            return False
        if fd == self._step.messages:
            for message in self._frames.feed(data):
                self._message(message)
        else:
            self._log.text("out" if fd == self._step.out else "err", data)
        return True

    def _drain(self, fd: int) -> None:
        """Take what is in a pipe now; a child in the background may hold it open and go on printing."""
        os.set_blocking(fd, False)
        left = 4 * 1024 * 1024  # more than a pipe holds
        while left > 0:
            try:
                if not self._read(fd, CHUNK):
                    return
            except BlockingIOError:
                return
            left -= CHUNK

    def _message(self, message: dict[str, Any]) -> None:
        kind = message.pop("k")
        if kind == "start":
            self.started = message["t"]
            if self._timeout is not None:
                self._end_by = time.monotonic() + self._timeout
            self._log.control("start", **message)
            self._log.mark()
        elif kind == "show":
            self._log.control("show", **self._shown(message))
            self._log.mark()
        elif kind == "outcome":
            self.outcome = message
            self._end_by = None
            self._deadline = time.monotonic() + END_SECONDS
        else:
            self._log.control(kind, **message)

    def _shown(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return a display's fields, or in their place the digest under which they are in the store."""
        body = json.dumps(fields).encode()
        if len(body) + _CONTROL <= protocol.LIMIT:
            return fields
        from blake3 import blake3

        digest = blake3(body).hexdigest()
        try:
            self._store.put(f"blobs/{digest}", body)
        except StoreError as error:
            note = f"(a display of {len(body)} bytes is lost: {error.what})"
            return {**fields, "data": {"text/plain": note}, "meta": {}}
        return {"blob": digest}

    def _patience(self) -> float | None:
        """Seconds until something is due although the step process is silent."""
        due = [t for t in (self._log.due, self._parts.due, self._deadline, self._end_by) if t is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _on_time(self) -> None:
        now = time.monotonic()
        if self._log.due is not None and now >= self._log.due:
            self._log.mark()
        if self._parts.due is not None and now >= self._parts.due:
            self._parts.cut()
        if self._end_by is not None and now >= self._end_by:
            self._end_by = None
            self.timed_out = True
            self._children.terminate()
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            self._children.kill()
