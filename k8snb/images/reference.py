"""Names of images: ``host:port/name:tag@sha256:...``, with Docker Hub's defaults filled in."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace

from k8snb.errors import InputError

_NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>{_NAME}(?:/{_NAME})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?",
    re.ASCII,
)
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d+)?", re.ASCII)
HUB = "docker.io"


@dataclass(frozen=True)
class Repository:
    """Where images of one name are kept.

    Parameters
    ----------
    host : str
        With its port, if any.
    name : str
        ``library/python``.
    """

    host: str
    name: str

    def __str__(self) -> str:
        return f"{self.host}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Repository:
        """Read ``host/name``.

        Raises
        ------
        InputError
            It is no repository's name, or has a tag or digest.
        """
        reference = Reference.parse(text)
        if reference.tag or reference.digest:
            raise InputError(
                f"{text!r} names an image, not a repository",
                fix=f"leave its tag and digest away: {reference.repository}",
            )
        return reference.repository


@dataclass(frozen=True)
class Reference:
    """One image of a repository. With a digest the tag is only a comment.

    Parameters
    ----------
    repository : Repository
    tag : str or None
    digest : str or None
        ``sha256:...``
    """

    repository: Repository
    tag: str | None = None
    digest: str | None = None

    @property
    def name(self) -> str:
        """What a registry's API is asked for: the digest, else the tag, else ``latest``."""
        return self.digest or self.tag or "latest"

    def at(self, digest: str) -> Reference:
        """Return the same repository's image of a digest."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference as Docker does.

        Raises
        ------
        InputError
            It is none.

        Examples
        --------
        >>> str(Reference.parse("python:3.11"))
        'docker.io/library/python:3.11'
        """
        first, slash, rest = text.partition("/")
        # Docker's rule: the first part is a host if it could not be a user's name.
        if slash and ("." in first or ":" in first or first == "localhost" or first != first.lower()):
            host, path = first, rest
        else:
            host, path = HUB, text
        if host in {"index.docker.io", "registry-1.docker.io"}:
            host = HUB
        match = _REFERENCE.fullmatch(path)
        if match is None or not _HOST.fullmatch(host):
            fix = f"did you mean {text.lower()!r}?" if _REFERENCE.fullmatch(path.lower()) else "host/name:tag"
            raise InputError(f"{text!r} is not the name of an image", fix=fix)
        name = match["name"]
        if host == HUB and "/" not in name:
            name = f"library/{name}"
        return cls(Repository(host, name), match["tag"], match["digest"])


def is_loopback(host: str) -> bool:
    """Whether a registry's host is this machine: such a registry is spoken to without TLS, as Docker does."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
