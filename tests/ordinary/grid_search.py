# %%
import itertools
from sklearn.datasets import load_wine
from sklearn.svm import SVC

params = {"C": [0.1, 1, 10], "gamma": ["scale", 0.01]}
# %%
# %%k8s_step load
data = load_wine()
X = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
y = data.target
# %%
# %%k8s_step search
best_score, best_params = 0, None
for C, gamma in itertools.product(*params.values()):
    score = SVC(C=C, gamma=gamma).fit(X[::2], y[::2]).score(X[1::2], y[1::2])
    if score > best_score:
        best_score, best_params = score, {"C": C, "gamma": gamma}
# %%
# %%k8s_step final
final = SVC(**best_params).fit(X, y)
# %%
print(best_params, round(best_score, 3), round(final.score(X, y), 3))
