"""By what names are made, and what of it is said not to travel."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse
from k8snb.analysis.makers import cannot_travel

IMPORTS = "import sqlite3, threading\nfrom contextlib import contextmanager\n"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("conn = sqlite3.connect(':memory:')", "conn: a connection"),
        ("with sqlite3.connect('a') as conn: pass", "conn: a connection"),
        ("f = open('a.txt', 'w')", "f: an open file"),
        ("lock = threading.Lock()", "lock: a lock"),
        ("rows = (x for x in 'ab')", "rows: a generator"),
        ("def gen(): yield 1\nrows = gen()", "rows: a generator"),
        # what may travel
        ("conn = sqlite3.connect(':memory:')\nconn = None", ""),
        ("if p: conn = sqlite3.connect('a')\nelse: conn = None", ""),
        ("rows = (x for x in 'ab')\nrows = [*rows]", ""),
        ("rows = (x for x in 'ab')\nfor rows in 'ab': pass", ""),
        ("with open('a.txt') as f: text = f.read()", ""),
        ("with open('a.txt', 'w') as f: pass", ""),
        ("with threading.Lock() as got: pass", ""),
        ("@contextmanager\ndef timer(): yield 1\nwith timer() as t: pass", ""),
        ("def make():\n    def gen(): yield 1\n    return list(gen())\ndata = make()", ""),
        ("def gen(): yield 1\nrows = list(gen())", ""),
        ("def connect(): return {}\nconn = connect()", ""),
    ],
)
def test_what_cannot_travel_shows_in_the_code(source, told):
    made_by = analyse(IMPORTS + source).made_by
    known = {name: found for name, made in made_by.items() if (found := cannot_travel(made)) is not None}
    assert ", ".join(f"{name}: {kind}" for name, (kind, _) in known.items()) == told


@pytest.mark.parametrize(
    ("source", "later"),
    [
        ("m = RandomForestClassifier()", "m"),
        ("m = make_pipeline(StandardScaler(), SGDClassifier())", "m"),
        ("m = RandomForestClassifier(**cfg.fit_params)", ""),
        ("m = RandomForestClassifier(max_depth=cfg.fit_depth)", "m"),
        ("m = RandomForestClassifier(random_state=0)", ""),
        ("m = RandomForestClassifier().fit(X, y)", ""),
        ("m = RandomForestClassifier()\nm.fit(X, y)", ""),
        ("m = LinearRegression()", ""),
    ],
)
def test_estimators_that_draw_when_they_are_fitted(source, later):
    facts = analyse(source)
    assert " ".join(facts.drawing_later) == later
    assert ("numpy.random" in facts.state.uses) == (not later and "RandomForestClassifier()" in source)


@pytest.mark.parametrize(
    ("imports", "source", "unpickles"),
    [
        ("import pickle as pkl", "x = pkl.load(f)", True),
        ("from joblib import load", "x = load('a')", True),
        ("import json", "x = json.load(f)", False),
    ],
)
def test_what_loads_pickles_is_known_by_the_imports_of_cells_above(imports, source, unpickles):
    imported = analyse(imports).imported.items()
    assert analyse(source, imported=imported).unpickles == unpickles
