"""What is said before a run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from k8snb.errors import InputError, meant
from k8snb.notebook import plan, travel
from k8snb.notebook.cells import Cells
from k8snb.notebook.configuration import Configuration
from k8snb.notebook.kernel_values import KernelValues
from k8snb.notebook.screen import Screen
from k8snb.notebook.warnings import Warnings
from k8snb.pipeline.file import kales_own
from k8snb.pipeline.model import Pipeline


class BeforeRun:
    """Says before a run in which ways it is not what a reader of the notebook may think.

    Parameters
    ----------
    configuration : Configuration
    cells : Cells
    kernel : KernelValues
    warnings : Warnings
    """

    def __init__(self, configuration: Configuration, cells: Cells, kernel: KernelValues, warnings: Warnings) -> None:
        self._configuration, self._cells, self._kernel, self._warnings = configuration, cells, kernel, warnings
        self._said: set[str] = set()  # of the whole notebook, once

    def tell(self, screen: Screen, todo: plan.Plan, chosen: Pipeline, used: Sequence[str], stack: str | None) -> None:
        """Say all that is to be said.

        Parameters
        ----------
        screen : Screen
        todo : Plan
        chosen : Pipeline
            With the steps whose results are used again.
        used : sequence of str
            Steps that have run ahead, whose results are used.
        stack : str or None
            Another one than the active one, for this run.
        """
        self._tell_what_travels(screen, todo.pipeline, stack)
        if used:
            screen.say(f"already run, for a cell above: {', '.join(used)}")
        self._tell_of_tables_without_step(screen)
        for warning in plan.stale(todo, self._cells):
            screen.say(f"warning: {warning}; execute that cell and the step's cell again for new ones")
        runs = {step.name for step in todo.pipeline.steps}
        for step in chosen.steps:
            if old := self._kernel.as_they_were(step):
                gets = "gets" if step.name in runs else "is reused with"
                was = f"step {step.name} {gets} {', '.join(old)} as it was when the step's cell was executed"
                screen.say(f"warning: {was}; execute that again for what it is now")

    def _tell_what_travels(self, screen: Screen, pipeline: Pipeline, stack: str | None) -> None:
        """Say which packages steps get besides, and for another stack than the cards were made for what they miss."""
        installed = list(travel.packages(entry.cell for entry in self._cells))
        if self._configuration.runs_images(stack):
            for text in installed:
                screen.say(text)
            self._tell_what_is_kales(screen)
        if stack is not None:
            for step in pipeline.steps:
                for text in self._warnings.does_not_travel(step, stack):
                    screen.say(f"warning: step {step.name}: {text}")

    def _tell_what_is_kales(self, screen: Screen) -> None:
        """Say once what the notebook's file asks another tool for that its steps do not get."""
        if (file := self._configuration.file) is None:
            return
        with suppress(InputError):  # being saved just now
            for text in kales_own(file):
                if text not in self._said:
                    self._said.add(text)
                    screen.say(f"warning: {text}")

    def _tell_of_tables_without_step(self, screen: Screen) -> None:
        """Say once which tables of the stack file seem to mean a step and are called otherwise."""
        names = {entry.step for entry in self._cells if entry.step is not None}
        for table in self._configuration.stacks.steps.keys() - names:
            if table not in self._said and (name := meant(table, names)):
                self._said.add(table)
                screen.say(f"warning: k8snb.toml has [steps.{table}], and no step is called so: did you mean {name!r}?")
