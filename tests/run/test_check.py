"""The check of stacks, part by part."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from k8snb.errors import ClusterError, ForbiddenError, K8snbError, RegistryError, StoreError
from k8snb.run import check as checking
from k8snb.run.check import ORCHESTRATOR, REGISTRY, STORE, Outcome, check
from k8snb.stacks.model import ArtifactStore, ContainerRegistry, OrchestratorSettings, Stack
from tests.fixtures_cluster import kubectl
from tests.fixtures_s3 import Bucket, s3_bucket
from tests.kubeconfig import write_kubeconfig

__all__ = ["s3_bucket"]

CLOSED = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8SNB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


def stack_of(name: str = "x", *, store: ArtifactStore, registry: str, **settings: str) -> Stack:
    return Stack(name, OrchestratorSettings("kubernetes", settings), store, ContainerRegistry(registry))


def dead(folder: Path, server: str = f"https://{CLOSED}") -> Stack:
    """A stack of which nothing answers."""
    kubeconfig = str(write_kubeconfig(folder / "kubeconfig", "there", current="there", server=server))
    store = ArtifactStore("s3://bucket/x", endpoint=f"http://{CLOSED}")
    return stack_of("dead", store=store, registry=f"{CLOSED}/x", kubeconfig=kubeconfig)


def errors(found: list[Outcome]) -> dict[str, K8snbError | None]:
    return {outcome.part: outcome.error for outcome in found}


async def test_a_local_stack_works_and_has_no_registry(tmp_path: Path) -> None:
    stack = Stack(
        "mine", OrchestratorSettings(), ArtifactStore((tmp_path / "store").as_uri()), ContainerRegistry("r/x")
    )
    found = await check([stack], tmp_path)
    assert [(outcome.stack, outcome.part, outcome.error) for outcome in found] == [
        ("mine", ORCHESTRATOR, None),
        ("mine", STORE, None),
    ]
    assert all(0 <= outcome.seconds < 5 for outcome in found)


async def test_no_failure_hides_another_and_each_is_told_as_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    local = Stack("mine", OrchestratorSettings(), ArtifactStore((tmp_path / "store").as_uri()))
    told: list[Outcome] = []
    begun = time.monotonic()
    found = await check([dead(tmp_path), local], tmp_path, told.append)
    assert time.monotonic() - begun < 10
    kinds = [type(outcome.error).__mro__ for outcome in found]
    assert ClusterError in kinds[0]
    assert StoreError in kinds[1]
    assert RegistryError in kinds[2]
    assert all(outcome.error and outcome.error.fix for outcome in found[:3])
    assert [outcome.error for outcome in found[3:]] == [None, None]
    assert sorted(told, key=found.index) == found


async def test_without_credentials_and_with_an_unknown_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    stack = replace(dead(tmp_path), orchestrator=OrchestratorSettings("kubeflowx"))
    found = errors(await check([stack], tmp_path))
    assert "no orchestrator of kind 'kubeflowx'" in str(found[ORCHESTRATOR])
    assert "no credentials" in str(found[STORE])
    assert CLOSED in str(found[REGISTRY])


async def test_who_takes_calls_and_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PATIENCE", 0.3)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        stack = dead(tmp_path, server=f"https://{address}")
        store = ArtifactStore("s3://bucket/x", endpoint=f"http://{address}")
        stack = replace(stack, artifact_store=store, container_registry=ContainerRegistry(f"{address}/x"))
        begun = time.monotonic()
        found = await check([stack], tmp_path)
    assert time.monotonic() - begun < 4
    for outcome in found:
        assert outcome.error is not None
        assert outcome.error.what == "no answer within 0 s"
        assert outcome.error.where
        assert outcome.error.fix


async def test_many_slow_stores_do_not_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(50)
    monkeypatch.setattr(checking, "_look_at_store", lambda _: together.wait(10) and None)
    stacks = [Stack(f"s{i}", OrchestratorSettings(), ArtifactStore((tmp_path / "x").as_uri())) for i in range(50)]
    assert {outcome.error for outcome in await check(stacks, tmp_path)} == {None}


async def test_a_defect_of_one_part_is_told_as_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Stack) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(checking, "store_of", broken)
    stack = Stack("mine", OrchestratorSettings(), ArtifactStore((tmp_path / "store").as_uri()))
    found = errors(await check([stack], tmp_path))
    assert found[ORCHESTRATOR] is None
    assert "RuntimeError: oops" in str(found[STORE])


# --- on the test cluster -------------------------------------------------------------------------------------------


@pytest.fixture
def there(s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack that works, in a namespace that is not there yet."""
    for name, value in s3_bucket.credentials.items():
        monkeypatch.setenv(name, value)
    namespace = f"check-{secrets.token_hex(4)}"
    store = ArtifactStore(f"{s3_bucket.uri}/k8snb", endpoint=s3_bucket.endpoint, region="us-east-1")
    registry = f"{os.environ['K8SNB_TEST_REGISTRY']}/{namespace}"
    yield stack_of(store=store, registry=registry, context="test-cluster", namespace=namespace)
    kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")


def namespace_of(stack: Stack) -> str:
    return str(stack.orchestrator.settings["namespace"])


@pytest.mark.cluster
async def test_a_stack_that_works_has_all_parts_looked_at_and_nothing_made(there: Stack, tmp_path: Path) -> None:
    found = await check([there], tmp_path)
    assert errors(found) == dict.fromkeys((ORCHESTRATOR, STORE, REGISTRY))
    user, note = found[0].note.split("; ")
    assert user == f"as {json.loads(kubectl('auth', 'whoami', '-o', 'json'))['status']['userInfo']['username']}"
    assert note == f"namespace {namespace_of(there)} is not there yet: the first run makes it"
    assert kubectl("get", "namespace", namespace_of(there), "--ignore-not-found") == ""
    kubectl("create", "namespace", namespace_of(there))
    assert (await check([there], tmp_path))[0].note == user
    assert kubectl("-n", namespace_of(there), "get", "secrets", "-o", "name") == ""


@pytest.mark.cluster
@pytest.mark.parametrize("made", [True, False])
async def test_a_user_without_permissions(there: Stack, tmp_path: Path, *, made: bool) -> None:
    """Some permissions are missing; or all are there but the namespace, and that may not be made."""
    namespace, home = namespace_of(there), f"{namespace_of(there)}-home"
    kubectl("create", "namespace", home)
    try:
        kubectl("-n", home, "create", "serviceaccount", "guest")
        if made:
            kubectl("create", "namespace", namespace)
        else:
            rule = ["--clusterrole=edit", f"--serviceaccount={home}:guest"]
            kubectl("create", "clusterrolebinding", home, *rule)
        config = json.loads(kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
        config["users"][0]["user"] = {"token": kubectl("-n", home, "create", "token", "guest").strip()}
        (tmp_path / "guest").write_text(json.dumps(config))
        settings = {"kubeconfig": str(tmp_path / "guest"), "namespace": namespace}
        guest = replace(there, orchestrator=OrchestratorSettings("kubernetes", settings))
        found = errors(await check([guest], tmp_path))
    finally:
        kubectl("delete", "clusterrolebinding", home, "--ignore-not-found")
        kubectl("delete", "namespace", home, "--wait=false")
    error = found[ORCHESTRATOR]
    assert error is not None
    if made:
        assert isinstance(error, ForbiddenError)
        assert f"system:serviceaccount:{home}:guest may not create jobs.batch" in error.what
        assert f"kubectl -n {namespace} apply" in str(error.fix)
    else:
        assert "may not create namespaces" in error.what
        assert f"kubectl create namespace {namespace}" in str(error.fix)
    assert (found[STORE], found[REGISTRY]) == (None, None)


@pytest.mark.cluster
async def test_a_store_and_a_registry_that_refuse(
    there: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = f"{os.environ['K8SNB_TEST_PRIVATE_REGISTRY']}/x"
    no_bucket = replace(there.artifact_store, uri="s3://k8snb-no-such-bucket/x")
    stack = replace(there, artifact_store=no_bucket, container_registry=ContainerRegistry(private))
    found = errors(await check([stack], tmp_path))
    assert "no such bucket" in str(found[STORE])
    assert f"docker login {os.environ['K8SNB_TEST_PRIVATE_REGISTRY']}" in str(found[REGISTRY])
    assert found[ORCHESTRATOR] is None
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret-key")
    found = errors(await check([there], tmp_path))
    assert "secret key is wrong" in str(found[STORE])
    assert "not-the-secret-key" not in str(found[STORE])
    assert (found[ORCHESTRATOR], found[REGISTRY]) == (None, None)
