"""Images appended to bases, here, next door and elsewhere."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from k8snb.errors import RegistryError
from k8snb.images.append import append
from k8snb.images.credentials import Credentials
from k8snb.images.layer import from_files
from k8snb.images.reference import Reference, Repository
from k8snb.images.registry import DOCKER_MANIFEST, OCI_MANIFEST, Registry

LAYER = from_files({"/k8snb/code/steps/a.py": b"print(1)"})
OTHER = from_files({"/k8snb/code/steps/a.py": b"print(2)"})


@pytest.fixture
async def client() -> AsyncIterator[Registry]:
    async with Registry(login=lambda _: None) as registry:
        yield registry


def base(fake, name: str, kind: str = OCI_MANIFEST, **config) -> Reference:
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+zstd", **fake.add_blob(name, b"a large layer")}
    settings = {"architecture": "arm64", "os": "linux", "config": config, "rootfs": {"diff_ids": ["sha256:1"]}}
    described = fake.add_blob(name, json.dumps({**settings, "history": [{"created_by": "them"}]}).encode())
    described["mediaType"] = "application/vnd.oci.image.config.v1+json"
    return fake.add_manifest(name, "1", {"mediaType": kind, "config": described, "layers": [layer]})


async def test_layers_and_settings_are_added(fake, client: Registry) -> None:
    start = base(fake, "mine", Env=["A=b=c", "PYTHONPATH=/theirs", "HOME=/root"], User="1000", Cmd=["x"])
    made = await client.image(await append(client, start, fake.repository("mine"), [LAYER]))
    assert [entry["digest"] for entry in made.manifest["layers"][1:]] == [LAYER.digest]
    assert made.config["rootfs"]["diff_ids"] == ["sha256:1", LAYER.diff_id]
    assert made.platform == "linux/arm64"
    assert made.config["config"] == {
        "Env": [
            "A=b=c",
            "PYTHONPATH=/k8snb/code:/k8snb/packages:/theirs:/k8snb/runtime",
            "HOME=/k8snb/work",
            "PYTHONHASHSEED=0",
        ],
        "User": "1000",
        "Cmd": ["x"],
        "WorkingDir": "/k8snb/work",
    }
    assert len(made.config["history"]) == 2
    again = await client.image(await append(client, made, fake.repository("mine"), [OTHER]))
    assert again.config["config"] == made.config["config"]


@pytest.mark.parametrize(
    ("kind", "layer"),
    [
        (OCI_MANIFEST, "application/vnd.oci.image.layer.v1.tar+gzip"),
        (DOCKER_MANIFEST, "application/vnd.docker.image.rootfs.diff.tar.gzip"),
    ],
)
async def test_kind_of_the_base_is_kept(fake, client: Registry, kind: str, layer: str) -> None:
    made = await client.image(await append(client, base(fake, "mine", kind), fake.repository("mine"), [LAYER]))
    assert made.manifest["mediaType"] == kind
    assert made.manifest["layers"][1]["mediaType"] == layer


@pytest.mark.parametrize(("tells_digest", "questions"), [(True, ["HEAD"]), (False, ["HEAD", "GET"])])
async def test_the_same_costs_a_question(fake, client: Registry, tells_digest: bool, questions: list[str]) -> None:
    fake.tells_digest = tells_digest
    start = base(fake, "mine")
    first = await append(client, start, fake.repository("mine"), [LAYER])
    sent = client.transport.sent
    fake.log.clear()
    assert await append(client, start, fake.repository("mine"), [LAYER]) == first
    assert client.transport.sent == sent
    assert [line.split()[0] for line in fake.log] == questions


async def test_changed_code_costs_heads_and_puts(fake, client: Registry) -> None:
    start = base(fake, "mine")
    first = await append(client, start, fake.repository("mine"), [LAYER])
    fake.log.clear()
    second = await append(client, start, fake.repository("mine"), [OTHER])
    assert second.digest != first.digest
    # The tag; layer and configuration; the manifest.
    assert sorted(line.split()[0] for line in fake.log) == ["HEAD"] * 3 + ["POST"] * 2 + ["PUT"] * 3


@pytest.mark.parametrize("mounts", [True, False])
async def test_base_next_door(fake, client: Registry, mounts: bool) -> None:
    fake.mounts = mounts
    made = await append(client, base(fake, "base"), fake.repository("mine"), [LAYER])
    for entry in (await client.image(made)).manifest["layers"]:
        assert ("mine", entry["digest"]) in fake.blobs
    assert fake.uploads == {}


async def test_nothing_named_where_blobs_cannot_be_written(fake, client: Registry) -> None:
    start = base(fake, "mine")
    fake.may_push = False
    before = dict(fake.manifests)
    with pytest.raises(RegistryError, match="may not be written"):
        await append(client, start, fake.repository("mine"), [LAYER])
    assert fake.manifests == before


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository of the registry that wants a password, which DOCKER_CONFIG has."""
    host = os.environ["K8SNB_TEST_PRIVATE_REGISTRY"]
    user, password = (os.environ[f"K8SNB_TEST_PRIVATE_REGISTRY_{name}"] for name in ("USER", "PASSWORD"))
    basic = Credentials(user, password).basic.removeprefix("Basic ")
    (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": basic}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return Repository(host, f"test/append-{uuid.uuid4().hex[:8]}")


@pytest.mark.cluster
async def test_another_registry_with_a_password(private: Repository, tmp_path: Path) -> None:
    async with Registry() as client:
        start = Reference.parse(os.environ["K8SNB_TEST_BASE_IMAGE"])
        made = await append(client, start, private, [LAYER])
        try:
            assert await append(client, start, private, [LAYER]) == made
            command = ["skopeo", "inspect", "--tls-verify=false", "--authfile", str(tmp_path / "config.json")]
            told = json.loads(await asyncio.to_thread(subprocess.check_output, [*command, f"docker://{made}"]))
            assert told["Layers"][-1] == LAYER.digest
        finally:
            await client.delete_manifest(made)


@pytest.mark.cluster
async def test_registry_with_a_password_asks_for_a_login() -> None:
    host = os.environ["K8SNB_TEST_PRIVATE_REGISTRY"]
    for login, said in ((None, "asks for a login"), (Credentials("test-user", "wrong"), "refuses the login")):
        async with Registry(login=lambda _, login=login: login) as client:
            with pytest.raises(RegistryError, match=said):
                await client.check_push(Repository(host, "test/refused"))


@pytest.mark.cluster
async def test_blob_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real registry takes parts as they are cut."""
    from k8snb.images import registry as module

    monkeypatch.setattr(module, "IN_ONE_PUT", 1000)
    data = uuid.uuid4().bytes * 1000
    (tmp_path / "blob").write_bytes(data)
    name = module._digest(data)
    target = Repository(os.environ["K8SNB_TEST_REGISTRY"], "test/parts")
    async with Registry() as client:
        assert await client._upload(module._Blob(target, name, tmp_path / "blob", len(data)), 3000)
        assert await client.blob(target, name) == data
