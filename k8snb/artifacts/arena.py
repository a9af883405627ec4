"""Memory into which many small arrays are packed together: loaded, they are views of it, and it is mapped as one."""

from __future__ import annotations

import pickle
from typing import Any

from k8snb.artifacts import rebuild
from k8snb.artifacts.buffers import IN_BAND

_ROOM = 4 * 1024 * 1024
"""Bytes of one stretch: what is kept as long as one of its arrays is."""

_ALIGNED = 64


class Arena:
    """Takes the bytes of small arrays, once those that stand in the pickle are many bytes together."""

    def __init__(self) -> None:
        self._in_band = 0
        self._stretches: list[Stretch] = []

    def take(self, memory: Any) -> tuple[Stretch, int] | None:
        """Take an array's bytes, and return where they are now; None where they are to stand elsewhere."""
        size = memory.nbytes
        if size >= IN_BAND:
            return None
        if self._in_band < IN_BAND:
            self._in_band += size
            return None
        if not self._stretches or self._stretches[-1].used + size > _ROOM:
            self._stretches.append(Stretch())
        stretch = self._stretches[-1]
        start = stretch.used
        memoryview(stretch.memory)[start : start + size] = memory
        stretch.used = start + -(-size // _ALIGNED) * _ALIGNED
        return stretch, start

    def cut(self, buffers: list[memoryview]) -> None:
        """Leave out of the buffers what nothing has been put into."""
        used = {id(stretch.memory): stretch.used for stretch in self._stretches}
        for place, buffer in enumerate(buffers):
            if id(buffer.obj) in used:
                buffers[place] = buffer[: used[id(buffer.obj)]]


class Stretch:
    """One stretch of it, which is full, or is being filled until all is packed."""

    def __init__(self) -> None:
        self.memory = bytearray(_ROOM)
        self.used = 0

    def __reduce__(self) -> tuple[object, ...]:
        return rebuild.make_base, (pickle.PickleBuffer(self.memory),)
