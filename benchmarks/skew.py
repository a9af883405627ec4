"""Statistics for Facets, beside facets-overview's own generator where that can run, each in a process of its own.

The peer has an environment of its own (pandas 2: with 3 it fails), made by uv in the folder that is named. Both
are given the same frame of random numbers. Memory is what the process has at most while the statistics are made,
beside what it had with the data. Larger data are ours alone: the peer takes minutes and gigabytes for them.

    python -m benchmarks.skew [folder]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

PEER = ("facets-overview==1.1.1", "pandas==2.2.3", "numpy==1.26.4", "protobuf==5.29.5", "setuptools<81")
ROUNDS = 5
SIZES = {"100,000 x 64 floats": (100_000, 64), "1,000,000 x 64 floats": (1_000_000, 64)}


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2], sys.argv[3])))
        return
    kept = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="facets-overview-"))
    peer = environment(kept)
    small = "100,000 x 64 floats"
    found: dict[str, list[dict[str, float]]] = {"ours": [], "facets-overview": []}
    for _ in range(ROUNDS):
        found["ours"].append(in_process(sys.executable, "ours", small))
        found["facets-overview"].append(in_process(peer, "peer", small))
    for name, rounds in found.items():
        tell(f"{small}, {name}", rounds)
    seconds = {name: median(one["seconds"] for one in rounds) for name, rounds in found.items()}
    print(f"{seconds['facets-overview'] / seconds['ours']:.1f} times as fast as facets-overview (asked for: 20)")
    for what in (
        "1,000,000 x 64 floats",
        "1,000,000 x 64 floats, Parquet",
        "1,000,000 different labels",
        "two sets, 500 columns",
    ):
        tell(what, [in_process(sys.executable, "ours", what) for _ in range(3)])


def environment(folder: Path) -> str:
    """Return the peer's Python; its environment is made where it is not there."""
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(folder / "venv")], check=True)
        subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), *PEER], check=True)
    return str(python)


def in_process(python: str, who: str, what: str) -> dict[str, float]:
    environment = os.environ if who == "ours" else {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    program = [python, "-m", "benchmarks.skew"] if who == "ours" else [python, __file__]
    out = subprocess.run([*program, "--one", who, what], check=True, capture_output=True, text=True, env=environment)
    return dict(json.loads(out.stdout))


def one(who: str, what: str) -> dict[str, float]:
    """Make statistics once; return seconds and MB."""
    work = peer(what) if who == "peer" else ours(what)
    Path("/proc/self/clear_refs").write_text("5")  # what making the data took at most is forgotten
    before, started = memory("VmRSS"), time.perf_counter()
    size = work()
    return {"seconds": time.perf_counter() - started, "MB": memory("VmHWM") - before, "kB": size / 1000}


def peer(what: str) -> Callable[[], int]:
    import numpy as np
    import pandas as pd
    from facets_overview.generic_feature_statistics_generator import GenericFeatureStatisticsGenerator

    frame = pd.DataFrame(np.random.default_rng(0).normal(size=SIZES[what]))
    frame.columns = frame.columns.map(str)
    generator = GenericFeatureStatisticsGenerator()
    return lambda: len(generator.ProtoFromDataFrames([{"name": "data", "table": frame}]).SerializeToString())


def ours(what: str) -> Callable[[], int]:
    import numpy as np
    import pandas as pd

    from k8snb.distributions.facets import proto
    from k8snb.distributions.skew import skew

    def made(*sets: Any) -> int:
        return len(proto.serialized(skew(*sets).statistics))

    rng = np.random.default_rng(0)
    made([0.0])  # imports
    if what in SIZES:
        frame = pd.DataFrame(rng.normal(size=SIZES[what]))
        frame.columns = frame.columns.map(str)
        return lambda: made(frame)
    if what.endswith("Parquet"):
        path = written(what.removesuffix(", Parquet"))
        return lambda: made(path)
    if what == "1,000,000 different labels":
        labels = pd.DataFrame({"id": [f"user-{i}" for i in range(1_000_000)]})
        return lambda: made(labels)
    one, other = (rng.normal(size=(10_000, 500)) for _ in range(2))
    return lambda: made(one, other)


def written(what: str) -> str:
    """Write a Parquet file, in a process of its own: its memory is not to be counted."""
    path = Path(tempfile.mkdtemp(prefix="k8snb-")) / "rows.parquet"
    program = (
        "import numpy as np, pyarrow as pa, pyarrow.parquet as pq\n"
        f"x = np.random.default_rng(0).normal(size={SIZES[what]})\n"
        f"pq.write_table(pa.table({{str(i): x[:, i] for i in range(x.shape[1])}}), {str(path)!r})"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    return str(path)


def memory(what: str) -> float:
    """Return a line of the kernel's about this process, in MB: ``VmRSS`` now, ``VmHWM`` at most since it was reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:"))


def tell(what: str, rounds: list[dict[str, float]]) -> None:
    told = ", ".join(f"{median(one[unit] for one in rounds):.3g} {unit}" for unit in rounds[0])
    print(f"{what}: {told} (median of {len(rounds)})")


if __name__ == "__main__":
    main()
