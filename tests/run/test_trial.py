"""The check of a stack by a step that does nothing."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from k8snb.artifacts.store import open_store
from tests.fixtures_cluster import Project, layers, there
from tests.fixtures_s3 import s3_bucket

__all__ = ["layers", "s3_bucket", "there"]

pytestmark = pytest.mark.cluster


def check(there: Project) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "k8snb", "stack", "check"]
    return subprocess.run(command, cwd=there.folder, capture_output=True, text=True, check=False)


def test_a_stack_that_works_has_run_a_step_of_which_nothing_is_left(there: Project) -> None:
    done = check(there)
    assert done.returncode == 0, done.stderr
    for part in ("orchestrator", "artifact store", "container registry", "in a step"):
        assert re.search(rf"^{part} +✓ works \d", done.stdout, re.MULTILINE), done.stdout
    assert there.pushed()
    assert there.jobs() == []
    store = open_store(there.values["store"], endpoint=there.values["endpoint"])
    assert [name for name in store.list() if not name.startswith("blobs/")] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"endpoint": '{}", from_pods.endpoint = "http://10.244.0.1:9'}, ["store cannot be reached", "from_pods"]),
        (
            {"endpoint": '{}", from_pods.uri = "s3://elsewhere/k8snb'},
            ["could not begin", "elsewhere", "from_pods"],
        ),
        ({"registry": '{}", from_pods.uri = "127.0.0.1:9/x'}, ["image cannot be pulled", "from_pods"]),
    ],
)
def test_addresses_that_pods_cannot_use_are_found(there: Project, changes: dict[str, str], words: list[str]) -> None:
    there.configure(**{key: text.format(there.values[key]) for key, text in changes.items()})
    done = check(there)
    assert done.returncode == 2
    assert done.stdout.count("✓ works") == 3
    assert [word for word in words if word not in done.stderr] == []
    assert there.jobs() == []
