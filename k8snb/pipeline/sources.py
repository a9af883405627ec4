"""Where the names that a step reads come from: the nearest cells above that may have made them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from k8snb.analysis.facts import CellFacts
from k8snb.pipeline.model import Cell

OWN = re.compile(
    r"_{1,3}|_i{1,3}|_i?\d+|_dh|_ih|_oh|In|Out|get_ipython"
    r"|__(name|doc|package|loader|spec|file|builtins?|annotations|session|vsc_ipynb_file|main)__"
)
"""Names of the namespace that IPython keeps for itself."""


@dataclass(frozen=True)
class Found:
    """Where a name comes from.

    Parameters
    ----------
    steps : tuple of str
        Steps that may have made it, the nearest first.
    kernel : bool
        It may be the kernel's.
    surely : bool
        Some cell above binds it, or may.
    cell : Cell or None
        The plain cell that the search ended at.
    """

    steps: tuple[str, ...]
    kernel: bool
    surely: bool
    cell: Cell | None = None

    @property
    def sources(self) -> tuple[str | None, ...]:
        """As `Step.inputs` has them."""
        return (*self.steps, None) if self.kernel else self.steps


def find(name: str, above: Sequence[Cell]) -> Found:
    """Look a name up in the cells above a step, given in their order."""
    steps: list[str] = []
    for cell in reversed(above):
        facts = cell.facts
        if cell.step is None:
            if name in cell.leaves:
                return Found(tuple(steps), kernel=True, surely=True, cell=cell)
        elif name in surely_made(cell):
            return Found((*steps, cell.step), kernel=False, surely=True)
        elif name in made(cell) or name in facts.deletes:
            steps.append(cell.step)
    return Found(tuple(steps), kernel=True, surely=bool(steps))


def made(cell: Cell) -> frozenset[str]:
    """Return the names whose values a step puts out where its cell leaves them bound."""
    if cell.options.outputs is not None:
        return frozenset(cell.options.outputs)
    return frozenset(name for name in cell.facts.outputs if not OWN.fullmatch(name))


def surely_made(cell: Cell) -> frozenset[str]:
    """Return those of `made` that every successful end of the cell leaves bound."""
    if cell.options.outputs is not None:
        return frozenset(cell.options.outputs)
    surely = made(cell) & (cell.facts.binds | frozenset(cell.facts.changes)) - cell.facts.deletes
    return surely if cell.put_out is None else surely & cell.put_out


def classes(cells: Iterable[Cell]) -> frozenset[str]:
    """Return the names of the classes that cells define: objects in pickles only name theirs."""
    return frozenset(name for cell in cells for name, code in cell.facts.codes.items() if code.is_class)


def with_uses(
    names: Iterable[str],
    above: Sequence[Cell],
    kernel_uses: Mapping[str, frozenset[str]],
    own_uses: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> dict[str, Found]:
    """Look names up, and the names that the functions and classes among them use, and so on.

    Parameters
    ----------
    names : iterable of str
        What a cell reads.
    above : sequence of Cell
    kernel_uses, own_uses : mapping of str to frozenset of str
        What functions and classes of the kernel use, and those that the cell defines: functions of cells above may
        call them.
    """
    found: dict[str, Found] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = find(name, above)
            left += _used(name, found[name], above, kernel_uses)
            left += own_uses.get(name, ())
    return found


def _used(name: str, found: Found, above: Sequence[Cell], kernel_uses: Mapping[str, frozenset[str]]) -> set[str]:
    code = code_of(name, above)
    used = {n for facts, bound in code for n in facts.uses.get(bound, ())}
    used |= {n for facts, bound in code for f in facts.results.get(bound, ()) for n in _inside(f, facts, above)}
    for bound in {bound for _, bound in code} | {name}:
        if bound != name or found.kernel:
            used |= kernel_uses.get(bound, frozenset())
    return used


def _inside(function: str, facts: CellFacts, above: Sequence[Cell]) -> frozenset[str]:
    """Return the names that functions inside a function use, which its result may be."""
    nearest_first = itertools.chain([facts], (cell.facts for cell in reversed(above)))
    defining = (found for found in nearest_first if function in found.codes)
    return next((found.codes[function].inner for found in defining), frozenset())


def code_of(name: str, above: Sequence[Cell]) -> list[tuple[CellFacts, str]]:
    """Return the cells that may have bound a name, the classes and other names of what it may be, and what it holds."""
    found: list[tuple[CellFacts, str]] = []
    seen: set[tuple[str, int]] = set()
    left = {(name, len(above))}
    while left:
        bound, end = one = left.pop()
        seen.add(one)
        for place in range(end - 1, -1, -1):
            facts = above[place].facts
            if bound in facts.changes and (bound in facts.uses or bound in facts.instances):
                found.append((facts, bound))
                left |= {(kind, len(above)) for kind in facts.instances.get(bound, ())} - seen
            if bound in facts.binds or bound in facts.may_bind:
                found.append((facts, bound))
                kinds = {(kind, len(above)) for kind in facts.instances.get(bound, ())}
                same, *held = (others.get(bound, frozenset()) for others in (facts.same, facts.holds, facts.inside))
                others = same.union(*held) - {bound}
                left |= (kinds | {(other, end) for other in others for end in (place, place + 1)}) - seen
                if bound in facts.binds and bound not in same:
                    break
    return found
