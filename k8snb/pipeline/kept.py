"""What one kernel keeps beside the variables and cells read: where that is in another process, it is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from k8snb.analysis import state_tables as known
from k8snb.analysis.facts import CellFacts
from k8snb.analysis.kept import DISPLAYED
from k8snb.pipeline.model import Cell, Unshared
from k8snb.pipeline.sharing import name_of
from k8snb.pipeline.sources import with_uses

_READ = frozenset({known.SUBCLASSES, known.ANNOTATIONS})


def kept(cells: Sequence[Cell], kernel_uses: Mapping[str, frozenset[str]]) -> Iterator[Unshared]:
    """Tell of what cells read that cells in other processes have left there.

    Parameters
    ----------
    cells : sequence of Cell
        All of the notebook, in their order.
    kernel_uses : mapping of str to frozenset of str
        For the kernel's functions and classes the names that their code uses.
    """
    something = False  # has been left above that may matter to any cell
    for reader, cell in enumerate(cells):
        if something or _asks(cell.facts):
            above = cells[:reader]
            reached = with_uses(cell.facts.reads, above, kernel_uses, cell.facts.uses).keys()
            for maker, line, what in (
                *_displayed(cell, above),
                *_annotated(cell, above, reached),
                *_derived(cell, above, reached),
                *_cached(cell, above, reached, kernel_uses),
                *_of_one_dict(cell, above, reached, kernel_uses),
                *_mapped(cell, above),
            ):
                text = f"{name_of(maker, cells[maker])}, line {line}: {what.format(name_of(reader, cell))}"
                yield Unshared(maker, line, reader, text)
        something = something or _leaves_any(cell.facts)


def may_matter(facts: CellFacts, above: Iterable[CellFacts]) -> bool:
    """Say quickly whether what cells above have left may matter to a cell."""
    return _asks(facts) or any(map(_leaves_any, above))


def _asks(facts: CellFacts) -> bool:
    """Say whether a cell's own code reads something that may have been left."""
    return bool(_read_displayed(facts)) or not _READ.isdisjoint(facts.state.uses)


def _leaves_any(facts: CellFacts) -> bool:
    """Say whether a cell leaves something that may matter to any other, or functions that read something."""
    functions = facts.functions.values() if facts.functions else ()
    keeps = facts.kept.cached or facts.kept.one_dict or facts.kept.maps
    return bool(keeps or any(not _READ.isdisjoint(function.uses) for function in functions))


def _read_displayed(facts: CellFacts) -> list[str]:
    return [name for name in facts.reads if name.startswith(("_", "O")) and DISPLAYED.fullmatch(name)]


_Found = Iterator[tuple[int, int, str]]
"""The place of the cell that has left something, the line, and the words."""


def _uses(cell: Cell, kind: str, above: Sequence[Cell], reached: Iterable[str]) -> bool:
    """Say whether a cell, or a function that it may call, reads something."""
    functions = (other.facts.functions[name] for name in reached for other in above if name in other.facts.functions)
    return kind in cell.facts.state.uses or any(kind in function.uses for function in functions)


def _apart(one: Cell, other: Cell) -> bool:
    """Say whether two cells run in two processes."""
    return one.step is not None or other.step is not None


def _displayed(cell: Cell, above: Sequence[Cell]) -> _Found:
    """Tell of the last values that steps have displayed; the kernel's own `_` is captured as any name is."""
    for name in _read_displayed(cell.facts):
        back = len(name) if not name.strip("_") else len(above)
        shown = [place for place, other in enumerate(above) if other.facts.kept.displays or name in other.facts.outputs]
        for maker in reversed(shown[-back:]):
            if above[maker].step is not None and above[maker].facts.kept.displays:
                what = f"the value that it displays stays in its process, and {{}} reads {name}: give it a name"
                yield maker, above[maker].facts.kept.displays, what
                break
            if above[maker].step is not None and name in above[maker].facts.outputs:
                yield maker, 1, f"what it binds to {name} stays in its process, and {{}} reads that: take another name"
                break


def _annotated(cell: Cell, above: Sequence[Cell], reached: Iterable[str]) -> _Found:
    if _uses(cell, known.ANNOTATIONS, above, reached):
        for maker, other in enumerate(above):
            if other.facts.kept.annotates and _apart(cell, other):
                what = "what it annotates stays in its process, and {} reads __annotations__: keep types in a variable"
                yield maker, other.facts.kept.annotates, what


def _derived(cell: Cell, above: Sequence[Cell], reached: Iterable[str]) -> _Found:
    if _uses(cell, known.SUBCLASSES, above, reached):
        there = set(reached)
        for maker, other in enumerate(above):
            for name, line in other.facts.kept.derives.items():
                if _apart(cell, other) and name not in there:
                    what = f"{name} may be unknown where {{}} asks for __subclasses__(): keep the classes in a list"
                    yield maker, line, what


def _cached(
    cell: Cell, above: Sequence[Cell], reached: Iterable[str], kernel_uses: Mapping[str, frozenset[str]]
) -> _Found:
    """Tell of functions that keep their results, where it shows whether they run again."""
    there = set(reached)
    for place, maker in enumerate(above):
        for name in there & maker.facts.kept.cached.keys():
            shows = name in maker.facts.kept.doing or known.CACHE in cell.facts.state.uses
            if not (shows or any(_changes_result(name, other) for other in (*above[place:], cell))):
                continue
            callers = [maker] if name in maker.facts.kept.calls else []
            callers += _readers({name}, place, above, kernel_uses)
            if any(_apart(cell, caller) for caller in callers):
                what = f"{name}() keeps its results in one process, and runs again in {{}}: keep them in a variable"
                yield place, maker.facts.kept.cached[name], what


def _changes_result(function: str, cell: Cell) -> bool:
    return any(one.callee.name == function and (one.altered or one.altered_inside) for one in cell.facts.passes)


def _of_one_dict(
    cell: Cell, above: Sequence[Cell], reached: Iterable[str], kernel_uses: Mapping[str, frozenset[str]]
) -> _Found:
    """Tell of classes whose instances share one dict for their attributes, in each process another one."""
    there = set(reached)
    for place, maker in enumerate(above):
        for name, line in maker.facts.kept.one_dict.items():
            instances = {n for other in above[place:] for n, of in other.facts.results.items() if name in of}
            makers = [maker] if any(name in of for of in maker.facts.results.values()) else []
            makers += _readers({name, *instances}, place, above, kernel_uses)
            if there & {name, *instances} and any(_apart(cell, other) for other in makers):
                what = f"instances of {name} share one __dict__, but not with those of {{}}: keep it in a variable"
                yield place, line, what


def _mapped(cell: Cell, above: Sequence[Cell]) -> _Found:
    """Tell of arrays in files that a cell changes in another process: there they are in memory."""
    for name in cell.facts.changes:
        maker = next((place for place in reversed(range(len(above))) if name in above[place].facts.binds), None)
        if maker is not None and name in above[maker].facts.kept.maps and _apart(cell, above[maker]):
            what = f"the file of {name} stays as it is where {{}} changes {name}: open it there, in the same cell"
            yield maker, above[maker].facts.kept.maps[name], what


def _readers(
    names: AbstractSet[str], place: int, above: Sequence[Cell], kernel_uses: Mapping[str, frozenset[str]]
) -> Iterator[Cell]:
    """Yield the cells below a place that read some names, themselves or through functions."""
    for at, cell in enumerate(above):
        if at > place and not names.isdisjoint(with_uses(cell.facts.reads, above[:at], kernel_uses, cell.facts.uses)):
            yield cell
