"""Digits, four steps, warm, on the test cluster: `%k8s_run` against four hand-written pods over the same store.

The floor's pods use the same image, read and write the same values with the same store library, and are followed
through the log API: importer, then trainer and skew side by side, then evaluator. Data change each round; nothing is
cached.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time

from benchmarks.cluster import Pods, credentials, environment_image, kernel, report, stage

STEPS = """
%%k8s_step importer
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
digits = load_digits()
data = digits.images.reshape((len(digits.images), -1))
X_train, X_test, y_train, y_test = train_test_split(data, digits.target, test_size=0.2, random_state={seed})
---
%%k8s_step svc_trainer
from sklearn.svm import SVC
model = SVC(gamma=0.001)
model.fit(X_train, y_train)
---
%%k8s_step evaluator
test_acc = model.score(X_test, y_test)
print(f"Test accuracy: {{test_acc}}")
---
%%k8s_step skew_comparison
import pandas as pd
columns = [str(x) for x in range(X_train.shape[1])]
reference = pd.DataFrame(X_train, columns=columns)
comparison = pd.DataFrame(X_test, columns=columns)
"""

HAND = """
import os, pickle
from obstore.store import from_url
endpoint = os.environ["AWS_ENDPOINT_URL"]
store = from_url("{store}", endpoint=endpoint, region="us-east-1", client_options={{"allow_http": True}})
def get(name): return pickle.loads(store.get("{run}/" + name).bytes())
def put(name, value): store.put("{run}/" + name, pickle.dumps(value, protocol=5))
"""

BODIES = {
    "importer": """
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
digits = load_digits()
data = digits.images.reshape((len(digits.images), -1))
names = "X_train", "X_test", "y_train", "y_test"
split = train_test_split(data, digits.target, test_size=0.2, random_state={seed})
for name, value in zip(names, split): put(name, value)
""",
    "trainer": """
from sklearn.svm import SVC
put("model", SVC(gamma=0.001).fit(get("X_train"), get("y_train")))
""",
    "evaluator": """
print("Test accuracy:", get("model").score(get("X_test"), get("y_test")))
""",
    "skew": """
import pandas as pd
X_train, X_test = get("X_train"), get("X_test")
columns = [str(x) for x in range(X_train.shape[1])]
put("reference", pd.DataFrame(X_train, columns=columns))
put("comparison", pd.DataFrame(X_test, columns=columns))
""",
}


async def by_hand(store: str, image: str, seed: int, *, bare: bool) -> float:
    """Run the four pods and return the seconds until the last has ended."""
    run = f"floor-{secrets.token_hex(4)}"
    env = {**credentials(), "AWS_ENDPOINT_URL": os.environ["K8SNB_TEST_S3_ENDPOINT"]}

    async def pod(name: str) -> None:
        code = HAND.format(store=store, run=run) + BODIES[name].format(seed=seed) + "\nprint('end')\n"
        await pods.run(f"{run}-{name}", image, ["python3", "-c", code], bare=bare, env=env)

    async with Pods() as pods:
        started = time.perf_counter()
        await pod("importer")

        async def train_and_evaluate() -> None:
            await pod("trainer")
            await pod("evaluator")

        await asyncio.gather(train_and_evaluate(), pod("skew"))
        return time.perf_counter() - started


async def main(rounds: int = 7) -> None:
    with stage() as where:
        values: dict[str, list[float]] = {"k8snb": [], "four pods": [], "four pods, no token": []}
        with kernel(where.folder) as notebook:
            notebook.run("%load_ext k8snb")
            for i in range(rounds + 1):
                for cell in STEPS.format(seed=i).split("---\n"):
                    notebook.run(cell.strip())
                _, whole, text = await asyncio.to_thread(notebook.run, "%k8s_run")
                if "Test accuracy" not in text:
                    raise RuntimeError(text)
                image = environment_image()
                plain = await by_hand(where.store, image, i, bare=False)
                bare = await by_hand(where.store, image, i, bare=True)
                if i:  # the first round warms up
                    for key, seconds in zip(values, (whole, plain, bare), strict=True):
                        values[key].append(seconds)
    report("digits", values, lambda m: m["k8snb"] / m["four pods"], 1.0)


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
