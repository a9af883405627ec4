"""How the runner gets at the store: its credentials, taken out of the environment before user code runs."""

from __future__ import annotations

import os
import posixpath
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k8snb.artifacts.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from k8snb.artifacts.store import Store

PREFIX = "K8SNB_STORE_"
"""Variables of this prefix are the store's alone: a step may have ``AWS_ACCESS_KEY_ID`` of its own beside them."""

_SECRETS = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    "gs": ("GOOGLE_SERVICE_ACCOUNT_KEY",),
    "az": ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_KEY", "AZURE_CLIENT_SECRET"),
}
_FOLDER_DEPTH = 5  # runs/<run>/<step>/<index>/<attempt>


@dataclass(frozen=True, repr=False)
class Access:
    """What opens the store.

    Parameters
    ----------
    uri : str
    folder : str
        The attempt's folder, relative to the store.
    endpoint, region : str or None
    credentials : mapping or None
        By their names in the environment; None: what the cloud gives its pods.
    """

    uri: str
    folder: str
    endpoint: str | None = None
    region: str | None = None
    credentials: Mapping[str, str] | None = None

    def open(self) -> Store:
        """Open the store; to be called after a fork: a store's threads do not survive one."""
        return open_store(self.uri, endpoint=self.endpoint, region=self.region, credentials=self.credentials)


def take(address: str) -> Access:
    """Read the attempt's address and the store's credentials; these are then gone from the environment.

    Gone from ``os.environ``, from what children inherit, and from ``/proc/<pid>/environ``.
    """
    uri, folder = split(address)
    own = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    if own:
        given = {name.removeprefix(PREFIX): value for name, value in own.items()}
        names: Iterable[str] = own
    else:
        names = [name for name in _SECRETS.get(uri.partition("://")[0], ()) if name in os.environ]
        given = {name: os.environ[name] for name in ("AWS_ENDPOINT_URL", "AWS_REGION", *names) if name in os.environ}
    _remove(set(names))
    endpoint, region = given.pop("AWS_ENDPOINT_URL", None), given.pop("AWS_REGION", None)
    if not uri.startswith("s3:"):
        endpoint = region = None
    return Access(uri, folder, endpoint, region, given or None)


def split(address: str) -> tuple[str, str]:
    """Split an attempt's address into the store's URI and the attempt's folder.

    Examples
    --------
    >>> split("s3://bucket/k8snb/runs/r1/trainer/-/1")
    ('s3://bucket/k8snb', 'runs/r1/trainer/-/1')
    """
    parts = address.rstrip("/").split("/")
    return "/".join(parts[:-_FOLDER_DEPTH]), posixpath.join(*parts[-_FOLDER_DEPTH:])


def _remove(names: set[str]) -> None:
    if not names:
        return
    for name in names:
        del os.environ[name]
    if os.name == "posix":
        import posix

        for name in names:
            posix.environ.pop(name.encode(), None)  # what the interpreter read when it started
    if sys.platform == "linux":
        _overwrite({name.encode() for name in names})


def _overwrite(names: set[bytes]) -> None:
    """Overwrite variables in the block that the process was started with: /proc/<pid>/environ shows that block."""
    with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 - pathlib would be imported for this
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[47]), int(fields[48])
    with open("/proc/self/mem", "rb", buffering=0) as memory:  # noqa: PTH123
        memory.seek(start)
        block = memory.read(end - start)
    position = start
    for entry in block.split(b"\0"):
        name, equals, value = entry.partition(b"=")
        if name in names and value:
            _write(position + len(name + equals), b"x" * len(value))
        position += len(entry) + 1


def _write(position: int, data: bytes) -> None:
    try:
        with open("/proc/self/mem", "r+b", buffering=0) as memory:  # noqa: PTH123
            memory.seek(position)
            memory.write(data)
    except OSError:  # a kernel that permits no writing there
        import ctypes

        ctypes.memmove(position, data, len(data))
