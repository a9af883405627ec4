"""Which of the notebook's names the code behind a live value uses."""

from __future__ import annotations

import dis
import functools
import gc
import itertools
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

OBJECTS, WIDTH = 2000, 1000
"""How many objects behind a value are looked at, and how many items of a container."""

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
    seen = {id(value)}
    todo = [value]
    for one in todo:  # grows: what is near comes first
        if isinstance(one, types.FunctionType) and one.__module__ == "__main__":
            found.update(_global_names(one.__code__))
        for part in _parts(one) if len(todo) < OBJECTS else ():
            if id(part) not in seen and not isinstance(part, _PLAIN):
                seen.add(id(part))
                todo.append(part)
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
    if isinstance(value, types.FrameType | types.BuiltinFunctionType | type(None)):
        return ()
    own = (type(value),) if type(value).__module__ == "__main__" else ()
    if getattr(value, "dtype", None) == "object" and hasattr(value, "flat"):
        return (*own, *itertools.islice(value.flat, WIDTH))
    return (*own, *gc.get_referents(value)[:WIDTH])  # whatever holds it: an estimator, a partial, a namespace


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
