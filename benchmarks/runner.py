"""From the start of the runner's process to the first line that the user's code prints, against bare Python's.

Pairs are measured side by side, so that what else the machine does falls on both. Budget: at most 100 ms beyond
bare Python for a plain cell. Besides: what printing costs, as a ratio to Python printing into the same kind of pipe.

    python benchmarks/runner.py [rounds]
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from k8snb.artifacts.packing import pack
from k8snb.artifacts.store import Store, open_store
from k8snb.artifacts.transfer import save
from k8snb.runner.spec import KERNEL, Key, Spec

LINES = 100_000
CELLS = {
    "plain cell": "print('user')",
    "an input": "print('user', limit)",
    "IPython's syntax": "\n%pwd\nprint('user')",
}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        for name, source in CELLS.items():
            command = order(Path(folder), name.partition(" ")[0], source)
            pairs = [
                (first_line([sys.executable, "-c", "print('user')"], folder), first_line(command, folder))
                for _ in range(rounds)
            ]
            bare, ours = (median(p[i] for p in pairs) for i in (0, 1))
            beyond = median(b - a for a, b in pairs)
            print(f"{name:18} bare {bare * 1e3:5.0f} ms  runner {ours * 1e3:5.0f} ms  beyond {beyond * 1e3:5.0f} ms")
        printing(Path(folder), max(3, rounds // 5))


def printing(folder: Path, rounds: int) -> None:
    source = f"for i in range({LINES}): print('line', i)"
    command = order(folder, "lines", source)
    bare = [whole([sys.executable, "-c", source], folder) for _ in range(rounds)]
    unbuffered = [whole([sys.executable, "-u", "-c", source], folder) for _ in range(rounds)]
    ours = [whole(command, folder) for _ in range(rounds)]
    print(
        f"{LINES} lines       runner {median(ours):.2f} s: {median(ours) / median(bare):.1f} x Python, "
        f"{median(ours) / median(unbuffered):.1f} x Python unbuffered"
    )


def order(folder: Path, step: str, source: str) -> list[str]:
    """Write a cell and its spec; return the command that runs it."""
    store = open_store(str(folder / "store"))
    path = folder / "code" / f"steps/{step}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    spec = Spec(
        key=Key("run", step.lower().replace("'", "")),
        nonce="0" * 16,
        source=f"steps/{step}.py",
        source_digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        label=f"step {step}",
        inputs={"limit": [KERNEL]} if "limit" in source else {},
        captured=kernel_values(store),
        outputs=[],
        needed=[],
        handshake=0.0,
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        ipython="%" in source,
    )
    store.put(f"{spec.key.folder}/spec.json", spec.dumps())
    return [sys.executable, "-m", "k8snb.runner", f"{folder / 'store'}/{spec.key.folder}"]


def kernel_values(store: Store) -> list:
    return [save(store, packed) for packed in pack({"limit": 3}).packed]


def first_line(command: list[str], folder: str) -> float:
    """Seconds until the user's first line is read."""
    started = time.perf_counter()
    with start(command, folder) as process:
        seen = b""
        while b"user" not in seen:
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                sys.exit(f"no line seen: {process.stderr.read().decode()} {seen!r}")
            seen += data
        took = time.perf_counter() - started
        process.stdout.read()
    return took


def whole(command: list[str], folder: Path) -> float:
    started = time.perf_counter()
    with start(command, str(folder)) as process:
        process.stdout.read()
    return time.perf_counter() - started


def start(command: list[str], folder: str) -> subprocess.Popen:
    environment = {**os.environ, "K8SNB_CODE": f"{folder}/code", "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


if __name__ == "__main__":
    main()
