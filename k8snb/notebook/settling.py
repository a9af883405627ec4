"""Which value a name of the notebook stands for: the kernel's own, or what a step makes."""

from __future__ import annotations

from collections.abc import Callable

from k8snb.notebook.aliases import changer
from k8snb.notebook.cells import UNBOUND, Cells, Entry
from k8snb.notebook.names import Broken, Made, Names, NotRun
from k8snb.notebook.running import Running


class Settler:
    """Lets names stand for what the cells have made of them.

    Parameters
    ----------
    names : Names
    cells : Cells
    running : callable
        Returns the cell that is being executed, or None.
    """

    def __init__(self, names: Names, cells: Cells, running: Callable[[], Running | None]) -> None:
        self._names, self._cells, self._running = names, cells, running

    def settle_here(self, name: str) -> None:
        """Let a name stand for what the cells above the running one have made of it, itself included."""
        cell = self._running()
        self.settle(name, cell.above if cell is not None else None)

    def settle(self, name: str, above: int | None) -> None:
        """Let a name stand for what the last of the first `above` cells that binds it has made of it."""
        to_come: list[Entry] = []  # steps that have not run and change something
        for entry in self._cells.above(above):
            if entry.step is None:
                if name in entry.unbound:
                    self._names.unbind(name)
                    return
                if name in (entry.facts.outputs if entry.bound is None else entry.bound):
                    self._names.restore(name)  # a step below has left it alone
                    if name in self._names.namespace:
                        return
                continue
            if not entry.has_run and entry.alters:
                to_come.append(entry)
            left = entry.leaves(name)
            if isinstance(left, Made) and (by := changer(left, to_come)):
                left = NotRun(by)
            if left is UNBOUND:
                self._names.unbind(name)
                return
            if isinstance(left, Made | NotRun | Broken):
                self._names.hold(name, left)
                return
        self._names.restore(name)

    def settle_what_was_to_come(self, step: str, above: int | None) -> None:
        """Let go of names that a step that is another one now was to make."""
        entry = self._cells.step(step)
        touches = entry.touches if entry is not None else frozenset()
        for name, p in list(self._names.pending.items()):
            if isinstance(p, NotRun) and p.step == step and name not in touches:
                self.settle(name, above)
