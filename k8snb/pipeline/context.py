"""What the analysis of one cell needs to know of the notebook's other cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8snb.analysis.facts import CellFacts
from k8snb.analysis.tables import GIVEN

Context = tuple[frozenset[str], frozenset[str]]
"""Names of builtins that cells bind; features that cells above have taken from ``__future__``."""


def contexts(cells: Sequence[CellFacts]) -> Iterator[Context]:
    """Yield for each cell what `k8snb.analysis.analyse` takes besides its source.

    What cells bind and take from ``__future__`` does not depend on it, so the facts may be of an
    analysis without any.
    """
    bound = (name for facts in cells for names in (facts.outputs, *facts.effects.values()) for name in names)
    shadowing = frozenset(name for name in bound if name in GIVEN)
    futures = frozenset[str]()
    for facts in cells:
        yield shadowing, futures
        futures |= facts.futures
