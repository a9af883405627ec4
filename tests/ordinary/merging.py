# %%
import pandas as pd

left = pd.DataFrame({"key": list("abcd"), "x": range(4)})
right = pd.DataFrame({"key": list("bcde"), "y": [10, 20, 30, 40]})
# %%
# %%k8s_step join
inner = left.merge(right, on="key")
outer = left.merge(right, on="key", how="outer", indicator=True)
n_both = int((outer["_merge"] == "both").sum())
# %%
# %%k8s_step reshape
long = outer.drop(columns="_merge").melt(id_vars="key", value_name="value").dropna()
wide = long.pivot(index="key", columns="variable", values="value")
# %%
print(n_both, wide.shape)
inner.assign(z=inner.x * inner.y)
