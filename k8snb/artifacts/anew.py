"""What is found or opened once more where it is loaded: matches of regular expressions, files of numpy's arrays."""

from __future__ import annotations

import io
import re
from typing import Any

_WAYS = ("search", "match", "fullmatch")


def reduce_match(match: re.Match[Any]) -> Any:
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


def reduce_arrays(arrays: Any) -> Any:
    """Pack ``np.load("a.npz")`` with the bytes of its file."""
    file = getattr(arrays.zip, "fp", None)
    if file is None:  # it is closed
        return NotImplemented
    place = file.tell()
    file.seek(0)
    data = file.read()
    file.seek(place)
    return open_arrays, (data, getattr(file, "name", None), arrays.allow_pickle)


class _File(io.BytesIO):
    """The bytes of a file that has a name."""

    name: str


def open_arrays(data: bytes, name: str | None, allow_pickle: bool) -> Any:
    """Open arrays in the bytes of a file."""
    import numpy as np

    file = _File(data)
    if name is not None:
        file.name = name
    arrays = np.load(file, allow_pickle=allow_pickle)
    arrays.fid = file  # as of a file that it has opened itself
    return arrays


def complete(model: Any, namespace: dict[str, Any]) -> None:
    """Let a class of pydantic look up the classes that it names in texts, as its first use would."""
    if model.__module__ == "__main__" and vars(model).get("__pydantic_complete__") is False:
        model.model_rebuild(raise_errors=False, _types_namespace=namespace)
