"""Kubeconfigs that are wrong, clusters that do not answer, and the image that is pulled with a login."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import socket
import time
from pathlib import Path

import pytest
import yaml

from k8snb.errors import AnnotationError, ClusterError, ConfigError, RegistryError, StackError
from k8snb.images.code import Code
from k8snb.orchestrators.base import Environment
from k8snb.orchestrators.kubernetes import KubernetesOrchestrator, Settings
from k8snb.orchestrators.kubernetes.client import Api, Refused, StatusError, refusal
from k8snb.orchestrators.kubernetes.permissions import (
    ATTACH,
    EVENTS,
    GRANTED,
    NEEDED,
    SECRETS,
    grant,
    how_to_grant,
    how_to_permit,
)
from k8snb.orchestrators.kubernetes.settings import credentials_for_pods
from k8snb.orchestrators.kubernetes.things import check_steps
from k8snb.pipeline.options import StepOptions
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
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/nowhere/aws", "args": ["--password", "x7"]}
    (tmp_path / "config").write_text(json.dumps(config("https://127.0.0.1:1", {"exec": command})))
    error = await refused(tmp_path / "config")
    assert "login command fails: /nowhere/aws" in error.what
    assert "kubectl --context here auth whoami" in error.fix
    assert "x7" not in str(error)


async def test_a_login_in_the_servers_address_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(json.dumps(config("https://ann:x7@127.0.0.1:1", {})))
    assert "x7" not in str(await refused(tmp_path / "config"))


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


def role_and_binding(command: str) -> tuple[dict, dict]:
    head, _, rest = command.partition("\n")
    assert head == "kubectl -n ml apply -f - <<'END'"
    text, end, after = rest.rpartition("END")
    assert (end, after) == ("END", "")
    return tuple(yaml.safe_load_all(text))


def test_one_command_grants_and_changes_nothing_that_was_granted_before() -> None:
    role, binding = role_and_binding(grant("ml", "system:serviceaccount:ops:robot", NEEDED))
    assert {(rule["resources"][0], *rule["verbs"]) for rule in role["rules"]} == {
        ("pods", "get", "list", "watch"),
        ("pods/log", "get"),
        ("jobs", "create", "delete", "get", "list"),
    }
    assert [rule["apiGroups"] for rule in role["rules"] if rule["resources"] == ["jobs"]] == [["batch"]]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "robot", "namespace": "ops"}]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    same, other_user = role_and_binding(grant("ml", "ann", NEEDED[::-1]))
    assert same == role
    assert other_user["subjects"][0]["kind"] == "User"
    larger, other_role = role_and_binding(grant("ml", "ann", GRANTED))
    names = [part["metadata"]["name"] for part in (role, larger, binding, other_user, other_role)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"k8snb-[0-9a-f]{10}", name) for name in names)


def test_a_user_of_any_name_is_granted_to() -> None:
    name = "https://issuer/#a\"b'c: {d}\nEND"
    assert role_and_binding(grant("ml", name, NEEDED))[1]["subjects"][0]["name"] == name


def test_a_grant_holds_all_that_is_needed_and_why_pods_fail_but_not_attach() -> None:
    assert set(GRANTED) == {*NEEDED, *EVENTS}
    assert not {*GRANTED} & {*ATTACH, *SECRETS}


def test_the_namespace_comes_first_where_it_was_not_seen() -> None:
    lines = how_to_grant("ml", "ann", GRANTED, seen=False).splitlines()
    assert "kubectl create namespace ml" in lines[1]
    assert lines[2] == grant("ml", "ann", GRANTED).splitlines()[0]
    assert "create namespace" not in how_to_grant("ml", "ann", GRANTED)


def denied(verb: str, resource: str) -> str:
    return (
        f'{resource} "x" is forbidden: User "ann" cannot {verb} resource "{resource}" in API group "" in the '
        'namespace "ml": requires one of ["container.pods.create"] permission(s).'
    )


def test_a_permission_that_is_taken_away_is_granted_as_before_the_run() -> None:
    error = refusal(403, json.dumps({"message": denied("list", "pods")}), "here")
    assert error.fix == f"the permission is missing; {how_to_grant('ml', 'ann', GRANTED)}"
    assert how_to_permit(denied("create", "secrets")).endswith(grant("ml", "ann", [*GRANTED, *SECRETS]))
    assert '"pods/attach"' in how_to_permit(denied("create", "pods/attach"))
    assert how_to_permit('pods "x" is forbidden: exceeded quota: q') is None


class Answers(Api):
    """An API that holds some objects by path, and refuses others."""

    def __init__(self, found: dict[str, dict | int]) -> None:
        super().__init__(None, None)
        self.found, self.asked = found, []

    async def call(self, method: str, path: str, **_) -> dict:
        self.asked.append(path)
        answer = self.found.get(path.removeprefix("/api/v1/namespaces/ml/"), 404)
        if isinstance(answer, int):
            error = StatusError("no", where="here")
            error.status = answer
            raise error
        return answer


THERE = {"secrets/mine": {"data": {"a": "eA=="}}, "secrets/empty": {}, "persistentvolumeclaims/data": {}}
THERE |= {"serviceaccounts/robot": {}, "secrets/hidden": 403, "persistentvolumeclaims/broken": 500}


async def test_what_steps_name_is_there_or_may_not_be_looked_at() -> None:
    api = Answers(THERE)
    whole = StepOptions(secrets=("mine", "X=mine/a", "hidden", "Y=hidden/b"), volumes=("data:/data", "broken:/b"))
    await check_steps(
        api, "ml", {"a": whole, "b": whole, "c": StepOptions(service_account="robot"), "d": StepOptions()}
    )
    assert len(api.asked) == len(set(api.asked)) + 2  # a Secret and a key of it are looked at apart


@pytest.mark.parametrize(
    ("options", "says", "fix"),
    [
        ({"secrets": ("none",)}, "no Secret 'none' in", "create secret generic none --from-literal=KEY=VALUE"),
        ({"secrets": ("X=none/k",)}, "no Secret 'none' in", "create secret generic none --from-literal=k=VALUE"),
        ({"secrets": ("X=mine/k",)}, "no key 'k' in Secret 'mine'", "patch secret mine"),
        ({"secrets": ("X=empty/k",)}, "no key 'k' in Secret 'empty'", "patch secret empty"),
        ({"volumes": ("none:/x",)}, "no volume claim 'none'", "get pvc; name one of them: --volume CLAIM:/path"),
        ({"service_account": "none"}, "no service account 'none'", "create serviceaccount none, or another"),
        ({"secrets": ("../pods",)}, "no Secret '../pods'", "create secret"),
    ],
)
async def test_what_a_step_names_and_is_not_there(options: dict, says: str, fix: str) -> None:
    steps = {"first": StepOptions(secrets=("mine",)), "second": StepOptions(**options)}
    with pytest.raises(ConfigError, match=says) as caught:
        await check_steps(Answers(THERE), "ml", steps)
    assert caught.value.where == "step second, namespace ml"
    assert caught.value.fix.startswith(f"kubectl -n ml {fix}")


@pytest.mark.parametrize("options", [{"secrets": ("X=none",)}, {"volumes": ("data",)}])
async def test_options_that_cannot_be_read_are_told_before_anything_is_asked(options: dict) -> None:
    api = Answers({})
    with pytest.raises(AnnotationError, match="cannot be read") as caught:
        await check_steps(api, "ml", {"a": StepOptions(**options)})
    assert caught.value.where == "step a"
    assert api.asked == []


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


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("My_Team", "my-team"),
        ("-ml-", "ml"),
        ("m" * 64, "m" * 63),
        ("ml.prod", "ml-prod"),
        ("", "k8snb"),
        ("é\n", "k8snb"),
    ],
)
def test_a_namespace_that_cannot_be_one(name: str, better: str) -> None:
    stack = Stack("prod", OrchestratorSettings("kubernetes", {"namespace": name}), STORE, ContainerRegistry("r/ml"))
    with pytest.raises(StackError, match="cannot be the name of a namespace") as caught:
        KubernetesOrchestrator.of_stack(stack, Path())
    assert caught.value.where == "stack prod, orchestrator namespace"
    assert caught.value.fix == f'namespace = "{better}"'


@pytest.mark.parametrize("named", [Credentials(secret="s"), Credentials(service_account="a")])
def test_own_credentials_stay_here_where_others_are_named(named: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    store = ArtifactStore("s3://b/p", credentials=named)
    stack = Stack("prod", OrchestratorSettings("kubernetes"), store, ContainerRegistry("r/ml"))
    settings = KubernetesOrchestrator.of_stack(stack, Path())._settings
    assert credentials_for_pods(settings) == {}
    assert (settings.store_secret, settings.service_account) == (named.secret, named.service_account)


def docker_login(folder: Path, monkeypatch: pytest.MonkeyPatch, password: str | None = None) -> str:
    """Write a Docker configuration with the login of the registry that asks for one, or with another password."""
    host = os.environ["K8SNB_TEST_PRIVATE_REGISTRY"]
    user, right = (os.environ[f"K8SNB_TEST_PRIVATE_REGISTRY_{name}"] for name in ("USER", "PASSWORD"))
    auth = base64.b64encode(f"{user}:{password or right}".encode()).decode()
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
@pytest.mark.parametrize("wrong", ["password", "address"])
async def test_a_registry_that_refuses_leaves_nothing_in_the_cluster(
    wrong: str, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = f"{docker_login(tmp_path, monkeypatch, 'wrong')}/private/x" if wrong == "password" else "127.0.0.1:1/x"
    with pytest.raises(RegistryError):
        await cluster.orchestrator(registry=registry).check()
    with pytest.raises(StatusError) as caught:
        await cluster.api.call("GET", f"/api/v1/namespaces/{cluster.namespace}")
    assert caught.value.status == 404


@pytest.mark.cluster
async def test_the_registry_is_asked_with_one_pair_of_requests(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    await orchestrator.check()
    await orchestrator.check()
    assert orchestrator._registry.transport.requests == 2


@pytest.mark.cluster
async def test_what_steps_name_in_a_cluster(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    await orchestrator.check()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine"}, "stringData": {"a": "b"}}
    await cluster.make("/api/v1/namespaces/{}/secrets", secret)
    there = StepOptions(secrets=("mine", "X=mine/a"), service_account="default")
    await orchestrator.check_steps({"a": there})
    missing = [{"secrets": ("X=mine/b",)}, {"secrets": ("no",)}, {"volumes": ("no:/x",)}, {"service_account": "no"}]
    for options in missing:
        with pytest.raises(ConfigError, match="There is no") as caught:
            await orchestrator.check_steps({"a": there, "b": StepOptions(**options)})
        assert caught.value.where == f"step b, namespace {cluster.namespace}"


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
    images = await orchestrator.prepare(code, {"a": Environment(), "b": Environment()}, print)
    assert images["a"] == images["b"]
    name, _, digest = images["a"].partition("@")
    assert name == "registry.inside:5000/k8snb-tests"
    assert digest.startswith("sha256:")
    assert here not in images["a"]
