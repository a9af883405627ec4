"""What a pipeline's user should know before it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8snb.analysis.makers import GENERATOR, GENERATORS, cannot_travel
from k8snb.analysis.source import quiet_lines
from k8snb.pipeline.model import Cell, Step
from k8snb.pipeline.sources import find


def warnings(cells: Sequence[Cell], steps: Sequence[Step]) -> Iterator[str]:
    """Tell what the steps' code does not say, and which plain cells stand between steps."""
    for cell in cells:
        if cell.step is not None:
            for warning in cell.facts.warnings:
                if not warning.quiet:
                    yield f"step {cell.step}, line {warning.line}: {warning.text}"
    for step in steps:
        yield from (f"step {step.name}, {text}" for text in stays(step, cells))
    for place, cell in enumerate(cells):
        if cell.step is None:
            yield from _between(place, cells, steps)


def stays(step: Step, cells: Sequence[Cell]) -> Iterator[str]:
    """Tell of what a step reads and other steps make that cannot travel from one to the other, as its code shows."""
    steps = {cell.step: cell.facts for cell in cells if cell.step is not None}
    generators = {name for cell in cells for name, by in cell.facts.made_by.items() if by == GENERATORS}
    quiet = quiet_lines(step.cell.source)
    reads = step.cell.facts.reads
    functions = {name for cell in cells for name in cell.facts.codes}
    through = min((line for name, line in reads.items() if name in functions), default=1)
    for name in step.inputs.keys() - step.perhaps:
        line = reads.get(name, through)
        for maker in step.inputs[name][:1]:
            made_by = steps[maker].made_by.get(name) if maker is not None else None
            made_by = GENERATOR if made_by in generators else made_by
            if made_by is not None and (known := cannot_travel(made_by)) and line not in quiet:
                kind, way = known
                yield f"line {line}: {name} is {kind} that step {maker} makes, which cannot travel: {way}"
    yield from _resized(step, quiet)


def _resized(step: Step, quiet: frozenset[int]) -> Iterator[str]:
    """Tell of what a step resizes and gets from elsewhere."""
    for name, line in step.cell.facts.resized.items():
        if name in step.inputs and line not in quiet:
            yield (
                f"line {line}: {name}.resize() fails if it is an array, as its memory comes from elsewhere: "
                f"{name} = np.resize({name}, ...), or make {name} in this step"
            )


def _between(place: int, cells: Sequence[Cell], steps: Sequence[Step]) -> Iterator[str]:
    """Tell of a plain cell that makes something for a step of what another step has made."""
    cell = cells[place]
    read = [(name, step) for name in cell.facts.reads for step in find(name, cells[:place]).steps]
    below = {c.step: cells[:at] for at, c in enumerate(cells) if at > place and c.step is not None}
    for step in steps:
        if not read or step.name not in below:
            continue
        for name in step.inputs.keys() & cell.facts.outputs:
            if find(name, below[step.name]).cell is cell:
                source, maker = read[0]
                yield (
                    f"code cell {place + 1} makes {name!r} for step {step.name} from {source!r} of step {maker}: "
                    "it runs in the kernel between them; make it a step to run without the kernel"
                )
