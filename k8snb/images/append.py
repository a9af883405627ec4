"""Images made of a base and layers on top, straight in the registry."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from k8snb.images.layer import Layer
from k8snb.images.layout import CODE, PACKAGES, RUNTIME, WORK
from k8snb.images.reference import Reference, Repository
from k8snb.images.registry import DOCKER_MANIFEST, OCI_MANIFEST, Image, Registry
from k8snb.runner.spec import HASH_SEED

_OURS = (CODE, PACKAGES, RUNTIME)
_AT_ONCE = 3  # large blobs that are copied side by side


async def append(
    registry: Registry, base: Reference | Image, target: Repository, layers: Sequence[Layer], *, tag: str | None = None
) -> Reference:
    """Put layers on a base and push the result; what is there already is not sent.

    Parameters
    ----------
    registry : Registry
    base : Reference or Image
        May be in another repository, or registry.
    target : Repository
    layers : sequence of Layer
    tag : str, optional
        Name of the image; without one, ``k8snb-`` and its digest.

    Returns
    -------
    Reference
        Pinned by digest. The same base and layers give the same.

    Raises
    ------
    RegistryError
    """
    if isinstance(base, Reference):
        base = await registry.image(base)
    config = json.dumps(_config(base.config, layers), sort_keys=True).encode()
    manifest = json.dumps(_manifest(base.manifest, config, layers), sort_keys=True).encode()
    digest = _digest(manifest)
    named = Reference(target, tag or f"k8snb-{digest.removeprefix('sha256:')[:32]}")
    if await registry.digest(named) != digest:
        await asyncio.gather(
            *(registry.put_blob(target, layer.digest, layer.content) for layer in layers),
            registry.put_blob(target, _digest(config), config),
            _bring(registry, base, target),
        )
        await registry.put_manifest(named, manifest, _media_type(base.manifest))
    return named.at(digest)


async def _bring(registry: Registry, base: Image, target: Repository) -> None:
    """Make sure that the target holds the base's layers: mounted where the registry allows it, else copied."""
    source = base.reference.repository
    if source == target:
        return
    few = asyncio.Semaphore(_AT_ONCE)

    async def bring(digest: str) -> None:
        async with few:
            if await registry.has_blob(target, digest) or await registry.mount_blob(target, digest, source):
                return
            with tempfile.TemporaryDirectory(prefix="k8snb-") as folder:
                file = Path(folder, "blob")
                await registry.save_blob(source, digest, file)
                await registry.put_blob(target, digest, file)

    await asyncio.gather(*(bring(digest) for digest in {layer["digest"] for layer in base.manifest["layers"]}))


def _config(base: dict[str, Any], layers: Sequence[Layer]) -> dict[str, Any]:
    """Return the configuration of the image: the base's, with the layers and where things are."""
    settings = dict(base.get("config") or {})
    env = dict(entry.partition("=")[::2] for entry in settings.get("Env") or [])
    theirs = [folder for folder in env.get("PYTHONPATH", "").split(":") if folder and folder not in _OURS]
    env["PYTHONPATH"] = ":".join((CODE, PACKAGES, *theirs, RUNTIME))
    env["HOME"] = WORK
    env.setdefault("PYTHONHASHSEED", HASH_SEED)
    settings |= {"Env": [f"{key}={value}" for key, value in env.items()], "WorkingDir": WORK}
    rootfs = base["rootfs"] | {"diff_ids": base["rootfs"]["diff_ids"] + [layer.diff_id for layer in layers]}
    made = base | {"config": settings, "rootfs": rootfs}
    if "history" in base:
        line = {"created": "1970-01-01T00:00:00Z", "created_by": "k8snb"}
        made["history"] = base["history"] + [line] * len(layers)
    return made


def _manifest(base: dict[str, Any], config: bytes, layers: Sequence[Layer]) -> dict[str, Any]:
    """Return the manifest of the image, of the base's kind (OCI or Docker)."""
    oci = _media_type(base) == OCI_MANIFEST
    kind = "application/vnd.oci.image.layer.v1.tar+gzip" if oci else "application/vnd.docker.image.rootfs.diff.tar.gzip"
    ours = [{"mediaType": kind, "digest": layer.digest, "size": layer.size} for layer in layers]
    described = {"mediaType": base["config"]["mediaType"], "digest": _digest(config), "size": len(config)}
    made = base | {"mediaType": _media_type(base), "config": described, "layers": base["layers"] + ours}
    made.pop("annotations", None)  # they tell of the base
    return made


def _media_type(manifest: dict[str, Any]) -> str:
    # Optional in OCI manifests, required in Docker's.
    return DOCKER_MANIFEST if manifest.get("mediaType") == DOCKER_MANIFEST else OCI_MANIFEST


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
