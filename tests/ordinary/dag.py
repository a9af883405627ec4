# %%
import inspect
import itertools
import warnings
warnings.filterwarnings('ignore')
# %%
from sklearn import datasets
from sklearn.ensemble import RandomForestClassifier, AdaBoostClassifier
from sklearn.model_selection import train_test_split
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler, PolynomialFeatures
# %%
def grid(**choices):
    def mark(func):
        func.grids = [dict(zip(choices, values)) for values in itertools.product(*choices.values())]
        return func
    return mark

def run_all(functions):
    results = {}
    for func in functions:
        taken = inspect.signature(func).parameters
        given = {name: results[name] for name in taken if name in results}
        for number, more in enumerate(getattr(func, "grids", [{}])):
            key = func.__name__ if not more else f"{func.__name__}-{number}"
            results[key] = func(**given, **more)
    return results
# %%
def data():
    data = datasets.make_classification(60, 6, n_informative=4,
                                        class_sep=0.80, random_state=0)
    X, y = data
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.33, random_state=0)
    return X_train, X_test, y_train, y_test

def features(data):
    X_train, X_test, y_train, y_test = data
    poly = PolynomialFeatures()
    return poly.fit_transform(X_train), poly.transform(X_test), y_train, y_test, poly

def scaled(features):
    X_train, X_test, y_train, y_test, _ = features
    scaler = StandardScaler()
    return scaler.fit_transform(X_train), scaler.transform(X_test), y_train, y_test, scaler

@grid(model=[RandomForestClassifier],
      n_estimators=[3, 5],
      criterion=["gini", "entropy"],
)
def fit_forest(scaled, model, n_estimators, criterion):
    X_train, X_test, y_train, y_test, _ = scaled
    clf = model(n_estimators=n_estimators, criterion=criterion, random_state=0)
    clf.fit(X_train, y_train)
    y_pred = clf.predict(X_test)
    acc = accuracy_score(y_test, y_pred)
    return dict(clf=clf, acc=acc)

@grid(model=[AdaBoostClassifier],
      n_estimators=[3],
      learning_rate=[1.0, 0.5],
)
def fit_boost(scaled, model, n_estimators, learning_rate):
    X_train, X_test, y_train, y_test, _ = scaled
    clf = model(n_estimators=n_estimators, learning_rate=learning_rate, random_state=0)
    clf.fit(X_train, y_train)
    return dict(clf=clf, acc=accuracy_score(y_test, clf.predict(X_test)))
# %%
# %%k8s_step run
dag = run_all([data, features, scaled, fit_forest, fit_boost])
# %%
# %%k8s_step best
fits = {name: one for name, one in dag.items() if name.startswith("fit")}
name = max(fits, key=lambda one: fits[one]["acc"])
best = fits[name]["clf"]
# %%
# %%k8s_step again
X_train, X_test, y_train, y_test = data()
shape = X_train.shape
guesses = best.predict(dag["scaled"][1])
# %%
print(name, shape, guesses[:4])
