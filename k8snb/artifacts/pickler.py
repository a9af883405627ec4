"""The pickler: functions that share the notebook's namespace, views that share memory, and what was met on the way."""

from __future__ import annotations

import builtins
import functools
import gc
import io
import linecache
import pickle
import re
import sys
from collections.abc import Mapping
from types import (
    BuiltinMethodType,
    CellType,
    FunctionType,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import TYPE_CHECKING, Any
from weakref import CallableProxyType, ProxyType, WeakKeyDictionary, WeakSet, WeakValueDictionary, finalize

import cloudpickle
from blake3 import blake3
from cloudpickle.cloudpickle import _find_imported_submodules

from k8snb.artifacts import anew, enums, frames, instances, rebuild, versions, views
from k8snb.artifacts.arena import Arena
from k8snb.artifacts.buffers import IN_BAND
from k8snb.artifacts.code import used_names
from k8snb.artifacts.loaded import loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from k8snb.artifacts.views import Extent

_PROTOCOL = 5
_CELL_OF = "the cell of "
_PLAIN_KINDS = "biufcmMSUV"  # dtypes whose elements are their bytes
_ARRAYS = ("ndarray", "matrix", "recarray", "memmap")  # those that a view of an ndarray turns into
# Exceptions whose fields are set by their own __init__ in C.
_LETS_GO = "it lets go of what nothing else holds"
_INIT_SETS = (SystemExit, StopIteration, SyntaxError, UnicodeError)


@functools.cache
def memo_is_visible() -> bool:
    """Whether a C pickler shows its memo to the garbage collector: not on Python 3.11.2, as some images have it."""

    class Probe(pickle.Pickler):
        pass

    probe, met = Probe(io.BytesIO()), ["an object"]
    probe.dump(met)
    return any(o is met for o in gc.get_referents(probe))


_WITH_GENERATORS = ("random", "numpy.random")
"""Modules whose functions are methods of one object, which stays where it is as other state of modules does."""


class Pickler(cloudpickle.Pickler):  # type: ignore[misc] # cloudpickle has no types
    """Pickles one dict of variables.

    Parameters
    ----------
    namespace : dict or None
        The notebook's; functions with these globals are packed without them.
    bases : dict of int to Extent
        For arrays (by ``id``) that share memory with others: the memory they share.
    dicts : set of int
        Ids of dicts that variables stand for: where one has the attributes of an object, it still does when loaded.
    """

    def __init__(
        self, namespace: dict[str, Any] | None, bases: dict[int, Extent], dicts: AbstractSet[int] = frozenset()
    ) -> None:
        self.chunks: list[bytes] = []
        self.buffers: list[memoryview] = []
        super().__init__(self, protocol=_PROTOCOL, buffer_callback=self._buffer)
        self.namespace, self.bases, self.dicts = namespace, bases, dicts
        self._arena = Arena()
        self.needs: set[str] = set()
        self.modules: set[str] = set()
        self.defined: set[int] = set()  # ids of functions and classes packed by value
        self.values: set[int] = set()  # ids of arrays that stand for their contents only
        self.extents: list[Extent] = []
        self._of_blocks: dict[int, Extent] = {}  # by the ids of views of frames' values
        self.last: Any = None  # what was being packed when something failed
        self._tries = False  # it is thrown away
        self._types: set[type] = set()
        self._cells: set[int] = set()
        self._made: dict[int, Any] = {}
        self._keep: list[Any] = []
        self._origins: dict[str, tuple[str, str] | None] = {}  # by file name
        self._reducers = self._find_reducers()

    def dump(self, obj: Any) -> None:
        """Pickle an object."""
        super().dump(obj)
        self._arena.cut(self.buffers)

    def write(self, data: bytes) -> None:
        """Take a piece of the pickle; a large one is not copied."""
        self.chunks.append(data)

    def met(self) -> Iterator[Any]:
        """Yield the objects that the pickle holds, each once."""
        if not memo_is_visible():
            return (obj for _, obj in self.memo.copy().values())
        # `memo.copy()` would take 20 times the memory.
        own = {id(self.__dict__), id(self.dispatch_table), *map(id, vars(self).values())} - {id(self.last)}
        return (o for o in gc.get_referents(self) if id(o) not in own)

    def imports(self) -> tuple[str, ...]:
        """Top-level modules that loading imports, without the standard library and k8snb's own."""
        named = {str(getattr(kind, "__module__", "")) for kind in self._types} | self.modules
        top = {name.partition(".")[0] for name in named if not name.startswith("_cython_")}
        return tuple(sorted(top - sys.stdlib_module_names - {"", "__main__", "__mp_main__", "cloudpickle", "k8snb"}))

    def reducer_override(self, obj: Any) -> Any:
        """Choose how an object is packed."""
        self.last = obj
        reducer = self._reducers.get(type(obj)) or self._learn(type(obj))
        reduced = reducer(obj)
        if reduced is not NotImplemented:
            return reduced
        if isinstance(obj, type) and self.namespace is not None:
            anew.complete(obj, self.namespace)
        reduced = super().reducer_override(obj)
        if isinstance(obj, type | FunctionType):
            # By value: (make, arguments, state ...); by reference, or a built-in: shorter.
            if isinstance(reduced, tuple) and len(reduced) > 2:  # noqa: PLR2004
                self.defined.add(id(obj))
                if isinstance(obj, type):
                    reduced = self._class(obj, reduced)
            else:
                self.modules.add(str(obj.__module__))
        elif isinstance(obj, ModuleType):
            self.modules.add(obj.__name__)
        elif callable(obj):
            self.modules.add(str(getattr(obj, "__module__", None) or ""))
        if reduced is NotImplemented and self.dicts and id(instances.attributes(obj)) in self.dicts:
            return instances.reduce_with_dict(obj)
        return reduced

    def _find_reducers(self) -> dict[type, Callable[[Any], Any]]:
        reducers: dict[type, Callable[[Any], Any]] = {
            FunctionType: self._function,
            CellType: self._cell,
            functools.cached_property: self._cached_property,
            WeakKeyDictionary: self._weak,
            WeakValueDictionary: self._weak,
            WeakSet: self._weak,
            **dict.fromkeys((ProxyType, CallableProxyType, finalize), _refuse_weak),
            memoryview: _memoryview,
            re.Match: anew.reduce_match,
            **dict.fromkeys(_FILES, _closed_file),
            **dict.fromkeys((io.StringIO, io.BytesIO), _closed_buffer),
            MethodType: self._method,
            BuiltinMethodType: self._method,
            functools._lru_cache_wrapper: self._lru_cache,  # noqa: SLF001 - it has no other name
        }
        reducers |= {type(view({})): functools.partial(_view, view) for view in (dict.keys, dict.values, dict.items)}
        reducers[MappingProxyType] = functools.partial(_view, MappingProxyType)
        if dataclasses := loaded("dataclasses"):
            there = ((name, getattr(dataclasses, name)) for name in ("MISSING", "KW_ONLY", "_HAS_DEFAULT_FACTORY"))
            reducers |= {type(one): functools.partial(_named, name) for name, one in there}
        if np := loaded("numpy"):
            reducers |= {getattr(np, name): self._array for name in _ARRAYS}
        return reducers

    def _learn(self, kind: Any) -> Callable[[Any], Any]:
        """Note a type met for the first time, and how its objects are packed."""
        self._types.add(kind)
        reducer: Callable[[Any], Any] = _leave
        mock = loaded("unittest.mock")
        if issubclass(kind, BaseException):
            reducer = self._exception
        elif mock is not None and issubclass(kind, mock.NonCallableMock):
            reducer = _mock
        elif instances.loads_too_early(kind):
            reducer = instances.reduce
        elif instances.has_own_new(kind):
            reducer = instances.reduce_made
        elif instances.has_own_hash(kind):
            reducer = instances.reduce_hashed
        elif kind.__name__ == "NpzFile" and kind.__module__.startswith("numpy."):
            reducer = anew.reduce_arrays
        elif pandas := loaded("pandas"):
            reducer = self._of_pandas(kind, pandas)
        self._reducers[kind] = reducer
        return reducer

    def _of_pandas(self, kind: Any, pandas: Any) -> Callable[[Any], Any]:
        internals = pandas._libs.internals  # noqa: SLF001 - copy on write is its matter
        if issubclass(kind, pandas.Index):
            return self._index
        if issubclass(kind, internals.Block):
            return self._block
        if issubclass(kind, pandas.core.internals.managers.SingleBlockManager):
            return self._manager_of_series
        if kind.__module__.startswith("pandas.core.groupby"):
            return _without_cache
        if kind is getattr(internals, "BlockValuesRefs", None):
            return _references
        if issubclass(kind, (pandas.DataFrame, pandas.Series)):
            # Part of each frame's state, but the class's own.
            self.values.add(id(kind._metadata))  # noqa: SLF001
        return _leave

    def _buffer(self, buffer: pickle.PickleBuffer) -> bool:
        try:
            raw = buffer.raw()
        except BufferError:
            return True
        if raw.nbytes < IN_BAND:
            return True
        self.buffers.append(raw)
        return False

    def _function(self, function: FunctionType) -> Any:
        """Pack a function of the notebook: its globals are those of whoever loads it."""
        if self.namespace is None or function.__globals__ is not self.namespace:
            return NotImplemented
        self.defined.add(id(function))
        names = used_names(function.__code__)
        self.needs |= {n for n in names if n in self.namespace or not hasattr(builtins, n)}
        cells = [cell for cell in function.__closure__ or () if id(cell) not in self._cells]
        # Cells are made empty; the first function that has one fills it, after it is made itself.
        self._cells |= {id(cell) for cell in cells}
        self._keep += cells
        contents = [(cell, cell.cell_contents) for cell in cells if not _empty(cell)]
        reached = [self.namespace[n] for n in names if n in self.namespace]
        submodules = _find_imported_submodules(function.__code__, [*reached, *(content for _, content in contents)])
        attributes = {name: getattr(function, name) for name in _function_attributes()}
        make = (function.__code__, rebuild.NAMESPACE, function.__name__, function.__closure__, self._origin(function))
        state = (attributes, dict(function.__dict__), contents, submodules)
        return rebuild.make_function, make, state, None, None, rebuild.fill_function

    def _class(self, kind: type, reduced: tuple[Any, ...]) -> Any:
        """Let a class be packed with its version, slots and full name: cloudpickle sets these too late."""
        make, (*args, _extra), (attributes, slots), *rest = reduced
        version = tuple(self._version(kind))
        attributes.pop("__slotnames__", None)  # `copyreg` puts it there when it first sees an instance
        own = vars(kind)
        # What is the base's too, cloudpickle leaves out. It sorts the rest; names that Python gives a meaning to stay
        # so: of these, making a class puts some before all others.
        attributes |= {name: own[name] for name in sorted(rebuild.deletable(kind) - attributes.keys())}
        in_order = [name for name in own if name in attributes and not _is_dunder(name)]
        attributes |= {name: attributes.pop(name) for name in in_order}
        if "_member_map_" in own:
            if made_of := enums.members_of(kind):
                make, args[3] = enums.make, made_of
                attributes = {name: value for name, value in attributes.items() if name not in made_of[1]}
                attributes |= {name: own[name] for name in sorted(enums.MAKERS & own.keys())}
                attributes[enums.STATE] = enums.state_of(kind)
        else:
            slots_too = {"__slots__": own["__slots__"]} if own.get("__slots__") else {}
            early = {name: own[name] for name in _EARLY if name in own and _stands_alone(own[name])}
            args[3] = {**args[3], **slots_too, **early, "__qualname__": kind.__qualname__}
        return (make, (*args, version), (attributes, slots), *rest)

    def _version(self, kind: type) -> versions.Version:
        return versions.of(kind, digest_of)

    def _origin(self, function: FunctionType) -> tuple[str, str] | None:
        """Return the file name that tracebacks are to show for a function, and the text of that file.

        A kernel's own file names differ from one start to the next. A step's are as good here as there.
        """
        file = function.__code__.co_filename
        if file not in self._origins:
            text = "".join(linecache.getlines(file))
            name = file if file.startswith(("step ", _CELL_OF)) else _CELL_OF + function.__name__
            self._origins[file] = (name, text) if text else None
        return self._origins[file]

    def _cell(self, cell: CellType) -> Any:
        if id(cell) in self._cells or _empty(cell):
            return rebuild.make_cell, ()
        return rebuild.make_cell, (), (cell.cell_contents,), None, None, rebuild.fill_cell

    def _cached_property(self, obj: functools.cached_property[Any]) -> Any:
        return rebuild.make_cached_property, (obj.func, obj.attrname)

    def _method(self, method: Any) -> Any:
        """Pack by name what a module gives its own generator's methods out as: `random.shuffle`."""
        name = method.__name__
        for module in _WITH_GENERATORS:
            there = loaded(module)
            if there is not None and vars(there).get(name) is method:
                self.modules.add(module)
                return getattr, (there, name)
        return NotImplemented

    def _lru_cache(self, obj: Any) -> Any:
        function = obj.__wrapped__
        if self.namespace is None or getattr(function, "__globals__", None) is not self.namespace:
            return NotImplemented
        self.defined.add(id(obj))
        parameters = obj.cache_parameters()
        return rebuild.make_lru_cache, (function, parameters["maxsize"], parameters["typed"])

    def _weak(self, obj: Any) -> Any:
        """Refuse what holds objects as long as others do, who may stay behind; but for caches by classes."""
        if not all(isinstance(one, type) for one in (obj.values() if isinstance(obj, WeakValueDictionary) else obj)):
            raise pickle.PicklingError(_LETS_GO)
        return type(obj), (list(obj.items() if isinstance(obj, Mapping) else obj),)

    def _exception(self, error: BaseException) -> Any:
        kind = type(error)
        plain = kind.__reduce__ is BaseException.__reduce__ and not issubclass(kind, _INIT_SETS)
        links = error.__cause__, error.__context__
        linked = any(links) and self._packs(links)
        if plain and isinstance(kind.__init__, FunctionType):
            reduced: Any = (rebuild.make_exception, (kind, error.args), error.__dict__ or None)
        elif linked:
            reduced = error.__reduce_ex__(_PROTOCOL)
        else:
            return NotImplemented
        if not linked or type(reduced) is str or len(reduced) > 3:  # noqa: PLR2004 - it has a state of another kind
            return reduced
        make, args, *state = reduced
        known = (state[0] if state else None, *links, error.__suppress_context__)
        return make, args, known, None, None, rebuild.fill_exception

    def _packs(self, value: object) -> bool:
        """Say whether something can be packed at all."""
        if self._tries:
            return True
        trial = Pickler(self.namespace, {})
        trial._tries = True
        try:
            trial.dump(value)
        except Exception:  # noqa: BLE001 - the value's own code runs here and may raise anything
            return False
        return True

    def _array(self, array: Any) -> Any:
        """Pack an array as its memory and the way it looks at it."""
        kind, dtype = type(array), array.dtype
        if dtype.kind not in _PLAIN_KINDS or dtype.hasobject or dtype.itemsize == 0:
            return NotImplemented
        self.modules.add("numpy")
        strides, writeable = array.strides, array.flags.writeable
        if array.size == 0:
            return rebuild.make_array, (kind, bytearray(), dtype, array.shape, None, 0, writeable)
        reach = views.extent(array)
        start = array.__array_interface__["data"][0]
        base = self._of_blocks.get(id(array))
        if id(array) not in self.values:
            self.extents.append(reach)
            base = self.bases.get(id(array))
        if base is not None:
            return rebuild.make_array, (
                kind, self._base(base), dtype, array.shape, strides, start - base.start, writeable,
            )  # fmt: skip
        if reach.end - reach.start > 2 * array.nbytes:  # mostly gaps: copy
            array = array.copy(order="K")
            strides, reach = array.strides, views.extent(array)
            start = reach.start
        memory = reach.bytes(readonly=not writeable and not array.flags.owndata)  # else it may be made writeable again
        if writeable and (place := self._arena.take(memory)):
            stretch, offset = place
            return rebuild.make_array, (kind, stretch, dtype, array.shape, strides, start - reach.start + offset, True)
        buffer = pickle.PickleBuffer(memory)
        return rebuild.make_array, (kind, buffer, dtype, array.shape, strides, start - reach.start, writeable)

    def _base(self, base: Extent) -> _Base:
        made: _Base = self._made.setdefault(base.start, _Base(base))
        return made

    def _index(self, index: Any) -> Any:
        """Leave an index as it is: it does not change, so that sharing its labels means nothing."""
        held = vars(index)
        self._mark(held.get("_data"))
        for codes in held.get("_codes", ()):
            self._mark(codes)
        return NotImplemented

    def _block(self, block: Any) -> Any:
        """Pack the values of a frame; under copy on write memory that frames share is no one's business but theirs.

        Where an array that is none of a frame's looks at it too, all of them go on sharing it, and the frames go on
        knowing of one another.
        """
        if not _copy_on_write():
            return NotImplemented
        make, (values, *rest) = block.__reduce__()[:2]
        inside = frames.arrays(values)
        self.extents += [views.extent(array, of_frame=True) for array in inside.values()]
        values = values.view()
        self._keep.append(values)
        self._mark(values)
        bases = {id(getattr(values, n) if n else values): self.bases.get(id(array)) for n, array in inside.items()}
        self._of_blocks |= {array: base for array, base in bases.items() if base is not None}
        if not any(bases.values()):
            return make, (values, *rest)
        return rebuild.make_block, (values, *rest, block.refs)

    def _manager_of_series(self, manager: Any) -> Any:
        """Pack what a series consists of as a frame's is: its block knows which others share its memory."""
        if not _copy_on_write():
            return NotImplemented
        return type(manager), (manager.blocks[0], manager.axes[0])

    def _mark(self, values: Any) -> None:
        """Note that the arrays in an array of pandas stand for their contents only."""
        if values is not None:
            inner = [
                getattr(values, name, None) for name in ("_ndarray", "_data", "_mask", "_codes", "__dict__", "_cache")
            ]
            self.values |= {id(values), *(id(o) for o in inner if o is not None)}


class _Base:
    """The memory that several arrays share; each is a view of it when it is loaded."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent

    def __reduce__(self) -> tuple[object, ...]:
        readonly = not self.extent.array.flags.writeable
        return rebuild.make_base, (pickle.PickleBuffer(self.extent.bytes(readonly=readonly)),)


class _PicklerOfOne(Pickler):
    """Pickles the attributes of a class; of other classes only which they are."""

    def __init__(self, kind: type) -> None:
        super().__init__(None, {})
        self._kind = kind

    def _function(self, function: FunctionType) -> Any:
        if function.__module__ == "__main__":
            self.namespace = function.__globals__  # whatever they are, they are not the class's
        return super()._function(function)

    def _class(self, kind: type, reduced: tuple[Any, ...]) -> Any:
        if kind is self._kind:
            return super()._class(kind, reduced)
        *_, number, _extra = reduced[1]
        return rebuild.stand_for, (number,)

    def _version(self, _: type) -> versions.Version:
        return versions.Version()


_EARLY = ("__eq__", "__hash__")
"""Methods that a class has as soon as it is there: what it keeps itself may be instances, as keys of a dict even."""


def _stands_alone(method: object) -> bool:
    """Say whether a method can be made before its class."""
    return isinstance(method, FunctionType) and not (method.__closure__ or method.__defaults__ or method.__kwdefaults__)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def digest_of(kind: type) -> str:
    """Return a digest (BLAKE3, hexadecimal) of a class's attributes, the same in this process until they change."""
    pickler = _PicklerOfOne(kind)
    try:
        pickler.dump(kind)
    except Exception:  # noqa: BLE001 - whoever packs it is told why
        return ""
    found = blake3()
    for chunk in pickler.chunks:
        found.update(chunk)
    for buffer in pickler.buffers:
        found.update(buffer)
    return found.hexdigest()


def _function_attributes() -> tuple[str, ...]:
    lazy = sys.version_info >= (3, 14)
    annotations = "__annotate__" if lazy else "__annotations__"
    return ("__qualname__", annotations, "__kwdefaults__", "__defaults__", "__module__", "__doc__")


_FILES = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)


def _closed_file(file: Any) -> Any:
    """Pack a file that is closed: what ``with open(...) as file`` leaves."""
    if not file.closed and isinstance(file, io.TextIOWrapper) and file.readable():
        _tell_again(file)
    if not file.closed or not isinstance(getattr(file, "name", None), str):
        return NotImplemented
    text = (file.encoding, file.errors) if isinstance(file, io.TextIOWrapper) else (None, None)
    buffered = not isinstance(file, io.FileIO)
    return rebuild.closed_file, (file.name, file.mode, *text, buffered)


def _tell_again(file: io.TextIOWrapper) -> None:
    """Let a file of which a loop or ``next`` has read lines know again where it is."""
    try:
        file.tell()
    except OSError:
        left = len(file.read())
        file.seek(0)
        whole = len(file.read())
        file.seek(0)
        file.read(whole - left)


def _closed_buffer(buffer: Any) -> Any:
    return (rebuild.closed_buffer, (type(buffer),)) if buffer.closed else NotImplemented


def _memoryview(view: memoryview) -> Any:
    """Pack what looks at the whole of an object's memory with the object, never as a copy."""
    whole = memoryview(view.obj)
    if (view.nbytes, view.format, view.shape, view.strides) != (whole.nbytes, whole.format, whole.shape, whole.strides):
        raise pickle.PicklingError("it looks at a part of another object's memory, or in another form")
    return (rebuild.make_readonly if view.readonly and not whole.readonly else memoryview), (view.obj,)


def _view(look_at: Callable[[Any], Any], view: Any) -> Any:
    """Pack what looks at a dict with the dict, not with what it sees there now."""
    [seen] = gc.get_referents(view)
    return (look_at, (seen,)) if type(seen) is dict else NotImplemented


def _named(name: str, _: Any) -> str:
    """Pack what a module has one of by its name there."""
    return name


def _references(_: Any) -> Any:
    """Pack what knows of the frames that share memory: those that are loaded enter themselves anew."""
    return rebuild.make_references, ()


def _without_cache(of_frame: Any) -> Any:
    """Pack groups of a frame without what they keep once they have been asked for it."""
    make, arguments, state, *more = of_frame.__reduce_ex__(_PROTOCOL)
    return make, arguments, {k: value for k, value in state.items() if k != "_cache"} if state else state, *more


def _refuse_weak(_: Any) -> Any:
    raise pickle.PicklingError(_LETS_GO)


def _mock(_: Any) -> Any:
    raise pickle.PicklingError("each mock has a class of its own")


def _leave(_: Any) -> Any:
    return NotImplemented


def _empty(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - the question is whether it raises
    except ValueError:
        return True
    return False


def _copy_on_write() -> bool:
    pandas = sys.modules["pandas"]
    if int(pandas.__version__.partition(".")[0]) >= 3:  # noqa: PLR2004 - always on since
        return True
    return bool(pandas.options.mode.copy_on_write is True)
