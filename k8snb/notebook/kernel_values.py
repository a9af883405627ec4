"""The kernel's values as steps get them: captured when a step's cell is executed, compared before it runs."""

from __future__ import annotations

import builtins
from collections.abc import Set as AbstractSet
from typing import Any

from k8snb.artifacts.store import Store
from k8snb.errors import PipelineError, UnpackableError
from k8snb.notebook import reach
from k8snb.notebook.capture import Capture, capture
from k8snb.notebook.cells import Cells, Entry
from k8snb.notebook.names import Names
from k8snb.pipeline.model import Pipeline, Step


class KernelValues:
    """Captures for steps what they read of the kernel.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    names : Names
    cells : Cells
    scratch : Store
        Gets the captured values.
    """

    def __init__(self, shell: Any, names: Names, cells: Cells, scratch: Store) -> None:
        self._shell, self._names, self._cells, self._scratch = shell, names, cells, scratch

    def own(self) -> dict[str, Any]:
        """Return the namespace without what IPython has put there."""
        hidden, namespace = self._shell.user_ns_hidden, self._names.namespace
        return {name: value for name, value in namespace.items() if name not in hidden or hidden[name] is not value}

    def behind(self) -> reach.Values:
        """Return what is behind the kernel's values, or was when steps' cells were executed that are to change them."""
        before = {name: behind for entry in self._cells for name, behind in entry.behind.items()}
        return reach.Values(self.own(), before)

    def capture(self, step: Step, entry: Entry) -> None:
        """Pack the kernel's values that a step may read, as they are now, and note what is behind them.

        Raises
        ------
        UnpackableError
            A value that the step needs cannot travel.
        """
        above = self._cells.steps_above(entry)
        only_kernel = {name for name, sources in step.inputs.items() if sources == (None,)}
        captured = self._pack(step.from_kernel, only_kernel, above)
        needed = {n: why for n, why in captured.failures.items() if n not in step.perhaps}
        if failures := {n: why for n, why in needed.items() if n in only_kernel or n not in step.inputs}:
            what = "; ".join(f"{name}: {why}" for name, why in sorted(failures.items()))
            raise UnpackableError(
                f"values that the step reads cannot travel: {what}",
                where=f"step {step.name}",
                fix="make them inside the step; or, where the step does not need them, name what it needs with --in",
            )
        entry.capture = captured
        values = {name: self._find(name, entry.of_kernel, above)[1] for name in captured.groups}
        entry.behind = {name: reach.behind(value) for name, value in values.items()}

    def capture_taken(self, pipeline: Pipeline, below: str) -> None:
        """Capture names for steps above one that were to get them from other steps when their cells were executed."""
        for step in pipeline.steps:
            entry = self._cells.step(step.name)
            assert entry is not None
            missing = {n for n, sources in step.inputs.items() if sources == (None,)} - entry.capture.groups.keys()
            if missing and step.name != below:
                above = self._cells.steps_above(entry)
                entry.capture = entry.capture.with_more(self._pack(missing, missing, above))

    def refuse_not_captured(self, pipeline: Pipeline) -> None:
        """Refuse steps that read what a plain cell has made since theirs were executed."""
        for step in pipeline.steps:
            entry = self._cells.step(step.name)
            assert entry is not None
            for name in sorted(step.cell.facts.certain):
                from_kernel = step.inputs.get(name) == (None,) and name not in entry.capture.groups
                if hasattr(builtins, name) and self._cells.plain_maker(name, entry) is None:
                    continue  # a cell below has taken the name of what the step uses
                if from_kernel and self._names.of_kernel(name)[0]:
                    raise PipelineError(
                        f"step {step.name} reads {name!r}, which the notebook has since the step's cell was executed",
                        where=f"step {step.name}, line {step.cell.facts.reads[name]}",
                        fix="execute the step's cell again",
                    )

    def as_they_were(self, step: Step) -> list[str]:
        """Return the names of values that a step has captured and that plain cells above have made anew since."""
        entry = self._cells.step(step.name)
        assert entry is not None
        groups = entry.capture.groups
        anew = {name for name in step.from_kernel & groups.keys() if self._cells.is_made_since(name, entry)}
        if not anew:
            return []
        names = {other for name in anew for other in groups[name].names}
        now = self._pack(names, names, self._cells.steps_above(entry)).groups
        return sorted(name for name in anew & now.keys() if now[name].pickle != groups[name].pickle)

    def _pack(self, names: AbstractSet[str], only_kernel: AbstractSet[str], above: AbstractSet[str]) -> Capture:
        """Pack values of the kernel, what it has of the results of steps above among them where it alone makes it."""
        return capture(
            names,
            lambda name: self._find(name, only_kernel, above),
            namespace=self._names.namespace,
            store=self._scratch,
            known=self._cells.known(),
        )

    def _find(self, name: str, only_kernel: AbstractSet[str], above: AbstractSet[str]) -> tuple[bool, Any]:
        """Return whether the kernel has a value of its own, and the value, as a step gets it with these above it."""
        return self._names.of_kernel(name, changed_from=above if name in only_kernel else ())
