# %%
import numpy as np

data = np.array([4.1, 5.0, 6.2, 5.5, 4.8, 5.9, 6.1, 5.2])
N_BOOT = 500
np.random.seed(0)
# %%
# %%k8s_step resample
means = np.array([np.random.choice(data, size=len(data)).mean() for _ in range(N_BOOT)])
# %%
# %%k8s_step interval
low, high = np.percentile(means, [2.5, 97.5])
report = f"mean {data.mean():.2f}, 95% interval {low:.2f} to {high:.2f}"
# %%
print(report)
