"""Random cells, and a world to run them in on all their ways.

Everything that decides a way (conditions, the length of loops, exceptions, context managers that swallow) asks the
world's tape. `ways` runs a cell on one tape after the other until every decision went either way.
"""

from __future__ import annotations

import builtins
from collections import deque
from dataclasses import dataclass, field
from random import Random
from types import FunctionType, GeneratorType

NAMES = "abcdefgh"
FUEL = 150  # decisions and calls in one run


class Planned(Exception):
    """What cells raise and catch."""


class OutOfFuel(BaseException):
    """The run goes on for ever."""


class Swallow:
    def __init__(self, world):
        self.world = world

    def __enter__(self):
        return Thing(self.world)

    def __exit__(self, kind, *rest):
        return kind is not None and issubclass(kind, Exception) and self.world.decide()


class Keep(Swallow):
    def __exit__(self, *rest):
        return False


class Thing:
    """A value that can be called, iterated, indexed, added to: what comes of it is another."""

    def __init__(self, world, name=""):
        self.world, self.name, self.truth = world, name, None

    def __call__(self, *args, **kwargs):
        self.world.tick()
        return Thing(self.world)

    def __bool__(self):
        if self.truth is None:
            self.truth = self.world.decide()
        return self.truth

    def __iter__(self):
        return iter([Thing(self.world) for _ in range(2 if self.world.decide() else 0)])

    def __getitem__(self, key):
        return Thing(self.world)

    def __setitem__(self, key, value):
        self.world.trace.append(("set", self.name))

    def __delitem__(self, key):
        self.world.trace.append(("cut", self.name))

    def __getattr__(self, name):
        if name.startswith("_") or name == "append_":
            raise AttributeError(name)
        return Thing(self.world)

    def __add__(self, other):
        return Thing(self.world)

    __radd__ = __iadd__ = __add__

    def __lt__(self, other):
        return self.world.decide()

    def __format__(self, spec):
        return self.name

    def __hash__(self):
        return 1

    def __eq__(self, other):
        return self is other


@dataclass
class World:
    tape: list[bool]
    taken: list[bool] = field(default_factory=list)
    trace: list[object] = field(default_factory=list)
    waiting: list[object] = field(default_factory=list)
    fuel: int = FUEL

    def tick(self):
        self.fuel -= 1
        if self.fuel < 0:
            raise OutOfFuel

    def decide(self):
        self.tick()
        answer = self.tape[len(self.taken)] if len(self.taken) < len(self.tape) else False
        self.taken.append(answer)
        return answer

    def use(self, *values):
        self.tick()
        self.trace.append(tuple(getattr(v, "name", type(v).__name__) for v in values))
        for value in values:  # what is given away may run
            if isinstance(value, FunctionType | GeneratorType | type) and self.decide():
                list(value) if isinstance(value, GeneratorType) else value()
        return Thing(self)

    def risk(self, *values):
        self.use(*values)
        if self.decide():
            raise Planned
        return Thing(self)

    def some(self, *risky):
        if risky and self.decide():
            raise Planned
        return [Thing(self, str(i)) for i in range(2 if self.decide() else 0)]

    def later(self, function):
        if self.decide():
            self.waiting.append(function)
        else:
            function()
        return function

    def maybe(self, function):
        return function(Thing(self)) if self.decide() else Thing(self)

    def flush(self):
        waiting, self.waiting = self.waiting, []
        for function in waiting:
            if callable(function):
                function()

    def helpers(self):
        return {
            "use": self.use,
            "risk": self.risk,
            "some": self.some,
            "cond": self.decide,
            "tick": self.tick,
            "later": self.later,
            "maybe": self.maybe,
            "flush": self.flush,
            "swallow": lambda *risky: (self.some(*risky), Swallow(self))[1],
            "nullcontext": lambda *risky: (self.some(*risky), Keep(self))[1],
            "Planned": Planned,
        }


HELPERS = frozenset(World([]).helpers())


def run(code, names, tape):
    """Run a cell in a namespace with these names; return what it came to, and the decisions it asked for."""
    world = World(tape)
    namespace = {"__builtins__": {**vars(builtins), **world.helpers()}, "__name__": "__main__"}
    namespace |= {name: Thing(world, name) for name in names}
    try:
        exec(code, namespace)
        world.flush()
        end = "end"
    except (Exception, OutOfFuel) as error:  # noqa: BLE001 - whatever it is, it is what the cell came to
        end = f"{type(error).__name__}: {getattr(error, 'name', '')}"
    bound = frozenset(n for n in namespace if n in NAMES)
    made = frozenset(n for n in bound if getattr(namespace[n], "name", None) != n)
    return (end, tuple(world.trace)), world.taken, (bound, made)


def ways(code, limit):
    """Run a cell on all its ways, or on this many; yield tape and outcome."""
    queue = deque([[]])
    for _ in range(limit):
        if not queue:
            return
        tape = queue.popleft()
        outcome, taken, namespace = run(code, NAMES, tape)
        yield taken, outcome, namespace
        queue += [[*taken[:i], not taken[i]] for i in range(len(tape), min(len(taken), 14))]


class Writer:
    """Writes a random cell."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names = random.sample(NAMES, random.randint(2, 5))  # few, so that what is bound is read too
        self.left = random.randint(2, 9)  # statements
        self.lines: list[str] = []
        self.in_try = self.in_loop = self.in_function = 0
        self.in_class = False
        self.own: list[str] = []
        self.recent: list[str] = []

    def cell(self) -> str:
        while self.left > 0:
            self.statement("")
        return "\n".join(self.lines) + "\n"

    @property
    def use(self) -> str:
        return "risk" if self.in_try else "use"  # where it makes a difference, any call may raise

    def say(self, indent: str, text: str) -> None:
        self.lines.append(indent + text)

    def name(self) -> str:
        """A name to read: often one that was bound just now, perhaps."""
        if self.recent and self.random.random() < 0.4:
            return self.random.choice(self.recent[-3:])
        return self.random.choice(self.names)

    @property
    def some(self) -> str:
        return f"some({'1' * bool(self.in_try)})"

    def target(self) -> str:
        """A name to bind: in a function mostly one that it does not read."""
        if self.in_function and self.random.random() < 0.9:
            return self.random.choice(self.own)
        self.recent.append(self.random.choice(self.names))
        return self.recent[-1]

    def value(self, depth: int = 0) -> str:
        kinds = ["name"] * 5 + ["constant", "call", "call"] + ["deep"] * 3 * (depth < 2)
        match self.random.choice(kinds):
            case "name":
                return self.name()
            case "constant":
                return str(self.random.randint(0, 9))
            case "call":
                used = ", ".join(self.name() for _ in range(self.random.randint(0, 2)))
                return f"{self.use}({used})"
        return self.deep(depth)

    def deep(self, depth: int) -> str:
        def value():
            return self.value(depth + 1)

        n, m, t = self.name(), self.name(), self.target()
        forms = [
            lambda: f"[use({n}, {m}) for {n} in {self.some}]",
            lambda: f"[{n} for {n} in {self.some} if use({m})]",
            lambda: f"use(*({m} for {n} in {self.some}))",
            lambda: f"({value()} if cond() else {value()})",
            lambda: f"(cond() and {value()})",
            lambda: f"(cond() and ({t} := {value()}))" if not self.in_class else f"use({n})",
            lambda: f"(cond() or {value()})",
            lambda: f"{self.use}({value()}, {value()})",
            lambda: f"use(f'{{{n}}}')",
            lambda: f"{n}()",
            lambda: f"({self.target()} := {value()})" if not self.in_class else f"use({n})",
            lambda: f"maybe(lambda {n}: {m})",
            lambda: f"later(lambda: use({n}, {m}))",
            lambda: f"(lambda {n}={m}: use({n}))()",
            lambda: f"[({t} := use({n})) for {n} in {self.some}]" if n != t and not self.in_class else f"use({n})",
            lambda: f"{{{n}: {m} for {n} in {self.some}}}",
        ]
        return self.random.choice(forms)()

    def block(self, indent: str) -> None:
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self.statement(indent + "  ")

    def statement(self, indent: str) -> None:
        self.left -= 1
        simple = self.left <= 0 or len(indent) > 8
        forms = [self.bind] * 5 + [self.read] * 5 + [self.remove, self.unpack, self.augment, self.imports, self.change]
        forms += [self.leave] * bool(self.in_loop or self.in_function or self.in_try)
        if not simple:
            forms += [self.condition, self.loop, self.attempt] * 2 + [self.function] * 3
            forms += [self.repeat, self.manage, self.manage, self.match, self.class_, self.known_loop, self.call_later]
        self.random.choice(forms)(indent)

    def bind(self, indent):
        forms = [self.value] * 17
        forms += [lambda: f"lambda: use({self.name()}, {self.name()})"] * 2
        forms += [lambda: f"({self.name()} for _ in {self.some})"]
        self.say(indent, f"{self.target()} = {self.random.choice(forms)()}")

    def read(self, indent):
        self.say(indent, f"{self.use}({self.name()}, {self.value()})")

    def remove(self, indent):
        name = self.own[0] if self.in_function else self.random.choice(self.names)
        self.recent = [n for n in self.recent if n != name]
        self.say(indent, f"del {name}")

    def unpack(self, indent):
        one, two = self.target(), self.target()
        self.say(
            indent, self.random.choice((f"{one}, *{two} = use(), {self.value()}", f"{one} = {two} = {self.value()}"))
        )

    def augment(self, indent):
        name = self.own[0] if self.in_function else self.name()
        self.say(indent, f"{name} += {self.value()}" if name in NAMES else f"{name} = {self.value()}")

    def imports(self, indent):
        self.say(indent, self.random.choice(("import math as {}", "from math import pi as {}")).format(self.target()))

    def change(self, indent):
        form = self.random.choice(("use({})[0] = {}", "use({}).x = {}", "{}: use({}) = 1"))
        one, two = self.name(), self.name()
        self.say(indent, form.format(one, two))

    def leave(self, indent):
        ways = ["raise Planned"] * bool(self.in_try) + ["break", "continue"] * bool(self.in_loop)
        ways += [f"return {self.value()}"] * bool(self.in_function)
        if ways:
            self.say(indent, f"if cond(): {self.random.choice(ways)}")
        else:
            self.read(indent)

    def condition(self, indent):
        self.say(indent, f"if {self.random.choice(('cond()', 'cond()', 'cond()', self.value(), self.name()))}:")
        self.block(indent)
        if self.random.random() < 0.6:
            self.say(indent, "else:")
            self.block(indent)

    def loop(self, indent):
        self.say(indent, f"for {self.target()} in {self.some}:")
        self.looped(indent)

    def known_loop(self, indent):
        self.say(indent, f"for {self.target()} in {self.random.choice(('range(2)', '[1, 2]', '(1,)'))}:")
        self.looped(indent)

    def repeat(self, indent):
        head = self.random.choice(("while cond():", f"while ({self.target()} := cond()):", "while True:"))
        self.say(indent, head if not self.in_class else "while cond():")
        self.say(indent, "  tick()")
        if "True" in self.lines[-2]:
            self.say(indent, "  if cond(): break")
        self.looped(indent)

    def looped(self, indent):
        self.in_loop += 1
        self.block(indent)
        self.in_loop -= 1
        if self.random.random() < 0.2:
            self.say(indent, "else:")
            self.block(indent)

    def attempt(self, indent):
        self.say(indent, "try:")
        self.in_try += 1
        self.say(indent, f"  {self.target()} = risk({self.name()})")
        self.block(indent)
        self.in_try -= 1
        form = self.random.choice(("except", "except", "finally", "both"))
        if form != "finally":
            name = self.random.choice(("", "", f" as {self.target()}"))
            self.say(indent, self.random.choice((f"except Planned{name}:", "except:", f"except Exception{name}:")))
            self.block(indent)
            if self.random.random() < 0.3:
                self.say(indent, "else:")
                self.block(indent)
        if form != "except":
            self.say(indent, "finally:")
            loop, self.in_loop = self.in_loop, 0
            self.block(indent)
            self.in_loop = loop

    def manage(self, indent):
        target = self.random.choice(("", f" as {self.target()}"))
        self.say(indent, f"with {self.random.choice(('swallow', 'nullcontext'))}({'1' * bool(self.in_try)}){target}:")
        self.in_try += 1
        self.say(indent, f"  {self.target()} = risk({self.name()})")
        self.block(indent)
        self.in_try -= 1

    def match(self, indent):
        self.say(indent, f"match {self.random.choice((self.some, '(use(), cond())'))}:")
        self.say(indent, f"  case [_, {self.target()}] if cond():")
        self.block(indent + "  ")
        if self.random.random() < 0.7:
            self.say(indent, f"  case {self.random.choice(('_', self.target()))}:")
            self.block(indent + "  ")

    def function(self, indent):
        name, parameter, default = self.target(), self.name(), self.name()
        decorator = self.random.choice(("", "", "", "", "later", "use"))
        if decorator:
            name = "decorated"  # nobody decorates recursive code by what calls it at once
            self.say(indent, f"@{decorator}")
        self.say(indent, f"def {name}({parameter}={default}, *_):")
        self.say(indent, "  tick()")
        free = [n for n in self.names if n != parameter]
        before, self.own = self.own, ["x", "y", "z"]
        if self.random.random() < 0.4:
            shared = self.random.choice(free)
            self.own = [shared, shared, "x"]
            self.say(indent, f"  global {shared}")
        around = self.in_loop, self.in_try, self.in_class
        self.in_loop, self.in_try, self.in_class = 0, 0, False
        self.in_function += 1
        self.block(indent)
        self.in_function -= 1
        self.in_loop, self.in_try, self.in_class = around
        self.own = before
        if self.random.random() < 0.5:
            self.say(indent, f"{name}()")

    def call_later(self, indent):
        self.say(indent, self.random.choice((f"later({self.name()})", "flush()")))

    def class_(self, indent):
        name = self.target()
        self.say(indent, f"class {name}:")
        around = self.in_loop, self.in_function, self.in_class
        self.in_loop, self.in_function, self.in_class = 0, 0, True
        self.block(indent)
        self.in_loop, self.in_function, self.in_class = around
        self.say(indent, f"  def __call__(self): return use({self.name()})")
        if self.random.random() < 0.4:
            self.say(indent, f"{name}()()")


def write(random: Random) -> str:
    """Return a random cell that compiles."""
    while True:
        source = Writer(random).cell()
        try:
            compile(source, "cell", "exec")
        except SyntaxError:  # such as a name that is used before its `global`
            continue
        return source
