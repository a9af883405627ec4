"""What the cluster says of an attempt, in words or as an error with its way out. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from k8snb.errors import (
    AdmissionError,
    AttemptError,
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
from k8snb.orchestrators.kubernetes.manifests import CONTAINER
from k8snb.runner.spec import Key

_SIGNALS = range(129, 193)
_DEFINITE = re.compile(
    r"not found|does not exist|no such|couldn't find key|forbidden|is invalid|references non-existent"
)
_IMAGE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
    | {"RegistryUnavailable", "SignatureValidationFailed"}
)
_CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PostStartHookError"})
_NOT_STARTED = frozenset({"StartError", "ContainerCannotRun"})
_NO_ROOM = re.compile(r"Outof\w+|OutOf\w+|NodeAffinity|NodePorts|UnexpectedAdmissionError|TopologyAffinityError")
_PREEMPTION = re.compile(r"\s*(?:no new claims to deallocate,\s*)?\bpreemption: .*", re.DOTALL)
"""What the scheduler says besides of pods that might have to give way."""

_AMOUNTS = re.compile(r"Insufficient ([\w./-]*\w)")
_OPTIONS = {"cpu": "--cpu", "memory": "--memory", "nvidia.com/gpu": "--gpu"}
_UNSAID = "must specify"
"""In a quota's words where the pod asks for no amount: to wait is of no use."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Sighting:
    """All that is known of an attempt in the cluster.

    Parameters
    ----------
    pod : mapping or None
    deleted : bool
        There was a pod, and there is none now.
    events : sequence of mapping
        Of the Job and its pod, the oldest first.
    job : mapping or None
        Read where its pod is missing or being deleted.
    job_missing : bool
        It was looked for and is not there.
    """

    pod: Json | None = None
    deleted: bool = False
    events: Sequence[Json] = ()
    job: Json | None = None
    job_missing: bool = False


@dataclass(frozen=True)
class Case:
    """Whose sighting it is, for messages.

    Parameters
    ----------
    key : Key
    namespace : str
    wait : bool
        To have no room, or no quota, is something to wait for.
    """

    key: Key
    namespace: str
    wait: bool = False

    @property
    def where(self) -> str:
        """The step and its pods."""
        return f"step {self.key.step}, run {self.key.run}, attempt {self.key.attempt}, namespace {self.namespace}"


def container_state(pod: Json | None) -> tuple[str, Json]:
    """Return the state of the step's container (``waiting``, ``running``, ``terminated`` or ``""``) and its fields."""
    for status in (pod or {}).get("status", {}).get("containerStatuses") or ():
        if status["name"] == CONTAINER:
            for name, fields in status.get("state", {}).items():
                return name, fields or {}
    return "", {}


def is_over(pod: Json | None) -> bool:
    """Whether the container ended or will never run: nothing more is printed."""
    phase = (pod or {}).get("status", {}).get("phase")
    return phase in {"Failed", "Succeeded"} or container_state(pod)[0] == "terminated"


def judge(sighting: Sighting, case: Case) -> Waiting | Gone | None:
    """Return why the attempt waits, how it ended, or why it cannot start; None while it runs."""
    no_more = sighting.pod is None and (sighting.job_missing or job_end(sighting.job))
    if no_more or sighting.deleted or is_over(sighting.pod):
        return _ended(sighting, case)
    if sighting.pod is None:
        return _no_pod(sighting, case)
    name, fields = container_state(sighting.pod)
    if name == "running":
        return None
    if error := _cannot_start(name, fields, case):
        return Gone(None, error)
    return _not_scheduled(sighting, case) or _mounts(sighting, case) or Waiting(_progress(sighting))


def _ended(sighting: Sighting, case: Case) -> Gone:
    status = (sighting.pod or {}).get("status", {})
    reason, message = status.get("reason", ""), status.get("message", "")
    name, fields = container_state(sighting.pod)
    code = _code(fields.get("exitCode")) if name == "terminated" else None
    if "DeadlineExceeded" in {reason, job_end(sighting.job)}:
        return Gone(
            code,
            _error(
                TimeoutExceededError,
                "The step's pod was there longer than the stack permits",
                case,
                "raise the orchestrator's deadline (seconds) in k8snb.toml",
            ),
        )
    if name == "terminated" and fields.get("reason") == "OOMKilled":
        return Gone(code, _out_of_memory(sighting, case))
    if name == "terminated" and fields.get("reason") in _NOT_STARTED:
        fix = "its image must hold python3, on the PATH"
        return Gone(code, _error(ConfigError, f"The step cannot be started: {fields.get('message')}", case, fix))
    if _NO_ROOM.fullmatch(reason):
        return Gone(code, _error(UnschedulableError, f"The node refuses the pod: {message}", case, "start it again"))
    return Gone(code, _stopped(sighting, case) or _disrupted(sighting, case))


def _stopped(sighting: Sighting, case: Case) -> AttemptError | None:
    """Return the error for a step whose Job somebody has deleted: that is no accident."""
    if not sighting.job_missing or (sighting.pod or {}).get("status", {}).get("reason"):
        return None
    what = "The step's Job was deleted" if sighting.pod else "The step's Job is not in the cluster: it was deleted"
    return _error(StoppedError, what, case, "run the step again, if it was not meant")


def _disrupted(sighting: Sighting, case: Case) -> AttemptError | None:
    what = _disruption(sighting)
    fix = "start it again; what ended it was not the step"
    return _error(DisruptedError, what, case, fix) if what else None


def _disruption(sighting: Sighting) -> str | None:
    """Return in words what outside the step ended it."""
    pod = sighting.pod or {}
    status = pod.get("status", {})
    if reason := status.get("reason"):
        return f"The step's pod was ended: {reason}: {status.get('message', '')}".rstrip(": ")
    for condition in status.get("conditions") or ():
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            return f"The step's pod was disrupted: {condition.get('reason')}: {condition.get('message', '')}".rstrip(
                ": "
            )
    if "deletionTimestamp" in pod.get("metadata", {}) or sighting.deleted:
        return "The step's pod was deleted"
    if pod == {}:
        return "The step's Job is over and its pod is gone"
    return None


def _out_of_memory(sighting: Sighting, case: Case) -> AttemptError:
    limit = None
    for container in (sighting.pod or {})["spec"]["containers"]:
        limit = container.get("resources", {}).get("limits", {}).get("memory") or limit
    what = f"The step used more memory than its limit of {limit}" if limit else "The step's node ran out of memory"
    return _error(OutOfMemoryError, what, case, f"give the step more: --memory (now {limit or 'no limit'})")


def job_end(job: Json | None) -> str | None:
    """Return why a Job is over, or None where it goes on."""
    for condition in (job or {}).get("status", {}).get("conditions") or ():
        if condition["status"] == "True" and condition["type"] in {"Failed", "FailureTarget", "Complete"}:
            return str(condition.get("reason") or condition["type"])
    return None


def _no_pod(sighting: Sighting, case: Case) -> Waiting | Gone:
    """The Job is there and no pod: the controller has not come to it, or may not make one."""
    refusals = [e for e in sighting.events if e.get("reason") == "FailedCreate"]
    if not refusals:
        return Waiting("waits for the cluster to make its pod")
    error = refused(refusals[-1].get("message", ""), case)
    if case.wait and isinstance(error, QuotaError) and _UNSAID not in error.what:
        return Waiting(f"waits for quota: {error.what}")
    if "default" in error.what and "error looking up service account" in error.what:
        return Waiting("waits for the new namespace's service account")
    return Gone(None, error)


def unexplained(job: str, case: Case, how_to_grant: str) -> AttemptError:
    """Return the error for a Job that gets no pod, where the events that would tell why may not be read.

    Parameters
    ----------
    job : str
    case : Case
    how_to_grant : str
        As `permissions.how_to_grant` says it.
    """
    what = (
        "No pod was made for the step (a quota, a service account or a policy?); why cannot be seen without the "
        "permission to list and watch events"
    )
    # The events stay for an hour when the Job is deleted; `kubectl describe` does not find them then.
    seen = f"kubectl -n {case.namespace} get events --field-selector involvedObject.name={job}"
    return _error(ConfigError, what, case, f"{seen}\n{how_to_grant}")


def refused(message: str, case: Case) -> AttemptError:
    """Return the error for a pod (or Job) that the API did not let in."""
    said = message.removeprefix("Error creating: ")
    if "quota" in said and _UNSAID in said:
        options = [option for name, option in _OPTIONS.items() if name in said]
        wanted = " and ".join(options or ["--cpu", "--memory"])
        what = f"The namespace's quota wants {wanted} to be given: {said}"
        return _error(QuotaError, what, case, f"give the step {wanted}, or all of them in [steps.defaults]")
    if "quota" in said:
        fix = f"wait, ask for less (--cpu, --memory), or: kubectl -n {case.namespace} describe quota"
        return _error(QuotaError, f"The namespace's quota is used up: {said}", case, fix)
    if "service account" in said or "serviceaccount" in said:
        fix = f"kubectl -n {case.namespace} create serviceaccount NAME, or another --service-account"
        return _error(ConfigError, f"The pod's service account is not there: {said}", case, fix)
    if "PodSecurity" in said:
        fix = "take out what the policy names; k8snb locks pods down by itself where the namespace is `restricted`"
        return _error(AdmissionError, f"The namespace's pod security refuses the pod: {said}", case, fix)
    return _error(
        AdmissionError, f"The cluster refuses the pod: {said}", case, "ask who runs it, or change what it names"
    )


def _not_scheduled(sighting: Sighting, case: Case) -> Waiting | Gone | None:
    for condition in (sighting.pod or {}).get("status", {}).get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return _unschedulable(condition.get("reason", ""), condition.get("message", ""), case)
    return None


def _unschedulable(reason: str, message: str, case: Case) -> Waiting | Gone:
    if reason != "Unschedulable":
        return Waiting(f"waits for a node: {message or reason}")
    if "persistentvolumeclaim" in message and _DEFINITE.search(message):
        fix = f"kubectl -n {case.namespace} get pvc; name one of them: --volume CLAIM:/path"
        return Gone(None, _error(ConfigError, f"The step's volume is not there: {message}", case, fix))
    short = sorted(set(_AMOUNTS.findall(message)))
    message = _PREEMPTION.sub("", message)
    if case.wait:
        lacking = f"no node has enough {' and '.join(short)}: " if short else ""
        return Waiting(f"waits for room: {lacking}{message}")
    if short:
        wanted = ", ".join(_OPTIONS.get(name, name) for name in short)
        fix = f"ask for less ({wanted}), or add nodes; where nodes come by themselves, wait_for_room = 600 (seconds)"
        what = f"No node has enough {' and '.join(short)}: {message}"
    else:
        fix = "see --node-selector and --toleration; kubectl get nodes --show-labels; kubectl describe nodes"
        what = f"No node takes the pod: {message}"
    return Gone(None, _error(UnschedulableError, what, case, fix))


def _cannot_start(state: str, fields: Json, case: Case) -> AttemptError | None:
    reason, message = fields.get("reason", ""), fields.get("message", "")
    if state != "waiting":
        return None
    if reason in _IMAGE:
        return _error(ImageError, f"The image cannot be pulled ({reason}): {message}", case, _image_fix(message))
    if reason in _CONFIG:
        fix = "see --secret, --env and --volume"
        if missing := re.search(r'secret "([^"]+)" not found', message):
            fix = f"kubectl -n {case.namespace} create secret generic {missing[1]} --from-literal=KEY=VALUE"
        elif "runAsNonRoot" in message:
            fix = "an image with another user than root, by number: USER 1000"
        return _error(ConfigError, f"The step's container cannot be made ({reason}): {message}", case, fix)
    return None


def _image_fix(message: str) -> str:
    if re.search(r"unauthorized|401|403|denied|authorization", message, re.IGNORECASE):
        return (
            "the nodes need a login for the registry: docker login on this machine, or a pull secret in the namespace"
        )
    if re.search(r"not found|manifest unknown|InvalidImageName|invalid reference", message, re.IGNORECASE):
        return "see the image's name (--image); it must be in the registry for the nodes' platform"
    if "HTTP response to HTTPS" in message:
        return "the nodes must be told that the registry speaks plain HTTP, or give it a certificate"
    return "can the nodes reach the registry? Its address for them may be another one: container_registry.from_pods"


def _mounts(sighting: Sighting, case: Case) -> Waiting | Gone | None:
    for event in reversed(sighting.events):
        if event.get("reason") in {"Pulling", "Pulled", "Created"}:
            return None  # it was mounted after all
        if event.get("reason") not in {"FailedMount", "FailedAttachVolume", "FailedMapVolume"}:
            continue
        message = event.get("message", "")
        if _DEFINITE.search(message):
            fix = f"kubectl -n {case.namespace} get pvc,secret,configmap; see --volume"
            return Gone(None, _error(ConfigError, f"A volume cannot be mounted: {message}", case, fix))
        return Waiting(f"waits for a volume: {message}")
    return None


def _progress(sighting: Sighting) -> str:
    """Return what the node does for a pod that has not started."""
    for event in reversed(sighting.events):
        match event.get("reason"):
            case "Pulling":
                return "pulls the image"
            case "FailedCreatePodSandBox":
                return f"waits for its node: {event.get('message', '')}"
            case "Pulled" | "Created" | "Scheduled":
                return "starts"
    return "starts" if (sighting.pod or {}).get("spec", {}).get("nodeName") else "waits for a node"


def _code(exit_code: int | None) -> int | None:
    """Return an exit code, negative for a signal."""
    return 128 - exit_code if exit_code in _SIGNALS else exit_code  # type: ignore[operator]  # None is in no range


def _error(kind: type[AttemptError], what: str, case: Case, fix: str) -> AttemptError:
    return kind(what.strip(), where=case.where, fix=fix)
