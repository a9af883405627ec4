"""Statements that change an object in place."""

from __future__ import annotations

from writer import NUMBERS, Writer, feature

METHODS = {
    "list": [
        "append({n})",
        "insert(0, {n})",
        "extend([{n}, 2])",
        "reverse()",
        "sort()",
        "pop()",
        "remove({x}[0])",
    ],
    "dict": ["update(k={n})", "setdefault('s', {n})", "pop('m', None)", "update({{'z': {n}}})", "popitem()"],
    "set": ["add({n})", "discard({n})", "update([{n}, 3])", "clear()", "difference_update([{n}])"],
    "bytes": ["append({n} % 200)", "extend(b'ab')", "reverse()"],
    "deque": ["append({n})", "appendleft({n})", "rotate(1)", "extend([{n}])"],
}
STATEMENTS = {
    "list": ["{x}[0] = {n}", "{x}[:1] = [{n}, 5]", "del {x}[0]", "{x} += [{n}]", "{x}[-1] += {n}", "{x} *= 2"],
    "dict": ["{x}['k'] = {n}", "{x}['new'] = {n}", "del {x}['k']", "{x} |= {{'u': {n}}}", "{x}['k'] += {n}"],
    "set": ["{x} |= {{{n}}}", "{x} -= {{{n}}}", "{x} ^= {{1}}"],
    "bytes": ["{x}[0] = {n} % 200", "{x} += b'c'"],
    "nested": ["{x}['p'].append({n})", "{x}['p'][0] = {n}", "{x}['q'] += [{n}]", "{x}['p'] = [{n}]", "{x}['p'].sort()"],
}
LIBRARY = {
    "list": [
        ("random", "random.Random({n}).shuffle({x})"),
        ("bisect", "bisect.insort({x}, {n})"),
        ("heapq", "heapq.heapify({x})"),
        ("heapq", "heapq.heappush({x}, {n})"),
        ("operator", "operator.setitem({x}, 0, {n})"),
    ],
    "dict": [("operator", "operator.setitem({x}, 'k', {n})"), ("operator", "operator.ior({x}, {{'i': {n}}})")],
    "bytes": [("struct", "struct.pack_into('B', {x}, 0, {n} % 200)")],
}


def _change(w: Writer, table: dict[str, list[str]], form: str) -> list[str] | None:
    name = w.some(*table)
    if name is None:
        return None
    text = w.random.choice(table[w.names[name].name])
    return [form.format(name, text.format(x=name, n=w.number()))]


@feature("change-method", 3)
def change_method(w: Writer) -> list[str] | None:
    return _change(w, METHODS, "{}.{}")


@feature("change-statement", 3)
def change_statement(w: Writer) -> list[str] | None:
    return _change(w, STATEMENTS, "{1}")


@feature("change-unbound", 0.4)
def change_unbound(w: Writer) -> list[str] | None:
    name = w.some("list", "dict", "set")
    if name is None:
        return None
    call = {
        "list": f"list.append({name}, {w.number()})",
        "dict": f"dict.update({name}, k=8)",
        "set": f"set.add({name}, 8)",
    }
    return [call[w.names[name].name]]


@feature("change-bound-method", 0.5)
def change_bound_method(w: Writer) -> list[str] | None:
    name = w.some("list")
    return name and [f"adder = {name}.append", f"adder({w.number()})"]


@feature("change-by-library", 1.5)
def change_by_library(w: Writer) -> list[str] | None:
    name = w.some(*LIBRARY)
    if name is None:
        return None
    module, text = w.random.choice(LIBRARY[w.names[name].name])
    call = text.format(x=name, n=w.number())
    if w.random.random() < 0.3:
        function = call[len(module) + 1 :].partition("(")[0]
        return [f"from {module} import {function}", call[len(module) + 1 :]]
    return [f"import {module}", call]


@feature("change-in-expression", 0.7)
def change_in_expression(w: Writer) -> list[str] | None:
    name = w.some("list")
    if name is None:
        return None
    number = w.number()
    form = w.random.choice(("[{x}.append(i) for i in range(2)]", "{x}.append({n}) or {x}", "len({x}) and {x}.pop()"))
    text = form.format(x=name, n=number)
    return [text] if w.random.random() < 0.5 else [f"{w.new('v')} = {text}"]


@feature("change-element-in-loop", 0.8)
def change_element_in_loop(w: Writer) -> list[str] | None:
    name = w.some("nested")
    return name and [f"for part in {name}.values():", f"    part.append({w.number()})"]


@feature("change-one-of-two", 0.8)
def change_one_of_two(w: Writer) -> list[str] | None:
    one = w.some("list")
    if one is None:
        return None
    other = w.some("list")
    number = w.number()
    form = w.random.choice(
        (
            f"({one} if {w.condition()} else {other}).append({number})",
            f"for elem in ({one}, {other}):\n    elem.append({number})",
            f"max({one}, {other}, key=len).append({number})",
            f"[{one}, {other}][0].append({number})",
        )
    )
    return [form]


@feature("collections", 0.8)
def collections(w: Writer) -> list[str]:
    number = w.number()
    if w.random.random() < 0.5:
        return ["from collections import deque", f"{w.bind('deque')} = deque([{number}, 2], maxlen=6)"]
    return ["import collections", f"{w.bind('dict')} = collections.defaultdict(int, k={number})"]


@feature("iterator", 0.4, then="iterator-next")
def iterator(w: Writer) -> list[str] | None:
    name = w.some("list")
    if name is None:
        return None
    return [f"{w.bind('iterator')} = iter({name})"]


@feature("iterator-next", 0.6)
def iterator_next(w: Writer) -> list[str] | None:
    name = w.some("iterator", "generator")
    if name is None:
        return None
    return [f"{w.bind('int')} = next({name}, 0)"]


NUMBERS["deque"] = ["len({})", "{}[0]"]
