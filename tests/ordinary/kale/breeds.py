# %% tags: skip
!wget -q https://example.org/animals.zip
!unzip -qo animals.zip
# %% tags: imports
import numpy as np
from glob import glob

import os
import random

import matplotlib.pyplot as plt

from sklearn.datasets import load_files
import decimal as image
image.getcontext().prec = 12
# %% tags: pipeline-parameters
nodes_number = 6
learning_rate = 0.25
# %% tags: block:load_data
for name, sound in [("train/cat", "meow"), ("train/dog", "woof"), ("test/cat", "mew"), ("test/dog", "wuff")]:
    os.makedirs(f"animals/{name}", exist_ok=True)
    with open(f"animals/{name}/one.txt", "w") as f:
        f.write(sound)
del f

# reads a folder of files
def load_dataset(path):
    data = load_files(path)
    files = np.array(data['filenames'])
    targets = np.eye(2)[np.array(data['target'])]
    return files, targets

train_files, train_targets = load_dataset('animals/train')
test_files, test_targets = load_dataset('animals/test')

names = [item[14:-1] for item in sorted(glob("animals/train/*/"))]
# %%
print('There are %d kinds.' % len(names))
print('There are %s files.' % len(np.hstack([train_files, test_files])))
# %%
short = train_files[:1]
# %% tags: block:detect prev:load_data
detector = {"weights": np.ones(4)}
# %%
def path_to_tensor(path):
    with open(path) as file:
        x = np.array([ord(c) for c in file.read()[:3].ljust(4)])
    return np.expand_dims(x, axis=0)

def paths_to_tensor(paths):
    return np.vstack([path_to_tensor(path) for path in paths])
# %%
def predict_label(path):
    return np.argmax(path_to_tensor(path) * detector["weights"])
# %%
### true where one is seen
def is_seen(path):
    prediction = predict_label(path)
    return ((prediction <= 3) & (prediction >= 0))
# %%
n_seen = np.sum([is_seen(path) for path in short])
percentage = n_seen / len(short)
print('{:.0%} of the files'.format(percentage))
# %% tags: block:scratch prev:detect
train_tensors = paths_to_tensor(train_files).astype('float32') / 255
test_tensors = paths_to_tensor(test_files).astype('float32') / 255
# %% tags: block:
class Sequential:
    def __init__(self):
        self.layers, self.weights = [], None
    def add(self, layer):
        self.layers.append(layer)
    def fit(self, x, y, keep=None):
        self.weights = x.T @ y
        if keep is not None:
            keep(self)
    def load_weights(self, path):
        self.weights = np.load(path)
    def predict(self, x):
        return x @ self.weights

model = Sequential()
model.add(nodes_number)
# %% tags: block:
epochs = 1

os.makedirs('saved_models', exist_ok=True)
keeper = lambda one: np.save('saved_models/scratch.npy', one.weights)

model.fit(train_tensors, train_targets, keep=keeper)
# %% tags: block:
model.load_weights('saved_models/scratch.npy')
# %% tags: block:
guesses = [np.argmax(model.predict(np.expand_dims(tensor, axis=0))) for tensor in test_tensors]

test_accuracy = 100 * np.sum(np.array(guesses) == np.argmax(test_targets, axis=1)) / len(guesses)
print('right: %.4f%%' % test_accuracy)
# %% tags: block:wide prev:scratch
features = np.tile(train_tensors, 2)
wide_model = Sequential()
wide_model.add(2)
# %% tags: block:
os.makedirs('saved_models', exist_ok=True)
keeper = lambda one: np.save('saved_models/wide.npy', one.weights)

wide_model.fit(features, train_targets, keep=keeper)
# %% tags: block:
wide_model.load_weights('saved_models/wide.npy')
guesses = [np.argmax(wide_model.predict(np.tile(tensor, 2))) for tensor in test_tensors]

test_accuracy = 100 * np.sum(np.array(guesses) == np.argmax(test_targets, axis=1)) / len(guesses)
print('right: %.4f%%' % test_accuracy)
# %% tags: block:
def predict_name(path):
    tensor = np.tile(path_to_tensor(path) / 255, 2)
    vector = wide_model.predict(tensor)
    return names[np.argmax(vector)].split('.')[-1]

path = test_files[0]
truth = np.argmax(test_targets[0])
truth = names[truth].split('.')[-1]
pred = predict_name(path)
print("is: {}".format(truth))
print("said: {}".format(pred))
# %% tags: block:deep prev:detect prev:scratch
features = np.tile(train_tensors, 3)
# %%
deep_model = Sequential()

deep_model.add(nodes_number)
deep_model.add(int(nodes_number))
# %%
rate = float(learning_rate)
# %%
keeper = lambda one: np.save('saved_models/deep.npy', one.weights)
deep_model.fit(features, train_targets, keep=keeper)
# %%
### the best of them
deep_model.load_weights('saved_models/deep.npy')
# %%
deep_guesses = [np.argmax(deep_model.predict(np.tile(tensor, 3))) for tensor in test_tensors]
deep_accuracy = 100 * np.sum(np.array(deep_guesses) == np.argmax(test_targets, axis=1)) / len(deep_guesses)
print('right: %.4f%%' % deep_accuracy)
# %%
def predict_breed(path):
    return names[np.argmax(deep_model.predict(np.tile(path_to_tensor(path) / 255, 3)))]

path = test_files[0]
pred = predict_breed(path)
print("said: {}".format(pred))
# %% tags: skip
def return_breed(path):
    return predict_breed(path) if is_seen(path) else None

pred = return_breed(test_files[1])
