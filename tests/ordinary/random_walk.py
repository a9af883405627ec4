# %%
import numpy as np

rng = np.random.default_rng(7)
N = 200
# %%
# %%k8s_step walk
steps = rng.choice([-1, 1], size=N)
position = np.cumsum(steps)
# %%
# %%k8s_step again
other = np.cumsum(rng.choice([-1, 1], size=N))
distance = np.abs(position - other)
# %%
print(position[-1], other[-1], distance.max())
fresh = rng.integers(0, 100, 3)
