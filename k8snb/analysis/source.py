"""What k8snb itself reads of a cell's lines: the step's line, and where the user wants to hear no warning."""

from __future__ import annotations

MAGIC = "%%k8s_step"
QUIET = "k8snb: quiet"
"""A comment that silences the warnings about its line, or, alone on a line, about the next."""

NEXT_CELL = "# %% the step's next cell"
"""The line between the sources of several cells that are one step; each shows the value of its last expression."""


def body(source: str) -> str:
    r"""Return the cell's source with its step line, if there is one, left blank.

    Examples
    --------
    >>> body("%%k8s_step trainer\nx = 1")
    '\nx = 1'
    """
    index = _find(source)
    if index is None:
        return source
    lines = source.split("\n")
    lines[index] = ""
    return "\n".join(lines)


def step_line(source: str) -> str | None:
    """Return what follows ``%%k8s_step`` (or ``# %%k8s_step``) on the cell's step line; None for a plain cell."""
    index = _find(source)
    return None if index is None else _rest(source.split("\n")[index])


def quiet_lines(source: str) -> frozenset[int]:
    """Return the lines, from 1, about which the user does not want to be warned."""
    found: set[int] = set()
    for number, line in enumerate(source.split("\n"), 1) if QUIET in source else ():
        code, hash_, comment = line.rpartition("#")
        if hash_ and comment.strip() == QUIET:
            found.add(number if code.strip() else number + 1)
    return frozenset(found)


def _find(source: str) -> int | None:
    """Index of the step line: the first line with anything on it, after cell magics such as ``%%time``."""
    for index, line in enumerate(source.split("\n")):
        if _rest(line) is not None:
            return index
        if line.strip() and not line.startswith("%%"):
            return None
    return None


def _rest(line: str) -> str | None:
    text = line.rstrip()
    if text.startswith("#"):
        text = text[1:].lstrip()
    name, _, rest = text.replace("\t", " ").partition(" ")
    return rest.strip() if name == MAGIC else None
