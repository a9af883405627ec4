"""Values in words: what a variable is and how large, and why one cannot travel."""

from __future__ import annotations

import types
from typing import Any

_WRITTEN_OUT = 1e18  # numbers below have few digits
_LIMIT = 20_000  # objects looked at in search of the one that does not pickle

_WAYS_OUT = (
    (
        ("lock", "RLock", "Condition", "Event", "Semaphore", "_thread._local"),
        "give its class a __getstate__ without it",
    ),
    (("generator", "async_generator", "coroutine", "map", "filter", "zip"), "make it a list"),
    (("TextIOWrapper", "BufferedReader", "BufferedWriter", "FileIO"), "pass its path and open it in the step"),
    (
        (
            "ReferenceType",
            "WeakMethod",
            "ProxyType",
            "CallableProxyType",
            "WeakSet",
            "WeakKeyDictionary",
            "WeakValueDictionary",
            "finalize",
        ),
        "keep the objects themselves",
    ),
    (("frame", "traceback"), "keep the text instead"),
    (("socket", "Connection", "Cursor", "Engine", "Session", "Client", "Popen"), "open it in the step that uses it"),
)


def words(value: object, size: int) -> str:
    """Return a value's type and size for people: ``ndarray 1437x64 float64, 736 kB``; a number itself: ``int 3``.

    Instances of the user's own classes are not asked for anything: that would run their code.
    """
    kind, own = type(value).__name__, type(value).__module__ == "__main__"
    if isinstance(value, type):
        return f"class {value.__qualname__}"
    if isinstance(value, types.FunctionType | types.BuiltinFunctionType | types.ModuleType):
        return f"{'module' if isinstance(value, types.ModuleType) else 'function'} {value.__name__}"
    if type(value) in {bool, int, float} and abs(value) < _WRITTEN_OUT:  # type: ignore[arg-type]
        return f"{kind} {value}"
    if isinstance(value, bool | int | float | complex | None):
        return kind
    shape, nbytes = (None, None) if own else (getattr(value, name, None) for name in ("shape", "nbytes"))
    if isinstance(shape, tuple) and all(isinstance(n, int) for n in shape):
        text = [kind, "x".join(map(str, shape)), str(getattr(value, "dtype", ""))]
        return f"{' '.join(filter(None, text))}, {amount(nbytes if isinstance(nbytes, int) else size)}"
    if isinstance(value, list | tuple | dict | set | frozenset | str | bytes | bytearray) and not own:
        kind = f"{kind} of {len(value)}"
    return f"{kind}, {amount(size)}"


def amount(size: float) -> str:
    """Return a number of bytes in words: ``736 kB``."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:  # noqa: PLR2004
            return f"{size:.3g} {unit}" if size < 100 and unit != "B" else f"{size:.0f} {unit}"  # noqa: PLR2004
        size /= 1000
    return f"{size:.3g} GB"


def failure(name: str, value: object, error: Exception, last: object) -> str:
    """Say why a value does not pickle: the type that refuses, where inside, and the way out.

    Parameters
    ----------
    name, value : str, object
        The variable.
    error : Exception
        What pickling raised.
    last : object
        What was being pickled when it did.
    """
    if isinstance(error, RecursionError) or "recursion" in str(error):
        return "it is nested too deeply to be packed: keep it in a flat form"
    kind = type(last)
    path, holder = _find(value, last)
    inside = f" (at {name}{path})" if path else ""
    reason = "" if str(error).startswith("cannot pickle") else f" ({type(error).__name__}: {error})"
    names = {c.__name__ for c in kind.__mro__}
    anew = "make it anew in the step that uses it"
    way = next((w for kinds, w in _WAYS_OUT if names & set(kinds)), anew)
    if way.startswith("give its class") and type(holder).__module__ != "__main__":
        way = anew
    return f"{_name(kind)}{inside} does not pickle{reason}: {way}"


def _name(kind: type) -> str:
    return (
        kind.__qualname__ if kind.__module__ in {"builtins", "__main__"} else f"{kind.__module__}.{kind.__qualname__}"
    )


def _find(value: object, wanted: object) -> tuple[str | None, object]:
    """Return the way from a value to an object inside it, as one would write it, and what holds it there."""
    seen = {id(value)}
    todo: list[tuple[str, Any, Any]] = [("", value, None)]
    for path, obj, holder in todo:
        if obj is wanted:
            return path or None, holder
        if len(todo) < _LIMIT:
            for step, inner in _inside(obj):
                if id(inner) not in seen:
                    seen.add(id(inner))
                    todo.append((path + step, inner, obj))
    return None, None


def _inside(obj: Any) -> list[tuple[str, Any]]:
    if isinstance(obj, dict):
        return [(f"[{key!r:.40}]", inner) for key, inner in list(obj.items())[:_LIMIT]]
    if isinstance(obj, list | tuple):
        return [(f"[{i}]", inner) for i, inner in enumerate(obj[:_LIMIT])]
    if isinstance(obj, types.FunctionType):
        cells = zip(obj.__code__.co_freevars, obj.__closure__ or (), strict=True)
        return [(f" closing over {name}", cell.cell_contents) for name, cell in cells if _filled(cell)]
    if isinstance(obj, type | types.ModuleType):
        return []
    return [(f".{name}", inner) for name, inner in getattr(obj, "__dict__", {}).items()]


def _filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - the question is whether it raises
    except ValueError:
        return False
    return True
