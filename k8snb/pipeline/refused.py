"""Refuses steps whose code works in a kernel only."""

from __future__ import annotations

from collections.abc import Iterable

from k8snb.errors import PipelineError
from k8snb.pipeline.model import Cell


def refuse_kernels_own(cells: Iterable[Cell]) -> None:
    """Raise `PipelineError` for the first step with a magic that no step's shell knows, or that needs the kernel."""
    for cell in cells:
        if cell.step is not None and cell.facts.refused:
            first = cell.facts.refused[0]
            raise PipelineError(first.what, where=f"step {cell.step}, line {first.line}", fix=first.fix)
