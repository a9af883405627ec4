"""A changed cell's way into the registry: analysed, packed and pushed, against bare PUTs of as many bytes.

    python benchmarks/code_layer.py [ROUNDS]

Needs the test cluster's registry (K8SNB_TEST_REGISTRY, K8SNB_TEST_BASE_IMAGE). The budget is 100 ms for a change, and
no bytes where nothing changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from k8snb.analysis import analyse
from k8snb.images.append import append
from k8snb.images.code import code_layer, collect
from k8snb.images.layer import from_files
from k8snb.images.reference import Reference, Repository
from k8snb.images.registry import Image, Registry

CELL = "import helper\nscores = [helper.square(i) for i in range({number})]\nprint(sum(scores))\n" * 20


async def push(registry: Registry, base: Image, root: Path, number: int) -> Reference:
    """Do what `%k8s_run` does with the notebook's code: four steps, of which one has changed."""
    steps = {"trainer": CELL.format(number=number), **{f"step-{i}": CELL.format(number=0) for i in range(3)}}
    modules = frozenset[str]().union(*(analyse(source).imports for source in steps.values()))
    code = collect(steps, modules, root, ())
    return await append(registry, base, base.reference.repository, [code_layer(code)])


async def bare(session: aiohttp.ClientSession, url: str, blob: bytes, manifest: dict) -> str:
    """Put one blob and the manifest that names it: nothing less makes another image."""
    digest = "sha256:" + hashlib.sha256(blob).hexdigest()
    async with session.post(f"{url}/blobs/uploads/") as begun:
        location = begun.headers["Location"]
    async with session.put(f"{location}&digest={digest}", data=blob) as put:
        assert put.status == 201
    manifest = manifest | {"config": manifest["config"] | {"digest": digest, "size": len(blob)}}
    data = json.dumps(manifest).encode()
    headers = {"Content-Type": manifest["mediaType"]}
    async with session.put(f"{url}/manifests/{digest.replace(':', '-')[:40]}", data=data, headers=headers) as put:
        assert put.status == 201, await put.text()
    return "sha256:" + hashlib.sha256(data).hexdigest()


async def main(rounds: int) -> None:
    target = Repository(os.environ["K8SNB_TEST_REGISTRY"], f"bench/code-{os.getpid()}")
    made: list[Reference] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "helper.py").write_text("def square(x):\n    return x * x\n")
        async with Registry() as registry, aiohttp.ClientSession() as session:
            start = Reference.parse(os.environ["K8SNB_TEST_BASE_IMAGE"])
            made.append(await append(registry, start, target, [from_files({"/k8snb/runtime/x": b""})], tag="base"))
            base = await registry.image(made[0])
            times: dict[str, list[float]] = {"changed": [], "unchanged": [], "floor": []}
            costs: dict[str, tuple[int, int]] = {}
            for number in range(1, rounds + 1):
                for kind in ("changed", "unchanged"):
                    requests, sent = registry.transport.requests, registry.transport.sent
                    begin = time.perf_counter()
                    made.append(await push(registry, base, root, number))
                    times[kind].append(time.perf_counter() - begin)
                    costs[kind] = registry.transport.requests - requests, registry.transport.sent - sent
                begin = time.perf_counter()
                put = await bare(session, f"http://{target.host}/v2/{target.name}", os.urandom(650), base.manifest)
                times["floor"].append(time.perf_counter() - begin)
                made.append(Reference(target, digest=put))
            for reference in set(made):
                await registry.delete_manifest(reference)
    report(times, costs)


def report(times: dict[str, list[float]], costs: dict[str, tuple[int, int]]) -> None:
    median = {kind: statistics.median(values) * 1000 for kind, values in times.items()}
    worst = {kind: max(values) * 1000 for kind, values in times.items()}
    print(f"{'':10} {'median ms':>10} {'worst ms':>10} {'of floor':>10} {'requests':>10} {'bytes':>8}")
    for kind in ("changed", "unchanged"):
        requests, sent = costs[kind]
        ratio = median[kind] / median["floor"]
        print(f"{kind:10} {median[kind]:10.1f} {worst[kind]:10.1f} {ratio:10.2f} {requests:10} {sent:8}")
    print(f"{'floor':10} {median['floor']:10.1f} {worst['floor']:10.1f} {1:10.2f} {3:10}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
