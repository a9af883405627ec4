# %%
import numpy as np
from scipy import sparse, stats
# %%
# %%k8s_step build
row = np.array([0, 0, 1, 2, 2])
col = np.array([0, 2, 2, 0, 1])
m = sparse.csr_matrix((np.arange(1.0, 6.0), (row, col)), shape=(3, 3))
dense = m.toarray()
# %%
# %%k8s_step test
slope, intercept, r, p, se = stats.linregress(np.arange(10), np.arange(10) * 2.0 + 1)
product = (m @ m.T).toarray()
# %%
print(dense.sum(), round(slope, 3), product.trace())
