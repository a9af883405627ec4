"""An attempt as a Job: pure."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from k8snb.errors import AnnotationError
from k8snb.orchestrators.base import Attempt
from k8snb.orchestrators.kubernetes.settings import Settings
from k8snb.pipeline.options import StepOptions
from k8snb.runner.access import PREFIX as STORE_PREFIX
from k8snb.runner.spec import Key

CONTAINER = "step"
MANAGED_BY = "app.kubernetes.io/managed-by"
RUN, STEP, INDEX, ATTEMPT = "k8snb.io/run", "k8snb.io/step", "k8snb.io/index", "k8snb.io/attempt"
KEY, IMAGE = "k8snb.io/key", "k8snb.io/image"
PREFIX = "k8snb-"

_NAME = 63
_POD_BASE = 57
"""Characters of a Job's name that stand in its pods' names."""
_GRACE = 3
"""Seconds that a runner has to write down what it holds when its pod is ended."""
_USER, _USER_NAME = 1000, "k8snb"
"""Who a locked-down pod runs as."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Surroundings:
    """What was found out about the namespace before anything was started.

    Parameters
    ----------
    store_secret, pull_secret : str or None
        Secrets of the namespace that pods use.
    restricted : bool
        The namespace takes locked-down pods only.
    """

    store_secret: str | None = None
    pull_secret: str | None = None
    restricted: bool = False


def job_name(key: Key) -> str:
    """Return the name of an attempt's Job: readable, and the same for the same key.

    Examples
    --------
    >>> job_name(Key("20260102-030405-ab12", "trainer"))
    'k8snb-20260102-030405-ab12-trainer-1'
    """
    index = "" if key.index is None else f"-{key.index}"
    plain = f"{PREFIX}{key.run}-{key.step}{index}-{key.attempt}"
    name = re.sub(r"[^a-z0-9-]+", "-", plain.lower())
    if name == plain and len(name) <= _POD_BASE and key.index is None:
        return name
    digest = hashlib.sha256(dump_key(key).encode()).hexdigest()[:8]
    return f"{name[: _POD_BASE - 9].rstrip('-')}-{digest}"


def label(text: str) -> str:
    """Return a text as a label's value: what may not stand there becomes ``-``."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:_NAME].strip("-_.")


def run_selector(run: str) -> str:
    """Return the label selector of everything that belongs to a run."""
    return f"{MANAGED_BY}=k8snb,{RUN}={label(run)}"


def dump_key(key: Key) -> str:
    """Return a key as it stands in an annotation."""
    return json.dumps(asdict(key), sort_keys=True)


def load_key(manifest: Mapping[str, Any]) -> Key:
    """Read the key of a Job or a pod."""
    return Key(**json.loads(manifest["metadata"]["annotations"][KEY]))


def job(attempt: Attempt, settings: Settings, surroundings: Surroundings) -> Json:
    """Return an attempt's Job.

    Raises
    ------
    AnnotationError
        An option of the step that cannot be read.
    """
    key, options = attempt.key, attempt.options
    labels = {
        MANAGED_BY: "k8snb",
        RUN: label(key.run),
        STEP: label(key.step),
        ATTEMPT: str(key.attempt),
        "pipeline": label(attempt.pipeline),
    }
    if key.index is not None:
        labels[INDEX] = str(key.index)
    annotations = {KEY: dump_key(key), "k8snb.io/pipeline": attempt.pipeline, IMAGE: attempt.image}
    patience = settings.wait_for_room + (options.timeout or 0)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job_name(key), "labels": labels, "annotations": annotations},
        "spec": {
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": settings.ttl,
            # The step's timeout is the runner's business: a deadline here would count the pull of the image.
            "activeDeadlineSeconds": max(settings.deadline, math.ceil(patience) + 60),
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": _pod(attempt, settings, surroundings),
            },
        },
    }


def _pod(attempt: Attempt, settings: Settings, surroundings: Surroundings) -> Json:
    options = attempt.options
    account = options.service_account or settings.service_account
    where = f"step {attempt.key.step}"
    pod: Json = {
        "restartPolicy": "Never",
        # A mounted token, like any volume, makes a pod start 0.3 s later.
        "automountServiceAccountToken": bool(account),
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _GRACE,
        "containers": [_container(attempt, settings, surroundings)],
    }
    if account:
        pod["serviceAccountName"] = account
    if surroundings.pull_secret:
        pod["imagePullSecrets"] = [{"name": surroundings.pull_secret}]
    if options.node_selector:
        pod["nodeSelector"] = dict(options.node_selector)
    if options.tolerations:
        pod["tolerations"] = [_toleration(t, where) for t in options.tolerations]
    if volumes := [_volume(i, v, where) for i, v in enumerate(options.volumes)]:
        pod["volumes"] = [volume for volume, _ in volumes]
        pod["containers"][0]["volumeMounts"] = [mount for _, mount in volumes]
    if options.gpu or options.shm:
        size = {"sizeLimit": options.shm} if options.shm else {}
        pod.setdefault("volumes", []).append({"name": "shm", "emptyDir": {"medium": "Memory", **size}})
        pod["containers"][0].setdefault("volumeMounts", []).append({"name": "shm", "mountPath": "/dev/shm"})  # noqa: S108
    if surroundings.restricted:
        pod["securityContext"] = {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,  # volumes belong to root otherwise
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    return pod


def _container(attempt: Attempt, settings: Settings, surroundings: Surroundings) -> Json:
    options, key = attempt.options, attempt.key
    container: Json = {
        "name": CONTAINER,
        "image": attempt.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-m", "k8snb.runner", f"{settings.store.rstrip('/')}/{key.folder}"],
        "env": _environment(options, settings, f"step {key.step}", restricted=surroundings.restricted),
        "envFrom": _whole_secrets(options, surroundings),
    }
    if attempt.handshake > 0:
        container |= {"stdin": True, "stdinOnce": False}
    if resources := _resources(options):
        container["resources"] = {"requests": resources, "limits": resources}
    if surroundings.restricted:
        container["securityContext"] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return container


def _environment(options: StepOptions, settings: Settings, where: str, *, restricted: bool) -> list[Json]:
    """Plain variables, and those that are taken from a key of a Secret."""
    store = {"AWS_ENDPOINT_URL": settings.endpoint, "AWS_REGION": settings.region}
    plain = {STORE_PREFIX + name: value for name, value in store.items() if value}
    secrets = [secret for text in options.secrets if (secret := read_secret(text, where)).variable]
    if restricted:  # the user 1000 has no name in most images, and getpass.getuser() wants one
        named = {secret.variable for secret in secrets}
        plain |= {name: _USER_NAME for name in ("USER", "LOGNAME") if name not in named}
    env: list[Json] = [{"name": name, "value": value} for name, value in (plain | options.env).items()]
    for secret in secrets:
        reference = {"name": secret.name, "key": secret.key}
        env.append({"name": secret.variable, "valueFrom": {"secretKeyRef": reference}})
    return env


@dataclass(frozen=True)
class SecretOption:
    """A ``--secret``: all keys of a Secret, or one as a variable.

    Parameters
    ----------
    name : str
    variable, key : str
        Empty where all are meant.
    """

    name: str
    variable: str = ""
    key: str = ""


def read_secret(text: str, where: str) -> SecretOption:
    """Read ``NAME`` or ``VARIABLE=NAME/KEY``.

    Raises
    ------
    AnnotationError
        It is neither.
    """
    variable, equals, source = text.partition("=")
    if not equals:
        return SecretOption(text)
    name, slash, key = source.partition("/")
    if not (variable and name and slash and key):
        raise AnnotationError(
            f"--secret {text} cannot be read", where=where, fix="--secret NAME, or --secret VARIABLE=NAME/KEY"
        )
    return SecretOption(name, variable, key)


def _whole_secrets(options: StepOptions, surroundings: Surroundings) -> list[Json]:
    """Secrets whose keys all become variables; the store's under names that leave the step's own ``AWS_*`` alone."""
    store = surroundings.store_secret
    sources: list[Json] = [{"prefix": STORE_PREFIX, "secretRef": {"name": store}}] if store else []
    return sources + [{"secretRef": {"name": secret}} for secret in options.secrets if "=" not in secret]


def _resources(options: StepOptions) -> dict[str, str]:
    wanted = {"cpu": options.cpu, "memory": options.memory, "nvidia.com/gpu": str(options.gpu) if options.gpu else None}
    return {name: amount for name, amount in wanted.items() if amount}


def _toleration(text: str, where: str) -> Json:
    """Read ``key=value:effect`` or ``key:effect``."""
    taint, colon, effect = text.rpartition(":")
    key, equals, value = taint.partition("=")
    if not (colon and key and effect in {"NoSchedule", "PreferNoSchedule", "NoExecute"}):
        raise AnnotationError(
            f"--toleration {text} cannot be read",
            where=where,
            fix="--toleration KEY=VALUE:NoSchedule, or KEY:NoSchedule",
        )
    if equals:
        return {"key": key, "operator": "Equal", "value": value, "effect": effect}
    return {"key": key, "operator": "Exists", "effect": effect}


def _volume(index: int, text: str, where: str) -> tuple[Json, Json]:
    """Return the volume and its mount."""
    claim, path = read_volume(text, where)
    name = f"volume-{index}"
    return {"name": name, "persistentVolumeClaim": {"claimName": claim}}, {"name": name, "mountPath": path}


def read_volume(text: str, where: str) -> tuple[str, str]:
    """Read ``CLAIM:/path``; return both.

    Raises
    ------
    AnnotationError
        It is something else.
    """
    claim, colon, path = text.partition(":")
    if not (colon and claim and path.startswith("/")):
        raise AnnotationError(f"--volume {text} cannot be read", where=where, fix="--volume CLAIM:/path")
    return claim, path
