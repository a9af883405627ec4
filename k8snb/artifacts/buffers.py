"""Memory that stored bytes are loaded into: writable, private to this process, known by the digests of its parts."""

from __future__ import annotations

import mmap
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from k8snb.artifacts.loaded import loaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8snb.artifacts.groups import Part

IN_BAND = 64 * 1024
"""Buffers shorter than this (bytes) stand in the pickle itself."""

SMALL = 1024 * 1024
"""Bytes below which a thread, a mapping or a temporary file costs more than it saves."""


@dataclass(frozen=True, eq=False)
class Buffer:
    """One out-of-band buffer of a loaded value.

    Parameters
    ----------
    memory : writable buffer
    parts : sequence of Part
        What it holds, as it was stored.
    mapped : bool
        It is a private mapping of a file.
    """

    memory: Any
    parts: Sequence[Part]
    mapped: bool = False

    def is_as_stored(self) -> bool:
        """Say whether its memory has the bytes that were stored."""
        return self.is_in(memoryview(self.memory))

    def is_in(self, memory: memoryview) -> bool:
        """Say whether memory, perhaps this buffer's own, has the bytes that were stored."""
        numpy = loaded("numpy") if self.mapped else None
        if numpy is not None and _start(memory, numpy) == _start(self.memory, numpy) and _untouched(self.memory, numpy):
            return True
        start = 0
        for part in self.parts:
            if blake3(memory[start : start + part.size]).hexdigest() != part.digest:
                return False
            start += part.size
        return start == memory.nbytes


def allocate(size: int) -> Any:
    """Return memory to be filled."""
    if size < SMALL:
        return bytearray(size)
    if not hasattr(mmap, "MAP_PRIVATE"):  # Windows
        return mmap.mmap(-1, size)
    # Private: a process forked by the user's code must not write into this one's value. Shared memory also has no
    # huge pages.
    buffer = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        buffer.madvise(mmap.MADV_HUGEPAGE)  # a fault for each 2 MiB in place of each 4 KiB
    return buffer


def map_file(path: Path) -> mmap.mmap:
    """Map a file: read when it is looked at, and writable without changing the file."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


_KEPT, _OF_FILE = 0b11 << 62, 1 << 61
"""Of an entry of the pagemap: the page is in memory or swapped out; it is the file's own."""


def _start(memory: Any, numpy: Any) -> int:
    address: int = numpy.frombuffer(memory, numpy.uint8).__array_interface__["data"][0]
    return address


def _untouched(memory: mmap.mmap, numpy: Any) -> bool:
    """Say whether a private mapping of a file surely has no page that was written to; only Linux knows."""
    start = _start(memory, numpy)
    first, last = start // mmap.PAGESIZE, -(-(start + len(memory)) // mmap.PAGESIZE)
    with suppress(OSError), Path("/proc/self/pagemap").open("rb", buffering=0) as pages:
        pages.seek(first * 8)
        entries = numpy.frombuffer(pages.read((last - first) * 8), numpy.uint64)
        return len(entries) == last - first and not ((entries & _KEPT != 0) & (entries & _OF_FILE == 0)).any()
    return False
