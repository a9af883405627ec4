"""What a cell is warned of when it is executed."""

from __future__ import annotations

import itertools

from k8snb.analysis.state_tables import PATH
from k8snb.notebook import modules, travel
from k8snb.notebook.building import Builder
from k8snb.notebook.cells import Cells, Entry
from k8snb.notebook.configuration import Configuration
from k8snb.notebook.names import Names
from k8snb.pipeline import kept
from k8snb.pipeline.model import Pipeline, Step
from k8snb.pipeline.sharing import may_matter
from k8snb.pipeline.warnings import stays
from k8snb.ui.card import SILENCE


class Warnings:
    """Tells what a cell does not get as it would in one kernel.

    Parameters
    ----------
    configuration : Configuration
    names : Names
    cells : Cells
    builder : Builder
    """

    def __init__(self, configuration: Configuration, names: Names, cells: Cells, builder: Builder) -> None:
        self._configuration, self._names, self._cells, self._builder = configuration, names, cells, builder

    def of_step(self, entry: Entry, step: Step, pipeline: Pipeline, place: int, limit: int) -> list[str]:
        """Return what a step's card warns of.

        Parameters
        ----------
        entry : Entry
        step : Step
        pipeline : Pipeline
            Up to the step.
        place : int
            The cell's.
        limit : int
            Bytes from which on a captured value is told of.
        """
        missing = [path for path in step.cell.options.files if not (self._configuration.folder / path).exists()]
        return [
            *(f"line {w.line}: {w.text} ({SILENCE})" for w in entry.facts.warnings if not w.quiet),
            *(f"{text} ({SILENCE})" for text in stays(step, pipeline.cells)),
            *(f"{t} ({SILENCE})" if t.startswith("line ") else t for t in self.does_not_travel(step)),
            *(f"--file {path}: there is no such file yet" for path in missing),
            *entry.capture.larger_than(limit),
            *self._not_shared(pipeline, place),
        ]

    def of_plain_cell(self, place: int | None) -> list[str]:
        """Tell which state of modules a plain cell does not have as cells above have left it."""
        above = [] if place is None else self._cells.above(place)
        if place is None or not any(entry.step is not None for entry in above):
            return []
        facts, theirs = self._cells.at(place).facts, [entry.facts for entry in above]
        if not (may_matter(facts, theirs) or kept.may_matter(facts, theirs)):
            return []
        return self._not_shared(self._builder.pipeline(place + 1), place)

    def does_not_travel(self, step: Step, stack: str | None = None) -> list[str]:
        """Tell of files that a step reads and that its pod will not have."""
        above = [entry.cell for entry in itertools.takewhile(lambda entry: entry.step != step.name, self._cells)]
        values = {name: self._names.of_kernel(name)[1] for name in step.from_kernel}
        told = travel.files(step, above, self._configuration.folder, values)
        return told if told and self._configuration.runs_images(stack) else []

    def _not_shared(self, pipeline: Pipeline, place: int) -> list[str]:
        """Tell of state of modules that a cell does not have as cells above have left it."""
        found = [unshared for unshared in pipeline.unshared if unshared.reader == place]
        if found and modules.are_found(self._cells.at(place).facts.imports):  # what is found here travels
            found = [unshared for unshared in found if PATH not in unshared.kinds]
        return [f"{unshared.text} ({SILENCE})" for unshared in found]
