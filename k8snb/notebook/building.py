"""Builds the pipeline of the cells that were executed."""

from __future__ import annotations

from typing import Any

from k8snb.notebook.aliases import Aliases
from k8snb.notebook.cells import Cells, Entry
from k8snb.notebook.document import pipeline_name
from k8snb.notebook.kernel_values import KernelValues
from k8snb.notebook.names import Names
from k8snb.pipeline import build
from k8snb.pipeline.effects import Effects
from k8snb.pipeline.model import Pipeline


class Builder:
    """Builds pipelines, and tells cells what their place in these says of them.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    names : Names
    cells : Cells
    kernel : KernelValues
    aliases : Aliases
    """

    def __init__(self, shell: Any, names: Names, cells: Cells, kernel: KernelValues, aliases: Aliases) -> None:
        self._shell, self._names, self._cells, self._kernel, self._aliases = shell, names, cells, kernel, aliases
        self._effects = Effects()

    def pipeline(self, above: int | None = None) -> Pipeline:
        """Return the pipeline of the first `above` cells; None: of all.

        A cell is judged by those above it: what is below may be about to be executed anew.
        """
        captured = {name for entry in self._cells for name in entry.capture.groups}
        behind = self._kernel.behind()
        pipeline = build(
            [entry.cell for entry in reversed(self._cells.above(above))],
            name=pipeline_name(self._names.namespace),
            known=self._names.known() | captured,
            uses=behind.uses,
            held=behind.held,
            effects=self._effects,
            loaded=self._extensions(),
        )
        for step in pipeline.steps:
            entry = self._cells.step(step.name)
            assert entry is not None
            entry.inputs, entry.outputs = frozenset(step.inputs), step.outputs
            entry.of_kernel = frozenset(name for name, sources in step.inputs.items() if sources == (None,))
            entry.alters = frozenset(step.cell.facts.changes)
        return pipeline

    def with_aliases(self, entry: Entry, above: int) -> Pipeline:
        """Return the pipeline with a step's entry, and with all that shares objects with what the step uses."""
        assert entry.step is not None
        pipeline = self.pipeline(above)
        if taken := self._aliases.take_changed(entry, pipeline[entry.step].inputs):
            pipeline = self.pipeline(above)
        if self._aliases.add_sharing(entry, pipeline[entry.step]):
            pipeline = self.pipeline(above)
        if sharing := self._aliases.take_sharing(entry, pipeline[entry.step]):
            pipeline = self.pipeline(above)
        if taken | sharing:
            self._kernel.capture_taken(pipeline, entry.step)
        return pipeline

    def changes_at(self, place: int | None) -> frozenset[str]:
        """Return the names whose objects a plain cell changes, as far as steps above may have to do with it."""
        if place is None or not any(entry.step is not None for entry in self._cells.above(place)):
            return frozenset()
        cells = [entry.cell for entry in reversed(self._cells.above(place + 1))]
        behind = self._kernel.behind()
        return frozenset(self._effects.facts(cells, behind.uses, behind.held)[-1].changes)

    def _extensions(self) -> frozenset[str]:
        """Return the extensions that the kernel has, but for those of its own."""
        loaded = self._shell.extension_manager.loaded
        return frozenset(e for e in loaded if e.partition(".")[0] not in {"IPython", "k8snb"})
