"""An attempt as a Job."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snb.errors import AnnotationError
from k8snb.orchestrators.base import Attempt
from k8snb.orchestrators.kubernetes.manifests import Surroundings, job, job_name, label, load_key
from k8snb.orchestrators.kubernetes.settings import Settings
from k8snb.pipeline.options import StepOptions
from k8snb.runner.spec import Key

SETTINGS = Settings("s3://bucket/team", "reg/ml", "base", endpoint="http://s3:1", region="eu-1", namespace="ml")
PLAIN = Surroundings()
KEY = Key("20260102-030405-ab12", "trainer")

steps = st.from_regex(r"[a-z0-9]([-_a-z0-9]{0,38}[a-z0-9])?", fullmatch=True)
keys = st.builds(
    Key,
    st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True),
    steps,
    st.none() | st.integers(0, 10**6),
    st.integers(1, 99),
)


def make(surroundings: Surroundings = PLAIN, settings: Settings = SETTINGS, handshake: float = 2.0, **options):
    attempt = Attempt(KEY, "0" * 16, "my digits!", "reg/ml@sha256:1", handshake, StepOptions(**options))
    return job(attempt, settings, surroundings)


def pod_of(manifest: dict) -> dict:
    return manifest["spec"]["template"]["spec"]


@given(st.lists(keys, min_size=2, max_size=2, unique=True))
def test_names_are_valid_and_one_per_key(pair: list[Key]) -> None:
    one, other = map(job_name, pair)
    for name in (one, other):
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,55}[a-z0-9])?", name)
    if one == other:  # told apart by the annotation: runs' ids that hold a step's name
        assert pair[0].index is None
        assert pair[1].index is None
        assert all(re.fullmatch(r"[a-z0-9-]+", k.run + k.step) for k in pair)
    assert job_name(pair[0]) == one


@given(st.text(max_size=100))
def test_labels_are_valid(text: str) -> None:
    assert re.fullmatch(r"([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?", label(text))


def test_names_can_be_read() -> None:
    assert job_name(KEY) == "k8snb-20260102-030405-ab12-trainer-1"
    assert job_name(Key("r", "skew_comparison")).startswith("k8snb-r-skew-comparison-1-")
    assert job_name(Key("r", "a_b")) != job_name(Key("r", "a-b"))


def test_an_ordinary_step() -> None:
    manifest = make(Surroundings(store_secret="store"))
    assert manifest["spec"]["backoffLimit"] == 0
    assert manifest["spec"]["ttlSecondsAfterFinished"] > 0
    assert manifest["spec"]["activeDeadlineSeconds"] > 0
    for meta in (manifest["metadata"], manifest["spec"]["template"]["metadata"]):
        assert meta["labels"] == {
            "app.kubernetes.io/managed-by": "k8snb",
            "k8snb.io/run": KEY.run,
            "k8snb.io/step": "trainer",
            "k8snb.io/attempt": "1",
            "pipeline": "my-digits",
        }
        assert load_key({"metadata": meta}) == KEY
    pod = pod_of(manifest)
    assert pod["restartPolicy"] == "Never"
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert not {"volumes", "securityContext", "imagePullSecrets", "serviceAccountName"} & pod.keys()
    container = pod["containers"][0]
    address = f"s3://bucket/team/{KEY.folder}"
    assert container["command"] == ["python3", "-m", "k8snb.runner", address]
    assert (container["image"], container["imagePullPolicy"]) == ("reg/ml@sha256:1", "IfNotPresent")
    assert (container["stdin"], container["stdinOnce"]) == (True, False)
    assert container["envFrom"] == [{"prefix": "K8SNB_STORE_", "secretRef": {"name": "store"}}]
    assert container["env"] == [
        {"name": "K8SNB_STORE_AWS_ENDPOINT_URL", "value": "http://s3:1"},
        {"name": "K8SNB_STORE_AWS_REGION", "value": "eu-1"},
    ]


def test_no_stdin_without_a_handshake() -> None:
    assert "stdin" not in pod_of(make(handshake=0))["containers"][0]


def test_the_options_of_a_step() -> None:
    pod = pod_of(
        make(
            Surroundings(pull_secret="pull"),
            cpu="500m",
            memory="1Gi",
            gpu=2,
            shm="1Gi",
            timeout=12.5,
            env={"A": "b"},
            secrets=("whole", "TOKEN=some/key"),
            node_selector={"disk": "ssd"},
            tolerations=("gpu=yes:NoSchedule", "spot:NoExecute"),
            volumes=("claim:/data",),
            service_account="robot",
        )
    )
    container = pod["containers"][0]
    amounts = {"cpu": "500m", "memory": "1Gi", "nvidia.com/gpu": "2"}
    assert container["resources"] == {"requests": amounts, "limits": amounts}
    assert {"name": "A", "value": "b"} in container["env"]
    reference = {"secretKeyRef": {"name": "some", "key": "key"}}
    assert {"name": "TOKEN", "valueFrom": reference} in container["env"]
    assert container["envFrom"] == [{"secretRef": {"name": "whole"}}]
    assert [m["mountPath"] for m in container["volumeMounts"]] == ["/data", "/dev/shm"]
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "claim"}
    assert pod["volumes"][1]["emptyDir"] == {"medium": "Memory", "sizeLimit": "1Gi"}
    assert "activeDeadlineSeconds" not in pod  # it would count the pull of the image
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("robot", True)
    assert pod["nodeSelector"] == {"disk": "ssd"}
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    assert pod["tolerations"] == [
        {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Exists", "effect": "NoExecute"},
    ]


def test_a_restricted_namespace() -> None:
    pod = pod_of(make(Surroundings(restricted=True)))
    assert pod["securityContext"]["runAsNonRoot"] is True
    users = {pod["securityContext"][name] for name in ("runAsUser", "runAsGroup", "fsGroup")}
    assert users == {1000}
    context = pod["containers"][0]["securityContext"]
    assert context == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def environment_of(manifest: dict) -> list[dict]:
    return [e for e in pod_of(manifest)["containers"][0]["env"] if e["name"] in {"USER", "LOGNAME"}]


def test_the_user_of_a_restricted_pod_has_a_name() -> None:
    restricted = Surroundings(restricted=True)
    assert environment_of(make(restricted)) == [{"name": n, "value": "k8snb"} for n in ("USER", "LOGNAME")]
    assert environment_of(make()) == []
    named = environment_of(make(restricted, env={"USER": "ann"}))
    assert named == [{"name": "USER", "value": "ann"}, {"name": "LOGNAME", "value": "k8snb"}]
    reference = {"secretKeyRef": {"name": "some", "key": "user"}}
    secret = environment_of(make(restricted, secrets=("USER=some/user",)))
    assert secret == [{"name": "LOGNAME", "value": "k8snb"}, {"name": "USER", "valueFrom": reference}]


def test_no_credential_is_written_down() -> None:
    settings = Settings("s3://b", "r/x", "base", store_credentials={"AWS_SECRET_ACCESS_KEY": "hunter2"})
    assert "hunter2" not in json.dumps(make(Surroundings(store_secret="store"), settings))
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "option",
    [{"secrets": ("A=b",)}, {"tolerations": ("gpu",)}, {"tolerations": ("gpu:Never",)}, {"volumes": ("claim:data",)}],
)
def test_options_that_cannot_be_read(option: dict) -> None:
    with pytest.raises(AnnotationError, match="cannot be read") as caught:
        make(**option)
    assert "trainer" in caught.value.where
    assert caught.value.fix.startswith("--")
