"""Messages between the supervisor and the step process: JSON, with its length in front."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any

_LENGTH = 8


def dump(kind: str, **fields: Any) -> bytes:
    """Return a message as bytes."""
    body = json.dumps({"k": kind, **fields}, default=str).encode()
    return len(body).to_bytes(_LENGTH, "big") + body


class Frames:
    """Puts messages together from the pieces in which a pipe delivers them."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Return the messages that are complete."""
        self._held += data
        out = []
        while len(self._held) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self._held[:_LENGTH], "big")
            if len(self._held) < end:
                break
            out.append(json.loads(self._held[_LENGTH:end]))
            del self._held[:end]
        return out


def send(fd: int, message: bytes) -> None:
    """Write a whole message; where nobody is left to read it, do nothing."""
    view = memoryview(message)
    with suppress(BrokenPipeError):
        while view:
            view = view[os.write(fd, view) :]


def read(fd: int) -> dict[str, Any] | None:
    """Wait for the next message of a pipe; None at its end. For pipes on which messages are waited for one by one."""
    length = _read(fd, _LENGTH)
    body = _read(fd, int.from_bytes(length, "big")) if length else b""
    return json.loads(body) if body else None


def _read(fd: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(fd, size - len(data))
        if not piece:
            return b""
        data += piece
    return data
