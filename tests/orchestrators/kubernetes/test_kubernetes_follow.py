"""Following attempts in a real cluster: quick, whole, and whatever happens to the connection."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from k8snb.errors import ConfigError, ForbiddenError, QuotaError
from k8snb.images.append import append
from k8snb.images.code import Code, code_layer
from k8snb.images.reference import Reference, Repository
from k8snb.images.registry import Registry
from k8snb.orchestrators.kubernetes import KubernetesOrchestrator
from k8snb.orchestrators.kubernetes import follow as module
from k8snb.orchestrators.kubernetes.kubeconfig import load
from k8snb.orchestrators.kubernetes.permissions import GRANTED, NEEDED, grant
from k8snb.runner.protocol import strip
from tests.orchestrators.kubernetes.conftest import Cluster, never, observe, report

pytestmark = pytest.mark.cluster

COUNT = """
for i in range({lines}):
    put(b'%d\\n' % i)
    if i % 1000 == 999:
        mark()
        time.sleep({pause})
"""


def is_counted(text: bytes, lines: int) -> bool:
    """Whether a text is that of `COUNT`; where it first is not is said, not all of it."""
    numbers = [int(line) for line in text.split()]
    first = next((i for i, n in enumerate(numbers) if i != n), len(numbers))
    if (first, len(numbers)) != (lines, lines):
        print(f"line {first} of {lines} is {numbers[first : first + 1]}; {len(numbers)} lines")  # noqa: T201
    return text == b"".join(b"%d\n" % i for i in range(lines))


async def test_the_first_line_is_seen_before_the_handshake_could_time_out(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    await orchestrator.check()
    begun = time.monotonic()
    await orchestrator.check()
    assert time.monotonic() - begun < 0.01
    for _ in range(3):
        attempt = cluster.attempt("put(b'first\\n')")
        begun = time.monotonic()
        await orchestrator.start(attempt)
        seen = await observe(orchestrator, attempt, until=lambda seen: b"first\n" in seen.raw)
        report("POST to first line", seen.at - begun)
        assert seen.at - begun < orchestrator.handshake


async def test_every_line_once(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    attempt = cluster.attempt(COUNT.format(lines=100_000, pause=0.01))
    await orchestrator.start(attempt)
    seen = await observe(orchestrator, attempt)
    assert is_counted(strip(attempt.nonce, seen.raw), 100_000)
    other = cluster.orchestrator()  # another engine, later: from the first byte
    again = await observe(other, attempt, until=never)
    assert again.raw[: len(seen.raw)] == seen.raw
    assert again.gone is not None
    assert (again.gone.code, again.gone.error) == (0, None)


async def test_unfinished_lines_come_with_their_mark(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    script = "put(b'begin\\n'); time.sleep(2); put(b'\\r10%'); mark(); time.sleep(20)"
    attempt = cluster.attempt(script, handshake=0)
    await orchestrator.start(attempt)
    seen = await observe(orchestrator, attempt, until=lambda seen: b"\r10%" in seen.raw, seconds=10)
    assert strip(attempt.nonce, seen.raw).startswith(b"begin\n\r10%")


async def test_the_end_of_the_log_is_seen_at_once(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    attempt = cluster.attempt("put(b'x\\n'); time.sleep(1.5); put(b'%f ' % time.time())", handshake=0)
    await orchestrator.start(attempt)
    seen = await observe(orchestrator, attempt)
    last = float(strip(attempt.nonce, seen.raw).split()[-1])
    late = time.time() - last
    report("last words to reader, log API", late)
    assert late < 0.5


async def test_two_engines_start_and_one_cancels(cluster: Cluster) -> None:
    one, other = cluster.orchestrator(), cluster.orchestrator()
    attempt = cluster.attempt("put(b'begun\\n'); time.sleep(300)", step="long_step")
    await asyncio.gather(one.start(attempt), other.start(attempt))
    await observe(one, attempt, until=lambda seen: b"begun\n" in seen.raw)
    assert await other.running(attempt.key.run) == [attempt.key]
    begun = time.monotonic()
    await other.cancel([attempt.key])
    await other.cancel([attempt.key])
    async with asyncio.timeout(15):
        while await one.running(attempt.key.run):
            await asyncio.sleep(0.1)
    report("cancel to pod over", time.monotonic() - begun)


async def test_a_step_that_says_nothing_of_its_end(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    attempt = cluster.attempt("put(b'last words'); os.kill(os.getpid(), 9) or os._exit(7)")
    await orchestrator.start(attempt)
    seen = await observe(orchestrator, attempt, until=never)
    assert strip(attempt.nonce, seen.raw).rstrip(b"\n") == b"last words"
    assert seen.gone is not None
    assert (seen.gone.code, seen.gone.error) == (7, None)  # the first process of a container cannot kill itself


async def user(cluster: Cluster, folder: Path, permissions: list, name: str = "engine") -> Path:
    """Return a kubeconfig of a service account with some permissions."""
    namespace, account = cluster.namespace, f"system:serviceaccount:{cluster.namespace}:{name}"
    granting = grant(namespace, account, permissions) if permissions else ""
    await shell(f"kubectl -n {namespace} create serviceaccount {name}\n{granting}\n")
    return await login(folder, namespace, name)


async def login(folder: Path, namespace: str, name: str) -> Path:
    """Return a kubeconfig of a service account."""
    token = await shell(f"kubectl -n {namespace} create token {name}")
    access = await load(None, None)
    config = await as_dict()
    config["users"] = [{"name": config["users"][0]["name"], "user": {"token": token.strip()}}]
    assert access.configuration.host == config["clusters"][0]["cluster"]["server"]
    return write(folder / f"kubeconfig-{name}", config)


async def shell(commands: str) -> str:
    process = await asyncio.create_subprocess_exec("sh", "-ec", commands, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def as_dict() -> dict:
    return yaml.safe_load(await shell("kubectl config view --raw"))


def write(path: Path, config: dict) -> Path:
    path.write_text(json.dumps(config))
    return path


async def test_without_attach_the_log_api_does(cluster: Cluster, tmp_path: Path) -> None:
    admin = cluster.orchestrator(store_credentials={})
    await admin.check()
    config = await user(cluster, tmp_path, NEEDED)
    orchestrator = cluster.orchestrator(kubeconfig=str(config), store_credentials={})
    await orchestrator.check()
    assert orchestrator.handshake == 0
    attempt = cluster.attempt(COUNT.format(lines=5000, pause=0.1), handshake=orchestrator.handshake)
    begun = time.monotonic()
    await orchestrator.start(attempt)
    seen = await observe(orchestrator, attempt)
    report("POST to first line, log API", seen.first - begun)
    assert is_counted(strip(attempt.nonce, seen.raw), 5000)


async def test_attach_refused_at_the_last_moment(cluster: Cluster, tmp_path: Path) -> None:
    await cluster.orchestrator().check()
    config = await user(cluster, tmp_path, NEEDED)
    orchestrator = cluster.orchestrator(kubeconfig=str(config), store_credentials={})
    await orchestrator.check()
    orchestrator._attaching.refused = False  # it was permitted when it was looked at
    attempt = cluster.attempt("put(b'first\\n')", handshake=1)
    await orchestrator.start(attempt)
    seen = await observe(orchestrator, attempt)
    assert strip(attempt.nonce, seen.raw) == b"first\n"
    assert orchestrator._attaching.refused


async def granted(orchestrator: KubernetesOrchestrator) -> None:
    """Wait until a grant is known: it takes a moment."""
    async with asyncio.timeout(5):
        while True:
            with suppress(ForbiddenError):
                await orchestrator.check()
                return
            await asyncio.sleep(0.1)


async def runs(cluster: Cluster, orchestrator: KubernetesOrchestrator) -> bool:
    attempt = cluster.attempt("put(b'granted\\n')", handshake=orchestrator.handshake)
    await orchestrator.start(attempt)
    return strip(attempt.nonce, (await observe(orchestrator, attempt)).raw) == b"granted\n"


def commands(error: ForbiddenError) -> str:
    """What the way out says is to be run."""
    return error.fix.partition("someone who may grant it runs:\n")[2]


async def test_a_missing_permission_is_named_with_the_commands_that_grant_it(cluster: Cluster, tmp_path: Path) -> None:
    """For one user who lacks the Jobs, then for one who lacks all: neither is in the other's way."""
    await cluster.orchestrator().check()
    lacking = {
        "one": [p for p in NEEDED if p.resource != "jobs"],
        "two": [],
        "three": [p for p in NEEDED if p.verb == "get"],
    }
    for name, permissions in lacking.items():
        config = await user(cluster, tmp_path, permissions, name)
        orchestrator = cluster.orchestrator(kubeconfig=str(config))
        with pytest.raises(ForbiddenError, match=r"may not create jobs\.batch, ") as caught:
            await orchestrator.check()
        assert cluster.namespace in str(caught.value)
        assert "create secrets" in caught.value.what
        for _ in range(2):  # again is as good
            await shell(commands(caught.value))
        await granted(orchestrator)
        assert orchestrator._events_permitted
        assert await runs(cluster, orchestrator)


async def test_the_namespace_is_made_first_where_it_may_not_be_looked_at(cluster: Cluster, tmp_path: Path) -> None:
    """The user is of another namespace, and theirs is not there yet."""
    home = f"{cluster.namespace}-home"
    await shell(f"kubectl create namespace {home} && kubectl -n {home} create serviceaccount engine")
    try:
        config = await login(tmp_path, home, "engine")
        orchestrator = cluster.orchestrator(kubeconfig=str(config))
        with pytest.raises(ForbiddenError) as caught:
            await orchestrator.check()
        assert f"kubectl create namespace {cluster.namespace}" in commands(caught.value).splitlines()[0]
        for _ in range(2):
            await shell(commands(caught.value))
        await granted(orchestrator)
    finally:
        await shell(f"kubectl delete namespace {home} --wait=false")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("why", ["quota", "account"])
async def test_no_pod_and_no_events_to_tell_why(
    why: str, known: bool, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_UNEXPLAINED_SECONDS", 3)
    await cluster.orchestrator().check()
    config = await user(cluster, tmp_path, NEEDED)
    if why == "quota":
        await shell(f"kubectl -n {cluster.namespace} create quota none --hard=pods=0")
    orchestrator = cluster.orchestrator(kubeconfig=str(config), store_credentials={})
    await orchestrator.check()
    assert not orchestrator._events_permitted
    orchestrator._events_permitted = not known  # or it was permitted when it was looked at
    attempt = cluster.attempt("", service_account="nobody" if why == "account" else None)
    await orchestrator.start(attempt)
    begun = time.monotonic()
    seen = await observe(orchestrator, attempt, until=never, seconds=15)
    assert time.monotonic() - begun > 3
    error = seen.gone.error
    assert type(error) is ConfigError
    assert "permission to list and watch events" in error.what
    assert "step step" in error.where
    seeing, _, granting = error.fix.partition("\n")
    told = await shell(f"{seeing} -o jsonpath='{{.items[*].message}}'")  # the Job is deleted, its events are not
    assert ("exceeded quota" if why == "quota" else "nobody") in told
    assert await cluster.orchestrator().running(attempt.key.run) == []
    await shell(granting.partition("\n")[2])
    after = cluster.orchestrator(kubeconfig=str(config), store_credentials={})
    async with asyncio.timeout(5):
        while not after._events_permitted or not after._surroundings:
            after._surroundings = None
            await after.check()
    if why == "quota":
        await after.start(attempt)
        assert type((await observe(after, attempt, until=never)).gone.error) is QuotaError


async def start_again_and_again(cluster: Cluster, orchestrator: KubernetesOrchestrator) -> None:
    async with asyncio.timeout(10):  # permissions take a moment
        while True:
            await orchestrator.start(cluster.attempt(""))


async def test_a_permission_that_is_taken_away_before_a_start(cluster: Cluster, tmp_path: Path) -> None:
    await cluster.orchestrator().check()
    config = await user(cluster, tmp_path, NEEDED)
    orchestrator = cluster.orchestrator(kubeconfig=str(config), store_credentials={})
    await orchestrator.check()
    await shell(f"kubectl -n {cluster.namespace} delete rolebindings --all")
    with pytest.raises(ForbiddenError) as caught:
        await start_again_and_again(cluster, orchestrator)
    account = f"system:serviceaccount:{cluster.namespace}:engine"
    assert "the permission is missing" in caught.value.fix
    assert commands(caught.value) == grant(cluster.namespace, account, GRANTED)


async def test_a_quota_that_wants_amounts(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator(wait_for_room=60)
    await orchestrator.check()
    await shell(f"kubectl -n {cluster.namespace} create quota some --hard=requests.cpu=1,limits.memory=1Gi")
    attempt = cluster.attempt("")
    await orchestrator.start(attempt)
    error = (await observe(orchestrator, attempt, until=never)).gone.error
    assert "wants --cpu and --memory to be given" in error.what
    given = cluster.attempt("put(b'x\\n')", cpu="50m", memory="64Mi")
    await orchestrator.start(given)
    assert strip(given.nonce, (await observe(orchestrator, given)).raw) == b"x\n"


class Proxy:
    """Between a client and the API server; breaks all connections at will."""

    def __init__(self, host: str, port: int) -> None:
        self.target, self.open, self.cuts = (host, port), set(), 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection(*self.target)
        self.open |= {writer, out}
        with suppress(OSError):
            await asyncio.gather(self.pump(reader, out), self.pump(there, writer))
        for side in (writer, out):
            side.transport.abort()
            self.open.discard(side)

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.transport.abort()

    def cut(self) -> None:
        self.cuts += bool(self.open)
        for writer in self.open:
            writer.transport.abort()


@asynccontextmanager
async def breaking(folder: Path, every: float) -> AsyncIterator[tuple[Path, Proxy]]:
    """A kubeconfig whose connections break now and then."""
    config = await as_dict()
    address = urlsplit(config["clusters"][0]["cluster"]["server"])
    proxy = Proxy(address.hostname, address.port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config["clusters"][0]["cluster"] = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}

    async def cutting() -> None:
        for _ in range(8):
            await asyncio.sleep(every)
            proxy.cut()

    task = asyncio.create_task(cutting())
    yield write(folder / "kubeconfig", config), proxy
    task.cancel()
    server.close()


@pytest.mark.parametrize("handshake", [0.0, 2.0])
async def test_connections_that_break(cluster: Cluster, tmp_path: Path, handshake: float) -> None:
    async with breaking(tmp_path, 0.6) as (config, proxy):
        orchestrator = cluster.orchestrator(kubeconfig=str(config))
        attempt = cluster.attempt(COUNT.format(lines=100_000, pause=0.04), handshake=handshake)
        await orchestrator.start(attempt)
        seen = await observe(orchestrator, attempt)
        await orchestrator.aclose()
    assert is_counted(strip(attempt.nonce, seen.raw), 100_000)
    assert proxy.cuts > 3


async def test_a_reader_that_stands_still_stops_nothing(cluster: Cluster, tmp_path: Path) -> None:
    orchestrator = cluster.orchestrator()
    await orchestrator.check()
    script = "put(b'first\\n'); time.sleep(2)\nfor i in range(500): put(b'x' * 99_999 + b'\\n'); mark()\n"
    attempt = cluster.attempt(script)
    await orchestrator.start(attempt)
    code = (
        "import asyncio, sys; from tests.orchestrators.kubernetes.test_kubernetes_follow import follow_apart; "
        "asyncio.run(follow_apart(*sys.argv[1:]))"
    )
    given = json.dumps([cluster.namespace, attempt.key.run, attempt.nonce])
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, given, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    try:
        assert await asyncio.wait_for(reader.stdout.readline(), 20) == b"first\n"
        await asyncio.sleep(1.3)  # the log is known to run by now
        os.kill(reader.pid, signal.SIGSTOP)
        async with asyncio.timeout(30):
            while await orchestrator.running(attempt.key.run):
                await asyncio.sleep(0.2)
        os.kill(reader.pid, signal.SIGCONT)
    finally:
        reader.kill()
        await reader.wait()


async def follow_apart(given: str) -> None:
    """Follow in another process, and say when the first line is there."""
    from k8snb.orchestrators.base import Attempt, Output
    from k8snb.orchestrators.kubernetes import Settings
    from k8snb.pipeline.options import StepOptions
    from k8snb.runner.spec import Key

    namespace, run, nonce = json.loads(given)
    orchestrator = KubernetesOrchestrator(Settings("s3://x", "127.0.0.1:1/x", "x", namespace=namespace))
    attempt = Attempt(Key(run, "step"), nonce, "tests", "", 2.0, StepOptions())
    async for said in orchestrator.follow(attempt):
        if isinstance(said, Output) and b"first\n" in said.data:
            sys.stdout.write("first\n")
            sys.stdout.flush()


async def test_credentials_that_expire_are_renewed(cluster: Cluster, tmp_path: Path) -> None:
    config = await as_dict()
    token = config["users"][0]["user"]["token"]
    kept = tmp_path / "token"
    plugin = tmp_path / "login"
    plugin.write_text(
        '#!/bin/sh\nprintf \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
        f'"status":{{"token":"%s"}}}}\' "$(cat {kept})"\n'
    )
    plugin.chmod(0o755)
    execution = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "Never"}
    config["users"][0]["user"] = {"exec": execution}
    kept.write_text(token)
    orchestrator = cluster.orchestrator(kubeconfig=str(write(tmp_path / "kubeconfig", config)))
    await orchestrator.check()
    access = orchestrator._api._access
    orchestrator._api._access = replace(access)
    access.configuration.api_key["BearerToken"] = "Bearer expired"
    assert await orchestrator.running("none") == []
    assert orchestrator._api._access is not access


LOCKED_DOWN = """
import getpass
for path in ("data/table.csv", "data/new.csv", "helper.py", "new.txt"):
    with open("/k8snb/code/" + path, "a") as file:
        file.write("x")
group = os.stat("/dev/shm").st_gid
put(b'%d %s %s %d\\n' % (os.getuid(), os.getcwd().encode(), getpass.getuser().encode(), group))
"""


async def test_a_namespace_that_takes_locked_down_pods_only(cluster: Cluster) -> None:
    """The step is no one's guest there: it has a name, and may write to its files and its volumes."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.namespace, "labels": labels}}
    await cluster.api.call("POST", "/api/v1/namespaces", body=body)
    layer = code_layer(Code({"steps/step.py": b""}, {"data/table.csv": b"1", "helper.py": b""}))
    async with Registry() as registry:
        repository = Repository.parse(cluster.settings.registry)
        image = str(await append(registry, Reference.parse(cluster.image), repository, [layer]))
    orchestrator = cluster.orchestrator()
    attempt = cluster.attempt(LOCKED_DOWN, image=image, shm="16Mi")
    await orchestrator.start(attempt)
    seen = await observe(orchestrator, attempt)
    assert strip(attempt.nonce, seen.raw) == b"1000 /k8snb/work k8snb 1000\n"


async def test_credentials_go_by_a_secret_only(cluster: Cluster) -> None:
    orchestrator = cluster.orchestrator()
    names = [b"K8SNB_STORE_AWS_ACCESS_KEY_ID", b"K8SNB_STORE_AWS_ENDPOINT_URL", b"MINE"]
    script = f"put(b' '.join(os.environb[n] for n in {names}))"
    key = re.compile(r"secret|key", re.IGNORECASE)
    await orchestrator.check()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine"}, "stringData": {"a": "b"}}
    await cluster.make("/api/v1/namespaces/{}/secrets", secret)
    attempt = cluster.attempt(script, secrets=("MINE=mine/a",))
    await orchestrator.start(attempt)
    seen = await observe(orchestrator, attempt)
    endpoint = os.environ["K8SNB_TEST_S3_ENDPOINT"].encode()
    assert strip(attempt.nonce, seen.raw) == b"key " + endpoint + b" b"
    pods = await cluster.api.call("GET", f"/api/v1/namespaces/{cluster.namespace}/pods")
    plain = pods["items"][0]["spec"]["containers"][0]["env"]
    assert not [e for e in plain if key.search(e["name"]) and "value" in e]
