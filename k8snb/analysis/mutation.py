"""Which objects an expression changes in place, as far as the code tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from k8snb.analysis import tables

_AXES = re.compile(r"(fig|ax|axs|axes|draw)\d*|\w+_(fig|ax|axs|draw)")

GIVES_ELEMENTS = tables.words("nditer enumerate zip reversed sorted list tuple iter tqdm chain islice cycle filter")


def plain(call: ast.Call) -> ast.Call:
    """Return ``x.append(2)`` for ``getattr(x, "append")(2)``, and other calls as they are."""
    function = _by_getattr(call.func)
    return call if function is None else ast.copy_location(ast.Call(function, call.args, call.keywords), call)


def _by_getattr(expression: ast.expr) -> ast.Attribute | None:
    """Return ``x.append`` for ``getattr(x, "append")``."""
    match expression:
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str(name)), *_]):
            return ast.copy_location(ast.Attribute(owner, name, ast.Load()), expression)
    return None


def last_name(node: ast.expr) -> str:
    """Return ``d`` of ``d``, ``a.d`` and ``a.d(...)``."""
    match node:
        case ast.Call(func=func):
            return last_name(func)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def function_name(call: ast.Call) -> str:
    """Return ``d`` of ``d(...)`` and, where `a` is a module, of ``a.d(...)``."""
    match call.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name) if is_module(owner):
            return name
    return ""


def arguments(call: ast.Call) -> list[tuple[int | str, ast.expr]]:
    """Return what a call is given, with the place, from 0, or the name; ``**`` for a dict of names."""
    return [*enumerate(call.args), *((keyword.arg or "**", keyword.value) for keyword in call.keywords)]


def of_call(call: ast.Call) -> list[ast.expr]:
    """Return the expressions whose objects a call changes."""
    changed = [k.value for k in call.keywords if k.arg in {"out", "ax", "file", "stream", "fp"}]
    name = function_name(call)
    if isinstance(call.func, ast.Attribute):
        owner, method = call.func.value, call.func.attr
        inplace = any(k.arg == "inplace" and not _is(k.value, value=False) for k in call.keywords)
        if (
            inplace
            or method in tables.CHANGING_METHODS
            or _marked(method)
            or (method in tables.DRAWS and is_generator(owner))
            or (_is_axes(owner) and _draws_on(method))
        ):
            changed.append(owner)
        elif method == "at" and is_module(owner):  # np.add.at(x, ...)
            changed += call.args[:1]
        if isinstance(owner, ast.Call) and _is_told_not_to_copy(owner) and method in tables.CHANGING_METHODS:
            changed += call.args[:1]  # StandardScaler(copy=False).fit_transform(X)
        if method in tables.CHANGING_ARGUMENTS or (isinstance(owner, ast.Name) and method in tables.OF_HEAPS):
            name = method
    if isinstance(call.func, ast.Call) and last_name(call.func) == "getattr":  # any method
        changed += call.func.args[:1]
    if name in tables.CHANGING_FUNCTIONS or _of_type(call.func) or _works_in_place(call):
        changed += call.args[:1]
    if name in tables.CHANGING_SECOND:
        changed += call.args[1:2]
    if isinstance(call.func, ast.Name) and name in {"exec", "eval"}:
        changed += call.args[1:]
    return [e for e in changed if not is_module(e)]


def _works_in_place(call: ast.Call) -> bool:
    """Say whether a function may keep its result in what it is given: ``np.nan_to_num(x, copy=False)``."""
    name = function_name(call)
    return (
        bool(name) and _is_told_not_to_copy(call) and not _is_class(call.func) and name not in tables.LOOKS_AT_ARGUMENTS
    )


def _is_told_not_to_copy(call: ast.Call) -> bool:
    return any(k.arg == "copy" and _is(k.value, value=False) for k in call.keywords)


def _of_type(function: ast.expr) -> bool:
    """Say whether a method is called through its class: ``list.append(x, 1)``."""
    match function:
        case ast.Attribute(value=ast.Name(id=kind), attr=method):
            return kind in tables.CONTAINERS and method in tables.CHANGING_METHODS
    return False


def bound_methods(nodes: Iterable[ast.AST]) -> dict[str, list[ast.Attribute]]:
    """Return the methods that names may stand for, or for what holds them."""
    found: dict[str, list[ast.Attribute]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for name in {root.id for target in node.targets for root in roots(target)}:
                found.setdefault(name, []).extend(methods_in(node.value))
    return {name: methods for name, methods in found.items() if methods}


def methods_in(expression: ast.expr) -> list[ast.Attribute]:
    """Return the methods, not called yet, that an expression's value may be or hold."""
    match _by_getattr(expression) or expression:
        case ast.Attribute(value=owner) as method:
            return [] if is_module(owner) else [method]
        case ast.Call(args=args, keywords=keywords):
            return [method for part in (*args, *(k.value for k in keywords)) for method in methods_in(part)]
        case ast.ListComp(elt=value) | ast.SetComp(elt=value) | ast.GeneratorExp(elt=value) | ast.DictComp(value=value):
            return methods_in(value)
    return [method for part in _parts(expression) for method in methods_in(part)]


def _parts(expression: ast.expr) -> Sequence[ast.expr]:
    """Return the expressions one of whose values an expression's value is, or all of whose values it holds."""
    match expression:
        case ast.IfExp(body=one, orelse=other):
            return [one, other]
        case (
            ast.BoolOp(values=parts)
            | ast.Dict(values=parts)
            | ast.List(elts=parts)
            | ast.Tuple(elts=parts)
            | ast.Set(elts=parts)
        ):
            return parts
        case ast.Starred(value=value):
            return [value]
    return []


def elements(iterable: ast.expr) -> list[ast.expr]:  # noqa: PLR0911 - one for each kind of expression
    """Return the expressions whose elements a loop over an iterable goes through."""
    match iterable:
        case ast.Call(func=ast.Attribute(value=owner, attr="items" | "values"), args=[]):
            return [owner]
        case ast.Call(args=args) if function_name(iterable) in GIVES_ELEMENTS:
            return [e for a in args for e in elements(a)]
        case ast.ListComp(elt=ast.Name()) | ast.SetComp(elt=ast.Name()) | ast.GeneratorExp(elt=ast.Name()):
            return [e for generator in iterable.generators for e in elements(generator.iter)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return elements(left) + elements(right)
        case ast.Name() | ast.Attribute() | ast.Call():
            return [iterable]
        case ast.Subscript(value=owner, slice=ast.Slice()):
            return elements(owner)
        case ast.Subscript(slice=ast.Constant()) | ast.List() | ast.Tuple() | ast.Set() | ast.Dict():
            return [iterable]
    return []


def guarded(test: ast.Compare) -> str | None:
    """Return ``x`` of ``"x" in globals()``, which asks for nothing but whether that name is bound."""
    match test:
        case ast.Compare(
            left=ast.Constant(value=str(name)),
            ops=[ast.In() | ast.NotIn()],
            comparators=[ast.Call(func=ast.Name(id="globals" | "locals" | "vars" | "dir"), args=[], keywords=[])],
        ) if name.isidentifier():
            return name
    return None


def roots(expression: ast.expr) -> list[ast.Name]:
    """Return the names whose objects an expression is, or is a part of."""
    match expression:
        case ast.Name():
            return [expression]
        case ast.NamedExpr(target=target):
            return [target]
    return [name for part in _wholes(expression) for name in roots(part)]


def _wholes(expression: ast.expr) -> Sequence[ast.expr]:
    """Return the expressions whose values an expression's value may be, or be a part of."""
    match expression:
        case ast.Attribute(value=value) | ast.Subscript(value=value):
            return [value]
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=args) if method in tables.GIVES_OF_OWNER:
            return [owner, *args]
        case ast.Call(func=ast.Name(id=function), args=args) if function in tables.GIVES_OF_ARGUMENTS:
            return args
        case ast.Call(args=args) if is_drawing(expression):
            return args
        case ast.GeneratorExp(elt=ast.Name(id=one), generators=[ast.comprehension(target=ast.Name(id=each), iter=of)]):
            return [of] if one == each else []
    return _parts(expression)


def contents(expression: ast.expr) -> list[ast.Name]:
    """Return the names whose objects an expression's value may be or contain."""
    match expression:
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            nodes = list(ast.walk(expression))
            targets = [node.target for node in nodes if isinstance(node, ast.comprehension)]
            own = {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
            return [node for node in nodes if isinstance(node, ast.Name) and node.id not in own]
        case ast.BinOp(left=left, right=right):
            return contents(left) + contents(right)
        case ast.Await(value=value) | ast.Attribute(value=value) | ast.Subscript(value=value):
            return contents(value)
        case ast.Call(func=function, args=args, keywords=keywords) if _keeps(function):
            owner = [function.value] if isinstance(function, ast.Attribute) and not _is_class(function) else []
            return [name for part in (*owner, *args, *(k.value for k in keywords)) for name in contents(part)]
    parts = _parts(expression)
    return [name for part in parts for name in contents(part)] if parts else roots(expression)


def results(expression: ast.expr) -> list[ast.expr]:
    """Return the functions whose results an expression's value may be or contain."""
    match expression:
        case ast.Call(func=function, args=args, keywords=keywords):
            kept = [*args, *(k.value for k in keywords)] if _keeps(function) else []
            return [function, *(inner for part in kept for inner in results(part))]
        case ast.BinOp(left=left, right=right):
            return results(left) + results(right)
        case ast.ListComp(elt=value) | ast.SetComp(elt=value) | ast.DictComp(value=value):
            return results(value)
    return [inner for part in _parts(expression) for inner in results(part)]


def _keeps(function: ast.expr) -> bool:
    """Say whether a call's result may contain what it is given."""
    match function:
        case ast.Name(id=name):
            return _is_class(function) or name in tables.KEEPS_ARGUMENTS or name in tables.GIVES_OF_ARGUMENTS
        case ast.Attribute(attr=name):
            return _is_class(function) or name in tables.GIVES_OF_OWNER or name in tables.KEEPS_ARGUMENTS
    return False


def _is_class(function: ast.expr) -> bool:
    """Say whether something is called like a class."""
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name[:1].isupper()
    return False


def _is(node: ast.expr, *, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _marked(method: str) -> bool:
    """PyTorch's convention: ``x.add_(1)`` works in place."""
    return method.endswith("_") and not method.endswith("__") and not method.startswith("_")


def is_generator(owner: ast.expr) -> bool:
    """Say whether something is called like a random generator."""
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return any(part in name.lower() for part in ("rng", "generator", "random_state"))


def _is_axes(owner: ast.expr) -> bool:
    """Say whether something is called like a figure of matplotlib, the axes in one, or what draws on an image."""
    if is_drawing(owner):
        return True
    while isinstance(owner, ast.Subscript):
        owner = owner.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return _AXES.fullmatch(name) is not None


def is_drawing(call: ast.expr) -> bool:
    """Say whether a call makes what draws on the image that it is given: ``ImageDraw.Draw(image)``."""
    return isinstance(call, ast.Call) and last_name(call) == "Draw"


def _draws_on(method: str) -> bool:
    """Say whether a method of axes or figures changes them."""
    return method in tables.DRAWS_ON or method.startswith(("set_", "add_", "update_", "invert_", "tick", "auto"))


def is_module(expression: ast.expr) -> bool:
    """Say whether an expression is a module, or a part of one, by the names that everyone gives them."""
    names = roots(expression)
    return bool(names) and all(n.id in tables.MODULES for n in names)
