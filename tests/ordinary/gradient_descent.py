# %%
import numpy as np

learning_rate = 0.1
epochs = 50

def loss(w, X, y):
    return float(np.mean((X @ w - y) ** 2))
# %%
# %%k8s_step data
rng = np.random.default_rng(seed=3)
X = np.c_[np.ones(60), rng.uniform(-1, 1, 60)]
y = X @ [0.5, 2.0]
# %%
# %%k8s_step train
w = np.zeros(2)
losses = []
for epoch in range(epochs):
    gradient = 2 * X.T @ (X @ w - y) / len(y)
    w -= learning_rate * gradient
    losses.append(loss(w, X, y))
    if epoch % 10 == 0:
        print(f"epoch {epoch}: {losses[-1]:.4f}")
# %%
final = losses[-1]
w.round(2)
