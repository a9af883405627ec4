# %% tags: skip
!pip3 install --user -r requirements.txt
# %% tags: imports
import sklearn
import numpy as np

from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import precision_score, recall_score, f1_score, accuracy_score
# %% tags: pipeline-parameters
TREES = 8
DEPTH = 2
# %% tags: step:load_transform_data
x, y = datasets.load_iris(return_X_y=True)
# %%
x_trn, x_tst, y_trn, y_tst = train_test_split(x, y, test_size=.2, random_state=1)
# %% tags: prev:load_transform_data step:train_model
model = RandomForestClassifier(n_estimators=int(TREES),
                               max_depth=int(DEPTH), random_state=2)
# %%
model.fit(x_trn, y_trn)
# %% tags: prev:load_transform_data prev:train_model step:evaluate_model
preds = model.predict(x_tst)
# %%
precision = precision_score(y_tst, preds, average='macro')
recall = recall_score(y_tst, preds, average='macro')
f1 = f1_score(y_tst, preds, average='macro')
accuracy = accuracy_score(y_tst, preds)
# %% tags: skip
from shop.window import serve
server = serve(model)
# %% tags: skip
import json
rows = {"instances": [[6.8, 2.8, 4.8, 1.4]]}
answer = server.predict(json.dumps(rows))
# %% tags: pipeline-metrics
print(precision)
print(recall)
print(f1)
print(accuracy)
