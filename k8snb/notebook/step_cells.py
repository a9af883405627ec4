"""Makes cells steps when they are executed."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

from k8snb.errors import PipelineError
from k8snb.notebook import modules, travel
from k8snb.notebook.aliases import Aliases
from k8snb.notebook.building import Builder
from k8snb.notebook.cards import Cards
from k8snb.notebook.cells import Cells, Entry
from k8snb.notebook.configuration import Configuration
from k8snb.notebook.document import twice
from k8snb.notebook.kernel_values import KernelValues
from k8snb.notebook.names import Names
from k8snb.notebook.running import Running
from k8snb.notebook.settling import Settler
from k8snb.notebook.warnings import Warnings
from k8snb.pipeline import merge, parse_options
from k8snb.pipeline.gate import check_gate
from k8snb.pipeline.model import Pipeline
from k8snb.pipeline.options import StepOptions
from k8snb.ui.card import Card


class StepCells:
    """Takes in cells that are steps.

    Parameters
    ----------
    configuration : Configuration
    names : Names
    cells : Cells
    kernel : KernelValues
    aliases : Aliases
    builder : Builder
    settler : Settler
    warnings : Warnings
    cards : Cards
    """

    def __init__(
        self,
        configuration: Configuration,
        names: Names,
        cells: Cells,
        kernel: KernelValues,
        aliases: Aliases,
        builder: Builder,
        settler: Settler,
        warnings: Warnings,
        cards: Cards,
    ) -> None:
        self._configuration, self._names, self._cells, self._kernel = configuration, names, cells, kernel
        self._aliases, self._builder, self._settler = aliases, builder, settler
        self._warnings, self._cards = warnings, cards

    def add(self, line: str, cell: Running) -> tuple[Card, str | None]:
        """Make a cell a step.

        Parameters
        ----------
        line : str
            What follows the magic, variables in it expanded.
        cell : Running

        Returns
        -------
        Card
        str or None
            The step's name where it is to run now.

        Raises
        ------
        InputError
            What is wrong with its line, its code, or the pipeline that it makes.
        """
        name, options, run = parse_options(line, where=f"%%k8s_step {line}")
        stacks = self._configuration.stacks
        options = merge(stacks.steps, name, options)
        check_gate(options, name)
        entry = _entry(cell, name, options)
        warnings = twice(self._cells.step(name), entry, self._configuration.file)
        warnings = [] if cell.tagged is not None else warnings  # the file shows that it is the same step
        self._names.reconcile()
        self._cells.forget_asides()
        entry.modules = modules.files_of(entry.facts, Path.cwd())
        entry.scripts = travel.scripts(entry.facts)  # a cell that is not Python takes no other's place
        old = self._cells.replaced_by(entry)
        place = self._cells.put(entry)
        cell.above = place + 1
        pipeline = self._captured(entry, old, cell.above)
        for touched in entry.touches | self._aliases.beside_changed(entry):
            self._settler.settle(touched, cell.above)
        self._settler.settle_what_was_to_come(old.step if old is not None and old.step else name, cell.above)
        warnings += self._warnings.of_step(entry, pipeline[name], pipeline, place, stacks.captured_limit)
        return self._cards.make(entry, pipeline, warnings), name if run else None

    def _captured(self, entry: Entry, old: Entry | None, above: int) -> Pipeline:
        """Return the pipeline with a step, and capture its values; where that fails, the cells are as before."""
        assert entry.step is not None
        try:
            pipeline = self._builder.with_aliases(entry, above)
            self._kernel.capture(pipeline[entry.step], entry)
        except BaseException as error:
            self._cells.take_back(entry, old)
            if isinstance(error, PipelineError) and old is not None and old.step == entry.step:
                _tell_what_is_replaced(error, old.touches & entry.facts.certain)
            raise
        return pipeline


def _entry(cell: Running, name: str, options: StepOptions) -> Entry:
    source = cell.tagged.source if cell.tagged is not None else cell.source
    return Entry(source, cell.cell_id if source == cell.source else None, name, options, number=cell.number)


def _tell_what_is_replaced(error: PipelineError, names: AbstractSet[str]) -> None:
    """Give another way out where a step misses what the one of its name makes whose place it would take."""
    if any(repr(name) in error.what for name in names):
        error.fix = "the step of this name makes it, which stays as it is: give this cell's step another name"
