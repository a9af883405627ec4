"""A column's parts -> what is known of it in one data set: sums, and the values themselves, sorted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from k8snb.distributions.columns import Part
from k8snb.distributions.scale import EXACT, counted_from

KEPT = 1 << 22
"""Values of a column that are kept; of more, so many evenly chosen ones."""

TOLD_APART = 1 << 21
"""Different labels of a column that are counted; the rows of later ones are only counted together."""

_Array = np.ndarray[Any, Any]


@dataclass
class Measured:
    """Numbers of a column.

    Parameters
    ----------
    ordered : numpy.ndarray
        The values, sorted; infinite ones too.
    present, missing, zeros : int
    below, above : int
        Rows with minus infinity and with infinity.
    mean, std : float or None
        Of the finite values.
    """

    ordered: _Array
    present: int
    missing: int
    zeros: int
    mean: float | None
    std: float | None
    below: int = 0
    above: int = 0

    @property
    def sampled(self) -> int | None:
        """How many values are kept, if not all."""
        return len(self.ordered) if len(self.ordered) < self.present else None


@dataclass
class Counted:
    """Labels of a column and how often each occurs.

    Parameters
    ----------
    labels : Counter of str
    missing : int
    uncounted : int
        Rows with other labels.
    characters : int
        Of all labels together.
    others : int
        How many different labels there are besides `labels`, where that is known.
    """

    labels: Counter[str] = field(default_factory=Counter)
    missing: int = 0
    uncounted: int = 0
    characters: int = 0
    others: int = 0

    @property
    def present(self) -> int:
        """Rows with a label."""
        return self.labels.total() + self.uncounted

    @property
    def distinct(self) -> int:
        """How many different labels there are, as far as is known."""
        return len(self.labels) + self.others


def measured(parts: Iterable[Part], *, kept: int = KEPT) -> Measured:
    """Return the numbers of a column.

    Parameters
    ----------
    parts : iterable of Part
    kept : int
        Values that are kept at most.
    """
    sample, moments = _Sample(kept), _Moments()
    missing = zeros = below = above = 0
    for part in parts:
        missing += part.missing
        values = part.values if part.values is not None else np.empty(0)
        zeros += len(values) - int(np.count_nonzero(values))
        below += int(np.count_nonzero(values == -np.inf))
        above += int(np.count_nonzero(values == np.inf))
        moments.add(values)
        sample.add(values)
    return Measured(sample.sorted(), sample.seen, missing, zeros, moments.mean, moments.std, below, above)


def counted(parts: Iterable[Part], *, told_apart: int = TOLD_APART) -> Counted:
    """Return the labels of a column.

    Parameters
    ----------
    parts : iterable of Part
    told_apart : int
        Different labels that are counted at most.
    """
    found = Counted()
    for part in parts:
        found.missing += part.missing
        labels = part.labels if part.labels is not None else _as_labels(part.values)
        found.characters += sum(len(one) * count for one, count in labels.items())
        if len(found.labels) + len(labels) <= told_apart:
            found.labels.update(labels)
            continue
        for one, count in labels.items():
            if one in found.labels or len(found.labels) < told_apart:
                found.labels[one] += count
            else:
                found.uncounted += count
    return found


def _as_labels(values: _Array | None) -> Counter[str]:
    if values is None:
        return Counter()
    found, counts = np.unique(values, return_counts=True)
    return Counter({str(value): int(count) for value, count in zip(found.tolist(), counts, strict=True)})


class _Sample:
    """Keeps evenly chosen values: those with the least of the random numbers that are dealt out."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._random = np.random.default_rng(0)
        self._values: list[_Array] = []
        self._keys: list[_Array] = []
        self._held = 0
        self._limit = 1.0
        self.seen = 0

    def add(self, values: _Array) -> None:
        self.seen += len(values)
        if self.seen > self._kept and not self._keys:
            self._keys = [self._random.random(len(one)) for one in self._values]
        if self._keys or self.seen > self._kept:
            keys = self._random.random(len(values))
            chosen = keys < self._limit
            values, keys = values[chosen], keys[chosen]
            self._keys.append(keys)
        self._values.append(values)
        self._held += len(values)
        if self._held > 2 * self._kept:
            self._drop()

    def sorted(self) -> _Array:
        if self._held > self._kept:
            self._drop()
        return np.sort(_together(self._values))

    def _drop(self) -> None:
        keys, values = np.concatenate(self._keys), _together(self._values)
        chosen = np.argpartition(keys, self._kept)[: self._kept]
        self._values, self._keys = [values[chosen]], [keys[chosen]]
        self._limit, self._held = float(self._keys[0].max()), self._kept


def _together(arrays: list[_Array]) -> _Array:
    arrays = [one for one in arrays if len(one)] or [np.empty(0)]
    if len({one.dtype for one in arrays}) > 1 and any(one.dtype.kind == "f" for one in arrays):
        arrays = [one.astype(np.float64) for one in arrays]
    return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]


class _Moments:
    """Mean and standard deviation of finite values that come in parts."""

    def __init__(self) -> None:
        self._count = 0
        self._mean = self._spread = 0.0

    def add(self, values: _Array) -> None:
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            values = values if finite.all() else values[finite]
        if not len(values):
            return
        mean, std = _mean_and_std(values)
        together = self._count + len(values)
        if not self._count:
            self._mean, self._spread = mean, std
        else:
            share = len(values) / together
            apart = mean - self._mean
            between = abs(apart) * math.sqrt(share * (1 - share))
            self._spread = math.hypot(self._spread * math.sqrt(1 - share), std * math.sqrt(share), between)
            self._mean += apart * share
        self._count = together

    @property
    def mean(self) -> float | None:
        return self._mean if self._count else None

    @property
    def std(self) -> float | None:
        return self._spread if self._count else None


def _mean_and_std(values: _Array) -> tuple[float, float]:
    """Return both, without loss for whole numbers that no float64 holds and without overflow for great ones."""
    if values.dtype.kind in "iu" and max(abs(int(values.min())), abs(int(values.max()))) > EXACT:
        first = int(values.min())
        apart = counted_from(values, first)
        return first + float(apart.mean()), float(apart.std())
    greatest = float(np.abs(values).max()) if values.dtype.kind == "f" else 0.0
    if greatest > 1e100:  # noqa: PLR2004 # its square, times the rows, is no float64
        apart = values / greatest
        return float(apart.mean()) * greatest, float(apart.std()) * greatest
    return float(values.mean()), float(values.std())
