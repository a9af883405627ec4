"""NaN as modules have it: `x is np.nan` asks which object it is, and a pickle says of floats only what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8snb.artifacts.loaded import loaded
from k8snb.artifacts.pickler import Pickler

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAN = b"G\x7f\xf8\0\0\0\0\0\0"
"""In a pickle."""

_MODULES = ("math", "numpy")


def may_be_in(chunks: Iterable[bytes]) -> bool:
    """Say whether a pickle may hold a NaN."""
    return any(_NAN in chunk for chunk in chunks)


class PicklerOfSingletons(Pickler):
    """Packs the NaN of a module by its name. It asks of each object whether it is one, which takes its time."""

    def __init__(self, *args: Any) -> None:
        self._names = {id(there.nan): name for name in reversed(_MODULES) if (there := loaded(name))}
        super().__init__(*args)

    def persistent_id(self, obj: Any) -> str | None:
        """Return the module whose NaN an object is."""
        return self._names.get(id(obj)) if type(obj) is float and obj != obj else None  # noqa: PLR0124 - so is NaN
