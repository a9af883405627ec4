"""Variables in words that two kernels can be compared by: types, contents, and which objects are one and the same.

An object that can change is told once, at the first path that leads to it; each other way to it says only that path.
So two renderings are equal where values, types and aliases are.
"""

from __future__ import annotations

import collections
import functools
import inspect
import random
import sys
from collections.abc import Mapping
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GeneratorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

ATOMS = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range, slice)
BY_REPR = ("datetime", "decimal", "fractions", "pathlib", "itertools", "re", "uuid", "zoneinfo")
NOT_THE_CLASSES_OWN = frozenset(
    {"__dict__", "__weakref__", "__module__", "__doc__", "__slotnames__", "__annotations__"}
)
MAKES_FUNCTIONS = (FunctionType, property, classmethod, staticmethod, functools.cached_property)


def render(namespace: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Return what each of the names stands for; ``*memory`` says which arrays share memory."""
    renderer = _Renderer(namespace)
    rendered = {name: renderer.value(namespace[name], name) for name in sorted(names)}
    return {**rendered, "*memory": renderer.memory()}


class _Renderer:
    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._paths: dict[int, str] = {}
        self._keep: list[Any] = []
        self._arrays: list[tuple[str, Any]] = []

    def value(self, value: Any, path: str) -> Any:  # noqa: PLR0911 - one for each sort of value
        kind = type(value)
        if kind in ATOMS:
            return (kind.__name__, repr(value))
        if kind in (tuple, frozenset):
            return (kind.__name__, self._elements(value, path))
        if isinstance(value, ModuleType):
            return ("module", value.__name__)
        if isinstance(value, BuiltinFunctionType):
            return ("builtin", value.__qualname__, self.value(value.__self__, f"{path}.__self__"))
        if isinstance(value, type | FunctionType) and _of_a_library(value):
            return (kind.__name__, f"{value.__module__}.{value.__qualname__}")
        if kind.__module__ == "dataclasses":
            return ("a mark of dataclasses", kind.__name__)  # each copy of a class brings its own
        if kind is FunctionType and _stateless(value):
            return self._function(value, path)
        if id(value) in self._paths:
            return ("the same as", self._paths[id(value)])
        self._paths[id(value)] = path
        self._keep.append(value)
        return self._object(value, kind, path)

    def memory(self) -> tuple[Any, ...]:
        """Return the pairs of arrays that share memory, and how far apart they begin."""
        if len(self._arrays) < 2:
            return ()
        import numpy as np

        pairs = []
        for i, (one, a) in enumerate(self._arrays):
            for other, b in self._arrays[:i]:
                if np.may_share_memory(a, b):
                    start = [x.__array_interface__["data"][0] for x in (a, b)]
                    pairs.append((one, other, start[0] - start[1]))
        return tuple(pairs)

    def _elements(self, values: Any, path: str) -> tuple[Any, ...]:
        if isinstance(values, set | frozenset):
            return tuple(sorted((self.value(v, f"{path}{{{v!r}}}") for v in values), key=repr))
        return tuple(self.value(v, f"{path}[{i}]") for i, v in enumerate(values))

    def _items(self, values: Mapping[Any, Any], path: str) -> tuple[Any, ...]:
        return tuple((self.value(k, f"{path}<{k!r}>"), self.value(v, f"{path}[{k!r}]")) for k, v in values.items())

    def _object(self, value: Any, kind: type, path: str) -> Any:  # noqa: PLR0911 - one for each sort of object
        match value:
            case FunctionType():
                return self._function(value, path)
            case type():
                return self._class(value, path)
            case MethodType():
                return ("method", value.__name__, self.value(value.__self__, f"{path}.__self__"))
            case GeneratorType():
                return ("generator", value.__name__, value.gi_frame and value.gi_frame.f_lasti)
            case CellType():
                content = ("empty",) if _empty(value) else self.value(value.cell_contents, f"{path}.cell")
                return ("cell", content)
            case property():
                return ("property", *(self.value(f, f"{path}.{i}") for i, f in enumerate(_accessors(value))))
            case classmethod() | staticmethod():
                return (kind.__name__, self.value(value.__func__, f"{path}.__func__"))
            case functools.partial():
                parts = (value.func, value.args, value.keywords)
                return ("partial", *(self.value(p, f"{path}.{i}") for i, p in enumerate(parts)))
            case random.Random():
                return ("Random", hash(value.getstate()))
        return self._library(value, kind, path) or self._instance(value, kind, path)

    def _library(self, value: Any, kind: type, path: str) -> Any:
        """Return what objects of libraries are; None for others."""
        module = kind.__module__.partition(".")[0]
        if module == "numpy":
            return self._numpy(value, kind, path)
        if module == "pandas":
            return self._pandas(value, kind, path)
        if module in BY_REPR:
            return (kind.__name__, repr(value))
        if module == "builtins" and hasattr(value, "__length_hint__") and hasattr(value, "__reduce__"):
            return ("iterator", kind.__name__, self.value(value.__reduce__()[1:], f"{path}.reduced"))
        return None

    def _numpy(self, value: Any, kind: type, path: str) -> Any:
        import numpy as np

        if isinstance(value, np.ndarray):
            self._arrays.append((path, value))
            listed = self.value(value.tolist(), f"{path}.tolist")
            return (kind.__name__, str(value.dtype), value.shape, listed, value.flags.writeable)
        if isinstance(value, np.random.Generator):
            return ("Generator", repr(value.bit_generator.state))
        return (kind.__name__, repr(value))

    def _pandas(self, value: Any, kind: type, path: str) -> Any:
        import pandas as pd

        if isinstance(value, pd.DataFrame):
            columns = [(repr(n), str(c.dtype), c.tolist()) for n, c in value.items()]
            return (kind.__name__, repr(columns), repr(value.index), repr(value.columns), repr(value.attrs))
        if isinstance(value, pd.Series):
            return (kind.__name__, str(value.dtype), repr(value.tolist()), repr(value.index), repr(value.name))
        return (kind.__name__, repr(value))

    def _instance(self, value: Any, kind: type, path: str) -> Any:
        """Return an instance: its class, what it contains, its attributes."""
        parts: list[Any] = [self.value(kind, f"type({path})")]
        if isinstance(value, BaseException):
            parts.append(self.value(value.args, f"{path}.args"))
        elif isinstance(value, Mapping | MappingProxyType):
            parts.append(self._items(value, path))
        elif isinstance(value, list | tuple | set | frozenset | collections.deque):
            parts.append(self._elements(value, path))
        elif isinstance(value, (*ATOMS[:6], bytearray)):
            parts.append(kind.__bases__[0].__repr__(value) if kind.__module__ == "__main__" else repr(value))
        if isinstance(value, collections.defaultdict):
            parts.append(self.value(value.default_factory, f"{path}.default_factory"))
        if isinstance(value, collections.deque):
            parts.append(value.maxlen)
        own = {n: getattr(value, n) for n in _slots(kind) if hasattr(value, n)} | getattr(value, "__dict__", {})
        parts.append(tuple((n, self.value(v, f"{path}.{n}")) for n, v in own.items() if n != "__objclass__"))
        return tuple(parts)

    def _function(self, f: FunctionType, path: str) -> Any:
        parts = {
            "name": (f.__name__, f.__qualname__, f.__module__),
            "code": _code(f.__code__),
            "here": f.__globals__ is self._namespace,
            "defaults": self.value(f.__defaults__, f"{path}.__defaults__"),
            "keywords": self._items(f.__kwdefaults__ or {}, f"{path}.__kwdefaults__"),
            "cells": self.value(f.__closure__, f"{path}.__closure__"),
            "own": self._items(f.__dict__, f"{path}.__dict__"),
            "doc": f.__doc__,
        }
        return ("function", tuple(parts.items()))

    def _class(self, kind: type, path: str) -> Any:
        own = {}
        for name, value in sorted(vars(kind).items()):
            dunder = name.startswith("__") and name.endswith("__")
            kept = isinstance(value, MAKES_FUNCTIONS) if dunder or name.startswith("_") else True
            if name not in NOT_THE_CLASSES_OWN and kept and not isinstance(value, MemberDescriptorType):
                own[name] = self.value(value, f"{path}.{name}")
        bases = tuple(self.value(base, f"{path}.__bases__") for base in kind.__bases__)
        return ("class", kind.__qualname__, kind.__doc__, bases, tuple(sorted(own.items())))


def _of_a_library(value: Any) -> bool:
    """Say whether a class or function is found in a module that was imported."""
    if value.__module__ == "__main__":
        return False
    found: Any = sys.modules.get(value.__module__)
    for part in value.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is value or isinstance(value, type)


def _stateless(f: FunctionType) -> bool:
    """Say whether a function has nothing that could change: a copy is as good, only ``is`` tells the two apart."""
    defaults = (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values())
    return f.__closure__ is None and not f.__dict__ and all(type(d) in ATOMS for d in defaults)


def _accessors(value: property) -> tuple[Any, ...]:
    return value.fget, value.fset, value.fdel


def _empty(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - the question is whether it raises
    except ValueError:
        return True
    return False


def _slots(kind: type) -> list[str]:
    own = (cls for cls in kind.__mro__ if cls.__module__ == "__main__")
    return sorted(n for cls in own for n, v in vars(cls).items() if inspect.ismemberdescriptor(v))


@functools.lru_cache(maxsize=4096)
def _code(code: CodeType) -> tuple[Any, ...]:
    consts = tuple(_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts)
    return (code.co_name, code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)


def first_difference(one: Any, other: Any) -> tuple[Any, Any]:
    """Return the innermost parts in which two renderings differ, if it is only there that they do."""
    while isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        unlike = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
        if len(unlike) != 1:
            break
        one, other = unlike[0]
    return one, other
