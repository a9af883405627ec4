# %%
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
# %%
# %%k8s_step blobs
X, truth = make_blobs(n_samples=150, centers=3, random_state=4)
frame = pd.DataFrame(X, columns=["x", "y"])
# %%
# %%k8s_step cluster
inertias = []
for k in range(1, 5):
    km = KMeans(n_clusters=k, n_init=3, random_state=0).fit(frame[["x", "y"]])
    inertias.append(round(km.inertia_, 2))
frame["cluster"] = KMeans(n_clusters=3, n_init=3, random_state=0).fit_predict(frame[["x", "y"]])
# %%
sizes = sorted(frame["cluster"].value_counts().tolist())
print(sizes, inertias)
