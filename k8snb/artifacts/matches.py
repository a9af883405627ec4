"""Matches of regular expressions: they are found once more where they are loaded."""

from __future__ import annotations

import re
from typing import Any

_WAYS = ("search", "match", "fullmatch")


def reduce(match: re.Match[Any]) -> Any:
    """Pack a match as where and how it was looked for; which of several it was, by its place among all."""
    where = (match.string, match.pos, match.endpos)
    for way in _WAYS:
        found = getattr(match.re, way)(*where)
        if found is not None and found.regs == match.regs:
            return find, (match.re, way, *where, 0)
    for place, found in enumerate(match.re.finditer(*where)):
        if found.regs == match.regs:
            return find, (match.re, "finditer", *where, place)
    return NotImplemented


def find(pattern: re.Pattern[Any], way: str, string: Any, start: int, end: int, place: int) -> re.Match[Any]:
    """Look for a match in the way that found it."""
    if way != "finditer":
        found: re.Match[Any] = getattr(pattern, way)(string, start, end)
        return found
    return next(match for at, match in enumerate(pattern.finditer(string, start, end)) if at == place)
