"""Which of the notebook's names the code behind a live value uses."""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

DEPTH, WIDTH = 3, 1000
"""How deep containers are looked into, and at how many of their items."""

_GLOBALS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS", "STORE_GLOBAL", "DELETE_GLOBAL"})


def reached(
    names: Iterable[str], values: Mapping[str, Any], needs: Callable[[str], Iterable[str]] = lambda _: ()
) -> set[str]:
    """Return the names with all that the functions and classes behind them use, and so on.

    Parameters
    ----------
    names : iterable of str
    values : mapping of str to object
        The notebook's namespace.
    needs : callable
        Returns what is known besides of the names that the code behind a name uses.
    """
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(uses(values[name]) if name in values else ())
            todo.extend(needs(name))
    return found


def uses(value: Any) -> set[str]:
    """Return the global names that a value's code uses, if it is code of the notebook; one step far."""
    found: set[str] = set()
    seen: set[int] = set()

    def visit(value: Any, depth: int) -> None:
        if depth > DEPTH or id(value) in seen or isinstance(value, _PLAIN):
            return
        seen.add(id(value))
        if isinstance(value, types.FunctionType) and value.__module__ == "__main__":
            found.update(_global_names(value.__code__))
        for part in _parts(value):
            visit(part, depth + 1)

    visit(value, 0)
    return found


_PLAIN = (str, bytes, int, float, complex, type(None), types.ModuleType)


def _parts(value: Any) -> Iterable[Any]:
    """Return what of a value may be code of the notebook."""
    if isinstance(value, types.FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or () if _filled(cell)]
        return (*cells, *(value.__defaults__ or ()), getattr(value, "__wrapped__", None))
    for kind, parts in _INSIDE.items():
        if isinstance(value, kind):
            return parts(value)
    if isinstance(value, type):
        return (*vars(value).values(), *value.__bases__) if value.__module__ == "__main__" else ()
    if type(value).__module__ == "__main__":
        return (type(value), *list(getattr(value, "__dict__", {}).values())[:WIDTH])
    return ()


_INSIDE: dict[type, Callable[[Any], Iterable[Any]]] = {
    types.MethodType: lambda v: (v.__func__, v.__self__),
    functools.partial: lambda v: (v.func, *v.args, *v.keywords.values()),
    staticmethod: lambda v: (v.__func__,),
    classmethod: lambda v: (v.__func__,),
    property: lambda v: (v.fget, v.fset, v.fdel),
    dict: lambda v: list(v.values())[:WIDTH],
    list: lambda v: v[:WIDTH],
    tuple: lambda v: v[:WIDTH],
    set: lambda v: list(v)[:WIDTH],
}


def _filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - asking is how one finds out
    except ValueError:
        return False
    return True


@functools.lru_cache(maxsize=1024)
def _global_names(code: types.CodeType) -> frozenset[str]:
    """Return the global names that a code object and those inside it use."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname in _GLOBALS}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _global_names(constant)
    return frozenset(names)
