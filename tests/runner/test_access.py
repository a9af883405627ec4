"""The store's credentials: found, used, and gone before user code runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from k8snb.runner.access import split
from tests.runner.conftest import Runner

LOOK = """
import os, posix, subprocess
def read(path):
    try:
        return open(path).read()
    except OSError as error:
        return repr(error)
print(dict(os.environ), posix.environ)
print(read("/proc/self/environ"), read(f"/proc/{os.getppid()}/environ"))
print(subprocess.run(["env"], capture_output=True, text=True).stdout)
print("GREETING" in read(f"/proc/{os.getppid()}/environ"))
"""


def test_an_address() -> None:
    assert split("file:///a/b/runs/r/s/-/1") == ("file:///a/b", "runs/r/s/-/1")


def test_variables_of_the_store_alone_are_gone(runner: Runner) -> None:
    runner.environment = {
        "K8SNB_STORE_AWS_SECRET_ACCESS_KEY": "s3cr3t-of-the-store",
        "AWS_SECRET_ACCESS_KEY": "the-steps-own",
        "GREETING": "hello",
    }
    text = runner.run(LOOK).text
    assert "s3cr3t-of-the-store" not in text
    assert text.count("the-steps-own") >= 4
    assert text.endswith("True\n")


def test_aws_variables_of_an_s3_store_are_gone() -> None:
    script = (
        "import sys\nfrom k8snb.runner.access import take\n"
        "access = take('s3://bucket/folder/runs/r/s/-/1')\n"
        "print(access.uri, access.endpoint, access.region, sorted(access.credentials))\n" + LOOK
    )
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "key-id-of-the-store",
        "AWS_SECRET_ACCESS_KEY": "s3cr3t-of-the-store",
        "AWS_ENDPOINT_URL": "http://minio:9000",
        "AWS_REGION": "eu-central-1",
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    first, rest = done.stdout.split("\n", 1)
    assert first == ("s3://bucket/folder http://minio:9000 eu-central-1 ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']")
    assert "of-the-store" not in rest


@pytest.mark.cluster
def test_a_step_over_s3(runner: Runner, s3_bucket) -> None:
    runner.remote = s3_bucket
    secret = s3_bucket.credentials["AWS_SECRET_ACCESS_KEY"]
    runner.environment = {
        **{name: "" for name, value in os.environ.items() if secret in value},
        **s3_bucket.environment,
    }
    ran = runner.run(LOOK + "x = [1]\nprint('y' * 3_000_000)", outputs=["x"])
    assert (ran.result.state, [g.names for g in ran.result.groups]) == ("succeeded", [("x",)])
    assert ran.result.log_parts >= 3
    assert ran.raw.startswith(ran.stored)
    assert secret not in ran.text
