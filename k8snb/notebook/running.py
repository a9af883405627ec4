"""The cell that is being executed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from k8snb.analysis.source import step_line

if TYPE_CHECKING:
    from k8snb.errors import InputError
    from k8snb.notebook.cells import Entry
    from k8snb.notebook.runs import Part
    from k8snb.notebook.tagged import Tagged


@dataclass
class Running:
    """A cell that is being executed.

    Parameters
    ----------
    source : str
        As it was typed.
    cell_id : str or None
        None where the front end tells none.
    number : int or None
        The execution's, as it stands beside the cell.
    begun : bool
        Its tree has been seen: what is compiled from now on is code inside it.
    above : int or None
        How many of the session's cells count when names are settled in it; None: all.
    entry : Entry or None
        Of a plain cell: as the session remembers it.
    before : dict of str to int
        Of a plain cell: the identities of the namespace's values when it began; 0 for results that were not there yet.
    tagged : Tagged or None
        What the tags in the notebook's file say, where they make the cell a step.
    refused : InputError or None
        What is wrong with these tags.
    parts : list of Part
        Of a plain cell: what comes before, between and after its runs of the pipeline, as far as it has not come yet.
    changes : frozenset of str
        Of a plain cell: names whose objects it changes in place, by itself or through functions and shared objects.
    """

    source: str
    cell_id: str | None = None
    number: int | None = None
    begun: bool = False
    above: int | None = None
    entry: Entry | None = None
    before: dict[str, int] = field(default_factory=dict)
    tagged: Tagged | None = None
    refused: InputError | None = None
    parts: list[Part] = field(default_factory=list)
    changes: frozenset[str] = frozenset()

    @cached_property
    def step_line(self) -> str | None:
        """What follows the step's magic; None for a plain cell."""
        return step_line(self.source)
