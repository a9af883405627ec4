"""What is made of the cluster's words: those that cannot be provoked on one node, and the words themselves."""

from __future__ import annotations

import pytest

from k8snb.errors import (
    AdmissionError,
    ConfigError,
    DisruptedError,
    ImageError,
    OutOfMemoryError,
    QuotaError,
    StoppedError,
    TimeoutExceededError,
    UnschedulableError,
)
from k8snb.orchestrators.base import Gone, Waiting
from k8snb.orchestrators.kubernetes.reasons import Case, Sighting, judge, refused, unexplained
from k8snb.runner.spec import Key

CASE = Case(Key("run", "step"), "ml")
WAITS = Case(Key("run", "step"), "ml", wait=True)


def pod(state: dict | None = None, *, conditions: tuple = (), deleting: bool = False, **status) -> dict:
    statuses = [{"name": "sidecar", "state": {"running": {}}}]
    if state is not None:
        statuses.append({"name": "step", "state": state})
    metadata = {"name": "p", "deletionTimestamp": "2026"} if deleting else {"name": "p"}
    spec = {"nodeName": "n", "containers": [{"name": "step", "resources": {"limits": {"memory": "1Gi"}}}]}
    return {
        "metadata": metadata,
        "spec": spec,
        "status": {"containerStatuses": statuses, "conditions": list(conditions)} | status,
    }


def ended(code: int, reason: str = "Error") -> dict:
    return {"terminated": {"exitCode": code, "reason": reason}}


def disrupted(reason: str) -> dict:
    return {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "words"}


def unscheduled(message: str) -> dict:
    return {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}


def event(reason: str, message: str) -> dict:
    return {"reason": reason, "message": message}


ENDS = [
    (Sighting(pod(ended(0, "Completed"), phase="Succeeded")), 0, None, None),
    (Sighting(pod(ended(3))), 3, None, None),
    (Sighting(pod(ended(137))), -9, None, None),
    (Sighting(pod(ended(139))), -11, None, None),
    (Sighting(pod(ended(255))), 255, None, None),
    (Sighting(pod(ended(137, "OOMKilled"))), -9, OutOfMemoryError, "limit of 1Gi"),
    (Sighting(pod(ended(128, "ContainerCannotRun"))), 128, ConfigError, "cannot be started"),
    (Sighting(pod(ended(137), conditions=(disrupted("PreemptionByScheduler"),))), -9, DisruptedError, "Preemption"),
    (Sighting(pod(ended(143), conditions=(disrupted("DeletionByTaintManager"),))), -15, DisruptedError, "Taint"),
    (Sighting(pod(phase="Failed", reason="Evicted", message="disk")), None, DisruptedError, "Evicted: disk"),
    (Sighting(pod(phase="Failed", reason="NodeLost")), None, DisruptedError, "NodeLost"),
    (Sighting(pod(phase="Failed", reason="Shutdown")), None, DisruptedError, "Shutdown"),
    (Sighting(pod(phase="Failed", reason="OutOfcpu", message="no")), None, UnschedulableError, "node refuses"),
    (Sighting(pod(ended(137), phase="Failed", reason="DeadlineExceeded")), -9, TimeoutExceededError, "longer"),
    (Sighting(pod({"running": {}}), deleted=True), None, DisruptedError, "deleted"),
    (Sighting(pod({"running": {}}, deleting=True), deleted=True), None, DisruptedError, "deleted"),
    (Sighting(job_missing=True), None, StoppedError, "not in the cluster"),
    (Sighting(pod({"running": {}}), deleted=True, job_missing=True), None, StoppedError, "Job was deleted"),
    (Sighting(pod(phase="Failed", reason="NodeLost"), job_missing=True), None, DisruptedError, "NodeLost"),
    (
        Sighting(
            pod(ended(137), deleting=True),
            job={"status": {"conditions": [{"type": "FailureTarget", "status": "True", "reason": "DeadlineExceeded"}]}},
        ),
        -9,
        TimeoutExceededError,
        "longer",
    ),
    (
        Sighting(job={"status": {"conditions": [{"type": "Complete", "status": "True"}]}}),
        None,
        DisruptedError,
        "its pod is gone",
    ),
]


@pytest.mark.parametrize(("sighting", "code", "kind", "says"), ENDS)
def test_ends(sighting: Sighting, code: int | None, kind: type | None, says: str | None) -> None:
    gone = judge(sighting, CASE)
    assert isinstance(gone, Gone)
    assert gone.code == code
    if kind is None:
        assert gone.error is None
    else:
        assert type(gone.error) is kind
        assert says in gone.error.what
        assert "namespace ml" in gone.error.where
        assert gone.error.fix


def test_a_running_pod_says_nothing_of_itself() -> None:
    assert judge(Sighting(pod({"running": {}})), CASE) is None
    assert judge(Sighting(pod({"running": {}}, deleting=True), job_missing=True), CASE) is None


SHORT = "0/1 nodes are available: 1 Insufficient cpu."
NO_ROOM = (
    f"{SHORT} no new claims to deallocate, preemption: 0/1 nodes are available: "
    "1 Preemption is not helpful for scheduling."
)

WAITING = [
    (Sighting(), CASE, "waits for the cluster to make its pod"),
    (Sighting(pod()), CASE, "starts"),
    (Sighting(pod(), events=[event("Pulling", "")]), CASE, "pulls the image"),
    (Sighting(pod(), events=[event("Pulling", ""), event("Pulled", "")]), CASE, "starts"),
    (Sighting(pod({"waiting": {"reason": "ContainerCreating"}})), CASE, "starts"),
    (Sighting(pod(), events=[event("FailedMount", "timed out")]), CASE, "waits for a volume: timed out"),
    (Sighting(pod(), events=[event("FailedMount", "x not found"), event("Pulling", "")]), CASE, "pulls the image"),
    (Sighting(pod(), events=[event("FailedCreatePodSandBox", "network")]), CASE, "waits for its node: network"),
    (Sighting(pod(conditions=(unscheduled(NO_ROOM),))), WAITS, f"waits for room: no node has enough cpu: {SHORT}"),
    (Sighting(pod(conditions=(unscheduled("all are full."),))), WAITS, "waits for room: all are full."),
    (Sighting(events=[event("FailedCreate", "exceeded quota: q")]), WAITS, "waits for quota"),
    (
        Sighting(events=[event("FailedCreate", "error looking up service account ml/default: not found")]),
        CASE,
        "waits for the new namespace's service account",
    ),
]


@pytest.mark.parametrize(("sighting", "case", "says"), WAITING)
def test_waiting(sighting: Sighting, case: Case, says: str) -> None:
    waiting = judge(sighting, case)
    assert isinstance(waiting, Waiting)
    assert waiting.reason.startswith(says)


STARTS = [
    (pod({"waiting": {"reason": "ErrImagePull", "message": "dial tcp: refused"}}), ImageError, "from_pods"),
    (
        pod({"waiting": {"reason": "ErrImagePull", "message": "HTTP response to HTTPS client"}}),
        ImageError,
        "plain HTTP",
    ),
    (pod({"waiting": {"reason": "ImagePullBackOff", "message": "401 Unauthorized"}}), ImageError, "docker login"),
    (pod({"waiting": {"reason": "CreateContainerConfigError", "message": "runAsNonRoot"}}), ConfigError, "USER 1000"),
    (
        pod(conditions=(unscheduled("1 Insufficient memory, 2 Insufficient cpu."),)),
        UnschedulableError,
        "--cpu, --memory",
    ),
    (pod(conditions=(unscheduled("1 node(s) had untolerated taint {a: b}"),)), UnschedulableError, "--toleration"),
    (pod(conditions=(unscheduled('persistentvolumeclaim "x" not found'),)), ConfigError, "--volume"),
]


@pytest.mark.parametrize(("seen", "kind", "fix"), STARTS)
def test_what_cannot_start(seen: dict, kind: type, fix: str) -> None:
    gone = judge(Sighting(seen), CASE)
    assert isinstance(gone, Gone)
    assert type(gone.error) is kind
    assert fix in gone.error.fix


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('Error creating: pods "x" is forbidden: exceeded quota: q, requested: cpu=1', QuotaError),
        ("failed quota: q: must specify limits.cpu", QuotaError),
        ('pods "x" is forbidden: error looking up service account ml/robot: not found', ConfigError),
        ('pods "x" is forbidden: violates PodSecurity "restricted:latest": seccomp', AdmissionError),
        ('admission webhook "policy.example.org" denied the request: no', AdmissionError),
    ],
)
def test_refusals(message: str, kind: type) -> None:
    error = refused(message, CASE)
    assert type(error) is kind
    assert message.removeprefix("Error creating: ") in error.what
    assert error.fix


@pytest.mark.parametrize("case", [CASE, WAITS])
@pytest.mark.parametrize(
    ("wants", "options"),
    [
        ("requests.cpu for: step; limits.memory for: step", "--cpu and --memory"),
        ("requests.memory for: step", "--memory"),
        ("limits.ephemeral-storage for: step", "--cpu and --memory"),
    ],
)
def test_a_quota_that_wants_amounts_is_not_used_up(case: Case, wants: str, options: str) -> None:
    message = f'Error creating: pods "x" is forbidden: failed quota: q: must specify {wants}'
    gone = judge(Sighting(events=[event("FailedCreate", message)]), case)
    assert isinstance(gone, Gone)  # waiting gives no amounts
    assert gone.error.what.startswith(f"The namespace's quota wants {options} to be given")
    assert "used up" not in gone.error.what
    assert options in gone.error.fix


def test_a_job_without_a_pod_and_without_events() -> None:
    error = unexplained("k8snb-run-step-1", CASE, "someone who may grant it runs:\n...")
    assert type(error) is ConfigError
    assert "No pod was made" in error.what
    assert "permission to list and watch events" in error.what
    assert "kubectl -n ml get events" in error.fix
    assert "k8snb-run-step-1" in error.fix
    assert error.fix.endswith("runs:\n...")
