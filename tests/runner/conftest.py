"""Runs cells through the runner, as real processes over a local store."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from k8snb.artifacts.store import Store, open_store
from k8snb.runner.protocol import Decoder, strip
from k8snb.runner.spec import Key, Result, Spec
from tests.fixtures_s3 import Bucket, s3_bucket  # noqa: F401 - a fixture

NONCE = "0123456789abcdef"


@dataclass(frozen=True)
class Ran:
    """What a runner left behind."""

    raw: bytes
    stderr: bytes
    code: int
    result: Result
    stored: bytes

    @property
    def text(self) -> str:
        return strip(NONCE, self.raw).decode()

    @property
    def traceback(self) -> list[str]:
        """Lines of what the cell raised, without colours."""
        assert self.result.failure is not None
        return [re.sub(r"\x1b\[[\d;]*m", "", line) for line in self.result.failure.traceback]

    @property
    def pieces(self) -> list[bytes | dict]:
        """Text and control strings, without what only counts."""
        decoder = Decoder(NONCE)
        pieces = [*decoder.feed(self.raw), decoder.flush()]
        return [p for p in pieces if p and not (isinstance(p, dict) and p["k"] in {"mark", "hello", "start", "end"})]

    def controls(self, kind: str) -> list[dict]:
        return [p for p in Decoder(NONCE).feed(self.raw) if isinstance(p, dict) and p["k"] == kind]


@dataclass
class Runner:
    """Starts runners over one store; each step by its name."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    remote: Bucket | None = None

    @property
    def uri(self) -> str:
        return self.remote.uri if self.remote else (self.folder / "store").as_uri()

    @property
    def store(self) -> Store:
        if self.remote is None:
            return open_store(self.uri)
        return open_store(self.uri, endpoint=self.remote.endpoint, credentials=self.remote.credentials)

    def order(self, source: str, *, step: str = "step", **fields: object) -> Spec:
        """Write a cell and its spec."""
        path = self.folder / "code" / "steps" / f"{step}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8", newline="")
        spec = Spec(
            key=Key("run", step),
            nonce=NONCE,
            source=f"steps/{step}.py",
            source_digest=hashlib.sha256(path.read_bytes()).hexdigest(),
            label=f"step {step}",
            inputs={},
            captured=[],
            outputs=[],
            needed=[],
            handshake=0.0,
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
        )
        spec = replace(spec, **fields)
        self.store.put(f"{spec.key.folder}/spec.json", spec.dumps())
        return spec

    def start(self, spec: Spec, **options: object) -> subprocess.Popen[bytes]:
        """Start the runner on a spec that was written."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "K8SNB_CODE": str(self.folder / "code"),
            **self.environment,
        }
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        command = [sys.executable, "-m", "k8snb.runner", f"{self.uri}/{spec.key.folder}"]
        return subprocess.Popen(command, env=environment, cwd=self.folder, **options)

    def run(self, source: str, **fields: object) -> Ran:
        """Run a cell to its end."""
        spec = self.order(source, **fields)
        with self.start(spec) as process:
            return self.finish(spec, process)

    def finish(self, spec: Spec, process: subprocess.Popen[bytes], seen: bytes = b"") -> Ran:
        """Read a runner's output to its end."""
        try:
            raw, stderr = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return self.ran(spec, seen + raw, stderr, process.returncode)

    def ran(self, spec: Spec, raw: bytes, stderr: bytes, code: int) -> Ran:
        store, folder = self.store, spec.key.folder
        result = Result.loads(store.get(f"{folder}/result.json"))
        stored = b"".join(store.get(name) for name in store.list(f"{folder}/log"))
        return Ran(raw, stderr, code, result, stored)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)
