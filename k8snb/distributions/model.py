"""What is known of data sets that are compared: plain numbers and labels, nothing of the rows; as JSON and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "integer", "boolean", "time", "duration", "label", "nothing"]
"""What a column holds; times and durations are counted in microseconds, "nothing" is all missing."""

VERSION = 1

MIME = "application/vnd.k8snb.skew+json"
"""What a step displays in the place of a view: statistics and thresholds, as in `k8snb.distributions.saved`."""

PERCENTS = 101
"""Quantiles of a feature that are kept: minimum, each percent, maximum."""

IDENTIFIER = 0.9
"""Different labels to rows, from which on new and vanished labels say nothing."""

MANY = 100
"""Labels of a set, from which on it is natural that another set has not all of them."""

SURE = 5
"""Rows of a label that are to be expected where it is no chance that there are none."""


@dataclass(frozen=True)
class Numbers:
    """A feature that can be measured, in one data set.

    Parameters
    ----------
    present, missing : int
        Rows with a value (infinite ones too) and rows without.
    below, above : int
        Rows with minus infinity and with infinity: of these nothing else here tells.
    zeros : int
    mean, std : float or None
        The standard deviation is that of the rows (divided by their number); None: no finite value.
    quantiles : tuple of float
        Minimum, each percent, maximum (linear between rows); empty: no finite value.
    buckets : tuple of int
        Rows in each of the feature's buckets; the last one includes its end.
    sampled : int or None
        How many rows, evenly chosen, quantiles and buckets are worked out from; None: all.
    """

    present: int
    missing: int
    below: int = 0
    above: int = 0
    zeros: int = 0
    mean: float | None = None
    std: float | None = None
    quantiles: tuple[float, ...] = ()
    buckets: tuple[int, ...] = ()
    sampled: int | None = None

    @property
    def minimum(self) -> float | None:
        """The least finite value."""
        return self.quantiles[0] if self.quantiles else None

    @property
    def median(self) -> float | None:
        """Half of the finite values are below."""
        return self.quantiles[PERCENTS // 2] if self.quantiles else None

    @property
    def maximum(self) -> float | None:
        """The greatest finite value."""
        return self.quantiles[-1] if self.quantiles else None


@dataclass(frozen=True)
class Labels:
    """A feature that can only be counted, in one data set.

    Parameters
    ----------
    present, missing : int
        Rows with a label and rows without.
    distinct : int
        Different labels; at least so many where `uncounted` is more than 0.
    mean_length : float or None
        Characters of a label, on average of the rows.
    counts : tuple of int
        Rows of each of the feature's labels.
    new : tuple of (str, int)
        The most frequent labels that the first data set has not, and their rows.
    new_rows, new_distinct, gone : int
        Rows with labels that the first set has not, how many labels these are, and how many of its labels are not here;
        where it has many, only those that are `missed`.
    uncounted : int
        Rows whose label came when there were too many different ones to be told apart.
    """

    present: int
    missing: int
    distinct: int = 0
    mean_length: float | None = None
    counts: tuple[int, ...] = ()
    new: tuple[tuple[str, int], ...] = ()
    new_rows: int = 0
    new_distinct: int = 0
    gone: int = 0
    uncounted: int = 0


def missed(rows: int, first: int, other: int, distinct: int) -> bool:
    """Tell whether it means something that a label is not in a set: of many, rare ones are missing by chance.

    Parameters
    ----------
    rows : int
        Of the label in the first set.
    first, other : int
        Rows of the sets.
    distinct : int
        Labels of the first set.
    """
    return distinct <= MANY or rows * other >= SURE * first


@dataclass(frozen=True)
class Distances:
    """How far a feature's distribution in one data set is from that in the first.

    Parameters
    ----------
    psi : float
        Population stability index.
    js : float
        Jensen-Shannon divergence, to base 2: 0 to 1.
    l_infinity : float
        The greatest difference of a bucket's shares: 0 to 1.
    ks : float or None
        Kolmogorov and Smirnov's: the greatest difference of the cumulative shares of the values; None: labels.
    p : float
        How likely so great a difference is by chance: of Kolmogorov and Smirnov's test or of the tests of
        `k8snb.distributions.homogeneity`, and of the chi-squared test of what is missing; not yet corrected for many
        features.
    """

    psi: float
    js: float
    l_infinity: float
    ks: float | None
    p: float


@dataclass(frozen=True)
class Feature:
    """A column of the data sets.

    Parameters
    ----------
    name : str
    kinds : tuple of (Kind or None)
        Of each set; None: it has no such column.
    types : tuple of str
        The column's own type in each set, as its library writes it.
    statistics : tuple of (Numbers, Labels or None)
        Of each set.
    edges : tuple of float
        Of the buckets that all sets share, one more than these.
    labels : tuple of str
        The most frequent ones of all sets together.
    distances : tuple of (Distances or None)
        Of each set but the first; None: cannot be compared.
    """

    name: str
    kinds: tuple[Kind | None, ...]
    types: tuple[str, ...]
    statistics: tuple[Numbers | Labels | None, ...]
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    distances: tuple[Distances | None, ...] = ()


@dataclass(frozen=True)
class DataSet:
    """One of the sets that are compared: its name and its number of rows."""

    name: str
    rows: int


@dataclass(frozen=True)
class Statistics:
    """What is known of all sets.

    Parameters
    ----------
    sets : tuple of DataSet
        The first one is what the others are compared with.
    features : tuple of Feature
        In the order in which the sets have them.
    refused : tuple of (str, str)
        Columns that cannot be compared, and why.
    """

    sets: tuple[DataSet, ...]
    features: tuple[Feature, ...]
    refused: tuple[tuple[str, str], ...] = ()
