"""The registry client against a registry that can be difficult."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from k8snb.errors import RegistryError
from k8snb.images import registry as module
from k8snb.images.credentials import Credentials
from k8snb.images.reference import Reference, Repository
from k8snb.images.registry import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Registry

LOGIN = Credentials("me", "secret")


@pytest.fixture
async def client() -> AsyncIterator[Registry]:
    async with Registry(login=lambda _: None) as registry:
        yield registry


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def image(fake, name: str, architecture: str = "amd64", kind: str = OCI_MANIFEST) -> Reference:
    config = fake.add_blob(name, b'{"architecture": "%s", "os": "linux"}' % architecture.encode())
    layers = [fake.add_blob(name, b"layer")]
    return fake.add_manifest(name, "1", {"mediaType": kind, "config": config, "layers": layers})


@pytest.mark.parametrize("kind", [OCI_MANIFEST, DOCKER_MANIFEST])
async def test_image_by_tag_is_pinned_by_digest(fake, client: Registry, kind: str) -> None:
    pinned = image(fake, "a/b", kind=kind)
    found = await client.image(Reference(fake.repository("a/b"), tag="1"))
    assert found.reference.digest == pinned.digest
    assert found.platform == "linux/amd64"
    fake.log.clear()
    await client.image(found.reference)
    assert fake.log == []


async def test_platform_of_an_index(fake, client: Registry) -> None:
    entries = [
        {"digest": image(fake, "a", arch).digest, "platform": {"os": "linux", "architecture": arch}}
        for arch in ("arm64", "amd64")
    ]
    entries.insert(0, {"digest": digest(b""), "platform": {"os": "unknown", "architecture": "unknown"}})
    index = fake.add_manifest("a", "all", {"mediaType": OCI_INDEX, "manifests": entries})
    assert (await client.image(index, "linux/arm64")).platform == "linux/arm64"
    assert (await client.image(index)).reference.digest == entries[2]["digest"]
    with pytest.raises(RegistryError, match=r"not offered for linux/s390x, only for linux/amd64, linux/arm64\n"):
        await client.image(index, "linux/s390x")


async def test_missing_image(fake, client: Registry) -> None:
    with pytest.raises(RegistryError, match="no such image") as caught:
        await client.image(Reference(fake.repository("a"), tag="2"))
    assert caught.value.where == f"{fake.host}/a:2"
    assert await client.digest(Reference(fake.repository("a"), tag="2")) is None


async def test_damaged_blob(fake, client: Registry, tmp_path: Path) -> None:
    fake.blobs["a", digest(b"right")] = b"wrong"
    with pytest.raises(RegistryError, match="damaged"):
        await client.blob(fake.repository("a"), digest(b"right"))
    with pytest.raises(RegistryError, match="damaged"):
        await client.save_blob(fake.repository("a"), digest(b"right"), tmp_path / "x")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make 1 kB a large blob."""
    monkeypatch.setattr(module, "IN_ONE_PUT", 1000)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("redirects", [False, True])
@pytest.mark.parametrize(("in_file", "size"), [(False, 0), (False, 10), (False, 5000), (True, 10), (True, 5000)])
async def test_blob_there_and_back(fake, tmp_path: Path, redirects: bool, in_file: bool, size: int) -> None:
    fake.redirects = redirects
    data = (bytes(range(256)) * 20)[:size]
    (tmp_path / "blob").write_bytes(data)
    target = fake.repository("a/b")
    async with Registry(login=lambda _: None) as client:
        await client.put_blob(target, digest(data), tmp_path / "blob" if in_file else data)
        assert await client.has_blob(target, digest(data))
        assert await client.blob(target, digest(data)) == data
        await client.save_blob(target, digest(data), tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == data
        sent = client.transport.sent
        await client.put_blob(target, digest(data), data)
        assert client.transport.sent == sent


async def test_parts_where_one_piece_is_refused(
    fake, client: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IN_ONE_PUT", 100)
    monkeypatch.setattr(module, "CHUNK", 1000)
    fake.largest = 1000
    data = bytes(range(250)) * 10
    (tmp_path / "blob").write_bytes(data)
    await client.put_blob(fake.repository("a"), digest(data), tmp_path / "blob")
    assert fake.blobs["a", digest(data)] == data
    assert sum(line.startswith("PATCH") for line in fake.log) == 1 + 3
    fake.largest = 900
    with pytest.raises(RegistryError, match="even in parts"):
        await client.put_blob(fake.repository("b"), digest(data), tmp_path / "blob")


async def test_cut_off_upload_begins_anew(
    fake, client: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IN_ONE_PUT", 100)
    data = b"x" * (4 << 20)
    (tmp_path / "blob").write_bytes(data)
    fake.breaks = 2
    await client.put_blob(fake.repository("a"), digest(data), tmp_path / "blob")
    assert fake.blobs["a", digest(data)] == data
    fake.breaks = 3
    with pytest.raises(RegistryError, match="cannot be reached"):
        await client.put_blob(fake.repository("b"), digest(data), tmp_path / "blob")


@pytest.mark.parametrize("mounts", [True, False])
async def test_mount_or_upload(fake, client: Registry, mounts: bool) -> None:
    fake.mounts = mounts
    blob = fake.add_blob("base", b"data")["digest"]
    await client.put_blob(fake.repository("mine"), blob, b"data", source=fake.repository("base"))
    assert fake.blobs["mine", blob] == b"data"
    assert client.transport.sent == (0 if mounts else 4)
    assert fake.uploads == {}


async def test_check_push_leaves_nothing(fake, client: Registry) -> None:
    await client.check_push(fake.repository("a"))
    assert fake.uploads == {}
    assert [line.split()[0] for line in fake.log] == ["POST", "DELETE"]


async def test_denied(fake, client: Registry) -> None:
    fake.may_push = False
    with pytest.raises(RegistryError, match="may not be written to with this login: not you") as caught:
        await client.check_push(fake.repository("a"))
    assert caught.value.where == f"{fake.host}/a"
    assert f"docker login {fake.host}" in caught.value.fix


async def test_unreachable(unused_tcp_port: int, client: Registry) -> None:
    host = f"127.0.0.1:{unused_tcp_port}"
    with pytest.raises(RegistryError, match="cannot be reached") as caught:
        await client.check_push(Repository(host, "a"))
    assert caught.value.where == host


async def test_busy_registry_is_asked_again(fake, client: Registry) -> None:
    fake.busy = 3
    await client.check_push(fake.repository("a"))
    fake.busy = 4
    with pytest.raises(RegistryError, match="answered 503"):
        await client.check_push(fake.repository("a"))


async def test_bearer_tokens_are_fetched_once_for_each_scope(fake) -> None:
    fake.bearer, fake.login = True, LOGIN.basic
    blob = fake.add_blob("base", b"data")["digest"]
    async with Registry(login=lambda _: LOGIN) as client:
        for _ in range(2):
            await client.check_push(fake.repository("mine"))
            await client.has_blob(fake.repository("mine"), blob)
        assert fake.tokens == ["repository:mine:pull,push", "repository:mine:pull"]
        assert await client.mount_blob(fake.repository("mine"), blob, fake.repository("base"))
    assert fake.tokens[2:] == ["repository:mine:pull,push+repository:base:pull"]


async def test_token_that_the_registry_no_longer_takes_is_replaced(fake) -> None:
    fake.bearer = True
    async with Registry(login=lambda _: None) as client:
        await client.check_push(fake.repository("a"))
        headers = client.transport._authorization._headers
        for key, known in headers.items():
            headers[key] = type(known)("Bearer old", known.until)
        await client.check_push(fake.repository("a"))
    assert len(fake.tokens) == 2


@pytest.mark.parametrize(
    ("login", "said"), [(None, "asks for a login"), (Credentials("me", "old"), "refuses the login")]
)
async def test_refused_login(fake, login: Credentials | None, said: str) -> None:
    fake.bearer, fake.login = True, LOGIN.basic
    async with Registry(login=lambda _: login) as client:
        with pytest.raises(RegistryError, match=said) as caught:
            await client.check_push(fake.repository("a"))
    assert caught.value.fix == f"docker login {fake.host}"


async def test_a_login_does_not_travel_to_another_host(fake, tmp_path: Path) -> None:
    """The fake asserts that what it redirects to gets no Authorization."""
    fake.bearer = fake.redirects = True
    blob = fake.add_blob("a", b"data")["digest"]
    async with Registry(login=lambda _: None) as client:
        assert await client.blob(fake.repository("a"), blob) == b"data"
    assert f"GET /elsewhere/{blob}" in fake.log
