"""Which Python an image has, found without running it."""

from __future__ import annotations

import asyncio
import re
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath

from k8snb.errors import InputError
from k8snb.images.registry import Image, Registry

_PYTHON = re.compile(r"python3(?:\.(\d+))?")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MAX_LINKS = 8


async def python_of(registry: Registry, image: Image, cache: Path) -> str:
    """Return the version (``"3.11"``) of the ``python3`` on an image's PATH.

    Parameters
    ----------
    registry : Registry
    image : Image
    cache : Path
        Folder to remember the answer in: it may take reading the image's layers.

    Raises
    ------
    InputError
        There is none to be found.
    RegistryError
    """
    env = dict(entry.partition("=")[::2] for entry in (image.config.get("config") or {}).get("Env") or [])
    if told := re.match(r"3\.\d+", env.get("PYTHON_VERSION", "")):
        return told[0]
    file = cache / "python" / str(image.reference.digest).replace(":", "-")
    if file.is_file():
        return file.read_text()
    links: dict[str, str] = {}
    found: str | None = None
    for layer in reversed(image.manifest["layers"]):
        for path, target in (await _look(registry, image, layer["digest"])).items():
            links.setdefault(path, target)
        if found := resolve(links, env.get("PATH") or _PATH):
            break
    if not found:
        raise InputError(
            "No python3 was found on the PATH of the base image",
            where=str(image.reference),
            fix="use an image with Python; if it has one, let its Dockerfile say ENV PYTHON_VERSION=3.x",
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(found)
    return found


def resolve(links: dict[str, str], path: str) -> str | None:
    """Return the version of ``python3``.

    Parameters
    ----------
    links : dict of str to str
        For each path of an image (without the leading slash) that may matter: where it links to, empty for a file.
    path : str
        ``PATH``

    Examples
    --------
    >>> resolve({"usr/bin/python3": "python3.11", "usr/bin/python3.11": ""}, "/usr/local/bin:/usr/bin")
    '3.11'
    """
    for folder in path.split(":"):
        at = PurePosixPath(folder.lstrip("/"), "python3")
        for _ in range(_MAX_LINKS):
            if str(at) not in links:
                break
            at = _join(at.parent, links[str(at)] or at.name)
            if (match := _PYTHON.fullmatch(at.name)) and match[1]:
                return f"3.{match[1]}"
    return None


def _join(folder: PurePosixPath, target: str) -> PurePosixPath:
    """Return where a link leads to."""
    parts: list[str] = [] if target.startswith("/") else list(folder.parts)
    for part in PurePosixPath(target.lstrip("/")).parts:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return PurePosixPath(*parts)


async def _look(registry: Registry, image: Image, digest: str) -> dict[str, str]:
    """Return what a layer holds that may be a Python, or a link to one."""
    with tempfile.TemporaryDirectory(prefix="k8snb-") as folder:
        file = Path(folder, "layer")
        await registry.save_blob(image.reference.repository, digest, file)
        try:
            return await asyncio.to_thread(_pythons, file)
        except (tarfile.TarError, zlib.error, EOFError):  # compressed otherwise, with zstd for example
            return {}


def _pythons(layer: Path) -> dict[str, str]:
    found = {}
    with tarfile.open(layer, "r|*") as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            if _PYTHON.fullmatch(path.name) and not member.isdir():
                hard = f"/{member.linkname}" if member.islnk() else member.linkname
                found[str(path)] = hard if member.issym() or member.islnk() else ""
    return found
