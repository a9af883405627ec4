"""The lines of a log: those asked for, as many as can be shown, or all of them in a file."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from k8snb.errors import InputError

_COLOURS = re.compile(rb"\x1b\[[0-9;]*m")


def lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    r"""Yield lines with their newlines from bytes that are cut anywhere; the last may have none.

    Examples
    --------
    >>> list(lines_of([b"a", b"b\nc", b"\n\nd"]))
    [b'ab\n', b'c\n', b'\n', b'd']
    """
    held: list[bytes] = []
    for piece in pieces:
        *ends, rest = piece.split(b"\n")
        for end in ends:
            yield b"".join((*held, end, b"\n"))
            held.clear()
        if rest:
            held.append(rest)
    if held:
        yield b"".join(held)


class Counted:
    """Lines on their way to somebody.

    Attributes
    ----------
    ended : int
        How many that end with a newline have come by.
    any : bool
        Some have.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.ended, self.any = 0, False

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.any = True
            self.ended += line.endswith(b"\n")
            yield line


def chooser(grep: str | None = None, tail: int | None = None) -> Callable[[Iterable[bytes]], Iterable[bytes]]:
    """Return what chooses lines: those in which an expression is found, and of these the last.

    Parameters
    ----------
    grep : str or None
        A regular expression; colours of terminals in a line do not count.
    tail : int or None
        How many lines.

    Raises
    ------
    InputError
        It is no regular expression, or no number of lines.
    """
    if tail is not None and tail < 1:
        raise InputError(f"--tail {tail}: no line would be left", fix="--tail 100 shows the last 100 lines")
    try:
        pattern = None if grep is None else re.compile(grep.encode())
    except re.error as error:
        raise InputError(
            f"--grep {grep!r} is no regular expression: {error}", fix="put \\ before signs that mean themselves"
        ) from None

    def choose(lines: Iterable[bytes]) -> Iterable[bytes]:
        if pattern is not None:
            lines = (line for line in lines if pattern.search(_COLOURS.sub(b"", line.rstrip(b"\r\n"))))
        return lines if tail is None else deque(lines, tail)

    return choose


@dataclass(frozen=True)
class Bounded:
    """The end of a log that can be shown.

    Parameters
    ----------
    data : bytes
    lines : int
        Of the whole log.
    left_out : int
        Of these, how many come before.
    is_cut : bool
        The first line that is shown lacks its beginning.
    """

    data: bytes
    lines: int
    left_out: int
    is_cut: bool = False


def bounded(lines: Iterable[bytes], limit: int) -> Bounded:
    """Return the last lines that `limit` bytes hold; of a longer line its end."""
    kept: deque[bytes] = deque()
    size = count = 0
    for line in lines:
        count += 1
        kept.append(line)
        size += len(line)
        while size > limit and len(kept) > 1:
            size -= len(kept.popleft())
    data = b"".join(kept)
    return Bounded(data[-limit:], count, count - len(kept), is_cut=len(data) > limit)


@contextmanager
def new_file(path: Path, *, force: bool = False) -> Iterator[Callable[[Iterable[bytes]], int]]:
    """Give a function that writes lines to a file and returns how many there are; the file is there when all is.

    Parameters
    ----------
    path : Path
    force : bool
        It takes the place of one that is there.

    Raises
    ------
    InputError
        There is one already, or the file cannot be written.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder", fix="name a file in it")
    if path.exists() and not force:
        raise InputError(f"there is a file {path} already", fix="name another one, or overwrite it with --force")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:

            def write(lines: Iterable[bytes]) -> int:
                return sum(1 for line in lines if file.write(line))

            yield write
        unfinished.replace(path)
    except OSError as error:
        fix = "name a file that you may write" if path.parent.is_dir() else f"make the folder {path.parent} first"
        raise InputError(f"{path} cannot be written: {error.strerror}", fix=fix) from None
    finally:
        unfinished.unlink(missing_ok=True)
