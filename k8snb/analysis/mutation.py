"""Which objects an expression changes in place, as far as the code tells."""

from __future__ import annotations

import ast

from k8snb.analysis import tables

GIVES_ELEMENTS = ("enumerate", "zip", "reversed", "sorted", "list", "iter", "tqdm")


def of_call(call: ast.Call) -> list[ast.expr]:
    """Return the expressions whose objects a call changes."""
    changed = [k.value for k in call.keywords if k.arg == "out"]
    if isinstance(call.func, ast.Attribute):
        owner, method = call.func.value, call.func.attr
        inplace = any(k.arg == "inplace" and not _is(k.value, value=False) for k in call.keywords)
        if (
            inplace
            or method in tables.CHANGING_METHODS
            or _marked(method)
            or (method in tables.DRAWS and _is_generator(owner))
        ):
            changed.append(owner)
        elif method == "at" and _is_module(owner):  # np.add.at(x, ...)
            changed += call.args[:1]
        name = method if _is_module(owner) else ""
    else:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in tables.CHANGING_FUNCTIONS:
        changed += call.args[:1]
    return [e for e in changed if not _is_module(e)]


def elements(iterable: ast.expr) -> list[ast.expr]:
    """Return the expressions whose elements a loop over an iterable goes through."""
    match iterable:
        case ast.Call(func=ast.Attribute(value=owner, attr="items" | "values"), args=[]):
            return [owner]
        case ast.Call(func=ast.Name(id=function), args=args) if function in GIVES_ELEMENTS:
            return [e for a in args for e in elements(a)]
        case ast.Name() | ast.Attribute():
            return [iterable]
        case ast.Subscript(slice=ast.Constant()):
            return [iterable]
    return []


def roots(expression: ast.expr) -> list[ast.Name]:
    """Return the names whose objects an expression is, or is a part of."""
    match expression:
        case ast.Name():
            return [expression]
        case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
            return roots(value)
        case ast.NamedExpr(target=target):
            return [target]
        case ast.IfExp(body=one, orelse=other):
            return roots(one) + roots(other)
        case ast.BoolOp(values=values):
            return [name for value in values for name in roots(value)]
    return []


def _is(node: ast.expr, *, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _marked(method: str) -> bool:
    """PyTorch's convention: ``x.add_(1)`` works in place."""
    return method.endswith("_") and not method.endswith("__") and not method.startswith("_")


def _is_generator(owner: ast.expr) -> bool:
    """Say whether something is called like a random generator."""
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return any(part in name.lower() for part in ("rng", "generator", "random_state"))


def _is_module(expression: ast.expr) -> bool:
    names = roots(expression)
    return bool(names) and all(n.id in tables.MODULES for n in names)
