"""The Python of an image is found in its settings or its layers."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from k8snb.errors import InputError
from k8snb.images.interpreter import python_of, resolve
from k8snb.images.registry import OCI_MANIFEST, Registry


@pytest.mark.parametrize(
    ("links", "path", "expected"),
    [
        ({"usr/bin/python3": "python3.11", "usr/bin/python3.11": ""}, "/usr/local/bin:/usr/bin", "3.11"),
        ({"usr/bin/python3": "python3.11", "usr/local/bin/python3": "python3.13"}, "/usr/local/bin:/usr/bin", "3.13"),
        ({"opt/venv/bin/python3": "/usr/local/bin/python3.12"}, "/opt/venv/bin", "3.12"),
        ({"v/python3": "../b/python3", "b/python3": "python3.12"}, "/v:/b", "3.12"),
        ({"b/python3": "", "b/python3.12": ""}, "/b", None),
        ({"b/python3": "python3"}, "/b", None),
        ({"other/python3": "python3.12"}, "/b", None),
        ({}, "/b", None),
    ],
)
def test_resolve(links: dict[str, str], path: str, expected: str | None) -> None:
    assert resolve(links, path) == expected


def layer(**links: str) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for path, link in links.items():
            info = tarfile.TarInfo(path)
            info.type, info.linkname = tarfile.SYMTYPE, link
            archive.addfile(info)
    return target.getvalue()


def image(fake, layers: list[bytes], env: list[str] | None = None):
    config = fake.add_blob("a", json.dumps({"config": {"Env": env} if env else None}).encode())
    return fake.add_manifest(
        "a", "1", {"mediaType": OCI_MANIFEST, "config": config, "layers": [fake.add_blob("a", data) for data in layers]}
    )


async def test_settings_say_it(fake, tmp_path: Path) -> None:
    async with Registry() as client:
        found = await client.image(image(fake, [], ["PYTHON_VERSION=3.12.4"]))
        assert await python_of(client, found, tmp_path) == "3.12"


async def test_upper_layers_win_and_the_answer_is_kept(fake, tmp_path: Path) -> None:
    layers = [layer(**{"usr/bin/python3": "python3.9"}), layer(**{"usr/bin/python3": "python3.11"}), layer(x="y")]
    async with Registry() as client:
        found = await client.image(image(fake, layers))
        assert await python_of(client, found, tmp_path) == "3.11"
        fake.log.clear()
        assert await python_of(client, found, tmp_path) == "3.11"
        assert fake.log == []


async def test_none(fake, tmp_path: Path) -> None:
    async with Registry() as client:
        found = await client.image(image(fake, [b"\x28\xb5\x2f\xfd a zstd layer", layer(x="y")]))
        with pytest.raises(InputError, match="No python3") as caught:
            await python_of(client, found, tmp_path)
    assert "ENV PYTHON_VERSION" in caught.value.fix
