"""The bench of each orchestrator, for the contract suite."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from k8snb.artifacts.store import open_store
from k8snb.orchestrators.kubernetes import KubernetesOrchestrator, Settings
from k8snb.orchestrators.kubernetes.client import Api
from k8snb.orchestrators.local import LocalOrchestrator
from tests.fixtures_s3 import Bucket, s3_bucket
from tests.orchestrators.benches import Bench

__all__ = ["s3_bucket"]


@asynccontextmanager
async def local(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    folder: Path = request.getfixturevalue("tmp_path")
    store = folder / "store"
    store.mkdir()

    def make() -> LocalOrchestrator:
        return LocalOrchestrator(folder / "home", store.as_uri(), folder)

    yield Bench(make(), open_store(store.as_uri()), make)


@pytest.fixture(scope="session")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where image layers are kept between the cases."""
    return tmp_path_factory.mktemp("layers")


@asynccontextmanager
async def kubernetes(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    bucket: Bucket = request.getfixturevalue("s3_bucket")
    settings = Settings(
        store=f"{bucket.uri}/k8snb",
        registry=f"{os.environ['K8SNB_TEST_REGISTRY']}/contract",
        base=os.environ["K8SNB_TEST_BASE_IMAGE"],
        namespace=f"contract-{secrets.token_hex(4)}",
        endpoint=bucket.endpoint,
        region="us-east-1",
        store_credentials=bucket.credentials,
        cache=request.getfixturevalue("layers"),
    )

    def make() -> KubernetesOrchestrator:
        return KubernetesOrchestrator(settings)

    yield Bench(make(), bucket.open(), make)
    api = Api(None, None)
    await api.call("DELETE", f"/api/v1/namespaces/{settings.namespace}")
    await api.aclose()


BENCHES = {"local": local, "kubernetes": kubernetes}
NEEDS_CLUSTER = {"kubernetes"}


@pytest.fixture(params=[pytest.param(n, marks=pytest.mark.cluster if n in NEEDS_CLUSTER else ()) for n in BENCHES])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    opened: AbstractAsyncContextManager[Bench] = BENCHES[request.param](request)
    async with opened as bench:
        yield bench
        await bench.orchestrator.cancel(bench.keys)
        await bench.orchestrator.aclose()
