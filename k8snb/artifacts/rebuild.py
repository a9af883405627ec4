"""What a pickle of k8snb calls while it is loaded: functions, cells, arrays made anew. Imports nothing at first."""

from __future__ import annotations

import functools
import gc
import importlib
import io
import linecache
import math
import os
import pickle
import zlib
from contextlib import contextmanager
from types import CellType, CodeType, FunctionType, MemberDescriptorType
from typing import IO, TYPE_CHECKING, Any

from k8snb.artifacts import enums
from k8snb.artifacts.plain import is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


class _Namespace:
    """Stands in a pickle for the notebook's namespace; loading puts the loader's own in its place."""

    def __reduce__(self) -> str:
        return "NAMESPACE"


NAMESPACE = _Namespace()


@functools.cache
def memo_is_visible() -> bool:
    """Whether a C unpickler shows its memo to the garbage collector, behind all else."""
    probe = pickle.Unpickler(io.BytesIO(pickle.dumps([["an object"], {}], protocol=5)))  # noqa: S301 - our own
    before = len(gc.get_referents(probe))
    made = probe.load()
    return {*map(id, gc.get_referents(probe)[before:])} == {*map(id, (made, *made, *made[0]))}


class Unpickler(pickle.Unpickler):
    """Loads a pickle whose functions live in a namespace.

    Classes that this process has already take over what is newer than what they are here.

    Parameters
    ----------
    file : binary file
    buffers : iterable of buffers
        The out-of-band buffers in order.
    namespace : dict
        Becomes the globals of the functions and classes that the notebook defined.

    Attributes
    ----------
    plain : bool
        What was loaded is plain data, as `k8snb.artifacts.plain` says it.
    modules : set of str
        Top-level modules that were named.
    """

    def __init__(self, file: IO[bytes], buffers: Iterable[Any], namespace: dict[str, Any]) -> None:
        super().__init__(file, buffers=buffers)
        self.plain = True
        self.modules: set[str] = set()
        self._namespace = namespace
        self._news: dict[type, tuple[int, str]] = {}  # classes that are made or changed, with their versions
        self._same: set[type] = set()  # those that are here what they were there
        self.copies: list[tuple[Any, Any]] = []
        """Copies of what the attributes of classes are that this process has already, and the attributes."""

        self._hooks: list[tuple[type, Any]] = []
        self._own: list[int] = []  # ids of what this refers to before it has loaded anything

    def load(self) -> Any:
        """Load the pickle; classes learn in the end what to do when others are derived from them."""
        self._own = [*map(id, gc.get_referents(self))]
        value = super().load()
        for kind, hook in self._hooks:
            type.__setattr__(kind, _HOOK, hook)
        self._remember()
        return value

    def met(self) -> list[Any]:
        """Return all that the pickle has made or named but for numbers, truth values and None."""
        if memo_is_visible():
            found = gc.get_referents(self)
            if [*map(id, found[: len(self._own)])] == self._own:
                del found[: len(self._own)]
                return found
        return [*self.memo.copy().values()]  # ten times as slow

    def persistent_load(self, place: tuple[str, str]) -> Any:
        """Return the NaN of a module, or the like; nobody asks for that of a module that is not there."""
        module, name = place
        try:
            return getattr(importlib.import_module(module), name)
        except ImportError:
            return math.nan

    def find_class(self, module: str, name: str) -> Any:
        """Look up a global; those of ``__main__`` are the notebook's."""
        self.plain = self.plain and is_plain(module, name)
        self.modules.add(module.partition(".")[0])
        if module == __name__ and name == "NAMESPACE":
            return self._namespace
        if module == "__main__" and name.partition(".")[0] in self._namespace:
            first, *rest = name.split(".")
            return functools.reduce(getattr, rest, self._namespace[first])
        found = super().find_class(module, name)
        if module == "k8snb.artifacts.enums":
            return functools.partial(self._make_class, found)
        if module.startswith("cloudpickle"):
            if name in {"_make_skeleton_class", "_make_skeleton_enum"}:
                return functools.partial(self._make_class, found)
            if name == "_class_setstate":
                return functools.partial(self._set_class, found)
        return found

    def _make_class(self, make: Callable[..., Any], *args: Any) -> Any:
        """Make a class, or find it again by the number under which cloudpickle knows it."""
        from k8snb.artifacts import pickler, versions

        *rest, number, version = args
        known = self._known(number)
        if known is None:
            with _hooks_suspended(args):
                known = make(*rest, number, None)
            self._news[known] = version
        elif versions.is_news(known, versions.Version(*version)):
            self._news[known] = version
        elif versions.of(known, pickler.digest_of) == version:
            self._same.add(known)
        return known

    def _known(self, number: str) -> Any:
        from cloudpickle import cloudpickle

        return cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID.get(number)  # noqa: SLF001 - it has no other word for it

    def _set_class(self, set_state: Callable[..., Any], kind: type, state: tuple[dict[str, Any], Any]) -> Any:
        attributes, slots = state
        if kind in self._same:
            own = vars(kind)
            self.copies += [(v, own[n]) for n, v in attributes.items() if n in own and type(v) not in _CODE]
        if kind not in self._news:
            return kind
        if _HOOK in attributes:
            self._hooks.append((kind, attributes[_HOOK]))
        for name in deletable(kind) - attributes.keys():
            type.__delattr__(kind, name)
        if enums.STATE in attributes:
            enums.set_state(kind, attributes[enums.STATE])
        return set_state(kind, ({name: v for name, v in attributes.items() if name not in _NO_ATTRIBUTES}, slots))

    def _remember(self) -> None:
        """Remember the versions of the classes that were loaded."""
        if self._news:
            from k8snb.artifacts import pickler, versions

            for kind, version in self._news.items():
                versions.loaded(kind, versions.Version(*version), pickler.digest_of)


class UnpicklerOfCopies(Unpickler):
    """Loads a pickle once more into a process that has its values already: classes of the notebook become new ones."""

    def _make_class(self, make: Callable[..., Any], *args: Any) -> Any:
        *rest, _number, version = args
        return super()._make_class(make, *rest, None, version)

    def _known(self, number: str) -> Any:  # noqa: ARG002 - of the class that this one derives from
        return None

    def _remember(self) -> None:
        """Copies are looked at and thrown away."""


def deletable(kind: type) -> set[str]:
    """Return the attributes of a class that the notebook may have deleted elsewhere."""
    own = vars(kind)
    if "_member_map_" in own:  # an enumeration: its members are not among what is packed
        return set()
    return {n for n, v in own.items() if not n.startswith(("__", "_abc_")) and not isinstance(v, MemberDescriptorType)}


_HOOK = "__init_subclass__"
_NO_ATTRIBUTES = frozenset({_HOOK, enums.STATE})
_CODE = (FunctionType, staticmethod, classmethod, property)  # which of its copies runs is all the same


_MAKING = ("__prepare__", "__new__", "__init__")
"""What a metaclass does when a class is made."""


@contextmanager
def _hooks_suspended(args: Sequence[Any]) -> Iterator[None]:
    """Let making a class not run the user's code: it has run where the class was made.

    Parameters
    ----------
    args : sequence
        What cloudpickle makes a class or an enumeration of: the metaclass, the name and the bases; or the bases first.
    """
    bases = args[0] if isinstance(args[0], tuple) else args[2]
    kinds = [(kind, _HOOK) for base in bases for kind in getattr(base, "__mro__", ())]
    if isinstance(args[0], type):
        kinds += [(kind, name) for kind in args[0].__mro__ for name in _MAKING]
    hooks = {
        (kind, name): vars(kind)[name] for kind, name in kinds if kind.__module__ == "__main__" and name in vars(kind)
    }
    for kind, name in hooks:
        type.__delattr__(kind, name)
    try:
        yield
    finally:
        for (kind, name), hook in hooks.items():
            type.__setattr__(kind, name, hook)


def make_function(
    code: CodeType,
    namespace: dict[str, Any],
    name: str,
    cells: tuple[CellType, ...] | None,
    origin: tuple[str, str] | None = None,
) -> FunctionType:
    """Make a function whose globals are the namespace itself; tracebacks show where it comes from."""
    if origin is not None:
        code = _renamed(code, _source_file(*origin))
    return FunctionType(code, namespace, name, None, cells)


def _source_file(file: str, text: str) -> str:
    """Let tracebacks find a text under a file name, or under one more where it has another text; return the name."""
    lines = text.splitlines(keepends=True)
    there = linecache.cache.get(file)
    if there is not None and there[2:3] != (lines,):
        file = f"{file} ({zlib.crc32(text.encode()):08x})"
    linecache.cache[file] = (len(text), None, lines, file)
    return file


def _renamed(code: CodeType, file: str) -> CodeType:
    """Return a code object, and those inside it, with another file name."""
    inner = tuple(_renamed(c, file) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.replace(co_filename=file, co_consts=inner)


def fill_function(function: FunctionType, state: tuple[dict[str, Any], dict[str, Any], list[Any], list[Any]]) -> None:
    """Set what a function has besides its code; the contents of its cells come last, they may lead back to it."""
    attributes, own, contents, _submodules = state
    for name, value in attributes.items():
        setattr(function, name, value)
    function.__dict__.update(own)
    for cell, content in contents:
        cell.cell_contents = content


def stand_for(number: str) -> None:
    """Stand in a pickle that is never loaded for a class that cloudpickle knows under a number."""


def make_readonly(memory: Any) -> memoryview:
    """Return what looks at an object's memory and cannot write to it."""
    return memoryview(memory).toreadonly()


def make_cell() -> CellType:
    """Make an empty cell."""
    return CellType()


def fill_cell(cell: CellType, content: tuple[Any]) -> None:
    """Put an object into a cell; it comes in a tuple because a pickle leaves out a state that is None."""
    cell.cell_contents = content[0]


def make_cached_property(function: Callable[[Any], Any], name: str | None) -> functools.cached_property[Any]:
    """Make a ``functools.cached_property``, whose lock (Python 3.11) does not pickle."""
    made = functools.cached_property(function)
    made.attrname = name
    return made


def make_lru_cache(function: Callable[..., Any], maxsize: int | None, typed: bool) -> Any:
    """Make a ``functools.lru_cache`` around a function, empty."""
    return functools.lru_cache(maxsize, typed)(function)


def make_exception(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """Make an exception without calling the user's ``__init__``, whose parameters need not be its ``args``."""
    made = kind.__new__(kind, *args)
    made.args = args
    return made


def fill_exception(error: BaseException, state: tuple[Any, BaseException | None, BaseException | None, bool]) -> None:
    """Set what an exception has besides its arguments, and the exceptions that it came of."""
    own, error.__cause__, error.__context__, error.__suppress_context__ = state
    if own:
        error.__setstate__(own)


def make_array(
    kind: type[Any], buffer: Any, dtype: Any, shape: tuple[int, ...], strides: Any, offset: int, writeable: bool
) -> Any:
    """Make an array over a buffer, which it shares with other views of the same memory."""
    import numpy as np

    array = np.ndarray(shape, dtype, buffer, offset, strides)
    if kind is not np.ndarray:
        array = array.view(kind)
    if not writeable:
        array.flags.writeable = False
    return array


def make_references() -> Any:
    """Make what blocks of frames that share memory enter themselves in."""
    return importlib.import_module("pandas._libs.internals").BlockValuesRefs()


def make_block(values: Any, placement: Any, dimensions: int, references: Any) -> Any:
    """Make a block of a frame that knows which others share its memory."""
    blocks = importlib.import_module("pandas.core.internals.blocks")
    return blocks.new_block(values, placement=blocks.BlockPlacement(placement), ndim=dimensions, refs=references)


def make_base(buffer: Any) -> Any:
    """Make the memory that several views share."""
    import numpy as np

    return np.frombuffer(buffer, np.uint8)


def closed_file(name: str, mode: str, encoding: str | None, errors: str | None, buffered: bool) -> IO[Any]:
    """Return a closed file that says of itself what another does; no file of its name is touched."""
    opener = functools.partial(os.open, os.devnull)
    file: Any = open(  # noqa: SIM115 - a name alone: there need not be such a file
        name, mode, -1 if buffered else 0, encoding, errors, opener=lambda _, flags: opener(flags & ~os.O_EXCL)
    )
    file.close()
    return file  # type: ignore[no-any-return]


def closed_buffer(kind: type[Any]) -> Any:
    """Return a closed ``StringIO`` or ``BytesIO``."""
    buffer = kind()
    buffer.close()
    return buffer
