# %%
import numpy as np
import pandas as pd

index = pd.date_range("2023-01-01", periods=365, freq="D")
# %%
# %%k8s_step simulate
rng = np.random.default_rng(0)
values = np.sin(np.arange(365) / 58) * 10 + rng.normal(0, 1, 365)
series = pd.Series(values, index=index, name="temperature")
# %%
# %%k8s_step smooth
monthly = series.resample("MS").mean()
rolling = series.rolling(7, min_periods=1).mean()
anomalies = series[(series - rolling).abs() > 2]
# %%
print(len(anomalies), monthly.round(2).tolist()[:3])
warmest = monthly.idxmax().strftime("%B")
