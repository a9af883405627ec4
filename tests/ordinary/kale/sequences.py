# %% tags: imports
import json
import numpy as np
import pandas as pd

from collections import Counter
# %% tags: pipeline-parameters
LR = 1e-3
EPOCHS = 3
WIDTH = 4
LENGTH = 5
# %% tags: skip
np.random.seed(42)
# %% tags: step:load_data
text = '{"id": "a", "sequence": "GGAAA", "structure": "..(.)", "size": 5, "y": [1, 2]}\n{"id": "b", "sequence": "ACGUU", "structure": "((..)", "size": 3, "y": [0, 1]}'
train_df = pd.DataFrame([json.loads(line) for line in text.split("\n")])
train_df.head()
# %%
test_df = train_df.copy()
test_df.head()
# %% tags: step:
sample_df = pd.DataFrame({"id": ["a", "b"]})
# %%
train_df.head()
# %% tags: step:preprocess_data prev:load_data
symbols = "().ACGU"
feat_cols = ["sequence", "structure"]
target_cols = ["y"]
# %%
class Tokenizer:
    def __init__(self, index=None):
        self.index = index or {}
    def fit_on(self, texts):
        for word, _ in Counter(texts).most_common():
            self.index.setdefault(word, len(self.index) + 1)
    def to_json(self):
        return json.dumps(self.index)
    def tokens(self, texts):
        return [self.index[t] for t in texts]

def tokenizer_from_json(text):
    return Tokenizer(json.loads(text))

tokenizer = Tokenizer()
tokenizer.fit_on(symbols)
tokenizer_string = tokenizer.to_json()
# %%
# how many there are
vocab_size = len(tokenizer.index) + 1
print(vocab_size)
# %%
def process_features(example):
    first, second = example[0], example[1]

    tok = tokenizer_from_json(tokenizer_string)

    stacked = np.stack((np.array(tok.tokens(first)), np.array(tok.tokens(second))), axis=1)
    return stacked.tolist()
# %%
def process_labels(df):
    df = df.copy()

    return np.array(df[target_cols].values.tolist())[:, 0]
# %%
public_df = test_df.query("size == 5")
private_df = test_df.query("size == 3")
# %%
x_train = [process_features(row.tolist()) for _, row in train_df[feat_cols].iterrows()]
y_train = process_labels(train_df)

raw_public = [row.tolist() for _, row in public_df[feat_cols].iterrows()]
raw_private = [row.tolist() for _, row in private_df[feat_cols].iterrows()]
# %% tags: step:model_training prev:preprocess_data
def dense(width, scale):
    return np.full((width, 2), scale)
# %%
class Layer:
    def __init__(self, **kwargs):
        self.name = kwargs.get("name", "layer")
# %%
def build_model(size, length=int(LENGTH), out=2,
                width=int(WIDTH), scale=float(LR)):
    first = dense(length * 2, scale)

    def reshape_op(x):
        return np.reshape(x, (len(x), -1))[:, :length * 2]

    class Cut(Layer):
        def __init__(self, out, **kwargs):
            super(Cut, self).__init__(**kwargs)
            self.out = out

        def call(self, x):
            return x[:, :self.out]

    class Model:
        def __init__(self):
            self.layers = [reshape_op, Cut(out, name="cut")]
            self.weights = first
            self.history = {}

        def predict(self, x):
            return self.layers[1].call(self.layers[0](x) @ self.weights)

        def fit(self, x, y, epochs=1):
            for _ in range(epochs):
                self.weights = self.weights + 0.01
                self.history.setdefault("loss", []).append(float(abs(self.predict(x) - y).sum()))
            return self

    return Model()
# %%
model = build_model(vocab_size)
# %%
history = model.fit(np.array(x_train), np.array(y_train), epochs=int(EPOCHS))
# %%
last_loss = history.history.get("loss")[0]
# %% tags: step:evaluate_model prev:model_training
model_public = build_model(8, length=5)
model_private = build_model(8, length=5)

model_public.weights = model.weights
model_private.weights = model.weights.copy()
# %% tags: block:
public_preds = model_public.predict(np.array([process_features(x) for x in raw_public]))
private_preds = model_private.predict(np.array([process_features(x) for x in raw_private]))
# %% tags: skip prev:model_evaluation
found = []

for df, preds in [(public_df, public_preds), (private_df, private_preds)]:
    for i, uid in enumerate(df.id):
        found.append(preds[i])
# %% tags: skip
submission = sample_df[['id']].merge(pd.DataFrame(found))
