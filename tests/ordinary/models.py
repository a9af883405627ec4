# %%
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

models = {
    "tree": DecisionTreeClassifier(max_depth=5, random_state=0),
    "bayes": GaussianNB(),
    "logistic": LogisticRegression(max_iter=200),
}
# %%
# %%k8s_step data
X, y = load_digits(return_X_y=True)
X, y = X[:300] / 16, y[:300]
# %%
# %%k8s_step compare
scores = {}
for name, model in models.items():
    scores[name] = cross_val_score(model, X, y, cv=3).mean()
best = max(scores, key=scores.get)
# %%
for name, score in sorted(scores.items()):
    print(f"{name:10} {score:.3f}")
