"""Facets Dive: the rows of data sets, each of them a dot that can be looked at."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k8snb.distributions.facets.names import shown_names
from k8snb.distributions.facets.page import View
from k8snb.distributions.facets.shown import shown, write
from k8snb.distributions.rows import Plain, Rows
from k8snb.distributions.rows import rows as read
from k8snb.distributions.sets import called
from k8snb.distributions.tables import unique
from k8snb.errors import InputError, suggest

ROWS = 5_000
"""Rows that are shown at most."""

COLUMNS = 50
"""Columns that are shown where none are named."""

SET = "data set"
"""The column that says of which set a row is."""

_HEAD, _WIDE = 5, 8
"""Rows of each set, and columns, of the table."""


class Dive:
    """Rows of data sets.

    Parameters
    ----------
    sets : sequence of Rows
    color, across, down : str, optional
        Columns by which rows are coloured and put side by side or one below the other.
    """

    def __init__(
        self, sets: Sequence[Rows], *, color: str | None = None, across: str | None = None, down: str | None = None
    ) -> None:
        self.sets = list(sets)
        self._names = list(dict.fromkeys(name for one in sets for name in one.columns))
        self._left = len({name for one in sets for name in one.names}) - len(self._names)
        self._faceted = {"colorBy": color, "horizontalFacet": across, "verticalFacet": down}

    def __repr__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """What is shown of what."""
        told = [f"{one.name}: {_share(one)}" for one in self.sets]
        left = f"; {self._left:,} more columns are not shown" if self._left else ""
        return f"{'; '.join(told)}{left}"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows and Facets as one HTML file that needs nothing else, and return its path."""
        return write(path, self._view(), self._table())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Return the words as text, and a table of the first rows; a notebook puts Facets in its place."""
        del include, exclude
        return {"text/plain": self.words, "text/html": shown(self._view, self._table())}

    def _view(self) -> View:
        """Return names and columns; the first column says which set, if there are several."""
        several = len(self.sets) > 1
        columns = [self._values(name) for name in self._names]
        names = self._names
        if several:
            set_column = unique([*self._names, SET])[-1]
            names = [set_column, *names]
            columns.insert(0, [one.name for one in self.sets for _ in range(one.taken)])
        called = dict(zip(names, shown_names(names), strict=True))
        told = {"names": list(called.values()), "columns": columns}
        look = {key: "" if name is None else called.get(name, called[names[0]]) for key, name in self._faceted.items()}
        if several and not look["colorBy"]:
            look["colorBy"] = called[names[0]]
        title = f"Facets Dive: {', '.join(one.name for one in self.sets)}"
        return View("dive", json.dumps(told, separators=(",", ":")).encode(), title, look)

    def _values(self, name: str) -> list[Plain]:
        return [value for one in self.sets for value in one.columns.get(name, [None] * one.taken)]

    def _table(self) -> str:
        names = self._names[:_WIDE]
        more = len(self._names) - len(names)
        heads = [*([SET] if len(self.sets) > 1 else []), *names, *([f"and {more} more columns"] if more else [])]
        body = "".join(self._tr(one, i, names) for one in self.sets for i in range(min(_HEAD, one.taken)))
        head = "".join(f'<th scope="col" style="text-align: left">{html.escape(name)}</th>' for name in heads)
        said = f"<strong>{html.escape(self.words)}</strong>"
        return f"<div>{said}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"

    def _tr(self, one: Rows, at: int, names: Sequence[str]) -> str:
        values = [one.columns[name][at] if name in one.columns else None for name in names]
        told = [*([one.name] if len(self.sets) > 1 else []), *("" if value is None else str(value) for value in values)]
        cells = "".join(f'<td style="text-align: left">{html.escape(value)}</td>' for value in told)
        return f"<tr>{cells}</tr>"


def _share(one: Rows) -> str:
    return f"{one.taken:,} of {one.of:,} rows, evenly chosen" if one.taken < one.of else f"all {one.of:,} rows"


def dive(
    *data: Any,
    rows: int = ROWS,
    columns: Sequence[str] | None = None,
    color: str | None = None,
    across: str | None = None,
    down: str | None = None,
    **named: Any,
) -> Dive:
    """Return rows of data sets, to be looked at; see ``k8snb.dive``."""
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise InputError(f"rows={rows!r}: a number of rows is needed", where="rows")
    sets = called(data, named, "k8snb.dive(train, test)")
    chosen = _Chosen(columns, [name for name in (color, across, down) if name and (name != SET or len(sets) == 1)])
    return Dive(read(sets, rows, chosen), color=color, across=across, down=down)


@dataclass(frozen=True)
class _Chosen:
    """Which columns are shown: those that are named, else the first ones, and those by which rows are arranged."""

    named: Sequence[str] | None
    arranged: Sequence[str]

    def __call__(self, known: Sequence[str]) -> Sequence[str]:
        found = list(dict.fromkeys([*(known[:COLUMNS] if self.named is None else self.named), *self.arranged]))
        if unknown := next((name for name in found if name not in known), None):
            raise InputError(f"no data set has a column {unknown!r}", fix=suggest(unknown, known))
        return found
