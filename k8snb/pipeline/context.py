"""What the analysis of one cell needs to know of the notebook's other cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from k8snb.analysis import analyse
from k8snb.analysis.facts import CellFacts
from k8snb.analysis.tables import CUSTOMARY, GIVEN
from k8snb.pipeline.model import Cell


class Context(NamedTuple):
    """What matters to the analysis of a cell.

    Parameters
    ----------
    shadowing : frozenset of str
        Names of builtins that cells bind.
    futures : frozenset of str
        Features that cells above have taken from ``__future__``.
    imported : frozenset of (str, str)
        Names that the cell reads and imports of cells above have bound, with what they stand for.
    opaque : frozenset of (str, str)
        Functions of cells above of which it cannot be known what they do, with the code of the warning.
    """

    shadowing: frozenset[str] = frozenset()
    futures: frozenset[str] = frozenset()
    imported: frozenset[tuple[str, str]] = frozenset()
    opaque: frozenset[tuple[str, str]] = frozenset()


def contexts(cells: Sequence[CellFacts]) -> Iterator[Context]:
    """Yield for each cell what `k8snb.analysis.analyse` takes besides its source.

    What cells bind, import and take from ``__future__`` does not depend on it, nor does what they read but for names of
    builtins, so the facts may be of an analysis without any.
    """
    bound = (name for facts in cells for names in (facts.outputs, *facts.effects.values()) for name in names)
    shadowing = frozenset(name for name in bound if name in GIVEN)
    futures = frozenset[str]()
    imported: dict[str, str] = {}
    opaque: dict[str, str] = {}
    for facts in cells:
        names = imported.keys() & shadowing.union(facts.reads, *facts.uses.values()) if imported else ()
        found = frozenset((name, imported[name]) for name in names)
        yield Context(shadowing, futures, found, frozenset(opaque.items()) if opaque else frozenset())
        futures |= facts.futures
        if opaque or facts.opaque:
            opaque = {name: code for name, code in opaque.items() if name not in facts.binds} | dict(facts.opaque)
        if imported:
            gone = facts.binds | facts.may_bind | facts.deletes
            imported = {name: path for name, path in imported.items() if name not in gone}
        if facts.imported:
            imported |= {name: path for name, path in facts.imported.items() if CUSTOMARY.get(name) != path}


def in_context(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells of a notebook, each analysed alone, with all that their analysis needs to know of the others."""
    return [
        replace(
            cell,
            facts=analyse(
                cell.source, context.shadowing, context.futures, imported=context.imported, opaque=context.opaque
            ),
            futures=context.futures,
        )
        if any(context)
        else cell
        for cell, context in zip(cells, contexts([cell.facts for cell in cells]), strict=True)
    ]
