# %%
import numpy as np
import pandas as pd
import warnings
warnings.simplefilter("ignore")
pd.options.display.float_format = "{:.2f}".format
# %%
# %%k8s_step make
rng = np.random.default_rng(5)
n = 200
df = pd.DataFrame({
    "age": rng.integers(1, 80, n).astype(float),
    "fare": rng.gamma(2, 15, n).round(2),
    "sex": rng.choice(["male", "female"], n),
    "cls": rng.choice([1, 2, 3], n, p=[0.2, 0.3, 0.5]),
})
df.loc[rng.choice(n, 20, replace=False), "age"] = np.nan
df["survived"] = ((df["sex"] == "female") | (df["fare"] > 60)).astype(int)
# %%
df["age"] = df["age"].fillna(df["age"].median())
# %%
# %%k8s_step features
X = pd.get_dummies(df[["age", "fare", "sex", "cls"]], columns=["sex", "cls"], dtype=int)
y = df["survived"]
# %%
# %%k8s_step fit
from sklearn.linear_model import LogisticRegression
clf = LogisticRegression(max_iter=500).fit(X, y)
accuracy = clf.score(X, y)
# %%
print(f"{accuracy:.2f}")
rates = df.groupby("sex")["survived"].mean().round(3).to_dict()
