"""Which objects carry an identity: those that two variables cannot share without anyone noticing."""

from __future__ import annotations

import copyreg
import functools
import types
from enum import Enum
from logging import Logger
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from k8snb.artifacts.loaded import loaded

if TYPE_CHECKING:
    from collections.abc import Hashable

    from k8snb.artifacts.pickler import Pickler

# Neither their contents nor their attributes change; what a tuple holds counts by itself.
_ATOMIC = (
    str, bytes, int, float, complex, type(None), tuple, frozenset, range, slice, Enum, Logger, PurePath,
    types.CodeType, types.ModuleType, types.BuiltinFunctionType, types.MethodType, types.WrapperDescriptorType,
    types.MethodDescriptorType, types.MethodWrapperType, types.GetSetDescriptorType, types.MemberDescriptorType,
)  # fmt: skip
_ATOMIC_MODULES = frozenset(
    {"datetime", "decimal", "fractions", "uuid", "re", "zoneinfo", "pyarrow", "k8snb", "typing"}
)
_ATOMIC_OF = {
    "numpy": ("dtype", "generic", "ufunc"),
    "pandas": ("Index", "api.extensions.ExtensionDtype", "offsets.BaseOffset"),
}


def carries(obj: Any, pickler: Pickler) -> bool:
    """Whether sharing this object, which a pickle holds, makes two variables one group."""
    if isinstance(obj, types.FunctionType | type):
        return id(obj) in pickler.defined
    return not is_atomic(cast("Hashable", type(obj))) and id(obj) not in pickler.values


def by_name(obj: Any) -> bool:
    """Whether a pickle holds this object as a name only, so that whoever loads it has it already."""
    if type(obj) in {list, dict, set, bytearray}:
        return False
    try:
        reduce = copyreg.dispatch_table.get(type(obj))
        return isinstance(reduce(obj) if reduce else obj.__reduce_ex__(5), str)
    except Exception:  # noqa: BLE001 - the object's own code; our reducers may know better than it
        return False


@functools.lru_cache(maxsize=1024)
def is_atomic(kind: Any) -> bool:
    """Whether objects of a type cannot change, so that sharing one means nothing."""
    module = kind.__module__.partition(".")[0]
    if issubclass(kind, _ATOMIC) or module in _ATOMIC_MODULES or module.startswith("_cython_"):  # compiled functions
        return True
    for package, names in _ATOMIC_OF.items():
        if library := loaded(package):
            for name in names:
                if issubclass(kind, functools.reduce(getattr, name.split("."), library)):  # type: ignore[arg-type]
                    return True
    return False
