"""What Kubernetes has to say against a pod, provoked: the error comes within 2 s of the cluster's own word."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from k8snb.errors import (
    AdmissionError,
    AttemptError,
    ConfigError,
    DisruptedError,
    ImageError,
    OutOfMemoryError,
    QuotaError,
    StoppedError,
    UnschedulableError,
)
from k8snb.orchestrators.base import Attempt
from k8snb.runner.protocol import strip
from tests.orchestrators.kubernetes.conftest import Cluster, Seen, Witness, never, observe, report

pytestmark = pytest.mark.cluster

Told = Callable[[dict], bool]
Start = Callable[[], Awaitable[Witness]]


def event(reason: str, text: str = "") -> Told:
    return lambda item: item.get("reason") == reason and text in item.get("message", "")


def container(state: str, reason: str) -> Told:
    def told(item: dict) -> bool:
        statuses = item.get("status", {}).get("containerStatuses", []) if "spec" in item else []
        return any(s["state"].get(state, {}).get("reason") == reason for s in statuses)

    return told


def condition(kind: str, reason: str) -> Told:
    def told(item: dict) -> bool:
        found = item.get("status", {}).get("conditions", []) if "spec" in item else []
        return any(c["type"] == kind and c.get("reason") == reason for c in found)

    return told


def over(item: dict) -> bool:
    statuses = item.get("status", {}).get("containerStatuses", []) if "spec" in item else []
    return any("terminated" in s["state"] for s in statuses)


def failed(reason: str) -> Told:
    return lambda item: "spec" in item and item.get("status", {}).get("reason") == reason


MISSING = f"{os.environ.get('K8SNB_TEST_REGISTRY')}/k8snb-tests@sha256:{'0' * 64}"
REFUSED = f"{os.environ.get('K8SNB_TEST_PRIVATE_REGISTRY')}/secret/image:1"


@dataclass(frozen=True)
class Case:
    """What is asked for, what the cluster says and what is made of it."""

    told: Told
    error: type[AttemptError]
    says: str
    fix: str
    script: str = "put(b'begun\\n'); time.sleep(60)"
    image: str | None = None
    options: dict = field(default_factory=dict)


CASES = {
    "image that is not there": Case(
        container("waiting", "ErrImagePull"), ImageError, "not found", "--image", image=MISSING
    ),
    "registry that asks for a login": Case(
        container("waiting", "ErrImagePull"), ImageError, "authori", "docker login", image=REFUSED
    ),
    "name of an image that is none": Case(
        container("waiting", "InvalidImageName"), ImageError, "InvalidImageName", "--image", image="Not/An/Image"
    ),
    "Secret that is not there": Case(
        container("waiting", "CreateContainerConfigError"),
        ConfigError,
        'secret "nowhere" not found',
        "create secret generic nowhere",
        options={"secrets": ("nowhere",)},
    ),
    "more processors than there are": Case(
        condition("PodScheduled", "Unschedulable"), UnschedulableError, "enough cpu", "--cpu", options={"cpu": "1000"}
    ),
    "GPU where there is none": Case(
        condition("PodScheduled", "Unschedulable"), UnschedulableError, "nvidia.com/gpu", "--gpu", options={"gpu": 1}
    ),
    "node that is not there": Case(
        condition("PodScheduled", "Unschedulable"),
        UnschedulableError,
        "node affinity/selector",
        "--node-selector",
        options={"node_selector": {"disk": "huge"}},
    ),
    "claim that is not there": Case(
        condition("PodScheduled", "Unschedulable"),
        ConfigError,
        '"nowhere" not found',
        "get pvc",
        options={"volumes": ("nowhere:/data",)},
    ),
    "service account that is not there": Case(
        event("FailedCreate"), ConfigError, "nobody", "create serviceaccount", options={"service_account": "nobody"}
    ),
    "image without Python": Case(
        container("terminated", "StartError"), ConfigError, "python3", "python3", options={"env": {"PATH": "/nowhere"}}
    ),
    "more memory than the limit": Case(
        container("terminated", "OOMKilled"),
        OutOfMemoryError,
        "limit of 64Mi",
        "--memory",
        script="put(b'begun\\n'); x = bytearray(200 << 20)",
        options={"memory": "64Mi"},
    ),
}


async def meet(cluster: Cluster, start: Start, case: Case, attempt: Attempt | None = None) -> Seen:
    """Start an attempt and check its end against a case."""
    orchestrator = cluster.orchestrator()
    await orchestrator.check()
    witness = await start()
    attempt = attempt or cluster.attempt(case.script, image=case.image, **case.options)
    await orchestrator.start(attempt)
    seen = await observe(orchestrator, attempt, until=never)
    late = seen.at - await witness.first(case.told)
    check(seen, case)
    report(f"{case.error.__name__}: {case.says}", late)
    assert late < 2
    async with asyncio.timeout(10):  # nothing of it starts after all
        while await orchestrator.running(attempt.key.run):
            await asyncio.sleep(0.05)
    return seen


def check(seen: Seen, case: Case) -> None:
    assert seen.gone is not None
    error = seen.gone.error
    assert type(error) is case.error, error
    assert case.says in error.what
    assert "step step" in error.where
    assert case.fix in error.fix


@pytest.mark.parametrize("name", CASES)
async def test_said_by_the_cluster(name: str, cluster: Cluster, witness: Start) -> None:
    case = CASES[name]
    seen = await meet(cluster, witness, case)
    if b"begun" in seen.raw:
        assert case.error is OutOfMemoryError


async def test_quota(cluster: Cluster, witness: Start) -> None:
    await cluster.orchestrator().check()
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small"},
        "spec": {"hard": {"pods": "0"}},
    }
    await cluster.make("/api/v1/namespaces/{}/resourcequotas", quota)
    await settled(cluster, "resourcequotas/small", lambda q: "hard" in q.get("status", {}))
    case = Case(event("FailedCreate", "quota"), QuotaError, "exceeded quota: small", "describe quota")
    await meet(cluster, witness, case)


async def test_pod_security(cluster: Cluster, witness: Start) -> None:
    orchestrator = cluster.orchestrator()
    await orchestrator.check()
    cluster.orchestrator = lambda: orchestrator  # it has looked, and the policy comes after
    path = f"/api/v1/namespaces/{cluster.namespace}"
    namespace = await cluster.api.call("GET", path)
    namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted"
    await cluster.api.call("PUT", path, body=namespace)
    case = Case(event("FailedCreate", "PodSecurity"), AdmissionError, "runAsNonRoot", "policy")
    await meet(cluster, witness, case)


async def test_limits_of_the_namespace(cluster: Cluster, witness: Start) -> None:
    await cluster.orchestrator().check()
    limits = {"limits": [{"type": "Container", "max": {"memory": "100Mi"}}]}
    body = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"}, "spec": limits}
    await cluster.make("/api/v1/namespaces/{}/limitranges", body)
    case = Case(event("FailedCreate"), AdmissionError, "maximum memory usage", "change", options={"memory": "1Gi"})
    await meet(cluster, witness, case)


async def test_a_volume_that_cannot_be_mounted(cluster: Cluster, witness: Start) -> None:
    await cluster.orchestrator().check()
    name = f"kt-{secrets.token_hex(4)}"
    hosts = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/os", "operator": "Exists"}]}]}
    size, modes = {"storage": "1Mi"}, ["ReadWriteOnce"]
    spec = {"capacity": size, "accessModes": modes, "local": {"path": "/nowhere"}, "storageClassName": name}
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}}
    volume["spec"] = spec | {
        "nodeAffinity": {"required": hosts},
        "claimRef": {"namespace": cluster.namespace, "name": "data"},
    }
    await cluster.api.call("POST", "/api/v1/persistentvolumes", body=volume)
    try:
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}}
        claim["spec"] = {"accessModes": modes, "resources": {"requests": size}, "storageClassName": name}
        await cluster.make("/api/v1/namespaces/{}/persistentvolumeclaims", claim)
        await settled(cluster, "persistentvolumeclaims/data", lambda c: c["status"].get("phase") == "Bound")
        case = Case(
            event("FailedMount"), ConfigError, "does not exist", "--volume", options={"volumes": ("data:/data",)}
        )
        await meet(cluster, witness, case)
    finally:
        await cluster.api.call("DELETE", f"/api/v1/persistentvolumes/{name}")


async def test_evicted_for_its_files(cluster: Cluster, witness: Start) -> None:
    await cluster.orchestrator().check()
    limits = {"limits": [{"type": "Container", "default": {"ephemeral-storage": "1Mi"}}]}
    body = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"}, "spec": limits}
    await cluster.make("/api/v1/namespaces/{}/limitranges", body)
    script = "put(b'begun\\n'); open('/tmp/x', 'wb').write(bytes(50 << 20)); time.sleep(60)"
    await meet(cluster, witness, Case(failed("Evicted"), DisruptedError, "Evicted", "start it again", script))


@pytest.mark.parametrize("how", ["pod", "eviction", "job"])
async def test_ended_by_someone(how: str, cluster: Cluster, witness: Start) -> None:
    orchestrator = cluster.orchestrator()
    await orchestrator.check()
    watch = await witness()
    attempt = cluster.attempt("put(b'begun\\n'); time.sleep(60)")
    await orchestrator.start(attempt)
    following = asyncio.create_task(observe(orchestrator, attempt, until=never))
    pods = f"/api/v1/namespaces/{cluster.namespace}/pods"
    pod = await settled(cluster, "pods", lambda found: bool(found["items"]) and over_or_running(found["items"][0]))
    name = pod["items"][0]["metadata"]["name"]
    begun = time.monotonic()
    match how:
        case "pod":
            await cluster.api.call("DELETE", f"{pods}/{name}")
        case "eviction":
            body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
            await cluster.api.call("POST", f"{pods}/{name}/eviction", body=body)
        case "job":
            await orchestrator.cancel([attempt.key])
    seen = await following
    if how == "job":
        check(seen, Case(over, StoppedError, "Job was deleted", "run the step again"))
    else:
        check(seen, Case(over, DisruptedError, "pod was", "start it again"))
    late = seen.at - await watch.first(over)
    report(f"ended ({how}) after the container's end", late)
    report("  after it was asked for", seen.at - begun)
    assert late < 2
    assert strip(attempt.nonce, seen.raw) == b"begun\n"


def over_or_running(pod: dict) -> bool:
    return any("running" in s["state"] for s in pod["status"].get("containerStatuses", []))


async def settled(cluster: Cluster, what: str, condition: Callable[[dict], bool]) -> dict:
    """Wait until the cluster has come to know something."""
    async with asyncio.timeout(15):
        while True:
            found = await cluster.api.call("GET", f"/api/v1/namespaces/{cluster.namespace}/{what}")
            if condition(found):
                return found
            await asyncio.sleep(0.05)


async def test_a_job_that_the_api_refuses_is_named_before_it_is_there(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    with pytest.raises(ConfigError, match="quantities must match"):
        await orchestrator.start(cluster.attempt("", memory="a lot"))


async def test_no_room_is_waited_for_where_steps_of_the_run_will_make_some(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    node = (await cluster.api.call("GET", "/api/v1/nodes"))["items"][0]
    total = node["status"]["allocatable"]["memory"]
    half = f"{int(int(total.removesuffix('Ki')) * 0.55)}Ki"
    first = cluster.attempt("put(b'first\\n'); time.sleep(3)", memory=half, run="room", step="first")
    second = cluster.attempt("put(b'second\\n')", memory=half, run="room", step="second")
    await orchestrator.start(first)
    following = asyncio.create_task(observe(orchestrator, first))
    await settled(cluster, "pods", lambda found: bool(found["items"]) and over_or_running(found["items"][0]))
    await orchestrator.start(second)
    seen = await observe(orchestrator, second)
    await following
    assert strip(second.nonce, seen.raw) == b"second\n", seen
    assert any("waits for room" in reason and "memory" in reason for reason in seen.waiting)
