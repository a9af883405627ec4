"""A namespace of its own, an image with a stand-in for the runner, and a witness of what the cluster says when."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from k8snb.images.append import append
from k8snb.images.layer import from_files
from k8snb.images.reference import Reference, Repository
from k8snb.images.registry import Registry
from k8snb.orchestrators.base import Attempt, Gone, Output, Waiting
from k8snb.orchestrators.kubernetes import KubernetesOrchestrator, Settings
from k8snb.orchestrators.kubernetes.client import Api, StatusError
from k8snb.pipeline.options import StepOptions
from k8snb.runner import protocol
from k8snb.runner.spec import Key

STAND_IN = (Path(__file__).parent / "stand_in.py").read_bytes()
PROTOCOL = Path(protocol.__file__).read_bytes()
END = b'{"k":"end"'


def report(what: str, seconds: float) -> None:
    """Say a figure; shown by ``pytest -s``."""
    print(f"\n{what}: {seconds:.2f} s", end="")  # noqa: T201


async def make_image(repository: str, runner: bytes = STAND_IN) -> str:
    """Push the base image with the stand-in in the runner's place."""
    package = "/k8snb/code/k8snb"
    files = {
        f"{package}/__init__.py": b"",
        f"{package}/runner/__init__.py": b"",
        f"{package}/runner/protocol.py": PROTOCOL,
        f"{package}/runner/__main__.py": runner,
    }
    base = Reference.parse(os.environ["K8SNB_TEST_BASE_IMAGE"])
    layer = from_files(files, {"/k8snb/work": 0o1777})
    async with Registry() as registry:
        return str(await append(registry, base, Repository.parse(repository), [layer]))


@dataclass
class Seen:
    """What following showed, and when."""

    raw: bytes = b""
    waiting: list[str] = field(default_factory=list)
    gone: Gone | None = None
    at: float = 0.0
    first: float = 0.0


@dataclass
class Cluster:
    """A namespace under test."""

    api: Api
    settings: Settings
    image: str
    made: list[KubernetesOrchestrator] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        return self.settings.namespace

    def orchestrator(self, **changes: object) -> KubernetesOrchestrator:
        made = KubernetesOrchestrator(replace(self.settings, **changes))
        self.made.append(made)
        return made

    def attempt(
        self,
        script: str,
        *,
        handshake: float = 2.0,
        image: str | None = None,
        run: str = "",
        step: str = "step",
        **options,
    ) -> Attempt:
        """An attempt whose stand-in executes `script`."""
        nonce = secrets.token_hex(8)
        env = {"NONCE": nonce, "SCRIPT": script, "HANDSHAKE": str(handshake)} | options.pop("env", {})
        key = Key(run or f"test-{secrets.token_hex(4)}", step)
        return Attempt(key, nonce, "tests", image or self.image, handshake, StepOptions(env=env, **options))

    async def make(self, path: str, body: dict) -> None:
        """Post an object into the namespace."""
        await self.api.call("POST", f"{path.format(self.namespace)}", body=body)


async def observe(
    orchestrator: KubernetesOrchestrator,
    attempt: Attempt,
    *,
    until: Callable[[Seen], bool] = lambda seen: END in seen.raw[-4096:],
    seconds: float = 40,
) -> Seen:
    """Follow until a condition holds or the attempt is gone."""
    seen = Seen()
    async with asyncio.timeout(seconds), aclosing(orchestrator.follow(attempt)) as reports:
        async for report in reports:
            seen.at = time.monotonic()
            match report:
                case Output(data):
                    seen.raw += data
                    seen.first = seen.first or seen.at
                case Waiting(reason):
                    seen.waiting.append(reason)
                case Gone():
                    seen.gone = report
            if until(seen):
                break
    return seen


def never(_: Seen) -> bool:
    return False


@dataclass
class Witness:
    """An own watch of a namespace: when the cluster first said what."""

    api: Api
    namespace: str
    heard: list[tuple[float, dict]] = field(default_factory=list)

    async def watch(self, path: str) -> None:
        async with self.api.open(f"{path}?watch=true") as response:
            async for line in response.content:
                self.heard.append((time.monotonic(), json.loads(line)["object"]))

    async def first(self, told: Callable[[dict], bool]) -> float:
        """When something was first heard."""
        async with asyncio.timeout(3):  # the orchestrator may have heard it before
            while True:
                for at, item in self.heard:
                    if told(item):
                        return at
                await asyncio.sleep(0.01)


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    """A namespace that is deleted afterwards."""
    registry = f"{os.environ['K8SNB_TEST_REGISTRY']}/k8snb-tests"
    namespace = f"kt-{secrets.token_hex(4)}"
    api = Api(None, None)
    settings = Settings(
        store="s3://tests/store",
        store_credentials={"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"},
        registry=registry,
        base=os.environ["K8SNB_TEST_BASE_IMAGE"],
        namespace=namespace,
        endpoint=os.environ["K8SNB_TEST_S3_ENDPOINT"],
    )
    made = Cluster(api, settings, await make_image(registry))
    yield made
    for orchestrator in made.made:
        await orchestrator.aclose()
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
    with suppress(StatusError):  # a test that needs none
        await api.call("DELETE", f"/api/v1/namespaces/{namespace}", body=body)
    await api.aclose()


@pytest.fixture
async def witness(cluster: Cluster) -> AsyncIterator[Callable[[], Awaitable[Witness]]]:
    """Starts a witness of the cluster's namespace."""
    tasks = []

    async def start() -> Witness:
        made = Witness(cluster.api, cluster.namespace)
        base = f"/api/v1/namespaces/{cluster.namespace}"
        tasks.extend(asyncio.create_task(made.watch(f"{base}/{kind}")) for kind in ("pods", "events"))
        return made

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
