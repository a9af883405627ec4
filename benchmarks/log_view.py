"""100,000 lines of a pod in the notebook, against the same pod's log read by kubectl.

Lines lost and told twice, the time until the last is shown, the bytes read, how long the kernel takes to answer
meanwhile, how often the view is brought up to date, and the size of what is saved of it.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

import nbformat
from nbclient import NotebookClient

from benchmarks.cluster import NAMESPACE, environment_image, report, stage

LINES = 100_000
CODE = f"for i in range({LINES}): print(f'{{i:06d}} ' + 'x' * 92)"
MEASURED = 6
"""The cell that runs the step."""

COUNT = """
from k8snb.orchestrators.kubernetes.pipe import Pipe
read = [0, 0]
def counting(kind, method):
    def counted(self, data):
        read[kind] += len(data)
        return method(self, data)
    return counted
Pipe.from_attach, Pipe.from_log = counting(0, Pipe.from_attach), counting(1, Pipe.from_log)
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  automountServiceAccountToken: false
  containers: [{{name: main, image: "{image}", command: ["python3", "-c", {code}]}}]
"""


class _Client(NotebookClient):
    """Counts the messages that bring the view up to date, and asks the kernel something all the time."""

    updates = 0

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        self.updates += cell_index == MEASURED and msg["msg_type"] == "update_display_data"
        return super().process_message(msg, cell, cell_index)

    async def async_execute_cell(self, cell: Any, cell_index: int, **more: Any) -> Any:
        """Ask while the long cell runs."""
        if cell_index != MEASURED:
            return await super().async_execute_cell(cell, cell_index, **more)
        asking = asyncio.create_task(self._latencies())
        done = await super().async_execute_cell(cell, cell_index, **more)
        asking.cancel()
        self.latencies = await asking
        return done

    async def _latencies(self) -> list[float]:
        """Return how long the kernel takes to answer, asked each 50 ms until this is cancelled."""
        found: list[float] = []
        with suppress(asyncio.CancelledError):
            while True:
                asked = time.perf_counter()
                self.kc.control_channel.send(self.kc.session.msg("kernel_info_request"))
                await self.kc.get_control_msg(timeout=60)
                found.append(time.perf_counter() - asked)
                await asyncio.sleep(0.05)
        return found


async def by_k8snb(folder: Any) -> dict[str, Any]:
    """Run the notebook; return what was measured."""
    name = f"lines-{secrets.token_hex(3)}"
    sources = [
        "%load_ext k8snb",
        "%%k8s_step warm\npass",
        "%k8s_run",
        COUNT,
        f"%%k8s_step {name}\n{CODE}",
        "import time; begun = time.perf_counter()",
        f"%k8s_run {name}",
        "print(time.perf_counter() - begun, *read)",
        f"%k8s_logs {name} --save lines.txt --force",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    client = _Client(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
    await client.async_execute()
    seconds, attach, log = map(float, notebook.cells[-2].outputs[0]["text"].split())
    numbers = [int(n) for n in re.findall(rb"^(\d{6}) ", (folder / "lines.txt").read_bytes(), re.MULTILINE)]
    return {
        "seconds": seconds,
        "bytes": attach + log,
        "latencies": client.latencies,
        "updates": client.updates,
        "lost": LINES - len(set(numbers)),
        "twice": len(numbers) - len(set(numbers)),
        "saved": len(nbformat.writes(nbformat.v4.new_notebook(cells=[notebook.cells[MEASURED]]))),
    }


async def by_kubectl() -> tuple[float, int]:
    """Run the same code in a pod; return seconds until its whole log was read, and its bytes."""
    name = f"plain-{secrets.token_hex(3)}"
    pod = POD.format(name=name, namespace=NAMESPACE, image=environment_image(), code=json.dumps(CODE))
    begun = time.perf_counter()
    await asyncio.to_thread(_kubectl, "apply", "-f", "-", given=pod)
    command = ["kubectl", "-n", NAMESPACE, "logs", "-f", f"pod/{name}", "--pod-running-timeout=60s"]
    while True:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        out, _ = await process.communicate()
        if process.returncode == 0:
            seconds = time.perf_counter() - begun
            await asyncio.to_thread(_kubectl, "-n", NAMESPACE, "delete", "pod", name, "--wait=false")
            return seconds, len(out)


def _kubectl(*arguments: str, given: str = "") -> None:
    subprocess.run(["kubectl", *arguments], input=given, text=True, check=True, capture_output=True)


async def main(rounds: int = 5) -> None:
    times: dict[str, list[float]] = {"k8snb": [], "kubectl": []}
    sizes: list[float] = []
    with stage() as where:
        for _ in range(rounds):
            ours = await by_k8snb(where.folder)
            seconds, size = await by_kubectl()
            times["k8snb"].append(ours["seconds"])
            times["kubectl"].append(seconds)
            sizes.append(ours["bytes"] / size)
            asked = ours["latencies"]
            print(
                f"lines lost {ours['lost']}, told twice {ours['twice']}; read {ours['bytes']:.0f} bytes, "
                f"kubectl {size}; kernel answers in {statistics.median(asked) * 1000:.0f} ms, at most "
                f"{max(asked) * 1000:.0f}; {ours['updates'] / ours['seconds']:.1f} updates a second; "
                f"{ours['saved']} bytes saved"
            )
    report("100,000 lines", times, lambda m: m["k8snb"] / m["kubectl"], 1.0)
    print(f"100,000 lines: bytes read: {statistics.median(sizes):.2f} of kubectl's")


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
