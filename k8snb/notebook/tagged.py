"""Which cells of a running notebook are steps by tags: a kernel is told no tags, so they are read from the file.

Nothing heavy is imported here before a file has such tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8snb.notebook.document import notebook_file

if TYPE_CHECKING:
    from k8snb.pipeline.tags import Gathered, Piece

_MARKS = (b'"step:', b'"block:', b'"notebook:')


@dataclass(frozen=True)
class Tagged:
    """A cell that is a step, or a part of one.

    Parameters
    ----------
    line : str
        What would stand behind ``%%k8s_step``.
    source : str
        Of the whole step.
    first : bool
        It is the step's first cell.
    """

    line: str
    source: str
    first: bool = True


class Tags:
    """The tags of the notebook that a namespace belongs to, as its file has them now.

    Parameters
    ----------
    namespace : mapping of str to object

    Attributes
    ----------
    missed : bool
        A cell was executed that does not stand in the file, which has steps by tags.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._state: object = None
        self._pieces: list[Piece] = []
        self._gathered: list[Gathered] = []
        self._last = -1
        self.missed = False

    def find(self, source: str, cell_id: str | None) -> Tagged | None:
        """Return what the tags of a cell say that is being executed; None for a plain cell.

        Raises
        ------
        InputError
            Tags are wrong.
        """
        file = notebook_file(self._namespace)
        if file is None or not self._read(file):
            return None
        place = self._place(source, cell_id)
        if place is None:
            self.missed = True
            return None
        self._last = place
        found = next((g for g in self._gathered if place in g.places), None)
        if found is None or found.line is None or _has_line(source):
            return None
        return Tagged(found.line, self._with(found, place, source), place == found.places[0])

    def _read(self, file: Path) -> bool:
        """Read the file where it is another than before; say whether it has steps by tags."""
        try:
            state = (file, file.stat().st_mtime_ns)
            if state != self._state:
                self._state, self._pieces, self._gathered = None, [], []  # tags that are wrong stay so for each cell
                if any(mark in file.read_bytes() for mark in _MARKS):
                    from k8snb.pipeline.file import gathered

                    self._pieces, self._gathered = gathered(file)
                self._state = state
        except OSError:  # being saved just now
            self._state = None
        return bool(self._pieces)

    def _place(self, source: str, cell_id: str | None) -> int | None:
        """Find a cell by its id, else by its text: of several, the next below the one that was found last."""
        places = range(len(self._pieces))
        if cell_id is not None and (same := [p for p in places if self._pieces[p].cell_id == cell_id]):
            return same[0]
        same = [p for p in places if self._pieces[p].source.rstrip("\n") == source.rstrip("\n")]
        return next((p for p in same if p > self._last), same[0] if same else None)

    def _with(self, found: Gathered, place: int, source: str) -> str:
        """Return a step's source with one of its cells as it is executed: the file may be older."""
        from k8snb.pipeline.tags import joined

        self._pieces[place] = replace(self._pieces[place], source=source)
        return joined(found.places, self._pieces)


def _has_line(source: str) -> bool:
    from k8snb.analysis.source import step_line

    return step_line(source) is not None
