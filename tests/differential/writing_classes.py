"""Classes of the notebook and their instances. All have ``v``, ``log``, ``add``, ``note`` and ``get``."""

from __future__ import annotations

from writer import NUMBERS, Writer, feature

CLASSES = ["Box", "Pot", "Cup"]

NUMBERS["instance"] = ["{}.v", "len({}.log)", "{}.get()"]
NUMBERS["enum"] = ["{}.RED.value"]

METHODS = [
    "def add(self, n):",
    "    self.v += n",
    "    return self",
    "def note(self, n):",
    "    self.log.append(n)",
    "def get(self):",
    "    return self.v % 50",
]


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def with_methods(lines: list[str], start: list[str]) -> list[str]:
    return [
        *lines,
        *indented(["def __init__(self, v):", "    self.v = v", "    self.log = []", *indented(start), *METHODS]),
    ]


@feature("class", 2, then="instance")
def class_(w: Writer) -> list[str]:
    name = w.bind("class", of_names=CLASSES)
    more = w.random.choice(
        (
            [],
            ["@property", "def twice(self):", "    return self.v * 2"],
            ["def __iadd__(self, n):", "    self.v += n", "    return self"],
            ["def __call__(self, n=1):", "    self.v += n", "    return self.v % 40"],
            ["def __setitem__(self, k, n):", "    self.v = n"],
            ["@staticmethod", "def of(n):", "    return n"],
            ["def __repr__(self):", f"    return f'{name}({{self.v}})'"],
        )
    )
    return [*with_methods([f"class {name}:", "    made = 0", "    shared = []"], []), *indented(more)]


@feature("class-counts", 1, then="instance")
def class_counts(w: Writer) -> list[str]:
    name = w.bind("class", of_names=CLASSES)
    count = w.random.choice((f"{name}.made += 1", "type(self).made += 1", "self.shared.append(v)"))
    return with_methods([f"class {name}:", "    made = 0", "    shared = []"], [count])


@feature("class-uses-global", 1, then="instance")
def class_uses_global(w: Writer) -> list[str] | None:
    about = w.some("list")
    if about is None:
        return None
    name = w.bind("class", of_names=CLASSES)
    start = w.random.choice((f"{about}.append(v)", f"self.v += len({about})", f"self.log = {about}"))
    return with_methods([f"class {name}:", "    made = 0", "    shared = []"], [start])


@feature("class-inherits", 1, then="instance")
def class_inherits(w: Writer) -> list[str] | None:
    base = w.some("class")
    if base is None:
        return None
    name = w.bind("class", of_names=[n for n in CLASSES if n != base])
    return [
        f"class {name}({base}):",
        "    def __init__(self, v):",
        "        super().__init__(v + 1)",
        "    def add(self, n):",
        "        self.log.append(n)",
        "        return super().add(n)",
    ]


@feature("dataclass", 1, then="instance")
def dataclass(w: Writer) -> list[str]:
    name = w.bind("class", of_names=CLASSES)
    return [
        "from dataclasses import dataclass, field",
        "@dataclass",
        f"class {name}:",
        "    v: int",
        "    log: list = field(default_factory=list)",
        "    made = 0",
        "    shared = []",
        *indented(METHODS),
    ]


@feature("slots", 0.5, then="instance")
def slots(w: Writer) -> list[str]:
    name = w.bind("class", of_names=CLASSES)
    return with_methods(
        [f"class {name}:", "    __slots__ = ('v', 'log', '__dict__')", "    made = 0", "    shared = []"], []
    )


@feature("enum", 0.6, then="enum-is")
def enum(w: Writer) -> list[str]:
    name = w.bind("enum", of_names=["Color", "Size"])
    kept = w.new("kept")
    lines = ["from enum import Enum", f"class {name}(Enum):", "    RED = 1", "    BLUE = 2"]
    return [*lines, f"{kept} = {name}.RED"]


@feature("enum-is", 0.6)
def enum_is(w: Writer) -> list[str] | None:
    name = w.some("enum")
    return name and [f"{w.bind('dict')} = {{'k': {name}(1).value, 'e': {name}.BLUE is {name}(2)}}"]


@feature("namedtuple", 0.4)
def namedtuple(w: Writer) -> list[str]:
    number = w.number()
    made = w.new("Point")
    return [
        "from collections import namedtuple",
        f"{made} = namedtuple('{made}', 'p q')",
        f"{w.bind('tuple')} = {made}({number}, 2)",
    ]


@feature("own-exception", 0.6)
def own_exception(w: Writer) -> list[str]:
    made = w.new("Bad")
    number = w.number()
    raises = w.random.random() < 0.25
    lines = [f"class {made}(ValueError):", "    pass"]
    if raises and not w.depth:
        return [*lines, f"if {w.condition()}:", f"    raise {made}({number})"]
    return [
        *lines,
        "try:",
        f"    raise {made}({number})",
        f"except {made} as error:",
        f"    {w.bind('tuple')} = (error.args[0], 0)",
    ]


@feature("instance", 3, then="instance-change")
def instance(w: Writer) -> list[str] | None:
    name = w.some("class")
    if name is None:
        return None
    number = w.number()
    return [f"{w.bind('instance', cls=name)} = {name}({number})"]


@feature("instance-change", 4)
def instance_change(w: Writer) -> list[str] | None:
    name = w.some("instance")
    if name is None:
        return None
    number = w.number()
    forms = (
        "{x}.v = {n}",
        "{x}.v += {n}",
        "{x}.add({n})",
        "{x}.note({n})",
        "{x}.add({n}).note(1)",
        "{x}.log.append({n})",
        "{x}.log[:] = [{n}]",
        "{x}.extra = {n}",
        "setattr({x}, 'v', {n})",
        "{x}.__dict__['v'] = {n}",
        "vars({x})['extra'] = {n}",
        "{x}.log += [{n}]",
    )
    return [w.random.choice(forms).format(x=name, n=number)]


@feature("instance-holds", 2)
def instance_holds(w: Writer) -> list[str] | None:
    name, about = w.some("instance"), w.some("list")
    if name is None or about is None:
        return None
    return [
        w.random.choice((f"{name}.log = {about}", f"{w.bind('list')} = {name}.log", f"{name}.log.append(len({about}))"))
    ]


@feature("instances-in-container", 1)
def instances_in_container(w: Writer) -> list[str] | None:
    name = w.some("instance")
    if name is None:
        return None
    made = w.new("shelf")
    forms = (f"{made}[0].add(2)", f"for one in {made}:\n    one.v = 1", f"print({made}[0].v)")
    return [f"{made} = [{name}]", w.random.choice(forms)]


@feature("instance-method-kept", 0.6)
def instance_method_kept(w: Writer) -> list[str] | None:
    name = w.some("instance")
    return name and [f"{w.new('do')} = {name}.add", f"{name}.add(1)"]


@feature("instance-to-function", 1.5)
def instance_to_function(w: Writer) -> list[str] | None:
    name = w.some("instance")
    if name is None:
        return None
    made = w.new("touch")
    body = w.random.choice(("one.v = 5", "one.add(2)", "one.log.append(3)", "return one"))
    return [f"def {made}(one):", f"    {body}", f"{w.new('v')} = {made}({name})"]


@feature("instance-is", 0.8)
def instance_is(w: Writer) -> list[str] | None:
    name = w.some("instance")
    kind = w.some("class")
    if name is None or kind is None:
        return None
    return [f"print(isinstance({name}, {kind}), type({name}).__name__, type({name}) is {kind})"]


@feature("class-change", 1.2)
def class_change(w: Writer) -> list[str] | None:
    name = w.some("class")
    if name is None:
        return None
    number = w.number()
    forms = (
        f"{name}.made += 1",
        f"{name}.shared.append({number})",
        f"{name}.note_all = {number}",
        f"{name}.get = lambda self: {number}",
        f"setattr({name}, 'made', {number})",
    )
    return [w.random.choice(forms)]


@feature("class-read", 1)
def class_read(w: Writer) -> list[str] | None:
    name = w.some("class")
    return name and [f"print('{name}', {name}.made, {name}.shared)"]


@feature("class-state-by-instance", 0.7)
def class_state_by_instance(w: Writer) -> list[str] | None:
    name = w.some("instance")
    if name is None:
        return None
    return [w.random.choice((f"type({name}).made += 1", f"{name}.shared.append(2)", f"{name}.__class__.made = 9"))]


@feature("copy-instance", 0.5)
def copy_instance(w: Writer) -> list[str] | None:
    name = w.some("instance")
    if name is None:
        return None
    return ["import copy", f"{w.bind('instance')} = copy.{w.random.choice(('copy', 'deepcopy'))}({name})"]
