"""Names that Facets can show."""

from __future__ import annotations

from collections.abc import Sequence

from k8snb.distributions.columns import label
from k8snb.distributions.tables import unique


def shown_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return different names: Facets shows no empty one, and loses one that a JavaScript object has already."""
    return unique([_shown(name) for name in names])


def _shown(name: str) -> str:
    if not name.strip():
        return f"(no name: {name!r})"
    return "__proto__\u2060" if name == "__proto__" else label(name)
