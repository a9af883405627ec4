"""Statements with blocks."""

from __future__ import annotations

from writer import Writer, feature


@feature("if", 2, nests=True)
def if_(w: Writer) -> list[str]:
    lines = [f"if {w.condition()}:", *w.block()]
    if w.random.random() < 0.4:
        lines += ["else:", *w.block()]
    return lines


@feature("for", 2, nests=True)
def for_(w: Writer) -> list[str]:
    source = w.some("list", "set", "tuple", "deque")
    source = f"sorted({source})" if source and w.random.random() < 0.4 else f"range({w.random.randint(0, 3)})"
    target = w.bind("int") if w.random.random() < 0.3 else w.random.choice("ij")
    lines = [f"for {target} in {source}:", *w.block()]
    if w.random.random() < 0.2:
        lines += [f"    if {w.condition()}:", "        break"]
        if w.random.random() < 0.5:
            lines += ["else:", *w.block(1, 1)]
    return lines


@feature("while", 0.6, nests=True)
def while_(w: Writer) -> list[str]:
    name = w.new("left")
    return [f"{name} = {w.random.randint(0, 3)}", f"while {name}:", f"    {name} -= 1", *w.block()]


@feature("try", 1.5, nests=True)
def try_(w: Writer) -> list[str]:
    risk = w.random.choice(("int('no')", "{}['gone']", f"1 // (({w.number()}) % 2)", "pass"))
    lines = ["try:", *w.block(), f"    {risk}", *(w.block(1, 1) if w.random.random() < 0.3 else [])]
    as_ = w.random.choice(("", " as error"))
    lines += [f"except Exception{as_}:", *([] if not as_ else ["    print(type(error).__name__)"]), *w.block()]
    if w.random.random() < 0.3:
        lines += ["else:", *w.block(1, 1)]
    if w.random.random() < 0.3:
        lines += ["finally:", *w.block(1, 1)]
    return lines


@feature("try-keeps-error", 0.4)
def try_keeps_error(w: Writer) -> list[str]:
    name = w.bind("error")
    return ["try:", f"    int('x' * ({w.number()}))", "except ValueError as error:", f"    {name} = error"]


@feature("with", 0.7, nests=True)
def with_(w: Writer) -> list[str]:
    number = w.number()
    kind = w.random.choice(("suppress", "nullcontext", "StringIO"))
    if kind == "suppress":
        return [
            "from contextlib import suppress",
            "with suppress(Exception):",
            *w.block(),
            "    int('no')",
            *w.block(1, 1),
        ]
    if kind == "nullcontext":
        name = w.bind("list")
        return ["import contextlib", f"with contextlib.nullcontext([{number}]) as {name}:", *w.block()]
    return [
        "import io",
        "with io.StringIO() as file:",
        *w.block(),
        "    file.write('t')",
        *["del file"] * (w.random.random() < 0.9),
    ]


@feature("match", 0.7, nests=True)
def match(w: Writer) -> list[str]:
    subject = w.some("list", "tuple", "dict", "int") or "[1, 2]"
    got = w.new("got")
    return [
        f"match {subject}:",
        f"    case [{got}, *_]:",
        *(f"    {line}" for line in w.block(1, 1)),
        f"    case {{'k': {got}}}:",
        *(f"    {line}" for line in w.block(1, 1)),
        f"    case {got} if {w.condition()}:",
        *(f"    {line}" for line in w.block(1, 1)),
    ]
