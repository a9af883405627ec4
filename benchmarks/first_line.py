"""A changed cell to its first line in the notebook, against a plain pod's POST to its first line through the log API.

Both on a warm node, in turns, each started at a random moment. The line is a fresh random text that the changed user
cell prints, read from the notebook's output.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import sys

from benchmarks.cluster import Pods, environment_image, kernel, report, stage


async def main(rounds: int = 15) -> None:
    with stage() as where:
        values: dict[str, list[float]] = {"k8snb": [], "plain pod": [], "plain pod, no token": []}
        with kernel(where.folder) as notebook:
            notebook.run("%load_ext k8snb")
            for i in range(rounds + 1):
                text = secrets.token_hex(8)
                # the text itself does not stand in the cell, so that nothing but the pod can have printed it
                half = len(text) // 2
                cell = f"%%k8s_step hello\nprint('{text[:half]}' + '{text[half:]}')"
                _, changed, _ = notebook.run(cell)
                seen, _, _ = await asyncio.to_thread(notebook.run, "%k8s_run", text)
                first = changed + seen
                image = environment_image()
                async with Pods() as pods:
                    # the kubelet ticks once a second: rounds must not be in step with it
                    for key, bare in (("plain pod", False), ("plain pod, no token", True)):
                        await asyncio.sleep(random.random() * 1.2)
                        command = ["python3", "-c", "print('hello')"]
                        seconds = await pods.run(f"plain-{secrets.token_hex(4)}", image, command, bare=bare, env={})
                        if i:
                            values[key].append(seconds)
                if i:  # the first round warms up
                    values["k8snb"].append(first)
                await asyncio.sleep(random.random() * 1.2)
    report("first line", values, lambda m: m["k8snb"] / m["plain pod"], 0.6)


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
