"""Waits for processes and hands signals on to the step process; as process 1 of a container it reaps the others too."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

GRACE = 1.5
"""Seconds between SIGTERM, handed on to the step process, and its SIGKILL: half of what a pod is given to end in."""


class Children:
    """Is made before the step process is forked, so that no signal is missed."""

    def __init__(self) -> None:
        self.status: int | None = None
        """Exit code of the step process once it has ended, negative for a signal."""
        self._step: int | None = None
        self._terminated = False
        self.wakeup, self._wake = os.pipe()
        """Readable when `reap` is to be called."""
        for fd in (self.wakeup, self._wake):
            os.set_blocking(fd, False)
        self._handlers = {
            signal.SIGCHLD: signal.signal(signal.SIGCHLD, lambda *_: None),  # without a handler nothing wakes us
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: self.terminate()),
            signal.SIGALRM: signal.signal(signal.SIGALRM, lambda *_: self.kill()),
            # A Ctrl-C in a terminal reaches the step process by itself.
            signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        }
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def forget(self) -> None:
        """In the step process: give signals their usual meaning back."""
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        os.close(self.wakeup)
        os.close(self._wake)

    def watch(self, pid: int) -> None:
        """Name the step process."""
        self._step = pid
        if self._terminated:
            self.terminate()

    def reap(self) -> None:
        """Take note of processes that have ended."""
        with suppress(BlockingIOError):
            os.read(self.wakeup, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._step:
                self.status = os.waitstatus_to_exitcode(status)

    def kill(self) -> None:
        """End the step process at once."""
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        """End the step process; one that does not end by itself is killed after `GRACE`."""
        self._terminated = True
        self._send(signal.SIGTERM)
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    def _send(self, number: int) -> None:
        if self._step is not None and self.status is None:
            with suppress(ProcessLookupError):
                os.kill(self._step, number)
