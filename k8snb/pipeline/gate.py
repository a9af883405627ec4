"""A step's ``--skew``: what it adds to the facts of the cell."""

from __future__ import annotations

from dataclasses import replace

from k8snb.analysis.facts import CellFacts
from k8snb.errors import AnnotationError
from k8snb.pipeline.options import StepOptions

_NEEDS = "k8snb"


def check_gate(options: StepOptions, name: str) -> None:
    """Refuse a gate that would let everything pass.

    Raises
    ------
    AnnotationError
    """
    limits = [field for field in options.given if field.startswith("max_") or field == "skew_alpha"]
    if len(options.skew_sets) > 1 or not (options.skew or limits):
        return
    if options.skew:
        what, said = "--skew needs two data sets that are called differently", " ".join(options.skew)
        raise AnnotationError(f"{what}, and has {said}", where=f"step {name}", fix="--skew X_train X_test")
    option = f"--{min(limits).replace('_', '-')}"
    raise AnnotationError(
        f"{option} says how far data may drift, and no --skew which data",
        where=f"step {name}",
        fix="--skew X_train X_test",
    )


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
