"""Environments in a real registry, run in a real cluster."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from k8snb.errors import InputError, RequirementsError
from k8snb.images import environment as module
from k8snb.images.append import append
from k8snb.images.code import Code, code_layer
from k8snb.images.environment import ensure
from k8snb.images.reference import Reference
from k8snb.images.registry import OCI_MANIFEST, Registry
from k8snb.images.requirements import constraints

JOBLIB = f"joblib=={metadata.version('joblib')}"  # small, pure Python


@pytest.fixture
async def client() -> AsyncIterator[Registry]:
    async with Registry(login=lambda _: None) as registry:
        yield registry


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def fake_base(fake, python: str) -> str:
    settings = {"architecture": "amd64", "os": "linux", "config": {"Env": [f"PYTHON_VERSION={python}"]}}
    config = fake.add_blob("base", json.dumps({**settings, "rootfs": {"diff_ids": []}}).encode())
    config["mediaType"] = "application/vnd.oci.image.config.v1+json"
    return str(fake.add_manifest("base", "1", {"mediaType": OCI_MANIFEST, "config": config, "layers": []}))


async def test_another_python_is_refused_before_anything_is_written(fake, client: Registry, tmp_path: Path) -> None:
    other = f"3.{sys.version_info.minor + 1}"
    with pytest.raises(InputError, match=rf"base image has Python {other} and the notebook 3\.") as caught:
        await ensure(client, f"{fake.host}/mine", fake_base(fake, other), (), (), cache_dir=tmp_path)
    assert f"python:3.{sys.version_info.minor}-slim" in caught.value.fix
    assert {line.split()[0] for line in fake.log} == {"GET"}


async def test_packages_that_cannot_be_had_leave_the_registry_as_it_was(
    fake, client: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RequirementsError("no wheel")

    monkeypatch.setattr(module.packages, "install", refuse)
    base = fake_base(fake, f"3.{sys.version_info.minor}.1")
    before = dict(fake.blobs), dict(fake.manifests)
    with pytest.raises(RequirementsError, match="no wheel"):
        await ensure(client, f"{fake.host}/mine", base, ("a==1",), (), cache_dir=tmp_path)
    assert (fake.blobs, fake.manifests, fake.uploads) == (*before, {})


@pytest.mark.parametrize(("asked", "tried"), [("a==2", [["b==1"], []]), ("a==1", [["b==1"]])])
async def test_constraints_yield_only_to_requirements_that_differ_from_the_kernel(
    fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, tried: list[list[str]]
) -> None:
    calls = []

    def refuse(_: object, bounds: object, *__: object) -> None:
        calls.append(list(bounds))
        raise RequirementsError("no")

    monkeypatch.setattr(module.packages, "install", refuse)
    base = fake_base(fake, f"3.{sys.version_info.minor}")
    async with Registry(login=lambda _: None) as client:
        with pytest.raises(RequirementsError):
            await ensure(client, f"{fake.host}/mine", base, (asked,), ("a==1", "b==1"), cache_dir=tmp_path)
    assert calls == tried


@pytest.fixture
def repository() -> str:
    return f"{os.environ['K8SNB_TEST_REGISTRY']}/test/environment-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def pod() -> Iterator[str]:
    name = f"images-{uuid.uuid4().hex[:8]}"
    yield name
    subprocess.run(["kubectl", "delete", "pod", name, "--now", "--wait=false", "--ignore-not-found"], check=True)


def run_in_pod(pod: str, image: Reference, code: str) -> str:
    """Run Python in a pod that may write next to nothing; return what it printed."""
    context = {"runAsUser": 1000, "runAsNonRoot": True, "allowPrivilegeEscalation": False}
    container = {"name": pod, "image": str(image), "command": ["python3", "-c", code], "securityContext": context}
    spec = {"containers": [container], "restartPolicy": "Never", "automountServiceAccountToken": False}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod}, "spec": spec}
    subprocess.run(["kubectl", "create", "-f", "-"], input=json.dumps(manifest).encode(), check=True)
    done = ["kubectl", "wait", f"pod/{pod}", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"]
    ended = subprocess.run(done, check=False).returncode == 0
    log = subprocess.check_output(["kubectl", "logs", pod], text=True)
    assert ended, log
    return log


@pytest.mark.cluster
async def test_environment_and_code_in_a_pod(client: Registry, repository: str, cache: Path, pod: str) -> None:
    base = os.environ["K8SNB_TEST_BASE_IMAGE"]
    told: list[str] = []
    first = await ensure(client, repository, base, (JOBLIB,), constraints(), cache_dir=cache, tell=told.append)
    assert told[:2] == [f"looking at the base image {base}", "making an image with 1 package; the next run finds it"]
    assert re.fullmatch(r"pushing the image: [\d.]+ MB", told[2])
    image = first.reference
    requests, sent = client.transport.requests, client.transport.sent
    try:
        assert await ensure(client, repository, base, (JOBLIB,), constraints(), cache_dir=cache) == first
        assert (client.transport.requests - requests, client.transport.sent - sent) == (2, 0)
        code = Code(steps={"steps/a.py": b""}, modules={"helper.py": b"import joblib\nword = 'seen'\n"})
        image = await append(client, first.reference, first.reference.repository, [code_layer(code)])
        program = (
            "import json, os, joblib, helper, cloudpickle, obstore, IPython, k8snb.errors as own\n"
            "open('written', 'w').close()\n"
            "modules = [joblib, obstore, own]\n"
            "print(json.dumps([helper.word, os.getcwd(), os.environ['HOME'], cloudpickle.__version__,"
            " IPython.__version__, [m.__file__ for m in modules], [os.path.exists(m.__cached__) for m in modules]]))"
        )
        told = json.loads(await asyncio.to_thread(run_in_pod, pod, image, program))
        assert told == [
            "seen",
            "/k8snb/work",
            "/k8snb/work",
            metadata.version("cloudpickle"),
            metadata.version("ipython"),
            ["/k8snb/packages/joblib/__init__.py"]
            + [f"/k8snb/runtime/{name}" for name in ("obstore/__init__.py", "k8snb/errors.py")],
            [True] * 3,
        ]
    finally:
        for made in (image, first.reference):
            await client.delete_manifest(made)


@pytest.mark.cluster
async def test_nearest_version_is_told(client: Registry, repository: str, cache: Path) -> None:
    base = os.environ["K8SNB_TEST_BASE_IMAGE"]
    with pytest.raises(RequirementsError, match=r"scikit-learn 1\.0\.2 cannot be had for the image") as caught:
        await ensure(client, repository, base, ("scikit-learn==1.0.2",), constraints(), cache_dir=cache)
    assert "1.1.3" in caught.value.fix
    assert await client.digest(Reference.parse(f"{repository}:latest")) is None
