"""Distributions of data sets: their statistics, the distances between them, and how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8snb.errors import InputError

if TYPE_CHECKING:
    from k8snb.distributions.skew import Skew


def skew(*data: Any, **named: Any) -> Skew:
    """Return how data sets differ from the first one; see ``k8snb.skew``."""
    from k8snb.distributions.skew import NAMES, Skew
    from k8snb.distributions.statistics import statistics
    from k8snb.distributions.verdict import Thresholds

    limits = {name: named.pop(name) for name in Thresholds.__dataclass_fields__ if name in named}
    names = NAMES if len(data) == len(NAMES) else tuple(f"set {i}" for i in range(1, len(data) + 1))
    if both := set(names) & set(named):
        raise InputError(f"two data sets are called {', '.join(sorted(both))}")
    sets = dict(zip(names, data, strict=False)) | named
    if not sets:
        raise InputError("no data", fix="k8snb.skew(train, test)")
    return Skew(statistics(sets), Thresholds(**limits))
