r"""The control strings that the runner puts between a program's own output.

One control string is ``ESC _ k8snb:<nonce>:<json> ESC \`` (an application program command: terminals show nothing of
it). With every match of `PATTERN` for the attempt's nonce removed, the log is what the program printed, byte for byte.
Strings with another nonce are text that the program printed.

The cluster's log hands over whole lines only: text without a newline at its end (``\r`` progress, the ``end`` string)
would be seen when the container is over, a second late. So a ``mark`` holds a newline in front of its terminator, where
no terminal shows it, and what must be seen at once is followed by a mark: unfinished lines, and ``end``.

Kinds (key ``k``):

===========  ==========================================================================================
``hello``    the runner is up: ``python``, ``k8snb``. Printed after the handshake line (or the wait for it), with a
             ``mark`` behind it: nothing comes before, as a reader that attaches is not told what it missed
``start``    the user's code starts: ``t`` (Unix time, seconds)
``err``      what follows was printed to stderr
``out``      what follows was printed to stdout (the state at the start)
``mark``     a position: ``b`` bytes of the raw log before this string, ``l`` lines the program printed
``show``     a rich output: ``data`` (MIME bundle), ``meta``, ``id`` (display id), ``update``; or ``blob``, the
             digest of the same as JSON in the store, where it is large; ``result`` true: the cell's last expression
``clear``    ``clear_output``: ``wait``
``end``      the attempt is over and its result is in the store: ``state``, ``bytes`` of the raw log before this string;
             in the store only, written by the engine for a runner that died: ``lines`` up to which the log is known
===========  ==========================================================================================
"""

from __future__ import annotations

import json
import re
from typing import Any

PATTERN = rb"\x1b_k8snb:(?P<nonce>[0-9a-f]{16}):(?P<json>[^\x1b]*)\x1b\\"
LIMIT = 8000
"""Bytes of a control string at most: log shippers cut lines at 16 kB."""

_any = re.compile(PATTERN)


def encode(nonce: str, kind: str, **fields: Any) -> bytes:
    """Return the control string of a kind."""
    body = json.dumps({"k": kind, **fields}, ensure_ascii=True, separators=(",", ":"))
    flush = b"\n" if kind == "mark" else b""
    return b"\x1b_k8snb:%b:%b%b\x1b\\" % (nonce.encode(), body.encode(), flush)


def strip(nonce: str, log: bytes) -> bytes:
    """Return the log without its control strings: what the program printed."""
    return re.sub(PATTERN.replace(b"[0-9a-f]{16}", nonce.encode()), b"", log)


class Decoder:
    """Splits a raw log, fed in any pieces, into text and control strings.

    Examples
    --------
    >>> d = Decoder("0" * 16)
    >>> list(d.feed(b"hi" + encode("0" * 16, "err")))
    [b'hi', {'k': 'err'}]
    """

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce.encode()
        self._prefix = b"\x1b_k8snb:" + self._nonce + b":"
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes | dict[str, Any]]:
        """Return what is complete: bytes as printed, and control strings as dicts."""
        data = self._rest + data
        out: list[bytes | dict[str, Any]] = []
        position = 0
        for match in _any.finditer(data):
            if match["nonce"] != self._nonce:
                continue
            try:
                fields = json.loads(match["json"])
            except ValueError:
                continue
            if match.start() > position:
                out.append(data[position : match.start()])
            out.append(fields)
            position = match.end()
        cut = self._possible_start(data, position)
        if cut > position:
            out.append(data[position:cut])
        self._rest = data[cut:]
        return out

    def flush(self) -> bytes:
        """Return what was held back as a possible beginning of a control string."""
        rest, self._rest = self._rest, b""
        return rest

    def _possible_start(self, data: bytes, position: int) -> int:
        """Where an unfinished control string may begin, else the end of the data."""
        start = data.rfind(b"\x1b_", max(position, len(data) - LIMIT))
        if start >= 0:
            tail = data[start:]
            if self._prefix.startswith(tail[: len(self._prefix)]) and b"\x1b" not in tail[1:-1]:
                return start
        return len(data) - 1 if data.endswith(b"\x1b") and len(data) > position else len(data)
