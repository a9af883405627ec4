"""Imports, also of modules inside packages, and what is done with the modules."""

from __future__ import annotations

from writer import NUMBERS, Writer, feature

NUMBERS["math"] = ["{}.floor(2.5)"]
NUMBERS["floor"] = ["{}(3.5)"]
NUMBERS["path"] = ["len({}.join('a', 'b'))"]


@feature("import")
def import_(w: Writer) -> list[str]:
    forms = (
        lambda: ["import math", f"{w.bind('int')} = math.floor(3.7)"],
        lambda: [f"import math as {w.bind('math')}"],
        lambda: [f"from math import floor as {w.bind('floor')}"],
        lambda: [f"import os.path as {w.bind('path')}"],
        lambda: ["import collections.abc", f"{w.new('v')} = isinstance([], collections.abc.Sized)"],
        lambda: ["import xml.etree.ElementTree as ET", f"{w.bind('int')} = len(ET.fromstring('<a><b/></a>'))"],
        lambda: ["import json", f"{w.bind('dict')} = json.loads('{{\"k\": 4}}')"],
    )
    return w.random.choice(forms)()


@feature("import-in-function", 0.6)
def import_in_function(w: Writer) -> list[str]:
    made = w.new("root")
    return [f"def {made}(n):", "    import math", "    return math.isqrt(n)", f"{w.bind('int')} = {made}(9)"]


@feature("module-alias", 0.4)
def module_alias(w: Writer) -> list[str] | None:
    name = w.some("math")
    return name and [f"{w.bind('math')} = {name}"]


@feature("global-random", 0.1)
def global_random(w: Writer) -> list[str]:
    return ["import random", f"random.seed({w.random.randint(0, 9)})", f"{w.bind('int')} = random.randrange(9)"]


@feature("own-random", 0.8)
def own_random(w: Writer) -> list[str]:
    name = w.some("rng")
    about = w.some("list")
    if name and about and w.random.random() < 0.3:
        return [f"{name}.shuffle({about})"]
    if name and w.random.random() < 0.7:
        return [f"{w.bind('int')} = {name}.randrange(9)"]
    return ["import random", f"{w.bind('rng', of_names=['rng', 'dice'])} = random.Random({w.random.randint(0, 9)})"]
