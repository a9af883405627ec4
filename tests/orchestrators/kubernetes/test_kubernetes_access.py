"""Kubeconfigs that are wrong, clusters that do not answer, and the image that is pulled with a login."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import time
from pathlib import Path

import pytest

from k8snb.errors import ClusterError, StackError
from k8snb.images.code import Code
from k8snb.orchestrators.base import Environment
from k8snb.orchestrators.kubernetes import KubernetesOrchestrator, Settings
from k8snb.orchestrators.kubernetes.access import Permission, grant
from k8snb.orchestrators.kubernetes.client import Refused, refusal
from k8snb.orchestrators.kubernetes.settings import credentials_for_pods
from k8snb.runner.protocol import strip
from k8snb.stacks.model import ArtifactStore, ContainerRegistry, Credentials, FromPods, OrchestratorSettings, Stack
from tests.orchestrators.kubernetes.conftest import Cluster, make_image, observe


def config(server: str, user: dict) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "here",
    }


async def refused(path: Path, context: str | None = None) -> ClusterError:
    orchestrator = KubernetesOrchestrator(Settings("s3://x", "r/x", "x", kubeconfig=str(path), context=context))
    try:
        with pytest.raises(ClusterError) as caught:
            await orchestrator.check()
    finally:
        await orchestrator.aclose()
    return caught.value


async def test_no_kubeconfig(tmp_path: Path) -> None:
    error = await refused(tmp_path / "none")
    assert "no kubeconfig" in error.what
    assert str(tmp_path / "none") in error.where


async def test_a_context_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(json.dumps(config("https://127.0.0.1:1", {"token": "x"})))
    error = await refused(tmp_path / "config", "prod")
    assert "no context 'prod'" in error.what
    assert "here" in error.fix


@pytest.mark.parametrize("text", ["", "[", "{}", "clusters: 3", '{"current-context": "here", "contexts": []}'])
async def test_a_kubeconfig_that_is_broken(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    error = await refused(tmp_path / "config")
    assert "cannot be used" in error.what
    assert error.fix == "kubectl config view"


async def test_a_login_command_that_fails(tmp_path: Path) -> None:
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/nowhere/aws", "args": ["eks", "get-token"]}
    (tmp_path / "config").write_text(json.dumps(config("https://127.0.0.1:1", {"exec": command})))
    error = await refused(tmp_path / "config")
    assert "login command fails" in error.what
    assert "/nowhere/aws eks get-token" in error.fix


async def test_a_cluster_that_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (tmp_path / "config").write_text(json.dumps(config(f"https://127.0.0.1:{port}", {"token": "x"})))
    begun = time.monotonic()
    error = await refused(tmp_path / "config")
    assert time.monotonic() - begun < 5
    assert "does not answer" in error.what
    assert f"https://127.0.0.1:{port}" in error.where


def test_answers_that_are_no_success() -> None:
    error = refusal(403, '{"message": "jobs is forbidden"}', "here")
    assert isinstance(error, Refused)
    assert (error.status, error.said) == (403, "jobs is forbidden")
    assert "log in again" in refusal(401, "Unauthorized", "here").fix
    assert refusal(502, "<html>", "here").said == "<html>"


def test_the_commands_that_grant() -> None:
    permissions = [Permission("create", "pods", "attach"), Permission("get", "pods", "attach")]
    lines = grant("ml", "system:serviceaccount:ml:robot", permissions).splitlines()
    assert lines[0] == "kubectl -n ml create role k8snb-pods-attach --verb=create,get --resource=pods/attach"
    assert lines[1].endswith("--role=k8snb-pods-attach --serviceaccount=ml:robot")
    assert grant("ml", "ann", permissions).endswith("--user=ann")


STORE = ArtifactStore("s3://b/p", "http://localhost:1", "eu", from_pods=FromPods(endpoint="http://s3:1"))


def test_settings_of_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    told = OrchestratorSettings("kubernetes", {"context": "here", "namespace": "ml", "wait_for_room": 600})
    registry = ContainerRegistry("localhost:5/ml", FromPods("registry:5/ml"), insecure=True)
    stack = Stack("prod", told, STORE, registry, "python:3.11")
    settings = KubernetesOrchestrator.of_stack(stack, Path())._settings
    assert (settings.context, settings.namespace, settings.base) == ("here", "ml", "python:3.11")
    assert (settings.store, settings.endpoint, settings.region) == ("s3://b/p", "http://s3:1", "eu")
    assert (settings.wait_for_room, settings.insecure) == (600, ("localhost:5",))
    assert (settings.registry, settings.registry_from_pods) == ("localhost:5/ml", "registry:5/ml")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    assert credentials_for_pods(settings)["AWS_ACCESS_KEY_ID"] == "mine"
    with pytest.raises(StackError, match="needs a container registry"):
        KubernetesOrchestrator.of_stack(Stack("prod", told, STORE), Path())


@pytest.mark.parametrize("named", [Credentials(secret="s"), Credentials(service_account="a")])
def test_own_credentials_stay_here_where_others_are_named(named: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    store = ArtifactStore("s3://b/p", credentials=named)
    stack = Stack("prod", OrchestratorSettings("kubernetes"), store, ContainerRegistry("r/ml"))
    settings = KubernetesOrchestrator.of_stack(stack, Path())._settings
    assert credentials_for_pods(settings) == {}
    assert (settings.store_secret, settings.service_account) == (named.secret, named.service_account)


def docker_login(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write a Docker configuration with the login of the registry that asks for one."""
    host = os.environ["K8SNB_TEST_PRIVATE_REGISTRY"]
    user, password = (os.environ[f"K8SNB_TEST_PRIVATE_REGISTRY_{name}"] for name in ("USER", "PASSWORD"))
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return host


@pytest.mark.cluster
async def test_nodes_pull_with_the_login_of_this_machine(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = f"{docker_login(tmp_path, monkeypatch)}/private/{cluster.namespace}"
    image = await make_image(repository)
    orchestrator = cluster.orchestrator(registry=repository)
    attempt = cluster.attempt("put(b'pulled\\n')", image=image)
    await orchestrator.start(attempt)
    assert strip(attempt.nonce, (await observe(orchestrator, attempt)).raw) == b"pulled\n"


@pytest.mark.cluster
async def test_a_wrong_token_is_told_before_anything_is_made(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "kubectl", "config", "view", "--raw", "-o", "json", stdout=asyncio.subprocess.PIPE
    )
    known = json.loads((await process.communicate())[0])
    known["users"][0]["user"] = {"token": "wrong"}
    (tmp_path / "config").write_text(json.dumps(known))
    error = await refused(tmp_path / "config")
    assert "refuses the credentials" in error.what
    assert "log in again" in error.fix


@pytest.mark.cluster
@pytest.mark.parametrize(("named", "fix"), [("store_secret", "secret generic"), ("service_account", "serviceaccount")])
async def test_what_the_stack_names_and_is_not_there(cluster: Cluster, named: str, fix: str) -> None:
    orchestrator = cluster.orchestrator(store_credentials=None, **{named: "nowhere"})
    with pytest.raises(ClusterError, match="'nowhere'") as caught:
        await orchestrator.check()
    assert caught.value.fix.startswith(f"kubectl -n {cluster.namespace} create {fix} nowhere")


@pytest.mark.cluster
async def test_images_are_named_as_the_nodes_know_them(cluster: Cluster, tmp_path: Path) -> None:
    """Two steps of one environment share an image; only the registry's name differs for the nodes."""
    here = cluster.settings.registry
    orchestrator = cluster.orchestrator(registry_from_pods="registry.inside:5000/k8snb-tests", cache=tmp_path)
    code = Code({"steps/a.py": b"x = 1", "steps/b.py": b"y = 1"}, {})
    images = await orchestrator.prepare(code, {"a": Environment(), "b": Environment()})
    assert images["a"] == images["b"]
    name, _, digest = images["a"].partition("@")
    assert name == "registry.inside:5000/k8snb-tests"
    assert digest.startswith("sha256:")
    assert here not in images["a"]
