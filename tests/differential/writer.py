"""Writes random notebooks whose programs mean something: names are read where they are bound, values have known kinds.

What is written comes from *features*: functions that each write one statement of a kind (`writing_*.py`). A feature may
be switched off, or be the only one besides what all need.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

NAMES = [
    "aa",
    "bb",
    "cc",
    "dd",
    "ee",
    "x",
    "y",
    "z",
    "nums",
    "tot",
    "acc",
    "cfg",
    "box",
    "seen",
    "_tmp",
    "_n",
    "id",
    "filter",
    "hash",
    "map",
    "bin",
]
"""Few, so that what is bound is read and bound anew; some have an underscore, some shadow builtins.

None is a word that k8snb says for another reason: what it says of a variable is known by the variable's name.
"""

DEPTH = 2
"""Blocks inside blocks at most."""


@dataclass(frozen=True)
class Chunk:
    """One statement of a cell, and the features that it was written by."""

    source: str
    features: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Cell:
    """A cell: a step, or a plain one."""

    chunks: tuple[Chunk, ...]
    step: str | None = None

    @property
    def code(self) -> str:
        """What a plain kernel executes."""
        return "\n".join(chunk.source for chunk in self.chunks)

    @property
    def source(self) -> str:
        """As it stands in the notebook."""
        return self.code if self.step is None else f"%%k8s_step {self.step}\n{self.code}"


@dataclass(frozen=True)
class Notebook:
    """Cells, in their order."""

    cells: tuple[Cell, ...]

    @property
    def features(self) -> frozenset[str]:
        """What it was written by."""
        return frozenset(f for cell in self.cells for chunk in cell.chunks for f in chunk.features)

    def __str__(self) -> str:
        return "\n\n".join(cell.source for cell in self.cells)


@dataclass
class Kind:
    """What a name stands for.

    Parameters
    ----------
    name : str
        ``int``, ``list`` (of int), ``dict`` (text to int), ``function`` (of an int), ``instance`` ...
    of : dict
        Of a class: its attributes, methods; of others what they were made of.
    """

    name: str
    of: dict[str, str] = field(default_factory=dict)


Write = Callable[["Writer"], list[str] | None]


@dataclass(frozen=True)
class Feature:
    """A kind of statement.

    Parameters
    ----------
    name : str
    weight : float
        How often it is written, beside the others.
    write : callable
        Returns the lines; None where there is nothing that it could be written about.
    group : str
        What it needs: ``base`` nothing, ``numpy`` and ``pandas`` a notebook that has these.
    nests : bool
        It has a block.
    top : bool
        It is not written inside a block.
    then : str
        The feature that often comes next: what is defined is used.
    """

    name: str
    weight: float
    write: Write
    group: str = "base"
    nests: bool = False
    top: bool = False
    then: str = ""


FEATURES: dict[str, Feature] = {}


def feature(
    name: str, weight: float = 1.0, *, group: str = "base", nests: bool = False, top: bool = False, then: str = ""
) -> Callable[[Write], Write]:
    """Register the function that writes a feature."""

    def register(write: Write) -> Write:
        assert name not in FEATURES
        FEATURES[name] = Feature(name, weight, write, group, nests, top, then)
        return write

    return register


def chosen(text: str | None = None) -> frozenset[str]:
    """Return the features that are switched on.

    Parameters
    ----------
    text : str, optional
        ``-a,b``: all but these; ``a,b``: these and those that bind plain values; without: what the variable
        ``K8SNB_TEST_FEATURES`` says; all where it says nothing.
    """
    text = os.environ.get("K8SNB_TEST_FEATURES", "") if text is None else text
    named = frozenset(text.lstrip("-").split(",")) - {""}
    if unknown := named - FEATURES.keys():
        raise ValueError(f"no features: {', '.join(sorted(unknown))}; there are {', '.join(sorted(FEATURES))}")
    if not named:
        return frozenset(FEATURES)
    return FEATURES.keys() - named if text.startswith("-") else named | {"bind", "print"}


class Writer:
    """Writes one notebook.

    Parameters
    ----------
    random : Random
    features : set of str
        Those that are switched on.
    """

    def __init__(self, random: Random, features: Iterable[str] | None = None) -> None:
        self.random = random
        self.names: dict[str, Kind] = {}
        self.depth = 0
        self.count = 0
        on = frozenset(chosen() if features is None else features)
        libraries = random.choices(
            ("base", "numpy", "pandas"), (80, 12, 8) if len(on) > len(FEATURES) / 2 else (1, 1, 1)
        )[0]
        groups = {"base", libraries} | ({"numpy"} if libraries == "pandas" else set())
        self._features = [FEATURES[name] for name in sorted(on) if FEATURES[name].group in groups]
        self._weights = self._choose_weights()
        self._written: set[str] = set()
        self._next = ""
        self.libraries = libraries

    def _choose_weights(self) -> dict[str, float]:
        """A notebook is about some things and not about all: then these meet each other."""
        families = sorted({f.write.__module__ for f in self._features})
        often = {family: self.random.choice((0.2, 1, 1, 5)) for family in families}
        weights = {}
        for f in self._features:
            weight = f.weight * often[f.write.__module__] * self.random.choice((0.2, 1, 1, 3))
            weights[f.name] = max(weight, f.weight) * 3 if f.group != "base" else weight
        return weights

    # --- cells -------------------------------------------------------------------------------------------------

    def notebook(self) -> Notebook:
        """Write the notebook."""
        count = self.random.randint(3, 8)
        steps = [self.random.random() < 0.55 for _ in range(count)]
        steps[self.random.randrange(count)] = True
        cells = []
        if self.libraries != "base":
            lines = ["import numpy as np"] + ["import pandas as pd"] * (self.libraries == "pandas")
            cells.append(Cell(tuple(Chunk(line, frozenset({"library"})) for line in lines)))
        for place, step in enumerate(steps):
            cells.append(Cell(tuple(self.cell()), f"s{place}" if step else None))
        return Notebook(tuple(cells))

    def cell(self) -> list[Chunk]:
        """Write the statements of a cell."""
        chunks = [self.statement() for _ in range(self.random.choice((1, 1, 2, 2, 3, 4, 5)))]
        if self.random.random() < 0.25 and (shown := self.shown()):
            chunks.append(Chunk(shown, frozenset({"display"})))
        return chunks

    def statement(self) -> Chunk:
        """Write one statement at the top of a cell."""
        self._written = set()
        lines = self.lines()
        return Chunk("\n".join(lines), frozenset(self._written))

    def lines(self) -> list[str]:
        """Write one statement."""
        features = self._features
        if self.depth:
            features = [f for f in features if not f.top and (not f.nests or self.depth < DEPTH)]
        weights = [self._weights[f.name] for f in features]
        for _ in range(20):
            tried = self._due(features) or self.random.choices(features, weights)[0]
            lines = tried.write(self)
            if lines:
                self._written.add(tried.name)
                self._next = tried.then
                return "\n".join(lines).split("\n")
        self._written.add("bind")
        return [f"{self.bind('int')} = {self.random.randint(0, 9)}"]

    def _due(self, features: Sequence[Feature]) -> Feature | None:
        """Return, often, the feature that uses what was just defined."""
        due, self._next = self._next, ""
        return next((f for f in features if f.name == due), None) if self.random.random() < 0.7 else None

    def block(self, least: int = 1, most: int = 2) -> list[str]:
        """Write an indented block that may be executed or not: what it binds first is, mostly, not relied upon."""
        before = dict(self.names)
        self.depth += 1
        lines = [line for _ in range(self.random.randint(least, most)) for line in self.lines()]
        self.depth -= 1
        relied_upon = self.random.random() < 0.15
        if not relied_upon:
            self.names = {n: k for n, k in self.names.items() if n in before}
        self.names = {**before, **self.names}
        return [f"    {line}" for line in lines]

    def shown(self) -> str | None:
        """Write the last expression of a cell, whose value is displayed."""
        name = self.some("int", "list", "dict", "set", "tuple", "str", "array", "series", "frame", "deque", "nested")
        return name or None

    # --- names -------------------------------------------------------------------------------------------------

    def some(self, *kinds: str) -> str | None:
        """Return a name of one of the kinds."""
        there = [name for name, kind in self.names.items() if kind.name in kinds]
        if not there:
            return None
        # What was bound last is read more often.
        return self.random.choice(there[-3:]) if self.random.random() < 0.4 else self.random.choice(there)

    def bind(self, kind: str, *, of_names: Sequence[str] = NAMES, **of: str) -> str:
        """Return a name to bind to a value of a kind; inside a block one of that kind, or a new one."""
        free = [n for n in of_names if n not in self.names]
        same = [n for n, k in self.names.items() if k.name == kind and n in of_names]
        anything = of_names if not self.depth else free + same
        pool = same if same and self.random.random() < 0.4 else anything or same or of_names
        name = self.random.choice(pool)
        self.names.pop(name, None)
        self.names[name] = Kind(kind, of)
        return name

    def unbind(self, name: str) -> None:
        """Rely on a name no longer."""
        self.names.pop(name, None)

    def new(self, stem: str) -> str:
        """Return a name that no other is like."""
        self.count += 1
        return f"{stem}{self.count}"

    # --- expressions -------------------------------------------------------------------------------------------

    def number(self) -> str:
        """Write an expression whose value is a small int."""
        for _ in range(4):
            kind = self.random.choice(sorted(NUMBERS))
            if name := self.some(kind):
                form = self.random.choice(NUMBERS[kind])
                return form(self, name) if callable(form) else form.format(name)
        return str(self.random.randint(0, 9))

    def condition(self) -> str:
        """Write a condition."""
        forms = ["{} % 2 == 0", "{} > 3", "{} < 5", "{} != 4"]
        return self.random.choice(forms).format(self.number())

    def value(self, kind: str) -> str:
        """Write a new value of a kind."""
        n = self.number
        small = self.random.randint
        forms: dict[str, list[Callable[[], str]]] = {
            "int": [n, lambda: f"{n()} + {n()}", lambda: f"({n()} * 3) % 11", lambda: str(small(0, 9))],
            "str": [lambda: f"f'v{{{n()}}}'", lambda: f"str({n()})", lambda: "'ab'"],
            "list": [
                lambda: f"[{n()}, {n()}]",
                lambda: f"[{small(0, 9)}, {small(0, 9)}, {small(0, 9)}]",
                lambda: f"list(range({small(1, 4)}))",
            ],
            "dict": [lambda: f"{{'k': {n()}, 'm': {n()}}}", lambda: f"dict(k={n()})", lambda: "{'k': 1}"],
            "set": [lambda: f"{{{n()}, {small(0, 9)}}}", lambda: f"set(range({small(1, 4)}))"],
            "tuple": [lambda: f"({n()}, {n()})"],
            "bytes": [lambda: f"bytearray([{small(0, 9)}, {small(0, 9)}])"],
            "nested": [lambda: f"{{'p': [{n()}], 'q': [{small(0, 9)}]}}"],
        }
        return self.random.choice(forms[kind])()


Number = str | Callable[[Writer, str], str]
NUMBERS: dict[str, list[Number]] = {
    "int": ["{}", "{}", "{} % 7"],
    "list": ["len({})", "{}[-1]", "{}[0]", "max({})"],
    "dict": ["{}.get('k', 2)", "len({})", "{}['k']"],
    "set": ["len({})", "min({})"],
    "tuple": ["{}[0]", "len({})"],
    "str": ["len({})"],
    "bytes": ["{}[0]", "len({})"],
    "nested": ["len({}['p'])", "{}['p'][-1]"],
}
"""For each kind of name how a small int is had from it; `writing_*.py` add theirs."""


def write(random: Random, features: Iterable[str] | None = None) -> Notebook:
    """Return a random notebook whose cells compile."""
    while True:
        notebook = Writer(random, features).notebook()
        try:
            for cell in notebook.cells:
                compile(cell.code, "cell", "exec")
        except SyntaxError:  # such as a name that is used before its `global`
            continue
        return notebook
