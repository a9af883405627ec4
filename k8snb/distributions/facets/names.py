"""Names that Facets can show."""

from __future__ import annotations

import re
from collections.abc import Sequence

from k8snb.distributions.columns import label
from k8snb.distributions.tables import unique

_JOINER = "\u2060"
"""A character that is not seen."""

_PLACE = re.compile(r"0|[1-9][0-9]{0,9}")


def shown_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return different names that Facets shows, in their order.

    It shows no empty one, loses one that every JavaScript object has, and puts those that could be places in an array
    first, by their number.
    """
    places = sorted((name for name in names if _PLACE.fullmatch(name)), key=int)
    as_they_are = [*places, *(name for name in names if not _PLACE.fullmatch(name))] == list(names)
    return unique([_shown(name, may_be_place=as_they_are) for name in names])


def _shown(name: str, *, may_be_place: bool) -> str:
    if not name.strip():
        return f"(no name: {name!r})"
    if name == "__proto__" or (_PLACE.fullmatch(name) and not may_be_place):
        return f"{name}{_JOINER}"
    return label(name)
