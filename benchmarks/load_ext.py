"""What ``%load_ext k8snb`` costs: fresh processes, against IPython's own start in the same run.

Run it as ``python benchmarks/load_ext.py [ROUNDS]``. Budget: 150 ms, no network, nothing heavy imported.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

START = """
import sys, time
began = time.perf_counter()
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
started = time.perf_counter()
shell.run_line_magic("load_ext", "k8snb")
loaded = time.perf_counter()
heavy = {"cloudpickle", "obstore", "kubernetes", "aiohttp", "numpy", "nbclient"} & sys.modules.keys()
print(started - began, loaded - started, *heavy)
"""
BUDGET = 0.150


def main(rounds: int) -> int:
    """Measure, print, and return 1 where the budget is exceeded."""
    starts, loads, heavy = [], [], set()
    for _ in range(rounds):
        done = subprocess.run([sys.executable, "-c", START], check=True, capture_output=True, text=True)
        start, load, *modules = done.stdout.split()
        starts.append(float(start))
        loads.append(float(load))
        heavy |= set(modules)
    start, load = statistics.median(starts), statistics.median(loads)
    print(f"IPython's start {start * 1000:.0f} ms")
    print(f"%load_ext k8snb {load * 1000:.0f} ms, {load / start:.2f} of it; worst {max(loads) * 1000:.0f} ms")
    print(f"heavy modules   {', '.join(sorted(heavy)) or 'none'}")
    return int(load > BUDGET or bool(heavy))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
