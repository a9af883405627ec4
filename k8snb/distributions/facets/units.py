"""Times and durations as numbers that read well: in years, days, hours or seconds, as their range says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from k8snb.distributions.model import Feature, Numbers

_SIZES = (
    ("years", 365.2425 * 86_400e6),
    ("days", 86_400e6),
    ("hours", 3_600e6),
    ("minutes", 60e6),
    ("seconds", 1e6),
    ("milliseconds", 1e3),
)
"""Microseconds."""

_MANY = 2
"""Of a unit that a range has at least, for it to be taken."""


@dataclass(frozen=True)
class Unit:
    """How a feature's numbers are shown.

    Parameters
    ----------
    words : str
        What is said behind its name.
    size : float
    start : float
        What is shown as 0.
    zero : bool
        A shown 0 is a 0 of the feature's.
    """

    words: str = ""
    size: float = 1.0
    start: float = 0.0
    zero: bool = True

    def of(self, value: float) -> float:
        """Return a value as it is shown."""
        return (value - self.start) / self.size


def unit_of(feature: Feature) -> Unit:
    """Return the unit of a feature's numbers: for what is no time and no duration, the numbers themselves."""
    kinds = set(feature.kinds)
    if not kinds & {"time", "duration"} or kinds & {"number", "integer", "boolean"}:
        return Unit()
    ends = [end for one in feature.statistics if isinstance(one, Numbers) for end in (one.minimum, one.maximum)]
    there = [end for end in ends if end is not None]
    if not there:
        return Unit()
    least, greatest = min(there), max(there)
    if "time" not in kinds:
        called, size = _size(max(abs(least), abs(greatest)))
        return Unit(f" ({called})", size)
    called, size = _size(greatest - least)
    start = least // _whole(size) * _whole(size)
    return Unit(f" ({called} since {_moment(start)})", size, start, zero=False)


def _size(span: float) -> tuple[str, float]:
    return next((one for one in _SIZES if span >= _MANY * one[1]), ("microseconds", 1.0))


def _whole(size: float) -> float:
    """Return where a time may start: at midnight, or at a whole unit of the day."""
    return min(size, dict(_SIZES)["days"])


def _moment(microseconds: float) -> str:
    try:
        moment = datetime(1970, 1, 1) + timedelta(microseconds=microseconds)  # noqa: DTZ001 # without a zone of its own
    except OverflowError:
        return f"{microseconds:.4g} µs after 1970"
    return moment.isoformat(" ").removesuffix(" 00:00:00")
