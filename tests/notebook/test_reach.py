"""Names that live values use."""

from __future__ import annotations

import types
from typing import Any

import pytest

from k8snb.notebook.reach import reached, sharing

SOURCE = """
import functools
def plain(): return scale
def nested():
    def inner(): return scale
    return inner
def outer(): return plain()
def attribute(): return thing.scale
def decorated(f):
    @functools.wraps(f)
    def wrapper(): return f()
    return wrapper
wrapped = decorated(plain)
lam = lambda: scale
part = functools.partial(plain)
class Model:
    def predict(self): return scale
    @property
    def p(self): return scale
    @staticmethod
    def s(): return scale
class Child(Model): pass
model = Child()
method = model.predict
many = [1, {"f": (plain,)}]
async def later(): return scale
import types
held = types.SimpleNamespace(deep=[[[[{"f": plain}]]]])
import collections
made = collections.defaultdict(plain)
import numpy
array = numpy.array([plain], dtype=object)
class Trap:
    def __getattr__(self, name): raise RuntimeError(name)
    __class__ = property(lambda self: 1 / 0)
trap = Trap()
def recursive(): return recursive
"""


@pytest.fixture(scope="module")
def namespace() -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": "__main__", "scale": 2, "data": [1, 2]}
    exec(SOURCE, scope)
    return scope


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "nested",
        "outer",
        "wrapped",
        "lam",
        "part",
        "Model",
        "Child",
        "model",
        "method",
        "many",
        "later",
        "held",
        "made",
        "array",
    ],
)
def test_code_behind_a_value_is_found(namespace: dict[str, Any], name: str) -> None:
    assert "scale" in reached([name], namespace)


@pytest.mark.parametrize("name", ["attribute", "recursive", "data", "functools", "absent", "trap"])
def test_what_uses_nothing_brings_nothing(namespace: dict[str, Any], name: str) -> None:
    assert "scale" not in reached([name], namespace)


def test_a_module_shares_nothing_with_variables() -> None:
    items = [1]
    module = types.ModuleType("module")
    module.items = items  # type: ignore[attr-defined]
    assert sharing(["items"], {"items": items, "module": module, "other": (items,)}) == {"other"}


def test_a_logger_whose_handler_writes_to_the_kernel_shares_nothing_with_the_notebook() -> None:
    stream = type("OutStream", (), {"__module__": "ipykernel.iostream"})()
    values = {"log": types.SimpleNamespace(handlers=[types.SimpleNamespace(stream=stream)]), "xs": [1]}
    stream.shell = types.SimpleNamespace(user_ns=values)
    assert sharing({"xs"}, values) == set()
