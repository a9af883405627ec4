"""Which of the kernel's names share objects with what steps read, change and make."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from k8snb.artifacts.marks import Marked
from k8snb.notebook import reach
from k8snb.notebook.cells import Cells, Entry
from k8snb.notebook.names import Made, Names
from k8snb.pipeline.model import Pipeline, Step
from k8snb.pipeline.sources import OWN
from k8snb.runner.spec import Result


class Aliases:
    """Keeps together what is one object.

    Parameters
    ----------
    names : Names
    cells : Cells
    own : callable
        Returns the user's namespace, without what IPython has put there.
    """

    def __init__(self, names: Names, cells: Cells, own: Callable[[], Mapping[str, Any]]) -> None:
        self._names, self._cells, self._own = names, cells, own

    def take_changed(self, entry: Entry, names: Iterable[str]) -> bool:
        """Let fetched results among what a step reads be the kernel's where plain cells have changed them.

        Returns
        -------
        bool
            There were some.
        """
        found = False
        for name in sorted(names):
            changed = self._names.changed(name)
            if changed and (reader := self._cells.plain_above(changed, entry)):
                reader.take(changed)
                found = True
        return found

    def add_sharing(self, entry: Entry, step: Step) -> bool:
        """Add to a step what shares an object in the kernel with what it changes, or keeps in what it makes.

        Returns
        -------
        bool
            There was something.
        """
        facts = step.cell.facts
        own = self._users()
        kept = set[str]().union(*facts.holds.values(), *facts.same.values())
        changes, beside = reach.sharing(facts.changes, own), reach.sharing(kept, own) - facts.reads.keys()
        entry.changes |= changes
        entry.beside |= beside
        return bool(changes | beside)

    def _users(self) -> dict[str, Any]:
        return {name: value for name, value in self._own().items() if not OWN.fullmatch(name)}

    def in_groups_with(self, names: Collection[str]) -> set[str]:
        """Return pending names whose values share an object with what one of the names stands for."""
        groups = [set(p.group.names) for p in self._names.pending.values() if isinstance(p, Made)]
        return {name for group in groups if not group.isdisjoint(names) for name in group}

    def originals(self) -> dict[str, object]:
        """Return the kernel's objects by their marks: captured ones, and those of results that were fetched."""
        entries = list(self._cells)
        found = {mark: value for entry in entries for mark, value in entry.capture.originals.items()}
        for made in (*(made for entry in entries for made in entry.made), *self._names.made):
            if made.loaded is not None:
                found |= {mark: made.loaded.values[key] for key, mark in made.group.marks.items()}
        return found

    def known(self) -> dict[int, Marked]:
        """Return the kernel's objects that have marks."""
        return {id(value): Marked(value, mark) for mark, value in self.originals().items()}

    def unchanged(self, result: Result | None) -> set[str]:
        """Return the names of a result that stand for objects that it shares and that the kernel has."""
        if result is None:
            return set()
        there = self.originals()
        groups = [group for group in result.groups if not result.shared.keys().isdisjoint(group.names)]
        return {n for g in groups for n in g.names if n in result.shared and g.marks.get(n) in there}

    def unseen(self, entry: Entry, names: Iterable[str], running: Entry | None) -> list[str]:
        """Say who has not seen what a step has changed in place though nothing in its code says so."""
        below = [e for e in self._cells.below(entry) if e.step is None and e is not running]
        found = []
        for name in sorted(names):
            there, value = self._names.of_kernel(name)
            sharing = reach.sharing([name], {**self._users(), name: value}) - {name} if there else set()
            readers = [e.called for e in below if name in e.facts.reads]
            told = [f"{', '.join(sorted(sharing))} of the notebook shares it and stays as it was"] if sharing else []
            told += [f"{', '.join(readers)} has read it as it was before: execute that again"] if readers else []
            if told:
                text = f"step {entry.step} has changed {name!r} in place, which its code does not tell"
                found.append(f"{text}: {'; '.join(told)}; or let its line say it: --out {name}")
        return found


def changer(made: Made, steps: Iterable[Entry]) -> str | None:
    """Return the first of steps that changes an object of a stored group."""
    return next((e.step for e in steps if e.step != made.step and e.alters & {*made.group.names}), None)


def no_longer_meant(step: Step, result: Result | None, pipeline: Pipeline) -> set[str]:
    """Return the names of objects taken over that meant something else already where a step stands."""
    there = {s.name for s in pipeline.steps}
    taken_over = result.taken_over if result is not None else {}
    return {
        name
        for name, ref in taken_over.items()
        if name not in step.inputs and ref.step in there and not step.means(name, pipeline[ref.step])
    }
