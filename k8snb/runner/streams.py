"""What the step process writes with: stdout, stderr and messages, in the order in which Python code writes them.

The three are pipes, which their reader sees separately. So before Python code writes to one of them it waits until
the other two are read. C code and children write to the pipes as they like.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from k8snb.runner import frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

    from k8snb.runner.process import StepEnds

_PATIENCE = 1.0
"""Seconds that a writer waits at most for the other pipes to be read."""

_NAP = 0.00005


class Order:
    """Writes to one of the pipes once the others are empty.

    Parameters
    ----------
    ends : StepEnds
        Become descriptors 1 and 2, as C code and children know them.
    """

    def __init__(self, ends: StepEnds) -> None:
        import _thread

        self._new_lock = _thread.RLock
        self._lock = self._new_lock()
        self._messages = ends.messages
        # The pipes themselves: the user's code may put something else in the place of 1 and 2.
        self._pipes = {1: ends.out, 2: ends.err, ends.messages: ends.messages}
        self._others = {fd: [p for f, p in self._pipes.items() if f != fd] for fd in self._pipes}
        for fd in (1, 2):
            os.dup2(self._pipes[fd], fd)
        self._owner = os.getpid()
        os.register_at_fork(after_in_child=self._forked)

    def write(self, fd: int, data: Buffer) -> int:
        """Write all of the data to a descriptor; return its length in bytes."""
        view = memoryview(data).cast("B")
        size = len(view)
        with self._lock:
            for pipe in self._others[fd]:
                if _unread(pipe):
                    _wait(pipe)
            while view:
                try:
                    view = view[os.write(fd, view) :]
                except BlockingIOError:  # a child has made the pipe that it shares non-blocking
                    import select

                    select.select([], [fd], [])
        return size

    def send(self, kind: str, **fields: Any) -> None:
        """Send a message to the supervisor. In a process that the user's code has forked: only if it is a short one.

        Long ones of several processes would be mixed up.
        """
        message = frames.dump(kind, **fields)
        if os.getpid() == self._owner or len(message) <= 512:  # noqa: PLR2004 - POSIX: at least so much is one write
            self.write(self._messages, message)

    def _forked(self) -> None:
        self._lock = self._new_lock()


class _Raw(io.FileIO):
    """A descriptor whose writes are whole and in order."""

    def __init__(self, order: Order, fd: int, name: str) -> None:
        super().__init__(fd, "wb", closefd=False)
        self._write, self._fd = order.write, fd
        self.name = name

    def write(self, data: Buffer) -> int:
        return self._write(self._fd, data)


class _Text(io.TextIOWrapper):
    """``sys.stdout`` or ``sys.stderr``."""


_Text.__module__, _Text.__qualname__ = "io", "TextIOWrapper"
"""What a message about them, or about what keeps one of them, says that they are."""


def install(order: Order) -> None:
    """Make ``sys.stdout`` and ``sys.stderr`` write in order, at once, and ``print`` whole lines."""
    for fd, name in ((1, "stdout"), (2, "stderr")):
        raw = _Raw(order, fd, f"<{name}>")
        text = _Text(raw, "utf-8", "backslashreplace", newline="", write_through=True)
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)
    builtins.print = _print_whole_lines()


def _print_whole_lines() -> Callable[..., None]:
    """Return a ``print`` that writes once per call.

    The builtin writes each argument and the newline by themselves; unbuffered, they would be mixed with what other
    threads and processes print.
    """
    original = builtins.print

    def print(  # noqa: A001
        *values: object, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False
    ) -> None:
        out = sys.stdout if file is None else file
        sep, end = " " if sep is None else sep, "\n" if end is None else end
        if type(out) is not _Text or not isinstance(sep, str) or not isinstance(end, str):
            original(*values, sep=sep, end=end, file=file, flush=flush)
            return
        text = ""
        try:
            for i, value in enumerate(values):
                text += sep if i else ""
                text += str(value)
            text += end
        finally:  # also what stands before a value whose text cannot be had
            out.write(text)

    print.__module__, print.__qualname__, print.__doc__ = "builtins", "print", original.__doc__
    return print


def _unread(pipe: int) -> int:
    """Bytes in a pipe that its reader has not taken yet."""
    import fcntl
    import termios

    try:
        return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, b"\0\0\0\0"), sys.byteorder)
    except OSError:
        return 0


def _wait(pipe: int) -> None:
    end = time.monotonic() + _PATIENCE
    while _unread(pipe) and time.monotonic() < end:
        time.sleep(_NAP)
