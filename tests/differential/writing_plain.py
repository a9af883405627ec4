"""Statements that bind, read, change and delete plain values."""

from __future__ import annotations

from writer import Writer, feature

PLAIN = ("int", "int", "str", "list", "list", "dict", "dict", "set", "tuple", "bytes", "nested")


@feature("bind", 5)
def bind(w: Writer) -> list[str]:
    kind = w.random.choice(PLAIN)
    value = w.value(kind)
    return [f"{w.bind(kind)} = {value}"]


@feature("print", 3)
def print_(w: Writer) -> list[str]:
    name = w.some("int", "list", "dict", "set", "str", "tuple", "nested", "deque")
    told = f"sorted({name})" if name and w.names[name].name == "set" else name  # its order is nobody's
    forms = [f"print({w.number()})"] + [f"print('{name}', {told})"] * 2 * bool(name)
    return [w.random.choice(forms)]


@feature("augment", 2)
def augment(w: Writer) -> list[str] | None:
    name = w.some("int", "list", "set", "str", "tuple", "dict")
    if name is None:
        return None
    kind = w.names[name].name
    operator = {"set": w.random.choice(("|=", "-=")), "dict": "|="}.get(kind, "+=")
    return [f"{name} {operator} {w.value(kind)}"]


@feature("unpack")
def unpack(w: Writer) -> list[str]:
    values = [w.value(kind) for kind in ("int", "int", "int")]
    one = w.bind("int")
    rest = w.bind("list")
    if one == rest:
        return [f"{one}, *_ = {', '.join(values)}", f"{rest} = [1]"]
    return [f"{one}, *{rest} = {', '.join(values)}"]


@feature("chain")
def chain(w: Writer) -> list[str]:
    kind = w.random.choice(("list", "dict", "int"))
    value = w.value(kind)
    return [f"{w.bind(kind)} = {w.bind(kind)} = {value}"]


@feature("swap", 0.5)
def swap(w: Writer) -> list[str] | None:
    one = w.some("list", "dict", "int", "set")
    if one is None:
        return None
    other = w.some(w.names[one].name)
    return [f"{one}, {other} = {other}, {one}"] if one != other else None


@feature("walrus")
def walrus(w: Writer) -> list[str]:
    value = w.value("int")
    name = w.bind("int")
    return [f"print('w', ({name} := {value}) + 1)"]


@feature("comprehension", 1.5)
def comprehension(w: Writer) -> list[str]:
    number = w.number()
    source = w.some("list", "set", "tuple") or "range(3)"
    source = f"sorted({source})" if source in w.names else source  # what it says may change what it goes through
    forms = {
        "list": (f"[i + {number} for i in {source}]", f"[i for i in {source} if i != {number}]"),
        "dict": (f"{{'k': {number}, **{{str(i): i for i in {source}}}}}",),
        "set": (f"{{i % 5 for i in {source}}} | {{{number}}}",),
    }
    kind = w.random.choice(sorted(forms))
    text = w.random.choice(forms[kind])
    return [f"{w.bind(kind)} = {text}"]


@feature("delete")
def delete(w: Writer) -> list[str] | None:
    name = w.some(*PLAIN, "function", "instance", "alias")
    if name is None or w.depth:
        return None
    w.unbind(name)
    return [f"del {name}"]


@feature("delete-perhaps", 0.4, top=True)
def delete_perhaps(w: Writer) -> list[str] | None:
    name = w.some(*PLAIN)
    if name is None:
        return None
    condition = w.condition()
    if w.random.random() < 0.7:
        w.unbind(name)
    return [f"if {condition}:", f"    del {name}"]


@feature("alias", 2.5)
def alias(w: Writer) -> list[str] | None:
    name = w.some("list", "dict", "set", "bytes", "nested", "instance", "array", "frame", "deque")
    if name is None:
        return None
    kind = w.names[name]
    return [f"{w.bind(kind.name, **kind.of)} = {name}"]


@feature("alias-inside", 2)
def alias_inside(w: Writer) -> list[str] | None:
    name = w.some("list")
    if name is None:
        return None
    holder = w.some("nested")
    forms = [f"{{'p': {name}, 'q': [1]}}", f"{{'p': {name}, 'q': {name}}}", f"dict(p={name}, q=[2])"]
    if holder and w.random.random() < 0.5:
        return [f"{holder}['{w.random.choice('pq')}'] = {name}"]
    form = w.random.choice(forms)
    return [f"{w.bind('nested')} = {form}"]


@feature("alias-out-of", 1)
def alias_out_of(w: Writer) -> list[str] | None:
    name = w.some("nested")
    return name and [f"{w.bind('list')} = {name}['p']"]


@feature("copy", 0.7)
def copy(w: Writer) -> list[str] | None:
    name = w.some("list", "dict", "set")
    if name is None:
        return None
    kind = w.names[name].name
    return [f"{w.bind(kind)} = {name}.copy()"]


@feature("raise", 0.3)
def raise_(w: Writer) -> list[str]:
    number = w.number()
    if w.random.random() < 0.1:
        return ["print(undefined_name)"]
    return [w.random.choice((f"if {w.condition()}:\n    raise ValueError({number})", f"print(1 // ({number}))"))]
