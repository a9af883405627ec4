"""Which of the notebook's names the code behind a live value uses."""

from __future__ import annotations

import functools
import gc
import itertools
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from k8snb.artifacts.code import used_names
from k8snb.artifacts.compare import is_frame
from k8snb.artifacts.frames import memory, objects
from k8snb.artifacts.identity import is_atomic
from k8snb.artifacts.loaded import loaded
from k8snb.artifacts.views import owner
from k8snb.pipeline.library import CLOSURE

OBJECTS, WIDTH = 2000, 1000
"""How many objects behind a value are looked at for code, and how many items of a container."""

SHARED_OBJECTS = 20_000
"""How many objects behind a value are looked at for those that it shares with another."""


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
            todo.extend(behind(values[name]).uses if name in values else ())
            todo.extend(needs(name))
    return found


@dataclass(frozen=True)
class Behind:
    """What is behind a value.

    Parameters
    ----------
    uses : frozenset of str
        Global names that its code uses, if it is the notebook's, and those of classes; one step far.
    held : frozenset of str
        What calling the value, or something in it, may run, beside what its class says: methods that are bound to
        objects, the full names of functions inside others, and `CLOSURE` for a function that keeps an object.
    """

    uses: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()


class Values:
    """For each name of a namespace what is behind its value, looked for when it is first asked for.

    Parameters
    ----------
    values : mapping of str to object
    before : mapping of str to Behind
        What was found for names that have no value now: a step is to change it.

    Attributes
    ----------
    uses, held : mapping of str to frozenset of str
        As `Behind` has them, by name.
    """

    def __init__(self, values: Mapping[str, Any], before: Mapping[str, Behind]) -> None:
        self._values = values
        self._found = dict(before)
        self._looked_at: set[str] = set()
        self.uses = _Of(self, lambda behind: behind.uses)
        self.held = _Of(self, lambda behind: behind.held)

    def __getitem__(self, name: str) -> Behind:
        if name in self._values and name not in self._looked_at:
            self._looked_at.add(name)
            self._found[name] = behind(self._values[name])
        return self._found[name]

    def names(self) -> AbstractSet[str]:
        """Return all names of which something may be known."""
        return self._values.keys() | self._found.keys()


class _Of(Mapping[str, frozenset[str]]):
    """One part of what is behind values."""

    def __init__(self, values: Values, part: Callable[[Behind], frozenset[str]]) -> None:
        self._values, self._part = values, part

    def __getitem__(self, name: str) -> frozenset[str]:
        return self._part(self._values[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values.names())

    def __len__(self) -> int:
        return len(self._values.names())


def behind(value: Any) -> Behind:
    """Return what is behind a value, as far as its first `OBJECTS` objects tell."""
    used, held = set[str](), set[str]()
    seen = {id(value)}
    todo = deque([value] if not issubclass(type(value), _PLAIN) else ())  # what is near comes first
    while todo and len(seen) < OBJECTS:
        one = todo.popleft()
        kind = type(one)
        if kind is types.FunctionType and _is_notebooks(one):
            used.update(used_names(one.__code__))
        elif issubclass(kind, type) and one.__module__ == "__main__" and "." not in one.__qualname__:
            used.add(one.__qualname__)  # a step may have changed it
        held.update(_held(one, kind))
        new = [part for part in _parts(one) if id(part) not in seen and not _is_dead_end(part, _PLAIN)]
        seen.update(map(id, new))
        todo.extend(new)
    return Behind(frozenset(used), frozenset(held))


def _held(one: Any, kind: Any) -> Iterable[str]:
    """Return how what an object is, or brings along, may change it when it is called."""
    if kind is types.FunctionType:
        return _of_function(one) if _is_notebooks(one) else ()
    if issubclass(kind, type):
        return _put_on(one) if one.__module__ == "__main__" else ()
    if kind is types.BuiltinMethodType:
        return [one.__name__] if isinstance(one.__self__, _CONTAINERS) else ()
    if kind in {types.MethodType, functools.partial}:
        function = one.__func__ if kind is types.MethodType else one.func
        return [function.__name__] if _is_notebooks(function) else ()
    own = (base for base in kind.__mro__ if base.__module__ == "__main__")
    return ["__call__"] if any("__call__" in vars(base) for base in own) else ()


def _of_function(function: types.FunctionType) -> Iterator[str]:
    if ".<locals>." in function.__qualname__:
        yield function.__qualname__
    if any(_is_object(cell.cell_contents) for cell in function.__closure__ or () if _filled(cell)):
        yield CLOSURE


def _put_on(kind: type) -> Iterator[str]:
    """Yield the functions among a class's methods that were not defined in its body."""
    for name, method in vars(kind).items():
        if isinstance(method, types.FunctionType) and _is_notebooks(method):
            if method.__qualname__ == method.__name__:
                yield method.__name__
            elif not method.__qualname__.endswith(f"{kind.__name__}.{name}"):
                yield CLOSURE


_CONTAINERS = (list, dict, set, bytearray, deque)


def _is_notebooks(function: Any) -> bool:
    return getattr(function, "__globals__", {}).get("__name__") == "__main__"


def _is_object(value: object) -> bool:
    """Say whether a value is an object that can change, and no code."""
    kind: Any = type(value)
    return not (is_atomic(kind) or issubclass(kind, type | types.FunctionType))


def sharing(names: Iterable[str], values: Mapping[str, Any]) -> set[str]:
    """Return the other names whose values share an object that can change with one of the names' values."""
    names = set(names)
    known = [part for name in names & values.keys() for part in _mutable(values[name])]
    # Frames copy what they share with other frames before they write to it.
    shared = {part for part, _ in known}, {part for part, of_frame in known if not of_frame}
    others = values.keys() - names if known else ()
    return {name for name in others if any(part in shared[of_frame] for part, of_frame in _mutable(values[name]))}


def _mutable(value: Any) -> Iterator[tuple[int, bool]]:
    """Yield what tells the objects behind a value that can change, and whether it is the memory of a frame.

    An array stands for its memory. A module is no way to them: through its builtins it leads to the shell, and from
    there to all of the notebook's.
    """
    seen = {id(value)}
    todo = deque([value] if not issubclass(type(value), types.ModuleType) else [])
    while todo and len(seen) < SHARED_OBJECTS:
        one = todo.popleft()
        kind: Any = type(one)
        if not is_atomic(kind) and (not isinstance(one, type | types.FunctionType) or one.__module__ == "__main__"):
            yield id(_memory(one)), False
        if kind is types.FunctionType:
            yield from ((id(cell), False) for cell in one.__closure__ or ())
        if kind.__module__.partition(".")[0] == "pandas" and not _looks_at_frame(kind):
            yield from ((id(_memory(array)), True) for array in (memory(one) if is_frame(one) else ()))
            inside: Iterable[Any] = (
                part for array in (objects(one) if is_frame(one) else ()) for part in _elements(array)
            )
        else:
            inside = _parts(one)
        new = [part for part in inside if id(part) not in seen and not _is_dead_end(part, (*_PLAIN, type))]
        seen.update(map(id, new))
        todo.extend(new)


def _looks_at_frame(kind: Any) -> bool:
    """Say whether objects of a type look at a frame whenever they are asked: groups, windows."""
    module: str = kind.__module__
    return module == "pandas.api.typing" or module.startswith("pandas.core.window")


def _memory(value: Any) -> Any:
    """Return the object that holds an array's memory; of other values these themselves."""
    numpy = loaded("numpy")
    if numpy is None or not isinstance(value, numpy.ndarray):
        return value
    whole = owner(value)
    return whole if whole.base is None else whole.base


_PLAIN = (str, bytes, int, float, complex, type(None), types.ModuleType, types.FrameType)


_OF_SHELL = frozenset({"IPython", "ipykernel", "jupyter_client", "k8snb", "traitlets", "zmq"})
"""Packages whose objects lead to all of the notebook's: a logger does, whose handler writes to the kernel's stream."""


def _is_dead_end(value: Any, kinds: tuple[type, ...]) -> bool:
    """Say whether nothing behind a value is of interest."""
    kind: Any = type(value)
    return issubclass(kind, kinds) or str(kind.__module__).partition(".")[0] in _OF_SHELL


def _parts(value: Any) -> Iterable[Any]:
    """Return what of a value may be code of the notebook.

    Values are looked at from outside: asking one for an attribute may run its code.
    """
    kind = type(value)
    if kind is types.FunctionType:
        cells = [cell.cell_contents for cell in value.__closure__ or () if _filled(cell)]
        return (*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *value.__dict__.values())
    if issubclass(kind, type):
        return (*vars(value).values(), *value.__bases__) if value.__module__ == "__main__" else ()
    numpy = loaded("numpy")
    if numpy is not None and issubclass(kind, numpy.ndarray) and value.dtype == object:
        return _elements(value)
    return gc.get_referents(value)[:WIDTH]  # its type among them


def _elements(array: Any) -> Iterable[Any]:
    """Return the objects in an array, the first of them."""
    return itertools.islice(array.flat, WIDTH)


def _filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - asking is how one finds out
    except ValueError:
        return False
    return True
