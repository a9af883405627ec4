# %%
import numpy as np
np.set_printoptions(precision=3, suppress=True)

A = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]])
b = np.array([1.0, 2.0, 3.0])
# %%
# %%k8s_step solve
x = np.linalg.solve(A, b)
residual = np.linalg.norm(A @ x - b)
# %%
# %%k8s_step eigen
values, vectors = np.linalg.eigh(A)
rebuilt = vectors @ np.diag(values) @ vectors.T
print(values)
# %%
same = bool(np.allclose(rebuilt, A))
x
