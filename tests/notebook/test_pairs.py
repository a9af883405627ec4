"""The ways in which one cell makes a name and another reads it, as steps and as plain cells, against one kernel."""

from __future__ import annotations

import ast
import builtins
import re
from contextlib import suppress

import pytest
from inprocess import Notebook, one_kernel
from same import same

from k8snb.analysis.ipython import parse

CASES = """
--- conditional binding, taken
if True: x = 1
...
y = x + 1
--- conditional binding, not taken
x, y0 = 0, False
...
if y0: x = 1
...
y = x
--- both branches
if len("a") > 1:
    x = 1
else:
    x = 2
...
y = x
--- binding in a loop
for i in range(3): last = i * 2
...
y = last + i
--- loop that never runs
for i in []: x = i
...
try: y = x
except NameError: y = "unbound"
--- while and else
n = 3
while n: n -= 1
else: done = True
...
y = (n, done)
--- except as unbinds
try: 1 / 0
except ZeroDivisionError as e: text = str(e)
...
y = text
try: e
except NameError: z = "gone"
--- except as over an earlier value
e = 5
try: 1 / 0
except ZeroDivisionError as e: pass
...
try: y = e
except NameError: y = "gone"
--- try with finally
try: x = int("7")
finally: closed = True
...
y = (x, closed)
--- with
import contextlib
with contextlib.nullcontext([1, 2]) as (a, b): c = a + b
...
y = (a, b, c)
--- with that swallows
import contextlib
x = 1
with contextlib.suppress(ValueError):
    int("a")
    x = 2
...
y = x
--- match mapping
match {"kind": "point", "at": [1, 2], "more": 3}:
    case {"kind": str(kind), "at": [px, *rest], **others}: found = True
...
y = (kind, px, rest, others, found)
--- match class and guard
match 5:
    case int(n) if n > 3: size = "big"
    case n: size = "small"
...
y = (n, size)
--- match star and alternatives
match (1, 2, 3):
    case [1 | 2 as first, *others]: pass
...
y = (first, others)
--- walrus
if (n := len("abc")) > 2: x = n
...
y = n + x
--- walrus in a comprehension
squares = [last := v * v for v in range(4)]
...
y = (last, squares)
--- walrus in while
it = [3, 2, 1]
while (top := it.pop()) < 3: pass
...
y = (top, it)
--- comprehension keeps its names
v = "mine"
squares = [v for v in range(3)]
pairs = {k: v for k, v in zip("ab", squares)}
...
y = (v, squares, pairs)
--- comprehension reads names of the notebook
k = 3
data = [1, 2]
...
y = [d * k for d in data if d < k]
z = {d: [k for _ in range(d)] for d in data}
--- star unpacking
first, *middle, (a, b) = [1, 2, 3, [4, 5]]
...
y = [*middle, first, a, b]
--- chained and nested assignment
a = b = [1]
(c, d), e = (2, 3), 4
...
a.append(c)
y = (a, b, a is b, d, e)
--- augmented binding
n = 1
...
n += 5
--- augmented, of a list
xs = [1]
ys = xs
...
xs += [2]
y = ys
--- augmented item and attribute
d = {"a": 1}
...
d["a"] += 1
d.setdefault("b", []).append(2)
y = dict(d)
--- slice assignment
xs = [1, 2, 3]
...
xs[1:] = [9]
del xs[0]
--- del
a = b = 1
del a
...
y = "a" in globals()  # k8snb: quiet
z = b
--- del and bound again
a = 1
del a
a = 2
...
y = a
--- del of a name from above
gone = kept = 5
...
del gone
...
try: y = gone
except NameError: y = kept
--- conditional del
x = 1
if True: del x
...
try: y = x
except NameError: y = "gone"
--- global in a function
def f():
    global counter
    counter = 10
f()
...
y = counter
--- global augmented in a function
count = 0
def tick():
    global count
    count += 1
...
tick(); tick()
y = count
--- global del in a function
x = 1
def drop():
    global x
    del x
...
drop()
try: y = x
except NameError: y = "gone"
--- nonlocal
def counter():
    n = 0
    def up():
        nonlocal n
        n += 1
        return n
    return up
up = counter()
first = up()
...
y = up()
--- class body
base = 10
class A:
    x = base
    ys = [i for i in range(3)]
    def get(self): return self.x + base
...
y = (A.x, A.ys, A().get())
--- class body reads a global of its own name
x = 1
class A:
    x = x + 1
    z = x
...
y = (x, A.x, A.z)
--- instance
class P:
    def __init__(self, v): self.v = v
    def __eq__(self, o): return self.v == o.v
p = P(3)
...
p.v += 1
y = (p.v, isinstance(p, P), p == P(4))
--- method that reads a global changed later
rate = 2
class A:
    def f(self, x): return x * rate
a = A()
...
rate = 5
y = a.f(10)
--- inheritance and super
class A:
    def f(self): return [1]
class B(A):
    def f(self): return super().f() + [2]
...
class C(B):
    def f(self): return super().f() + [3]
y = C().f()
--- classmethod staticmethod property
class A:
    n = 1
    @classmethod
    def make(cls): return cls()
    @staticmethod
    def two(): return 2
    @property
    def three(self): return self.n + self.two()
...
y = A.make().three
--- class attribute changed later
class A: n = 1
a = A()
...
A.n = 5
y = a.n
--- metaclass
class Meta(type):
    def __new__(m, name, bases, d): return super().__new__(m, name, bases, {**d, "made": True})
class A(metaclass=Meta): pass
...
class B(A): pass
y = (A.made, B.made)
--- init_subclass
registry = []
class Base:
    def __init_subclass__(cls): registry.append(cls.__name__)
...
class One(Base): pass
y = list(registry)
--- decorator
def twice(f):
    def inner(*a): return f(f(*a))
    return inner
@twice
def inc(x): return x + 1
...
@twice
def double(x): return 2 * x
y = (inc(1), double(1))
--- decorator that registers
handlers = {}
def register(f):
    handlers[f.__name__] = f
    return f
...
@register
def hello(): return "hi"
y = [h() for h in handlers.values()]
--- decorator with arguments and wraps
import functools
def times(n):
    def deco(f):
        @functools.wraps(f)
        def inner(*a): return [f(*a)] * n
        return inner
    return deco
...
@times(3)
def one(): return 1
y = (one(), one.__name__)
--- lru_cache
import functools
@functools.lru_cache
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
...
y = fib(20)
--- default arguments
start = 3
def f(x=start, *, more=[start]): return x + more[0]
start = 100
...
y = f()
--- default argument that grows
def add(x, seen=[]):
    seen.append(x)
    return list(seen)
a = add(1)
...
b = add(2)
--- keyword-only and star arguments
def f(a, /, b, *args, c=1, **kw): return (a, b, args, c, sorted(kw))
...
y = f(1, 2, 3, c=4, d=5)
--- annotations
n: int = 3
m: str
def f(x: "int", y: list[int] = None) -> dict: return {x: y}
...
y = (n, f(1), sorted(f.__annotations__))
--- annotated only
x: int
...
try: y = x
except NameError: y = "unbound"
--- annotation that names a class of the notebook
class A: pass
def f(a: A) -> A: return a
...
y = f.__annotations__["a"] is A
--- future annotations
from __future__ import annotations
def f(x: Missing) -> Nope: return x
...
y = f(1)
--- f-string
name, width = "ann", 7
...
y = f"{name!r:>{width}} {name.upper()=} {f'{width}'}"
--- import as
import os.path as p
import json
from math import sqrt as root, pi
...
y = (p.join("a", "b"), root(4), round(pi, 2), json.dumps([1]))
--- import of a submodule
import xml.dom.minidom
...
y = xml.dom.minidom.parseString("<a/>").documentElement.tagName
--- import in a function
def f():
    import string
    return string.digits
...
y = f()
--- conditional import
try: import no_such_module_at_all as m
except ImportError: m = None
...
y = m
--- recursion
def fact(n): return 1 if n < 2 else n * fact(n - 1)
...
y = fact(6)
--- mutual recursion
def even(n): return n == 0 or odd(n - 1)
def odd(n): return n != 0 and even(n - 1)
...
y = (even(10), odd(7))
--- mutual recursion over cells
def even(n): return n == 0 or odd(n - 1)
...
def odd(n): return n != 0 and even(n - 1)
y = even(4)
--- function that reads a global changed later
k = 1
def f(): return k
...
k = 2
y = f()
--- function that reads a global made later
def f(): return later
...
later = 7
y = f()
--- function redefined later
def g(): return 1
def f(): return g()
...
def g(): return 2
y = f()
--- function that changes a global list
log = []
def note(x): log.append(x)
note(1)
...
note(2)
y = list(log)
--- function passed on
def apply(f, x): return f(x)
def inc(x): return x + step
step = 3
...
y = apply(inc, 1)
--- function attribute
def f(): f.calls = getattr(f, "calls", 0) + 1
f()
...
f()
y = f.calls
--- functools.partial
from functools import partial
scale = 3
def mul(a, b): return a * b * scale
double = partial(mul, 2)
...
scale = 1
y = double(5)
--- bound method
class A:
    def __init__(self): self.n = 0
    def up(self): self.n += 1; return self.n
a = A()
up = a.up
...
y = (up(), up(), a.n)
--- lambda
k = 2
f = lambda x, n=k: x * n + k
k = 10
...
y = f(1)
--- lambdas in a container
ops = {"add": lambda a, b: a + b, "mul": lambda a, b: a * b}
...
y = [op(3, 4) for op in ops.values()]
--- closures of a loop
fs = [lambda: i for i in range(3)]
gs = [lambda i=i: i for i in range(3)]
...
y = [f() for f in fs], [g() for g in gs]
--- generator function
def count(n):
    while n: yield n; n -= 1
...
y = list(count(3))
--- generator expression used up
total = sum(v for v in range(4))
...
y = total
--- generator with globals
step = 2
def gen():
    for i in range(3): yield i * step
...
step = 5
y = list(gen())
--- yield from
def a(): yield 1
def b():
    yield 0
    yield from a()
...
y = [*b()]
--- async function
async def f(x): return x + 1
...
y = await f(1)
--- async for, with and comprehension
class Ctx:
    async def __aenter__(self): return 5
    async def __aexit__(self, *a): pass
async def agen():
    for i in range(3): yield i
...
async with Ctx() as five: pass
y = [v async for v in agen()]
async for last in agen(): pass
--- dataclass
from dataclasses import dataclass, field
@dataclass(order=True)
class P:
    x: int
    tags: list = field(default_factory=list)
p = P(1)
...
p.tags.append("a")
y = (p, P(0) < p, p == P(1, ["a"]))
--- frozen dataclass in a set
from dataclasses import dataclass
@dataclass(frozen=True)
class K: n: int
keys = {K(1), K(2)}
...
y = (K(1) in keys, len(keys | {K(2), K(3)}))
--- namedtuple
from collections import namedtuple
Point = namedtuple("Point", "x y")
p = Point(1, 2)
...
y = p._replace(x=5)
z = type(p) is Point
--- typing.NamedTuple and TypedDict
from typing import NamedTuple, TypedDict
class N(NamedTuple):
    a: int
    b: str = "b"
class T(TypedDict): k: int
...
y = (N(1).b, T(k=1))
--- enum
from enum import Enum, Flag, auto
class Color(Enum):
    RED = 1
    BLUE = auto()
    @property
    def low(self): return self.name.lower()
class Bits(Flag):
    A = auto()
    B = auto()
c, bits = Color.BLUE, Bits.A | Bits.B
...
y = (c is Color.BLUE, c.low, Bits.A in bits, Color(1).name)
--- abstract base class
from abc import ABC, abstractmethod
class Shape(ABC):
    @abstractmethod
    def area(self): ...
class Square(Shape):
    def __init__(self, a): self.a = a
    def area(self): return self.a ** 2
shapes = [Square(2)]
...
y = [s.area() for s in shapes]
z = isinstance(shapes[0], Shape)
--- exception class
class Bad(ValueError):
    def __init__(self, code): super().__init__(f"bad {code}"); self.code = code
...
try: raise Bad(3)
except ValueError as error: y = (error.code, str(error))
--- slots and descriptors
class D:
    def __get__(self, o, t): return 42
class A:
    __slots__ = ("x",)
    d = D()
    def __init__(self): self.x = 1
a = A()
...
y = (a.x, a.d)
--- operators
class V:
    def __init__(self, *c): self.c = list(c)
    def __add__(self, o): return V(*(a + b for a, b in zip(self.c, o.c)))
    def __iadd__(self, o): self.c = (self + o).c; return self
    def __getitem__(self, i): return self.c[i]
    def __setitem__(self, i, v): self.c[i] = v
v = w = V(1, 2)
...
v += V(1, 1)
v[0] = 9
y = (w.c, (v + w)[1])
--- call, iteration and context of an object
class A:
    def __call__(self, x): return x + bias
    def __iter__(self): return iter([1, 2])
    def __enter__(self): return self
    def __exit__(self, *a): global closed; closed = True
bias = 1
a = A()
...
with a as b: y = (a(1), list(b))
z = closed
--- generic class
from typing import Generic, TypeVar
T = TypeVar("T")
class Box(Generic[T]):
    def __init__(self, v: T): self.v = v
...
y = Box[int](3).v
--- nested class and function
class Outer:
    class Inner:
        n = 1
    def make(self):
        def local(): return self.Inner.n + extra
        return local()
extra = 2
...
y = Outer().make()
--- shadowed builtin
list = [1, 2]
sum = lambda xs: "mine"
...
y = (list, sum([1]))
--- builtin shadowed in the reader
xs = [3, 1]
...
max = xs[0]
y = max
--- builtin shadowed, then deleted
len = 5
del len
...
y = len([1])
--- builtin shadowed by a function that another uses
def print(*a): return "printed"
def f(): return print(1)
...
y = f()
--- underscore names
_hidden = 1
__private = 2
_ = 3
__version__ = "1.0"
...
y = (_hidden, __private, __version__)
--- loop variable underscore
for _x, _ in [(1, 2)]: pass
...
y = _x
--- private name in a class
class A:
    __n = 5
    def get(self): return self.__n
...
y = A().get()
--- unicode names
größe = 3
变量 = größe + 1
...
y = größe * 变量
--- conditional expression and boolean operators
a = 0
b = a or (c := 5)
...
y = (b, c)
--- assert and multiple statements
x = 1; assert x; y0 = 2
...
z = x + y0
--- type by name
kind = int
kinds = {"a": int, "b": [str, kind]}
...
y = kind("3"), kinds["b"][0](4)
--- shared object under two names
a = {"n": [1]}
b = a["n"]
...
b.append(2)
y = a
--- aliases over two containers
row = [0]
grid = [row, row]
...
grid[0].append(1)
y = (grid[1], row)
--- object that holds itself
x = []
x.append(x)
...
y = x[0] is x
--- iterator half used
it = iter([1, 2, 3])
a = next(it)
...
b = next(it)
rest = [*it]
--- rebinding in both cells
x = [1]
...
x = x + [2]
x = [*x, 3]
--- swap
a, b = 1, 2
...
a, b = b, a
--- read before rebinding
x = 1
...
y = x
x = 5
--- error in the maker
x = 1
1 / 0
...
y = x
--- error in the reader
x = 1
...
y = x
[][5]
z = 1
--- NameError in the reader
x = 1
...
y = x + not_there_at_all if x > 5 else x
--- raise in a function of the maker
def f(x):
    if x > 1: raise KeyError(x)
    return x
...
try: f(2)
except KeyError as error: y = error.args
"""


def _case(block: str) -> object:
    """Return maker and reader, and what stands above the two."""
    title, _, code = block.partition("\n")
    *above, maker, reader = code.rstrip("\n").split("\n...\n")
    return pytest.param(above, maker, reader, id=title.strip())


@pytest.mark.parametrize("form", ["two steps", "step and plain cell", "plain cell and step"])
@pytest.mark.parametrize(("above", "maker", "reader"), [_case(block) for block in CASES.split("--- ")[1:]])
def test_two_cells_give_what_one_kernel_gives(
    nb: Notebook, above: list[str], maker: str, reader: str, form: str
) -> None:
    expected, error = one_kernel([*above, maker, reader])
    cells = [
        *above,
        maker if form.startswith("plain") else f"# %%k8s_step make\n{maker}",
        reader if form.endswith("cell") else f"# %%k8s_step read\n{reader}",
    ]
    raised: BaseException | None = None
    try:
        for source in [*cells, "%k8s_run"] if form != "step and plain cell" else cells:
            nb.run(source)
    except Exception as e:  # noqa: BLE001 - what a cell raises is compared
        raised = e
    assert type(raised).__name__ == type(error).__name__ or isinstance(raised, type(error)), raised
    for name in expected:
        with suppress(NameError):  # told below
            nb.run(name)
    assert sorted(expected.keys() - nb.ns.keys()) == []
    assert {name: (value, nb.ns[name]) for name, value in expected.items() if not same(value, nb.ns[name])} == {}
    assert [name for name in (*_words(maker), *_words(reader)) if name in nb.ns.keys() - expected.keys()] == []


def _words(source: str) -> set[str]:
    """Return all names in a cell."""
    names = {node.id for node in ast.walk(parse(source)[0]) if isinstance(node, ast.Name)}
    return {name for name in names if not hasattr(builtins, name) and not re.fullmatch("_+", name)}
