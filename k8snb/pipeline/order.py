"""Builds the pipeline of a notebook's cells, and says what is wrong with it before anything runs."""

from __future__ import annotations

import graphlib
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from k8snb.analysis.expressions import names_in_query
from k8snb.analysis.facts import BINDS_ANY
from k8snb.analysis.tables import GIVEN
from k8snb.errors import PipelineError, suggest
from k8snb.pipeline import paths
from k8snb.pipeline.effects import Effects
from k8snb.pipeline.kept import kept
from k8snb.pipeline.model import Cell, Pipeline, Step
from k8snb.pipeline.options import StepOptions
from k8snb.pipeline.refused import extensions, refuse_kernels_own
from k8snb.pipeline.sharing import share
from k8snb.pipeline.sources import OWN, classes, find, made, surely_made, with_uses
from k8snb.pipeline.warnings import warnings


def build(
    cells: Sequence[Cell],
    *,
    name: str,
    known: Collection[str] | None = None,
    uses: Mapping[str, frozenset[str]] | None = None,
    held: Mapping[str, frozenset[str]] | None = None,
    effects: Effects | None = None,
    loaded: Collection[str] = (),
) -> Pipeline:
    """Build the pipeline of a notebook.

    Parameters
    ----------
    cells : sequence of Cell
        In the order of their first execution.
    name : str
        The pipeline's.
    known : collection of str, optional
        Names that the kernel has a value for; without a kernel the plain cells say.
    uses : mapping of str to frozenset of str, optional
        For the kernel's functions and classes the names that their code uses.
    held : mapping of str to frozenset of str, optional
        For the kernel's values what calling them may run, as `k8snb.notebook.reach.Behind` has it.
    effects : Effects, optional
        Remembers what it has found out about cells before.
    loaded : collection of str
        Extensions of IPython that the kernel has.

    Raises
    ------
    PipelineError
        Two steps of one name, a name that no cell makes, a step to wait for that is not there, a cycle.
    """
    _refuse_twins(cells)
    refuse_kernels_own(cells, loaded)
    uses = uses or {}
    cells = (effects or Effects())(cells, uses, held or {})
    steps = [
        _step(cell, cells[:place], cells[place + 1 :], known, uses)
        for place, cell in enumerate(cells)
        if cell.step is not None
    ]
    steps = [_with_extensions(step, cells, loaded) for step in steps]
    versions, shows = dict(_versions(cells)), dict(_shows(cells))
    steps = [replace(step, versions=versions[step.name], shows=shows[step.name]) for step in steps]
    inputs = {step.name: step.inputs for step in steps}
    files = paths.before(cells)
    steps = [
        replace(step, after=step.after | _readers_before(step, cells, inputs) | files.get(step.name, frozenset()))
        for step in steps
    ]
    sharing = share(cells, uses)
    carried = {cells[place].step: tuple(statements) for place, statements in sharing.carried.items()}
    steps = [replace(step, carried=carried.get(step.name, ())) for step in steps]
    unshared = (*sharing.unshared, *(kept(cells, uses) if steps else ()))
    told = (*warnings(cells, steps), *(one.text for one in unshared))
    return Pipeline(name, _with_needed(_in_order(steps)), told, unshared, tuple(cells))


def select(pipeline: Pipeline, names: Iterable[str]) -> Pipeline:
    """Return the pipeline of the steps named and of what they need.

    Raises
    ------
    PipelineError
        There is no step of such a name.
    """
    there = [step.name for step in pipeline.steps]
    chosen: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in there:
            raise PipelineError(f"there is no step {name!r}", fix=_suggest(name, there))
        if name not in chosen:
            chosen.add(name)
            left += {s for sources in pipeline[name].inputs.values() for s in sources if s is not None}
            left += pipeline[name].cell.options.after
            left += paths.needed(pipeline[name], pipeline.cells)
    steps = [replace(step, after=step.after & chosen) for step in pipeline.steps if step.name in chosen]
    return replace(pipeline, steps=_with_needed(steps))


def _refuse_twins(cells: Sequence[Cell]) -> None:
    seen: dict[str, int] = {}
    for place, cell in enumerate(cells, 1):
        if cell.step is not None and cell.step in seen:
            raise PipelineError(
                f"two cells are the step {cell.step!r}",
                where=f"code cells {seen[cell.step]} and {place}",
                fix="give one of them another name",
            )
        if cell.step is not None:
            seen[cell.step] = place


def _named(options: StepOptions) -> Iterator[str]:
    """Yield what a step's line says that it reads."""
    yield from options.inputs or ()
    yield from options.skew_sets.values()


def _step(
    cell: Cell,
    above: Sequence[Cell],
    below: Sequence[Cell],
    known: Collection[str] | None,
    uses: Mapping[str, frozenset[str]],
) -> Step:
    assert cell.step is not None
    asked = cell.facts.reads if cell.options.inputs is None else dict.fromkeys(_named(cell.options), 1)
    if cell.facts.queries and cell.options.inputs is None:
        asked = {**dict.fromkeys(_in_queries(cell, above), 1), **asked}
    found = with_uses(asked, above, uses, cell.facts.uses)
    perhaps = with_uses(classes(above), above, uses) if cell.facts.unpickles else {}
    perhaps = {name: f for name, f in perhaps.items() if name not in found}
    if cell.facts.beside and cell.options.inputs is None:
        own = with_uses(
            {n: line for n, line in asked.items() if n not in cell.facts.beside}, above, uses, cell.facts.uses
        )
        perhaps |= {name: f for name, f in found.items() if name not in own}
    if cell.options.inputs is None:  # whether it deletes these shows only where it had them
        deleted = {n: find(n, above) for n in cell.facts.deletes - cell.facts.gone - found.keys()}
        perhaps |= {n: f for n, f in deleted.items() if f.surely or n in (known or ())}
    found |= perhaps
    found = {n: f for n, f in found.items() if n not in GIVEN or f.surely or n in (known or ())}
    certain = cell.facts.certain if cell.options.inputs is None else frozenset(asked)
    if not any(_opaque(other) for other in (*above, cell) if other.step is not None or known is None):
        for name in sorted(certain & asked.keys()):
            if name in found and not found[name].surely and (known is None or name not in known):
                _refuse_missing(name, cell, asked[name], above, below, known or ())
    return Step(
        name=cell.step,
        cell=cell,
        inputs={name: f.sources for name, f in sorted(found.items())},
        after=frozenset(step for f in found.values() for step in f.steps) | _after(cell),
        outputs=tuple(sorted(made(cell))),
        submodules=tuple(sorted({module for other in above for module in other.facts.submodules})),
        perhaps=frozenset(perhaps),
    )


def _in_queries(cell: Cell, above: Sequence[Cell]) -> Iterator[str]:
    """Yield the variables in texts of cells above by which a cell asks a frame."""
    for name in cell.facts.queries:
        maker = next((other for other in reversed(above) if name in other.leaves), None)
        if maker is not None:
            yield from names_in_query(maker.facts.constants.get(name, ""))


def _with_extensions(step: Step, cells: Sequence[Cell], loaded: Collection[str]) -> Step:
    """Give a step with magics of an extension the extensions that cells above it load."""
    if not any(refusal.foreign for refusal in step.cell.facts.refused):
        return step
    above = itertools.takewhile(lambda cell: cell.step != step.name, cells)
    return replace(step, extensions=extensions(above, loaded))


def _shows(cells: Sequence[Cell]) -> Iterator[tuple[str, str]]:
    """Yield for each step which of its expressions are displayed."""
    shows = "last_expr"
    for cell in cells:
        if cell.step is not None:
            yield cell.step, shows
        shows = cell.facts.shows or shows


def _versions(cells: Sequence[Cell]) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield for each step the cell above it that has bound, or perhaps deleted, each name last.

    Steps that only may have bound it are passed over.
    """
    bound: dict[str, object] = {}
    for place, cell in enumerate(cells):
        if cell.step is None:
            bound |= dict.fromkeys(cell.leaves, place)
        else:
            yield cell.step, dict(bound)
            bound |= dict.fromkeys(surely_made(cell) | cell.facts.deletes, cell.step)


def _opaque(cell: Cell) -> bool:
    """Say whether a cell may bind names that its code does not tell."""
    return cell.facts.warned(BINDS_ANY) is not None


def _after(cell: Cell) -> frozenset[str]:
    return frozenset(cell.options.after)


def _refuse_missing(
    name: str, cell: Cell, line: int, above: Sequence[Cell], below: Sequence[Cell], known: Collection[str]
) -> None:
    later = [c.step for c in below if c.step is not None and name in made(c)]
    there = {n for c in above for n in c.facts.outputs} | set(known) - {name}
    fix = f"step {later[0]} below makes it: move that cell above" if later else _suggest(name, there)
    raise PipelineError(f"no cell makes {name!r}", where=f"step {cell.step}, line {line}", fix=fix)


def _readers_before(step: Step, cells: Sequence[Cell], inputs: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Return the steps above that read what the step changes in place, before any cell binds it anew."""
    place = next(i for i, cell in enumerate(cells) if cell.step == step.name)
    readers: set[str] = set()
    for name in step.cell.facts.changes:
        for cell in reversed(cells[:place]):
            if cell.step is not None and name in inputs[cell.step]:
                readers.add(cell.step)
            if name in cell.facts.binds:
                break
    return frozenset(readers)


def _in_order(steps: Sequence[Step]) -> list[Step]:
    """Sort the steps so that each comes after those it waits for, else as their cells stand."""
    by_name = {step.name: step for step in steps}
    for step in steps:
        for other in sorted(_after(step.cell)):
            if other not in by_name:
                raise PipelineError(
                    f"there is no step {other!r} above to wait for",
                    where=f"step {step.name}, --after",
                    fix=_suggest(other, by_name.keys() - {step.name}),
                )
    sorter = graphlib.TopologicalSorter({step.name: step.after for step in steps})
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        raise PipelineError(
            f"the steps wait for each other: {' -> '.join(reversed(error.args[1]))}",
            fix="take one of the --after options away",
        ) from None
    ordered: list[Step] = []
    ready: set[str] = set()
    while sorter.is_active():
        ready |= {*sorter.get_ready()}
        first = next(step for step in steps if step.name in ready)
        ready.discard(first.name)
        sorter.done(first.name)
        ordered.append(first)
    return ordered


def _with_needed(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Say of each step which of its outputs others of the steps read."""
    read = {(source, n) for step in steps for n in step.inputs.keys() - step.perhaps for source in step.inputs[n]}
    return tuple(replace(s, needed=tuple(name for name in s.outputs if (s.name, name) in read)) for s in steps)


def _suggest(name: str, there: Collection[str] | Mapping[str, object]) -> str:
    mine = sorted(n for n in there if not OWN.fullmatch(n) and n not in GIVEN)
    listed = ", ".join(mine[:20])
    return suggest(name, mine, f"there are: {listed}" if listed else "execute the cell above that makes it")
