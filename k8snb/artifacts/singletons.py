"""NaN as modules have it, and the like: ``x is np.nan`` asks which object it is; pickles have such things by value.

The dict of builtins cannot be packed at all; ``exec(code, variables)`` puts it into the dict that it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8snb.artifacts.loaded import loaded
from k8snb.artifacts.pickler import Pickler

if TYPE_CHECKING:
    from collections.abc import Iterable

_MARKS = (b"G\x7f\xf8\0\0\0\0\0\0", b"==SUPPRESS==")
"""What these are in a pickle."""

_NAMES = (("math", "nan"), ("numpy", "nan"), ("argparse", "SUPPRESS"), ("builtins", "__dict__"))


def may_be_in(chunks: Iterable[bytes]) -> bool:
    """Say whether a pickle may hold one."""
    return any(mark in chunk for chunk in chunks for mark in _MARKS)


class PicklerOfSingletons(Pickler):
    """Packs these by their names. It asks of each object whether it is one, which takes its time."""

    def __init__(self, *args: Any) -> None:
        there = [(loaded(module), name) for module, name in _NAMES]
        self._names = {id(getattr(module, name)): (module.__name__, name) for module, name in there if module}
        super().__init__(*args)

    def persistent_id(self, obj: Any) -> tuple[str, str] | None:
        """Return the module that an object is of, and its name there."""
        return self._names.get(id(obj)) if type(obj) in _KINDS else None


_KINDS = frozenset({float, str, dict})
