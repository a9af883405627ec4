"""A column, part by part: numbers without what is missing, or labels and how often each occurs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from k8snb.distributions.model import Kind
from k8snb.distributions.scale import EXACT

ROWS = 1 << 20
"""Rows of a part."""

_MICROSECONDS = {"M": "datetime64[us]", "m": "timedelta64[us]"}


class RefusedColumnError(Exception):
    """A column of which no distribution can be told; says why."""


@dataclass(frozen=True)
class Part:
    """Some rows of a column.

    Parameters
    ----------
    values : numpy.ndarray
        One-dimensional; numbers that are there, in any order.
    labels : mapping of str to int
        In place of numbers.
    missing : int
    """

    missing: int
    values: np.ndarray[Any, Any] | None = None
    labels: Counter[str] | None = None


@dataclass(frozen=True)
class Column:
    """A column.

    Parameters
    ----------
    kind : Kind
    type : str
        Its own type, as its library writes it.
    parts : iterable of Part
    plain : callable or None
        Of categories that are numbers or times: returns the column as these, to be compared with such a column.
    """

    kind: Kind
    type: str
    parts: Iterable[Part]
    plain: Callable[[], Column] | None = None


@dataclass(frozen=True)
class Known(Column):
    """A column that is gathered already."""

    gathered: Any = None


def of_array(values: np.ndarray[Any, Any], name: str | None = None) -> Column:
    """Return an array as a column.

    Parameters
    ----------
    values : numpy.ndarray
        One-dimensional, of any type; masked: what is masked is missing.
    name : str, optional
        How its type is called, if not as numpy does.

    Raises
    ------
    RefusedColumnError
    """
    kind = values.dtype.kind
    called = name or str(values.dtype)
    if kind == "O":
        return of_objects(values[~_masked(values)], called, int(_masked(values).sum()))
    if kind in "biufMm":
        told: Kind = {"b": "boolean", "f": "number", "M": "time", "m": "duration"}.get(kind, "integer")  # type: ignore[assignment]
        return Column(told, called, (_numbers(part) for part in _cut(values)))
    if kind in "US" or kind == "T":
        return Column("label", called, (_texts(part) for part in _cut(values)))
    raise RefusedColumnError(f"{called} has no distribution that can be compared")


def of_objects(values: Any, called: str = "object", missing: int = 0) -> Column:
    """Return Python objects as a column: of numbers, times or durations where all are, else of labels.

    Parameters
    ----------
    values : sequence of object
        ``None``, NaN, NaT and ``pandas.NA`` are missing.
    called : str
        The type of the column.
    missing : int
        Rows that are known to be missing besides.

    Raises
    ------
    RefusedColumnError
        Complex numbers.
    """
    there = [value for value in values if not is_missing(value)]
    missing += len(values) - len(there)
    types = set(map(type, there))
    if any(issubclass(one, (complex, np.complexfloating)) for one in types):
        raise RefusedColumnError("complex numbers have no order")
    kind = _kind(types)
    if kind == "label":
        return Column(kind, called, [Part(missing, labels=Counter(map(label_of, there)))])
    return Column(kind, called, [Part(missing, _measured(there, kind))])


def objects(values: np.ndarray[Any, Any]) -> list[Any]:
    """Return an array's values as Python objects; times are ISO texts, so that none is out of Python's range."""
    if values.dtype.kind == "M":
        texts = np.datetime_as_string(np.ma.filled(values, "NaT")).tolist()
        return [None if text == "NaT" else short_time(text) for text in texts]
    if values.dtype.kind == "m":
        values = values.astype("timedelta64[us]")
    found: list[Any] = values.tolist()
    return found


def short_time(text: str) -> str:
    """Return an ISO time without a fraction of a second that is 0."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_missing(value: object) -> bool:
    """Tell whether a Python object stands for no value."""
    if value is None:
        return True
    if isinstance(value, (str, bytes)):
        return False
    if isinstance(value, (float, np.floating)):
        return value != value  # noqa: PLR0124 # only NaN is not itself
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    if isinstance(value, Decimal):
        return value.is_nan()
    return type(value).__name__ in {"NAType", "NaTType"}


def label(text: str) -> str:
    """Return a text that can be written as UTF-8: half of a surrogate pair as its escape."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def shortened(text: str, most: int) -> str:
    """Return a text of so many characters at most."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def label_of(value: object) -> str:
    """Return a Python object as a label: a whole number as one whatever its type, which a missing value changes."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, (float, np.floating)) and float(value).is_integer() and abs(float(value)) < EXACT:
        return str(int(value))
    return label(value if isinstance(value, str) else str(value))


def _masked(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.ma.getmaskarray(values)


def _cut(values: np.ndarray[Any, Any]) -> Iterator[np.ndarray[Any, Any]]:
    return (values[start : start + ROWS] for start in range(0, len(values), ROWS))


def _numbers(values: np.ndarray[Any, Any]) -> Part:
    size = len(values)
    if np.ma.isMaskedArray(values):
        values = values.compressed()
    kind = values.dtype.kind
    if kind in _MICROSECONDS:
        values = values[~np.isnat(values)].astype(_MICROSECONDS[kind]).astype(np.int64)
    elif kind == "f":
        missing = np.isnan(values)
        values = (values[~missing] if missing.any() else values).astype(np.float64, copy=False)
    elif kind == "b":
        values = values.astype(np.int64)
    return Part(size - len(values), values)


def _texts(values: np.ndarray[Any, Any]) -> Part:
    size = len(values)
    if np.ma.isMaskedArray(values):
        values = values.compressed()
    return Part(size - len(values), labels=Counter(map(label_of, values.tolist())))


def _kind(types: set[type]) -> Kind:
    if not types:
        return "nothing"
    if all(issubclass(one, (bool, np.bool_)) for one in types):
        return "boolean"
    if all(issubclass(one, (Real, Decimal, np.bool_)) for one in types):
        whole = all(issubclass(one, (int, np.integer, np.bool_)) for one in types)
        return "integer" if whole else "number"
    if all(issubclass(one, (date, np.datetime64)) for one in types):
        return "time"
    if all(issubclass(one, (timedelta, np.timedelta64)) for one in types) or types == {time}:
        return "duration"
    return "label"


def _measured(values: list[Any], kind: Kind) -> np.ndarray[Any, Any]:
    if kind in {"time", "duration"}:
        return np.fromiter(map(_microseconds, values), dtype=np.int64, count=len(values))
    if kind in {"integer", "boolean"}:
        try:
            return np.array([int(value) for value in values], dtype=np.int64)
        except OverflowError:
            pass
    return np.array([_real(value) for value in values], dtype=np.float64)


def _real(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _microseconds(value: Any) -> int:
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return int(value.astype(_MICROSECONDS[value.dtype.kind]).astype(np.int64))
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if isinstance(value, time):
        seconds = (value.hour * 60 + value.minute) * 60 + value.second
        return seconds * 1_000_000 + value.microsecond
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
