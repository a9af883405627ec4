"""The values that options of a step take: each read from text, or refused with what to write."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([a-zA-Z]*)")
_UNITS = frozenset({"", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"})
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OBJECT = r"[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?"
_SECRET = re.compile(rf"{_OBJECT}|[A-Za-z_][A-Za-z0-9_]*={_OBJECT}/[-._a-zA-Z0-9]+")
_WORD = r"[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = re.compile(rf"(?:{_OBJECT}/)?{_WORD}")
_LABEL_VALUE = re.compile(rf"(?:{_WORD})?")
_VOLUME = re.compile(rf"{_OBJECT}:/.*")
_TOLERATION = re.compile(r"[^=:]+(=[^=:]*)?:(NoSchedule|PreferNoSchedule|NoExecute)")


def cpu(text: str) -> str:
    """Check a quantity of processors (``500m``, ``2``)."""
    return _quantity(text, frozenset({"", "m", "k"}), "500m (half a processor) or 2")


def memory(text: str) -> str:
    """Check a quantity of bytes (``512Mi``, ``2Gi``)."""
    return _quantity(text, _UNITS, "512Mi or 2Gi")


def _quantity(text: str, units: frozenset[str], examples: str) -> str:
    match = _QUANTITY.fullmatch(text)
    if not match:
        raise ArgumentTypeError(f"{text!r} is no quantity: write {examples}")
    number, unit = match.groups()
    if not float(number):
        raise ArgumentTypeError(f"{text!r} is nothing: write {examples}")
    if unit not in units:
        meant = f"{unit[0].upper()}i"  # 2GB, 2g, 512m, 512MiB
        better = f"{number}{meant}" if meant in units else examples
        raise ArgumentTypeError(f"{unit!r} is no unit of {text!r}: write {better}")
    return text


def limit(text: str) -> float:
    """Read a number from 0 on."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no limit: write a number from 0 on, such as 0.2")
    return number


def data_set(text: str) -> str:
    """Check the name of a data set (``X_train``, ``train=X_train``)."""
    label, is_named, name = text.partition("=")
    if not _VARIABLE.fullmatch(name if is_named else label) or not label:
        raise ArgumentTypeError(f"{text!r} is no variable: write X_train X_test, or train=X_train test=X_test")
    return text


def duration(text: str) -> float:
    """Read a duration (``90s``, ``10m``, ``1h30m``) in seconds; a plain number is seconds."""
    parts = _DURATION.findall(text)
    whole = "".join(number + unit for number, unit in parts)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if re.fullmatch(r"\d+(\.\d+)?", text):
        whole, seconds = text, float(text)
    if whole != text or not seconds:
        raise ArgumentTypeError(f"{text!r} is no duration: write 90s, 10m or 2h")
    return seconds


def count(text: str) -> int:
    """Read a number of things."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is no whole number: write 0, 1, 2 ...")
    return int(text)


def variables(text: str) -> tuple[str, ...]:
    """Read names of variables with commas between them."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if not name.isidentifier():
            raise ArgumentTypeError(f"{name!r} is no variable's name")
    return names


def variable(text: str) -> tuple[str, str]:
    """Read ``NAME=VALUE`` of an environment variable."""
    name, value = pair(text)
    if not _VARIABLE.fullmatch(name):
        raise ArgumentTypeError(f"{name!r} is no environment variable's name")
    return name, value


def pair(text: str) -> tuple[str, str]:
    """Read ``KEY=VALUE``."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ArgumentTypeError(f"{text!r}: write NAME=VALUE")
    return key, value


def label(text: str) -> tuple[str, str]:
    """Read ``KEY=VALUE`` of a node's label."""
    key, value = pair(text)
    if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
        raise ArgumentTypeError(f"{text!r} is no label of a node: write disktype=ssd")
    return key, value


def secret(text: str) -> str:
    """Check ``NAME`` or ``ENV=NAME/KEY`` of a Kubernetes Secret."""
    if not _SECRET.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is no secret: write NAME or VARIABLE=NAME/KEY")
    return text


def volume(text: str) -> str:
    """Check ``CLAIM:/path``."""
    if not _VOLUME.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is no volume: write CLAIM:/path")
    return text


def toleration(text: str) -> str:
    """Check ``key=value:effect`` or ``key:effect``."""
    if not _TOLERATION.fullmatch(text):
        raise ArgumentTypeError(
            f"{text!r} is no toleration: write KEY=VALUE:EFFECT, with NoSchedule, PreferNoSchedule or NoExecute"
        )
    return text
