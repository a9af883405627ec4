"""Which of the kernel's names share objects with what steps read, change and make."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import FunctionType
from typing import Any

from k8snb.artifacts import marks
from k8snb.artifacts.groups import Group
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

    def take_changed(self, entry: Entry, names: Iterable[str]) -> set[str]:
        """Let fetched results among what a step reads be the kernel's where plain cells have changed them.

        Returns
        -------
        set of str
            Their names.
        """
        found: set[str] = set()
        own = self._own()
        for name in sorted(names):
            changed = self._names.changed(name)
            if changed and (reader := self._cells.plain_above(changed, entry)):
                reader.take(changed)
                found |= changed
                self._cells.note_changes({id(own[n]) for n in changed & own.keys()})
        return found

    def take_sharing(self, entry: Entry, step: Step) -> set[str]:
        """Let fetched results among what a step reads be the kernel's where its own values share objects with them.

        Else the step would get these objects twice, from the kernel and from the step that has made them.

        Returns
        -------
        set of str
            Their names.
        """
        pending = self._names.pending
        users = {name: value for name, value in self._users().items() if name in step.inputs}
        made = {name for name in users if name in pending or self._names.fetched_from(name) is not None}
        found = reach.sharing(users.keys() - made, users) & made if made else set()
        reader = self._cells.plain_above((), entry) if found else None
        if reader is None:
            return set()
        self._names.bind(sorted(found & pending.keys()))
        reader.take(found)
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
        while more := reach.sharing(changes, own) - changes - facts.changes.keys():  # these come back as others too
            changes |= more
        entry.changes |= changes
        entry.beside |= beside
        return bool(changes | beside)

    def fetch_sharing(self, names: AbstractSet[str]) -> set[str]:
        """Fetch what was loaded beside others and shares an object with what a plain cell is about to change.

        Returns
        -------
        set of str
            All names of results that share one: they are the kernel's from then on.
        """
        found = reach.sharing(names, self._users()) if names else set()
        self._names.bind(sorted(found & self._names.pending.keys()))
        return {name for name in found if self._names.fetched_from(name) is not None}

    def _users(self) -> dict[str, Any]:
        """Return the user's values, also those that were loaded beside others and that no cell has read yet."""
        own = {name: value for name, value in self._own().items() if not OWN.fullmatch(name)}
        pending = self._names.pending.items()
        loaded = {n: p.loaded for n, p in pending if isinstance(p, Made) and p.loaded is not None}
        return own | {name: group.values[name] for name, group in loaded.items()}

    def beside_changed(self, entry: Entry) -> set[str]:
        """Return the names of stored results of which a step changes an object."""
        groups = [p.group for p in self._names.pending.values() if isinstance(p, Made)]
        return {name for group in groups if _changes(entry, group) for name in group.names}

    def unchanged(self, result: Result | None) -> set[str]:
        """Return the names of a result that stand for objects that it shares and that the kernel has."""
        if result is None:
            return set()
        there = self._cells.originals()
        groups = [group for group in result.groups if not result.shared.keys().isdisjoint(group.names)]
        return {n for g in groups for n in g.names if n in result.shared and g.marks.get(n) in there}

    def no_longer_meant(self, step: Step, results: Mapping[str, Result], pipeline: Pipeline) -> set[str]:
        """Return the names of objects taken over that meant something else already where a step stands."""
        result = results.get(step.name)
        taken_over = result.taken_over if result is not None else {}
        return {n for n in taken_over if n not in step.inputs and not self._is_meant(n, step, results, pipeline)}

    def _is_meant(self, name: str, step: Step, results: Mapping[str, Result], pipeline: Pipeline) -> bool:
        """Say whether a name means to a step what it has taken over by it; steps may have handed that on."""
        while (result := results.get(step.name)) is not None and name in result.taken_over:
            maker = result.taken_over[name].step
            if self._cells.have_bound(name, maker or step.versions.get(name), step.name):
                return False
            if maker is None:
                return True
            if not step.means(name, pipeline[maker]):
                return False
            step = pipeline[maker]
        return True

    def unseen(self, entry: Entry, names: Iterable[str], running: Entry | None, beside: Collection[str]) -> list[str]:
        """Say who has not seen what a step has changed in place though nothing in its code says so.

        Parameters
        ----------
        entry : Entry
        names : iterable of str
            What it has changed.
        running : Entry or None
            The cell that is being executed.
        beside : collection of str
            Steps of the same run: these have been given what it has changed.
        """
        below = [e for e in self._cells.below(entry) if e is not running and e.step not in beside]
        below = [e for e in below if e.step is None or e.has_run]
        found = []
        names = set(names)
        for name in sorted(names):
            there, value = self._names.of_kernel(name, changed_from=self._cells.steps_above(entry))
            own = {n: v for n, v in self._users().items() if _holds_data(v)} if there else {}
            sharing = reach.sharing([name], {**own, name: value}) - names if there else set()
            readers = [e.called for e in below if name in e.facts.reads]
            others = ", ".join(map(repr, sorted(sharing)))
            told = [f"{others} in the notebook still {_has(sharing)} it as it was before"] if sharing else []
            told += [f"{', '.join(readers)} {_has(readers)} read it as it was before: execute again"] if readers else []
            if told:
                text = f"step {entry.step} has changed {name!r} in place, which its code does not tell"
                found.append(f"{text}: {'; '.join(told)}; with --out {name} on the step's line it is known before")
        return found


def _has(several: Collection[str]) -> str:
    return "has" if len(several) == 1 else "have"


def _holds_data(value: object) -> bool:
    """Say whether a value is more than code."""
    if isinstance(value, FunctionType):
        return any((value.__closure__, value.__defaults__, value.__kwdefaults__, value.__dict__))
    return not isinstance(value, type)


def changer(made: Made, steps: Iterable[Entry]) -> str | None:
    """Return the first of steps that changes an object of a stored group."""
    return next((e.step for e in steps if e.step != made.step and _changes(e, made.group)), None)


def _changes(entry: Entry, group: Group) -> bool:
    """Say whether a step changes an object of a stored group; what it gets from the kernel is known by its mark."""
    captured = {name: entry.capture.groups[name] for name in entry.alters & entry.capture.groups.keys()}
    altered = {marks.first(of.marks[name]) for name, of in captured.items() if name in of.marks}
    inside = {marks.first(mark) for mark in group.marks.values()}
    return not altered.isdisjoint(inside) or not (entry.alters - entry.of_kernel).isdisjoint(group.names)
