"""Refuses steps whose code works in a kernel only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from k8snb.errors import PipelineError
from k8snb.pipeline.model import Cell


def refuse_kernels_own(cells: Sequence[Cell], loaded: Collection[str]) -> None:
    """Raise `PipelineError` for the first step with a magic that no step's shell knows, or that needs the kernel."""
    for place, cell in enumerate(cells):
        if cell.step is not None:
            known = bool(extensions(cells[:place], loaded))
            for refusal in cell.facts.refused:
                if not (refusal.foreign and known):
                    raise PipelineError(refusal.what, where=f"step {cell.step}, line {refusal.line}", fix=refusal.fix)


def extensions(cells: Iterable[Cell], loaded: Collection[str]) -> tuple[str, ...]:
    """Return the extensions that cells load, in their order, and those that the kernel has besides."""
    return tuple(dict.fromkeys([*(name for cell in cells for name in cell.facts.extensions), *sorted(loaded)]))
