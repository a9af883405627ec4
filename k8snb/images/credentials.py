"""Logins for registries, from where ``docker login`` keeps them."""

from __future__ import annotations

import base64
import binascii
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k8snb.errors import RegistryError
from k8snb.images.reference import HUB

_HUB_KEY = "https://index.docker.io/v1/"
_HELPER_SECONDS = 60


@dataclass(frozen=True)
class Credentials:
    """A login.

    Parameters
    ----------
    username, password : str
    identity : str
        A refresh token, in place of the two.
    """

    username: str = ""
    password: str = ""
    identity: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.username!r})"

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


def find(host: str) -> Credentials | None:
    """Return the login for a registry's host; may run a credential helper.

    Raises
    ------
    RegistryError
        The configuration cannot be read, or its helper fails.
    """
    path = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RegistryError(f"Docker's configuration cannot be read: {error}", where=str(path)) from error
    helper = config.get("credHelpers", {}).get(host) or config.get("credsStore")
    if helper and (found := _ask_helper(helper, _HUB_KEY if host == HUB else host)):
        return found
    for key, entry in config.get("auths", {}).items():
        if _host(key) == host and (found := _read(entry, path)):
            return found
    return None


def _host(key: str) -> str:
    """Return the host that a key of ``auths`` is about (``https://index.docker.io/v1/``)."""
    host = key.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return HUB if host in {"index.docker.io", "registry-1.docker.io"} else host


def _read(entry: dict[str, Any], path: Path) -> Credentials | None:
    """Read an entry of ``auths``; one that a helper keeps is empty."""
    if entry.get("identitytoken"):
        return Credentials(identity=entry["identitytoken"])
    if entry.get("auth"):
        try:
            username, _, password = base64.b64decode(entry["auth"]).decode().rstrip("\0").partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise RegistryError("A login in Docker's configuration cannot be read", where=str(path)) from error
        return Credentials(username, password)
    if entry.get("username"):
        return Credentials(entry["username"], entry.get("password", ""))
    return None


def _ask_helper(helper: str, server: str) -> Credentials | None:
    """Run ``docker-credential-<helper> get``; None where it knows no login."""
    program = f"docker-credential-{helper}"
    try:
        done = subprocess.run(  # noqa: S603 - the user's own configuration names it
            [program, "get"], input=server, capture_output=True, text=True, timeout=_HELPER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RegistryError(
            f"The credential helper {program} cannot be run: {error}",
            where=f"credHelpers or credsStore in Docker's config.json, for {server}",
            fix=f"install it, or take it out there and run: docker login {server}",
        ) from error
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        if "not found" in said:
            return None
        raise RegistryError(f"The credential helper {program} failed: {said}", where=server)
    answer = json.loads(done.stdout)
    if answer["Username"] == "<token>":
        return Credentials(identity=answer["Secret"])
    return Credentials(answer["Username"], answer["Secret"])
