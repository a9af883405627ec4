"""The forms of plain data: what of an object tells that it is unchanged, and which objects in it can be changed."""

from __future__ import annotations

import datetime as dt
import decimal
import functools
import mmap
from operator import attrgetter, is_
from types import BuiltinFunctionType, EllipsisType, FunctionType, NoneType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from k8snb.artifacts import dicts
from k8snb.artifacts.buffers import IN_BAND
from k8snb.artifacts.loaded import loaded
from k8snb.artifacts.pointers import are_same, are_same_elements

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence


class UnknownFormError(Exception):
    """There is something whose form is not known, or too much of it."""


class Form(NamedTuple):
    """How the objects of a type are looked at.

    Parameters
    ----------
    note : callable or None
        Returns what is to be noted of an object; None where that is nothing.
    is_as : callable
        Says whether an object still is what was noted.
    parts : callable
        Returns the objects that it holds, of which some may be changed themselves.
    is_of_pickle : bool
        What it holds the pickle itself has put there.
    shows : bool
        It matters whether what it holds is shared with others.
    """

    note: Callable[[Any], Any] | None
    is_as: Callable[[Any, Any], bool]
    parts: Callable[[Any], Collection[Any]]
    is_of_pickle: bool = False
    shows: bool = True


_LEAVES = (int, float, complex, str, bytes, bool, NoneType, EllipsisType, range, slice, type)
_LEAF_BASES = (type, FunctionType, BuiltinFunctionType, dt.date, dt.time, dt.timedelta, dt.tzinfo, decimal.Decimal)
"""Functions and classes are those of the libraries that plain data are of."""


@functools.lru_cache(maxsize=1024)
def form_of(kind: Any) -> Form | None:
    """Return the form of a type's objects; None where they cannot be changed.

    Raises
    ------
    UnknownFormError
    """
    if kind in _LEAVES or issubclass(kind, _LEAF_BASES):
        return None
    form = _FORMS.get(kind)
    if form is None and (numpy := loaded("numpy")):
        if issubclass(kind, numpy.generic) and not issubclass(kind, numpy.void):
            return None
        form = _ARRAY if kind is numpy.ndarray else _DTYPE if issubclass(kind, numpy.dtype) else None
    if form is None and kind.__module__.partition(".")[0] == "pandas" and (pandas := loaded("pandas")):
        if _is_scalar(kind, pandas):
            return None
        form = _form_in_pandas(kind, pandas)
    if form is None and (kind.__module__.startswith("_cython_") or _is_of_arrow(kind)):
        return None
    if form is None:
        raise UnknownFormError
    return form


def changeable(objects: Collection[Any], limit: int) -> list[Any]:
    """Return those objects that can be changed.

    Raises
    ------
    UnknownFormError
        There are more than `limit` of Python's own, which are packed as fast as they are looked at, or some are of an
        unknown form.
    """
    if not objects:
        return []
    if len(objects) > limit and type(next(iter(objects))) in _FORMS:
        raise UnknownFormError  # there may be fewer, but counting them takes long
    kinds = {kind for kind in set(map(type, objects)) if form_of(kind) is not None}
    if not kinds:
        return []
    found = [one for one in objects if type(one) in kinds]
    if len(found) > limit and not kinds.isdisjoint(_FORMS):
        raise UnknownFormError
    return found


def is_of_python(value: object) -> bool:
    """Say whether a value is one of Python's own containers, which are packed as fast as they are looked at."""
    return type(value) in _FORMS


def is_array_of_numbers(value: object) -> bool:
    """Say whether a value is an array whose elements are in its own memory."""
    numpy = loaded("numpy")
    return numpy is not None and type(value) is numpy.ndarray and not cast("Any", value).dtype.hasobject


def _always(_value: Any, _note: Any) -> bool:
    return True


def _nothing(_: Any) -> tuple[()]:
    return ()


_LARGE = 128
"""Items of a dict that take longer to note than its version."""


def _note_dict(value: dict[Any, Any]) -> tuple[list[Any], list[Any]] | int:
    if len(value) >= _LARGE and dicts.have_versions():
        return dicts.version(value)
    return list(value), list(value.values())


def _is_dict_as(value: dict[Any, Any], note: tuple[list[Any], list[Any]] | int) -> bool:
    if isinstance(note, int):
        return dicts.version(value) == note
    keys, values = note
    return are_same(list(value), keys) and are_same(list(value.values()), values)


PLAIN_KINDS = "biufcmMSU"
"""Kinds of dtypes whose elements are their bytes."""

_shape = attrgetter("shape", "strides", "flags.writeable")


def _note_array(array: Any) -> tuple[Any, Any, Any]:
    contents = None
    if array.dtype.kind == "O":
        if not (array.flags.c_contiguous or array.flags.f_contiguous):
            raise UnknownFormError
        contents = array.copy(order="K")
    elif array.dtype.kind not in PLAIN_KINDS:
        raise UnknownFormError
    elif not is_out_of_band(array):
        contents = array.tobytes()
    return _shape(array), array.dtype, contents


def _is_array_as(array: Any, note: tuple[Any, Any, Any]) -> bool:
    shape, dtype, contents = note
    if array.dtype is not dtype or _shape(array) != shape:
        return False
    if contents is None:
        return True
    return are_same_elements(array, contents) if dtype.hasobject else bool(array.tobytes() == contents)


def _in_array(array: Any) -> Collection[Any]:
    if not array.dtype.hasobject:
        return (array.dtype,)
    if (pandas := loaded("pandas")) and pandas.api.types.infer_dtype(array, skipna=True) == "string":
        return ()  # it says so faster
    elements: list[Any] = array.ravel(order="K").tolist()
    return elements


def is_out_of_band(array: Any) -> bool:
    """Say whether an array's memory is a buffer that was loaded by itself: that is known by its digests."""
    memory = array.base
    while type(memory) is type(array):
        memory = memory.base
    if type(memory) is memoryview:
        memory = memory.obj
    return type(memory) is mmap.mmap or (type(memory) is bytearray and len(memory) >= IN_BAND)


def _note_dtype(dtype: Any) -> None:
    if dtype.names is not None or dtype.metadata is not None or dtype.subdtype is not None:
        raise UnknownFormError


_FORMS: dict[Any, Form] = {
    list: Form(list.copy, are_same, lambda value: value, is_of_pickle=True),
    dict: Form(_note_dict, _is_dict_as, lambda value: [*value, *value.values()], is_of_pickle=True),
    tuple: Form(None, _always, lambda value: value, is_of_pickle=True),
    frozenset: Form(None, _always, lambda value: value, is_of_pickle=True),
    set: Form(list, lambda value, note: are_same(list(value), note), lambda value: value, is_of_pickle=True),
    bytearray: Form(bytes, lambda value, note: bool(value == note), _nothing),
}
_ARRAY = Form(_note_array, _is_array_as, _in_array, is_of_pickle=True)
_DTYPE = Form(_note_dtype, _always, _nothing)


def _form_in_pandas(kind: Any, pandas: Any) -> Form | None:
    forms = [
        (pandas.core.internals.managers.BaseBlockManager, _MANAGER),
        (pandas._libs.internals.Block, _BLOCK),  # noqa: SLF001 - there is no public word for it
        (getattr(pandas._libs.internals, "BlockValuesRefs", ()), _BLOCK),  # noqa: SLF001
        (pandas.Index, _OBJECT),
        (pandas.api.extensions.ExtensionArray, _OBJECT),
        (pandas.api.extensions.ExtensionDtype, _OBJECT),
        (pandas.core.indexes.frozen.FrozenList, _FROZEN),
    ]
    if kind in {pandas.DataFrame, pandas.Series}:
        return _FRAME if int(pandas.__version__.partition(".")[0]) >= 3 else None  # noqa: PLR2004 - copies on write
    return next((form for base, form in forms if issubclass(kind, base)), None)


def _is_scalar(kind: Any, pandas: Any) -> bool:
    scalars = (pandas.Period, pandas.Interval, pandas.offsets.BaseOffset, pandas._libs.internals.BlockPlacement)  # noqa: SLF001
    return issubclass(kind, scalars) or kind in {type(pandas.NA), type(pandas.NaT)}


_OF_ARROW = ("Array", "ChunkedArray", "RecordBatch", "Table", "Scalar", "DataType", "Field", "Schema", "Buffer")


def _is_of_arrow(kind: Any) -> bool:
    """Say whether a type is one of Arrow's, which change nothing: their memory is looked at by itself."""
    of_arrow = kind.__module__.partition(".")[0] == "pyarrow"
    arrow = loaded("pyarrow") if of_arrow else None
    return arrow is not None and issubclass(kind, tuple(getattr(arrow, name) for name in _OF_ARROW))


def _held(parts: Callable[[Any], Sequence[Any]], *, shows: bool) -> Form:
    """Return the form of what is the same as long as it holds the very same objects."""

    def is_as(value: Any, note: Sequence[Any]) -> bool:
        now = parts(value)
        return len(now) == len(note) and all(map(is_, now, note))

    return Form(parts, is_as, parts, shows=shows)


_CACHES = frozenset({"_cache", "_id", "_references", "_item_cache"})


def _attributes(value: Any) -> list[Any]:
    """Return the attributes of an object of pandas and what they are, but for what it only remembers."""
    own = [part for name, one in getattr(value, "__dict__", {}).items() if name not in _CACHES for part in (name, one)]
    own += [getattr(value, name) for name in ("_ndarray", "_dtype") if _is_slot(cast("Any", type(value)), name)]
    return own


@functools.lru_cache(maxsize=1024)
def _is_slot(kind: Any, name: str) -> bool:
    """Say whether instances keep an attribute outside their ``__dict__``."""
    return type(getattr(kind, name, None)).__name__ in {"getset_descriptor", "member_descriptor"}


_OBJECT = _held(_attributes, shows=False)
_FROZEN = _held(lambda value: list(list.__iter__(value)), shows=False)
# A block that is kept alive would have others copy the memory that they share with it before they write to it.
_BLOCK = Form(None, _always, _nothing)
_MANAGER = _held(
    lambda manager: [*manager.axes, *(part for block in manager.blocks for part in (block.values, block.mgr_locs))],
    shows=False,
)
_FRAME = _held(
    lambda frame: [*map(vars(frame).get, ("_mgr", "_attrs", "_name")), frame.flags.allows_duplicate_labels],
    shows=True,
)
