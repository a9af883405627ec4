"""Whatever random code does: what it is said to look at only stays as it is, and is shared with nothing else said."""

from __future__ import annotations

import contextlib
import copy
import os
import random
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from k8snb.analysis import analyse
from k8snb.analysis.tables import words
from k8snb.pipeline.looks import only_looked_at
from k8snb.pipeline.model import Cell
from k8snb.pipeline.order import build

EXAMPLES = int(os.environ.get("K8SNB_TEST_EXAMPLES", "1500"))

DATA = ("rows", "table", "text")
OWN = ("x", "y", "z", "w")
FUNCTIONS = ("first", "grow", "keep", "same", "size", "made")
METHODS = tuple(
    sorted(
        words(
            "append extend insert pop clear sort reverse update setdefault get items values keys copy index count"
            " popitem remove join split"
        )
    )
)
BUILTINS = tuple(
    sorted(words("len list dict sorted sum max min tuple set reversed enumerate zip iter next str any repr"))
)
VALUES = ("name",) * 4 + ("item",) * 3 + tuple(sorted(words("call method comp literal sum if lambda walrus attr star")))
STATEMENTS = ("bind",) * 4 + ("show",) * 2 + tuple(sorted(words("for if aug put delete define unpack try")))

ABOVE = """
kept = []
def first(one): return one[0]
def grow(one, *more): one.append(1)
def keep(one): kept.append(one)
def same(one, other=None): return other or one
def size(one):
    n = 0
    for part in one: n += 1
    return n
def made(one, more=()):
    one = list(one)
    one.append(len(more))
    return one
"""


class Writer:
    """Writes a cell."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._depth = 0

    def cell(self) -> str:
        return "\n".join(self._statement("") for _ in range(self._random.randint(1, 6)))

    def _name(self) -> str:
        return self._random.choice(DATA + DATA + OWN)

    def _value(self) -> str:  # noqa: C901, PLR0911, PLR0912 - one for each kind
        self._depth += 1
        try:
            if self._depth > 3:
                return self._random.choice([self._name(), "(0)", "'a'", "[]"])
            pick = self._random.choice
            match pick(VALUES):
                case "item":
                    return f"{self._value()}[{pick(['0', '-1', ':', '1:', repr('a'), repr('b')])}]"
                case "call":
                    return f"{pick(BUILTINS + FUNCTIONS)}({self._value()})"
                case "method":
                    return f"{self._value()}.{pick(METHODS)}({pick(['', self._value()])})"
                case "comp":
                    return f"[{self._value()} for {pick(OWN)} in {self._value()}]"
                case "literal":
                    return pick(
                        [f"[{self._value()}]", f"{{'a': {self._value()}}}", f"({self._value()}, 1)", "[]", "{}"]
                    )
                case "sum":
                    return f"({self._value()} {pick(['+', '*', 'or', 'and', '|'])} {pick([self._value(), '2'])})"
                case "if":
                    return f"({self._value()} if {self._value()} else {self._value()})"
                case "lambda":
                    inner = f"lambda q: q{pick(['', '[0]', '.append(1)', '.pop()'])}"
                    return pick([f"list(map({inner}, {self._value()}))", f"sorted({self._value()}, key={inner})",
                                 f"({inner})({self._value()})", f"list(map({pick(FUNCTIONS)}, {self._value()}))",
                                 f"list(map({self._name()}.append, {self._value()}))"])  # fmt: skip
                case "walrus":
                    return f"({pick(OWN)} := {self._value()})"
                case "attr":
                    return f"{self._name()}.{pick(METHODS)}"
                case "star":
                    return f"[*{self._value()}]"
            return self._name()
        finally:
            self._depth -= 1

    def _statement(self, indent: str) -> str:  # noqa: PLR0911 - one for each kind
        pick = self._random.choice
        inner = indent + "    "
        match pick(STATEMENTS):
            case "show":
                return f"{indent}{self._value()}"
            case "for" if len(indent) < 8:
                return f"{indent}for {pick(OWN)} in {self._value()}:\n{self._statement(inner)}"
            case "if" if len(indent) < 8:
                return f"{indent}if {self._value()}:\n{self._statement(inner)}\n{indent}else:\n{self._statement(inner)}"
            case "try" if len(indent) < 8:
                return f"{indent}try:\n{self._statement(inner)}\n{indent}except Exception:\n{self._statement(inner)}"
            case "aug":
                return f"{indent}{pick([self._name(), self._name() + '[0]'])} += {self._value()}"
            case "put":
                return f"{indent}{self._name()}[{pick(['0', repr('a'), ':'])}] = {self._value()}"
            case "delete":
                return f"{indent}del {self._name()}[0]"
            case "define" if not indent:
                name = pick(["own", "size"])
                share = pick(["", f"    global {pick(OWN[1:])}\n"])
                body = f"def {name}({pick(['q', 'rows', 'x'])}):\n{share}{self._statement(inner)}\n"
                return f"{body}    return {self._value()}\n{name}({self._value()})"
            case "unpack":
                return f"{indent}{pick(OWN)}, *{pick(OWN)} = {self._value()}"
        return f"{indent}{pick(OWN)} = {self._value()}"


def data() -> dict[str, Any]:
    return {
        "rows": [[1, [2]], {"a": [3], "b": 4}, [[5], [6]]],
        "table": {"a": [[7], [8]], "b": {"a": [9]}},
        "text": [["a"], "b"],
    }


def reachable(value: object, seen: dict[int, object]) -> dict[int, object]:
    """Return the containers in a value by their ``id``."""
    if isinstance(value, list | dict | set | tuple) and id(value) not in seen:
        seen[id(value)] = value
        for part in [*value.keys(), *value.values()] if isinstance(value, dict) else value:
            reachable(part, seen)
    return seen


def shares(value: object, other: dict[int, object]) -> bool:
    """Say whether a value has a container that can be changed in common with others; other values may."""
    if not isinstance(value, int | str | float | list | dict | set | tuple | None):
        return False  # an iterator, a function: k8snb looks closer at these
    return any(not isinstance(part, tuple) and key in other for key, part in reachable(value, {}).items())


class _TooLongError(BaseException):
    """The code goes on for ever: it appends to what it loops over."""


def _stop(*_: object) -> None:
    raise _TooLongError


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Give code a moment of time, and 1 GB of memory more than there is in use."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGALRM, _stop)
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, limits[1]))
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.signal(signal.SIGALRM, before)


def check(seed: int) -> tuple[str, set[str]]:
    """Try one cell; return it and what is proven of it."""
    source = Writer(seed).cell()
    cells = [Cell(ABOVE, analyse(ABOVE)), Cell(source, analyse(source), step="s")]
    pipeline = build(cells, name="x", known={*DATA, *OWN})
    looked_at = only_looked_at(pipeline, pipeline["s"])
    namespace: dict[str, Any] = {**data(), "x": [0], "y": {"a": 0}}
    exec(ABOVE, namespace)
    came = {name: namespace[name] for name in (*DATA, "x", "y")}
    before = copy.deepcopy(came)
    inside = {name: reachable(value, {}) for name, value in came.items()}
    with contextlib.suppress(Exception, _TooLongError), _bounded():
        exec(source, namespace)
    for name in looked_at.keys() & came.keys():
        assert came[name] == before[name], f"{name} was changed:\n{source}"
        others = namespace.keys() - looked_at[name] - {name, "__builtins__"}
        for other in others:
            assert not shares(namespace[other], inside[name]), f"{name} is in {other}:\n{source}"
    return source, looked_at.keys() & came.keys()


def test_what_is_only_looked_at_stays_as_it_is():
    proven = []

    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.integers(0, 2**48))
    def one(seed: int) -> None:
        proven.append(bool(check(seed)[1]))

    one()
    assert sum(proven) > len(proven) / 4  # else it would show nothing
