"""A fixture: a notebook's folder whose stack is the test cluster, with a namespace, bucket and repository of its own.

Import `there` with what it needs (`layers`, `s3_bucket` from ``tests.fixtures_s3``) into a test module.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import nbclient
import nbformat
import pytest

from tests.fixtures_s3 import Bucket

STACK = """
[k8snb]
stack = "test"

[stacks.test]
image              = "{image}"
orchestrator       = {{ kind = "kubernetes", context = "{context}", namespace = "{namespace}" }}
artifact_store     = {{ uri = "{store}", endpoint = "{endpoint}", region = "us-east-1" }}
container_registry = {{ uri = "{registry}" }}
"""


@dataclass
class Project:
    """The folder, and what its notebooks leave in the cluster and the registry."""

    folder: Path
    values: dict[str, str] = field(default_factory=dict)

    def configure(self, **changes: str) -> None:
        """Write the stack file."""
        (self.folder / "k8snb.toml").write_text(STACK.format(**{**self.values, **changes}))

    def execute(self, *sources: str, allow_errors: bool = False) -> list[nbformat.NotebookNode]:
        """Execute cells as a notebook, without a browser."""
        cells = [nbformat.v4.new_code_cell(source) for source in ("%load_ext k8snb", *sources)]
        notebook = nbformat.v4.new_notebook(cells=cells)
        resources = {"metadata": {"path": str(self.folder)}}
        nbclient.NotebookClient(notebook, timeout=120, allow_errors=allow_errors, resources=resources).execute()
        return notebook.cells[1:]

    def jobs(self) -> list[str]:
        """Names of all Jobs in the namespace."""
        found = json.loads(kubectl("-n", self.values["namespace"], "get", "jobs", "-o", "json"))
        return [job["metadata"]["name"] for job in found["items"]]

    def pushed(self) -> bool:
        """Whether anything was written to the project's repository."""
        host, _, name = self.values["registry"].partition("/")
        try:
            with urllib.request.urlopen(f"http://{host}/v2/{name}/tags/list"):
                return True
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                return False
            raise


def kubectl(*arguments: str) -> str:
    """Run kubectl as the cluster's administrator."""
    return subprocess.run(["kubectl", *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for image layers, which are made once."""
    return tmp_path_factory.mktemp("layers")


@pytest.fixture
def there(tmp_path: Path, s3_bucket: Bucket, layers: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Make a project, and delete what it made in the cluster."""
    for name in ("K8SNB_STACK", "K8SNB_NOTEBOOK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in s3_bucket.credentials.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "home"
    home.mkdir()
    (home / "images").symlink_to(layers)
    monkeypatch.setenv("K8SNB_HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "project").mkdir()
    name = f"notebook-{secrets.token_hex(4)}"
    values = {
        "image": os.environ["K8SNB_TEST_BASE_IMAGE"],
        "context": "test-cluster",
        "namespace": name,
        "store": f"{s3_bucket.uri}/k8snb",
        "endpoint": s3_bucket.endpoint,
        "registry": f"{os.environ['K8SNB_TEST_REGISTRY']}/{name}",
    }
    made = Project(tmp_path / "project", values)
    made.configure()
    yield made
    kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


def printed(cell: nbformat.NotebookNode, stream: str = "stdout") -> str:
    """Return what a cell printed."""
    return "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == stream)


def shown(cell: nbformat.NotebookNode, kind: str) -> list[str]:
    """Return what a cell displayed of a MIME type."""
    return [o.data[kind] for o in cell.outputs if "data" in o and kind in o.data]


def error(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the error that ended a cell."""
    (found,) = [o for o in cell.outputs if o.output_type == "error"]
    return found
