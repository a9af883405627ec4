"""A client for container registries: manifests and blobs of the OCI distribution API."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from yarl import URL

from k8snb.errors import RegistryError
from k8snb.images import credentials
from k8snb.images.reference import Reference, Repository
from k8snb.images.transport import Body, Call, Interrupted, Transport, location

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_ACCEPT = {"Accept": f"{OCI_MANIFEST}, {DOCKER_MANIFEST}, {OCI_INDEX}, {DOCKER_INDEX}"}

IN_ONE_PUT = 8 << 20
"""Bytes of a blob at most that are sent together with its digest; larger ones are sent first, then named."""
CHUNK = 32 << 20
"""Bytes of a part, where a registry (or what stands before it) refuses a blob in one piece."""
_READ = 1 << 20
_TRIES = 3


@dataclass(frozen=True)
class Image:
    """An image of one platform.

    Parameters
    ----------
    reference : Reference
        Pinned by digest.
    manifest, config : dict
        As in the registry; not to be changed.
    """

    reference: Reference
    manifest: dict[str, Any]
    config: dict[str, Any]

    @property
    def platform(self) -> str:
        """``linux/amd64``."""
        return f"{self.config.get('os', 'linux')}/{self.config.get('architecture', 'amd64')}"


class Registry:
    """Reads and writes images in any registry. Belongs to one event loop; close it with `aclose`.

    Parameters
    ----------
    insecure : collection of str
        Hosts that are spoken to without TLS, besides those on this machine.
    login : callable, optional
        Returns the `Credentials` for a host; asked only where a registry wants one.
    """

    def __init__(
        self,
        *,
        insecure: Collection[str] = (),
        login: Callable[[str], credentials.Credentials | None] = credentials.find,
    ) -> None:
        self.transport = Transport(insecure, login)
        self._documents: dict[str, bytes] = {}  # manifests and configurations, by digest
        self._locks: dict[str, asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self.transport.aclose()

    def lock(self, key: str) -> asyncio.Lock:
        """Return the lock for a piece of work that several may ask for and one is to do."""
        return self._locks.setdefault(key, asyncio.Lock())

    async def digest(self, reference: Reference) -> str | None:
        """Return the digest of what a tag or digest names; None where there is nothing."""
        call = Call("HEAD", reference.repository, f"manifests/{reference.name}", {200, 404}, _ACCEPT)
        async with self.transport.send(call) as response:
            if response.status == HTTPStatus.NOT_FOUND:
                return None
            told = response.headers.get("Docker-Content-Digest")
        return told or _digest(await self._manifest(reference))

    async def image(self, reference: Reference, platform: str = "linux/amd64") -> Image:
        """Read an image's manifest and configuration; what a digest names is asked for once.

        Parameters
        ----------
        reference : Reference
        platform : str
            Which to take of an image for several platforms.

        Raises
        ------
        RegistryError
            Unreachable, refused, not there, or not for the platform.
        """
        if reference.digest is None:
            found = await self.digest(reference)
            if found is None:
                raise _missing(reference)
            reference = reference.at(found)
        manifest = json.loads(await self._manifest(reference))
        if "manifests" in manifest:
            reference = reference.at(_choose(manifest["manifests"], platform, reference))
            manifest = json.loads(await self._manifest(reference))
        if "config" not in manifest:
            fix = "push it again with a current docker"
            raise RegistryError("The image is of an outdated format (schema 1)", where=str(reference), fix=fix)
        config = json.loads(await self.blob(reference.repository, manifest["config"]["digest"]))
        return Image(reference, manifest, config)

    async def blob(self, repository: Repository, digest: str) -> bytes:
        """Read a small blob; kept in memory."""
        if digest not in self._documents:
            async with self.transport.send(Call("GET", repository, f"blobs/{digest}", {200})) as response:
                self._documents[digest] = _checked(await response.read(), digest, repository)
        return self._documents[digest]

    async def save_blob(self, repository: Repository, digest: str, target: Path) -> None:
        """Write a blob to a file."""
        seen = hashlib.sha256()
        async with self.transport.send(Call("GET", repository, f"blobs/{digest}", {200})) as response:
            with target.open("wb") as file:
                async for data in response.content.iter_chunked(_READ):
                    seen.update(data)
                    await asyncio.to_thread(file.write, data)
        if f"sha256:{seen.hexdigest()}" != digest:
            raise _damaged(digest, repository)

    async def has_blob(self, repository: Repository, digest: str) -> bool:
        """Whether a repository holds a blob."""
        async with self.transport.send(Call("HEAD", repository, f"blobs/{digest}", {200, 404})) as response:
            return response.status == HTTPStatus.OK

    async def check_push(self, repository: Repository) -> None:
        """Find out whether the repository may be written to: an upload is begun and called off.

        Raises
        ------
        RegistryError
            Unreachable, not logged in, not allowed, or no such repository.
        """
        async with self.transport.send(Call("POST", repository, "blobs/uploads/", {202})) as response:
            upload = location(response)
        await self._call_off(repository, upload)

    async def put_blob(
        self, repository: Repository, digest: str, content: bytes | Path, *, source: Repository | None = None
    ) -> None:
        """Write a blob, unless it is there.

        Parameters
        ----------
        repository : Repository
        digest : str
        content : bytes or Path
        source : Repository, optional
            Another repository that holds it: tried first where it is of the same registry.
        """
        if await self.has_blob(repository, digest) or await self.mount_blob(repository, digest, source):
            return
        size = len(content) if isinstance(content, bytes) else (await asyncio.to_thread(content.stat)).st_size
        part = size
        for left in reversed(range(_TRIES)):
            try:
                if await self._upload(_Blob(repository, digest, content, size), part):
                    return
                part = CHUNK
            except Interrupted:
                if not left:
                    raise
        raise RegistryError(f"The registry refuses a blob of {size >> 20} MiB even in parts", where=str(repository))

    async def mount_blob(self, repository: Repository, digest: str, source: Repository | None) -> bool:
        """Take a blob over from another repository of the same registry; False where that is not possible."""
        if source is None or source.host != repository.host or source == repository:
            return False
        path = f"blobs/uploads/?mount={digest}&from={source.name}"
        async with self.transport.send(Call("POST", repository, path, {201, 202}, source=source)) as response:
            if response.status == HTTPStatus.CREATED:
                return True
            upload = location(response)
        await self._call_off(repository, upload)
        return False

    async def put_manifest(self, reference: Reference, manifest: bytes, media_type: str) -> None:
        """Write a manifest under a tag (or its digest)."""
        call = Call(
            "PUT",
            reference.repository,
            f"manifests/{reference.name}",
            {200, 201, 202},
            {"Content-Type": media_type},
            lambda: manifest,
        )
        await self.transport.finish(call)
        self._documents[_digest(manifest)] = manifest

    async def delete_manifest(self, reference: Reference) -> None:
        """Delete an image by its digest; one that is gone already is no error."""
        call = Call("DELETE", reference.repository, f"manifests/{reference.name}", {200, 202, 404})
        await self.transport.finish(call)

    async def _call_off(self, repository: Repository, upload: URL) -> None:
        with suppress(RegistryError):  # registries forget what is never finished
            await self.transport.finish(Call("DELETE", repository, upload, {200, 202, 204}))

    async def _upload(self, blob: _Blob, part: int) -> bool:
        """Send a blob in parts of a size; False where one is too large for the registry."""
        async with self.transport.send(Call("POST", blob.repository, "blobs/uploads/", {202})) as response:
            upload = location(response)
        rest = 0, blob.size
        if blob.size > IN_ONE_PUT:
            for start in range(0, blob.size, part):
                end = min(start + part, blob.size)
                headers = {} if part == blob.size else {"Content-Range": f"{start}-{end - 1}"}
                call = blob.sending("PATCH", upload, {201, 202, 204, 413}, (start, end), headers)
                async with self.transport.send(call) as response:
                    if response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                        return False
                    upload = location(response)
            rest = 0, 0
        named = f"{upload}{'&' if upload.raw_query_string else '?'}digest={blob.digest.replace(':', '%3A')}"
        await self.transport.finish(blob.sending("PUT", URL(named, encoded=True), {201, 204}, rest))
        return True

    async def _manifest(self, reference: Reference) -> bytes:
        if reference.digest in self._documents:
            return self._documents[reference.digest]
        call = Call("GET", reference.repository, f"manifests/{reference.name}", {200, 404}, _ACCEPT)
        async with self.transport.send(call) as response:
            if response.status == HTTPStatus.NOT_FOUND:
                raise _missing(reference)
            data = await response.read()
        digest = reference.digest or _digest(data)
        self._documents[digest] = _checked(data, digest, reference.repository)
        return data


@dataclass(frozen=True)
class _Blob:
    """A blob on its way."""

    repository: Repository
    digest: str
    content: bytes | Path
    size: int

    def sending(
        self, method: str, url: URL, expect: set[int], part: tuple[int, int], headers: Mapping[str, str] | None = None
    ) -> Call:
        """Return the call that sends a part."""
        start, end = part
        told = {"Content-Type": "application/octet-stream", "Content-Length": str(end - start), **(headers or {})}

        def body() -> Body:
            if isinstance(self.content, bytes):
                return self.content[start:end]
            return _stream(self.content, start, end) if end > start else b""

        return Call(method, self.repository, url, expect, told, body)


async def _stream(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    # Opened for each piece: a stream that is dropped half-way must not leave an open file behind.
    while start < end:
        data = await asyncio.to_thread(_piece, path, start, min(_READ, end - start))
        start += len(data)
        yield data


def _piece(path: Path, start: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _choose(manifests: list[dict[str, Any]], platform: str, reference: Reference) -> str:
    """Return the digest of a platform's manifest in an index."""
    offered = set()
    for entry in manifests:
        found = entry.get("platform", {})
        name = f"{found.get('os')}/{found.get('architecture')}"
        if name == platform:
            return str(entry["digest"])
        if name != "unknown/unknown":  # attestations
            offered.add(name)
    raise RegistryError(
        f"The image is not offered for {platform}, only for {', '.join(sorted(offered))}",
        where=str(reference),
        fix="use another image, or nodes of another architecture",
    )


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _checked(data: bytes, digest: str, repository: Repository) -> bytes:
    if _digest(data) != digest:
        raise _damaged(digest, repository)
    return data


def _damaged(digest: str, repository: Repository) -> RegistryError:
    return RegistryError(f"{digest} arrived damaged", where=str(repository), fix="try again")


def _missing(reference: Reference) -> RegistryError:
    return RegistryError(
        "The registry has no such image",
        where=str(reference),
        fix="check its name and tag, and that it has been pushed",
    )
