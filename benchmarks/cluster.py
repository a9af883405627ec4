"""What the benchmarks on the test cluster share: a stack, a kernel that runs cells, hand-written pods as the floor."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp
from jupyter_client.manager import start_new_kernel

from tests.fixtures_cluster import STACK
from tests.fixtures_s3 import temporary_bucket

NAMESPACE = "benchmarks"


@dataclass(frozen=True)
class Stage:
    """A folder with a stack file, and the store that it names."""

    folder: Path
    store: str


@contextmanager
def stage() -> Iterator[Stage]:
    """Make a namespace and a bucket, and a folder whose stack uses them; the bucket goes in the end."""
    _make_namespace()
    with temporary_bucket() as bucket, tempfile.TemporaryDirectory() as folder:
        os.environ.update(bucket.credentials)
        store = f"{bucket.uri}/k8snb"
        text = STACK.format(
            image=os.environ["K8SNB_TEST_BASE_IMAGE"],
            context="test-cluster",
            namespace=NAMESPACE,
            store=store,
            endpoint=bucket.endpoint,
            registry=f"{os.environ['K8SNB_TEST_REGISTRY']}/{NAMESPACE}",
        )
        Path(folder, "k8snb.toml").write_text(text)
        yield Stage(Path(folder), store)


def credentials() -> dict[str, str]:
    """Return the store's credentials as environment variables."""
    return {name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}


class Kernel:
    """A real kernel whose outputs are read as they come."""

    def __init__(self, folder: Path) -> None:
        self.manager, self.client = start_new_kernel(cwd=str(folder), env=dict(os.environ))

    def run(self, source: str, wanted: str = "") -> tuple[float, float, str]:
        """Run a cell.

        Returns
        -------
        first, whole : float
            Seconds until `wanted` was seen in its output (0 if not asked for), and until the cell had ended.
        text : str
            What it printed.
        """
        started, first, text = time.perf_counter(), 0.0, ""
        message = self.client.execute(source)
        while True:
            reply = self.client.get_iopub_msg(timeout=300)
            if reply["parent_header"].get("msg_id") != message:
                continue
            content = reply["content"]
            if reply["msg_type"] == "stream":
                text += content["text"]
            elif reply["msg_type"] == "error":
                raise RuntimeError("\n".join(content["traceback"]))
            elif reply["msg_type"] == "status" and content["execution_state"] == "idle":
                return first, time.perf_counter() - started, text
            if wanted and not first and wanted in text:
                first = time.perf_counter() - started

    def close(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@contextmanager
def kernel(folder: Path) -> Iterator[Kernel]:
    """Start a kernel in a folder, and end it."""
    started = Kernel(folder)
    try:
        yield started
    finally:
        started.close()


class Pods:
    """Pods written by hand: POST to the API, then the log API until it delivers; what any careful person would do."""

    def __init__(self) -> None:
        config = json.loads(_kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
        self._server = config["clusters"][0]["cluster"]["server"]
        self._token = config["users"][0]["user"]["token"]

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._token}"}
        self._session = aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(ssl=False))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    @property
    def _url(self) -> str:
        return f"{self._server}/api/v1/namespaces/{NAMESPACE}/pods"

    async def run(self, name: str, image: str, command: list[str], *, bare: bool, env: dict[str, str]) -> float:
        """Run a pod to its log's end.

        Parameters
        ----------
        bare : bool
            No service account's token, hence no volume.

        Returns
        -------
        float
            Seconds from the POST to the first byte of its log.
        """
        container = {
            "name": "main",
            "image": image,
            "command": command,
            "env": [{"name": k, "value": v} for k, v in env.items()],
        }
        spec = {"restartPolicy": "Never", "containers": [container], "terminationGracePeriodSeconds": 0}
        if bare:
            spec |= {"automountServiceAccountToken": False, "enableServiceLinks": False}
        started = time.perf_counter()
        async with self._session.post(self._url, json={"metadata": {"name": name}, "spec": spec}) as answer:
            answer.raise_for_status()
        first = 0.0
        while not first:
            async with self._session.get(f"{self._url}/{name}/log", params={"follow": "true"}) as log:
                if log.status == 200:
                    async for data in log.content.iter_any():
                        first = first or (time.perf_counter() - started if data else 0.0)
                else:
                    await asyncio.sleep(0.02)
        async with self._session.delete(f"{self._url}/{name}") as answer:
            answer.raise_for_status()
        return first


def _make_namespace() -> None:
    """Make the namespace, if it is not there."""
    with suppress(subprocess.CalledProcessError):
        _kubectl("create", "namespace", NAMESPACE)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(subprocess.CalledProcessError):
            _kubectl("-n", NAMESPACE, "get", "serviceaccount", "default")
            return
        time.sleep(0.1)


def environment_image() -> str:
    """Return the image of the newest step's pod, whose packages the floor's pods use too."""
    out = _kubectl("-n", NAMESPACE, "get", "jobs", "--sort-by=.metadata.creationTimestamp", "-o", "json")
    return json.loads(out)["items"][-1]["spec"]["template"]["spec"]["containers"][0]["image"]


Ratio = Callable[[dict[str, float]], float]


def report(name: str, values: dict[str, list[float]], ratio: Ratio, budget: float) -> None:
    """Print medians with their range, and a figure made of them against its budget."""
    medians = {key: statistics.median(v) for key, v in values.items()}
    for key, v in values.items():
        print(f"{name}: {key}: median {medians[key]:.3f} s ({min(v):.3f} to {max(v):.3f}, {len(v)} rounds)")
    print(f"{name}: figure {ratio(medians):.3f}, budget {budget:.3f}")


def _kubectl(*arguments: str) -> str:
    return subprocess.run(["kubectl", *arguments], check=True, capture_output=True, text=True).stdout
