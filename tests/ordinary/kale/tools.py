# %% tags: skip
!pip install colours
# %% tags: imports
import json
import os
import subprocess

from collections import Counter
# %% tags: pipeline-parameters
MODEL = "small"
URL = ""
SHARE = 0.5
SAVE=True
# %% tags: step:prepare image:docker.io/library/python:3.11-slim
data = {
    "message": "call a tool",
    "tools": [
        {
            "name": "run",
            "parameters": {"properties": {"path": {"type": "string"}}, "required": ["path"]}
        },
        {"name": "list", "parameters": {"properties": {}, "required": []}},
    ],

    "data": [
        # of the first
        {"prompt": "run it", "tool": "run", "parameters": {"path": "a"}},
        {"prompt": "go", "tool": "run", "parameters": {"path": "b"}},

        # of the second
        {"prompt": "what is there", "tool": "list", "parameters": {}},
    ]
}
# %% tags: step:
device = "CPU" if not os.environ.get("CUDA_HOME") else f"CUDA : {os.environ['CUDA_HOME']}"

if URL.strip() and URL.lower().startswith("http"):
    print(f"from {URL}\n")
    data = json.loads(subprocess.check_output(["curl", URL]))
else:
    print("the sample\n")

message = data["message"]
tools = data["tools"]
training = data["data"]

for tool in tools:
    print(f"  - {tool['name']}: {tool['parameters']['required']}")

required = {"prompt", "tool", "parameters"}
for i, sample in enumerate(training):
    missing = required - set(sample.keys())
    if missing:
        raise ValueError(f"sample {i} lacks {missing}")

counts = Counter(sample["tool"] for sample in training)
for tool, count in counts.items():
    print(f"  {tool}: {count}")

print(json.dumps(training[0], indent=2))
# %%
def conversation(sample: dict, tools: list, message: str) -> dict:
    """Put a sample into words."""
    return {
        "messages": [
            {"role": "system", "content": message},
            {"role": "user", "content": sample["prompt"]},
        ],
        "tools": tools
    }

class Table(list):
    def map(self, function):
        return Table(function(one) for one in self)
    def split(self, share):
        cut = int(len(self) * share)
        return {"train": Table(self[:cut]), "test": Table(self[cut:])}

dataset = Table(training)

dataset = dataset.map(
    lambda sample: conversation(sample, tools, message)
)

dataset = dataset.split(SHARE)

print(f"{len(dataset['train'])}, {len(dataset['test'])}")
# %% tags: skip
from somewhere import login
login()
# %% tags: step:load_model image:docker.io/library/python:3.11-slim cache:enabled
tokenizer = dict(name=MODEL)
# %%
kind = float
if os.environ.get("CUDA_HOME"):
    kind = int if SAVE else complex
model = {"kind": kind, "weights": [kind(1)]}
# %% tags: step:train_model prev:load_model prev:prepare image:docker.io/library/python:3.11-slim
sample = dataset['train'][0]
formatted = json.dumps(sample["messages"])
print(formatted[:20] + "..." if len(formatted) > 20 else formatted)
# %%
class Trainer:
    def __init__(self, model, args, rows):
        self.model, self.args, self.rows = model, args, rows
    def train(self):
        self.model["weights"].append(self.model["kind"](len(self.rows)))
        return len(self.model["weights"])

trainer = Trainer(
    model=model,
    args=dict(
        # slower without
        checkpoints=SAVE,
    ),
    rows=dataset['train'],
)

print(f"  - {trainer.args['checkpoints']}")
result = trainer.train()
# so that it is kept
kept = trainer.model
kept
