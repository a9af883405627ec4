# %%
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.linear_model import Ridge
# %%
# %%k8s_step prepare
rng = np.random.default_rng(1)
X = rng.normal(size=(100, 3))
y = X @ np.array([1.0, -2.0, 0.5]) + rng.normal(scale=0.1, size=100)
# %%
# %%k8s_step train
pipe = make_pipeline(StandardScaler(), Ridge(alpha=0.1)).fit(X, y)
coefficients = pipe[-1].coef_.round(3)
# %%
# %%k8s_step predict
predictions = pipe.predict(X[:5])
error = float(np.sqrt(np.mean((pipe.predict(X) - y) ** 2)))
# %%
print(coefficients, round(error, 3))
