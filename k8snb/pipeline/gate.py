"""A step's ``--skew``: what it adds to the facts of the cell."""

from __future__ import annotations

from dataclasses import replace

from k8snb.analysis.facts import CellFacts
from k8snb.pipeline.options import StepOptions

_NEEDS = "k8snb"


def with_sets(facts: CellFacts, options: StepOptions) -> CellFacts:
    """Return a step's facts with the data sets that its gate compares when the cell has ended.

    Those that the cell itself surely makes are its own; the others come from above.
    """
    if not options.skew:
        return facts
    sets = [name for name in options.skew_sets.values() if name not in facts.binds]
    return replace(
        facts,
        reads={**dict.fromkeys(sets, 1), **facts.reads},
        certain=facts.certain.union(name for name in sets if name not in facts.may_bind),
        imports=facts.imports | {_NEEDS},
    )
