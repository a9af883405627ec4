"""An object of an S3 server over plain HTTP, read from the socket into the memory where it belongs.

obstore copies what arrives twice before Python sees it. With the server on the same network that, not the wire, is what
a large value waits for. This is the way for large objects where nothing is between here and the server; whatever it
cannot do it leaves to obstore.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIMEOUT = 60.0  # seconds in which nothing arrives
_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


def possible(url: str) -> bool:
    """Whether an address is of plain HTTP and no proxy is in between."""
    return url.startswith("http://") and not any(os.environ.get(name) for name in _PROXIES)


def read(url: str, place: memoryview, size: int) -> Iterator[memoryview]:
    """Fill `place` from a signed address, and yield each piece of `size` bytes once it is there.

    It ends early, without an error, where the server or the network does not play along.
    """
    import http.client  # takes longer than a small object does
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        if response.status != http.HTTPStatus.OK or response.length != place.nbytes:
            return
        for start in range(0, place.nbytes, size):
            piece = place[start : start + size]
            if response.readinto(piece) != piece.nbytes:
                return
            yield piece
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()
