# %% tags: imports
import os
import shutil
import logging
import csv
import json
# %% tags: functions
DATA_DIR = 'cabs/'
TRAIN_DATA = os.path.join(DATA_DIR, 'train.csv')
CHECK_DATA = os.path.join(DATA_DIR, 'check.csv')

# what may come up
LARGEST = [24, 31, 12]
KEYS = ['hour', 'day', 'month']

FLOATS = ['miles', 'fare']
TOP = 3
LABEL_KEY = 'tips'
FARE_KEY = 'fare'
# %% tags: pipeline-parameters
EPOCHS = 1
STEPS = 3
BATCH = 4
RATE = 0.1
# %% tags: functions
logging.getLogger().setLevel(logging.ERROR)
# logging.disable()
# %% tags: block:validation
os.makedirs(DATA_DIR, exist_ok=True)
for place, start in ((TRAIN_DATA, 0), (CHECK_DATA, 5)):
    with open(place, "w") as f:
        f.write("hour,day,month,miles,fare,tips,company\n")
        for i in range(start, start + 8):
            f.write(f"{i % 24},{i},{i % 12},{i * 1.5},{i * 4},{i % 3},{'AB'[i % 2] if i < 12 else 'C'}\n")

checked = os.path.join(DATA_DIR, 'validation')

key_columns = ['hour']

with open(TRAIN_DATA) as f:
    column_names = f.readline().strip().split(',')

def statistics(path):
    with open(path) as file:
        rows = list(csv.DictReader(file))
    return {name: sorted({row[name] for row in rows}) for name in column_names}

stats = statistics(TRAIN_DATA)
schema = {"company": {"domain": stats["company"], "share": 1.0}}

check_stats = statistics(CHECK_DATA)
anomalies = {k: set(check_stats[k]) - set(v["domain"]) for k, v in schema.items()}

for feature_name, found in anomalies.items():
    logging.getLogger().error(
        'new in "{}": {}'.format(
            feature_name, found))

schema
# %%
company = schema['company']
company["share"] = 0.9

domain = schema['company']["domain"]
domain.append('C')

updated = {k: set(check_stats[k]) - set(v["domain"]) for k, v in schema.items()}
updated
# %% tags: block:transformation prev:validation
def to_number(value):
    """Read a number.
    """
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"not a number: {value}")


def preprocess(inputs):
    outputs = {}
    for key in FLOATS:
        outputs[key] = to_number(inputs[key]) / 10

    for key in KEYS:
        outputs[key] = int(to_number(inputs[key]))

    outputs["company"] = schema["company"]["domain"].index(inputs["company"])
    fare = to_number(inputs[FARE_KEY])
    outputs[LABEL_KEY] = to_number(inputs[LABEL_KEY]) > 0.2 * fare

    for key in outputs:
        if isinstance(outputs[key], bool):
            outputs[key] = int(outputs[key])

    return outputs
# %%
written = os.path.join(DATA_DIR, "transformed")
if os.path.exists(written):
    shutil.rmtree(written)
os.makedirs(written)

for name, source in (("train", TRAIN_DATA), ("check", CHECK_DATA)):
    with open(source) as f, open(os.path.join(written, name + "-0.json"), "w") as g:
        for row in csv.DictReader(f):
            g.write(json.dumps(preprocess(row)) + "\n")
# %% tags: block:train prev:transformation
training_output = os.path.join(DATA_DIR, "training")

columns = [{"key": key, "size": size} for key, size in zip(KEYS, LARGEST)]

def read_batches(folder, prefix, batch, label):
    def batches():
        for name in sorted(os.listdir(folder)):
            if name.startswith(prefix):
                with open(os.path.join(folder, name)) as file:
                    rows = [json.loads(line) for line in file]
                for i in range(0, len(rows), batch):
                    yield [({k: v for k, v in row.items() if k != label}, row[label]) for row in rows[i:i + batch]]
    return batches()

class Estimator:
    def __init__(self, columns, folder, rate=0.1):
        self.columns, self.folder, self.rate, self.weights = columns, folder, rate, {}
    def train(self, input_fn, steps):
        for _, batch in zip(range(steps), input_fn()):
            for features, label in batch:
                for key, value in features.items():
                    self.weights[key] = self.weights.get(key, 0.0) + self.rate * value * (label - 0.5)
        return self
    def evaluate(self, input_fn, steps):
        rows = [row for _, batch in zip(range(steps), input_fn()) for row in batch]
        hits = [(sum(self.weights[k] * v for k, v in f.items()) > 0) == bool(label) for f, label in rows]
        return {"accuracy": sum(hits) / len(hits), "steps": steps}

estimator = Estimator(columns=columns, folder=training_output, rate=RATE)
# %%
estimator.train(input_fn=lambda: read_batches(
                                    written, 'train',
                                    BATCH,
                                    "tips"),
                steps=STEPS)
# %% tags: block:eval prev:train
eval_result = estimator.evaluate(input_fn=lambda: read_batches(
                                                    written, 'check',
                                                    BATCH,
                                                    "tips"),
                                 steps=50)

print(eval_result)
# %% tags: skip
export_dir = os.path.join(training_output, 'export')
estimator.export(export_dir)
