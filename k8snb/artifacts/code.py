"""What code objects use."""

from __future__ import annotations

import dis
import functools
from types import CodeType

_LOADS = ("LOAD_GLOBAL", "DELETE_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")


@functools.lru_cache(maxsize=4096)
def used_names(code: CodeType) -> frozenset[str]:
    """Return the global names that a code object reads or deletes, with the code objects inside it."""
    stored = {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_NAME"}
    names = {i.argval for i in dis.get_instructions(code) if i.opname in _LOADS} - stored
    inner = (used_names(const) for const in code.co_consts if isinstance(const, CodeType))
    own = {n for n in names if not (n.startswith("__") and n.endswith("__"))}
    return frozenset(own.union(*inner))
