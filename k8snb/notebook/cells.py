"""The cells of the session in the order of their first execution, and what became of the steps among them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from k8snb.analysis import analyse
from k8snb.analysis.facts import CellFacts
from k8snb.analysis.files import Files
from k8snb.artifacts import marks
from k8snb.artifacts.marks import Marked
from k8snb.artifacts.store import Store
from k8snb.errors import AnnotationError
from k8snb.notebook.capture import Capture
from k8snb.notebook.names import Broken, Made, NotRun, Pending
from k8snb.notebook.reach import Behind
from k8snb.pipeline.context import Context, contexts
from k8snb.pipeline.gate import with_sets
from k8snb.pipeline.model import Cell
from k8snb.pipeline.options import StepOptions
from k8snb.run.record import Reused
from k8snb.runner.spec import SUCCEEDED, Key, Result

UNBOUND = object()
"""What a step leaves a name as that it has deleted."""


@dataclass
class Entry:
    """A cell that was executed.

    Parameters
    ----------
    source : str
        As it was typed.
    cell_id : str or None
        None where the front end tells none.
    step : str or None
    options : StepOptions
    capture : Capture
        Of a step: the kernel's values when its cell was executed.
    behind : dict of str to Behind
        What is behind these.
    inputs, of_kernel, outputs, alters
        Of a step: names that it reads, those of them that only the kernel makes, names that it puts out, and those
        whose objects it changes in place.
    ran_ahead : bool
        Of a step: a cell needed its results before the pipeline was run.
    tried : bool
        Of a step: a run has been asked for it since its cell was last executed.
    aside : tuple of Result and Store, or None
        Of a step that has succeeded beside one above it that failed: nothing of it is bound, but it need not run again.
    bound : frozenset of str or None
        Of a plain cell: names that it has bound to a value of the kernel; None: it was not seen at its end.
    unbound : frozenset of str
        Of a plain cell: names that it has deleted.
    left_alone : frozenset of str
        Of a plain cell: names that stood for results of steps at its end.
    changes : frozenset of str
        Names whose object the cell changes in place, though its code does not tell: found when it had run, or because
        they share the object with one that it changes.
    beside : frozenset of str
        Of a step: names that share an object with one that the step puts into what it makes.
    unforeseen, vanished : frozenset of str
        Of a plain cell whose code may bind any name (``exec``, ``%run``): what it has bound and deleted besides.
    scripts : tuple of (str, tuple of str)
        Of a step: files that it executes with ``%run``, and the sources of their cells.
    modules : Files or None
        What it does with files through modules beside the notebook.
    context : Context
        What the analysis needs to know of other cells.
    number : int or None
        The execution's, as it stands beside the cell.
    """

    source: str
    cell_id: str | None
    step: str | None = None
    options: StepOptions = field(default_factory=StepOptions)
    capture: Capture = field(default_factory=Capture)
    behind: dict[str, Behind] = field(default_factory=dict)
    inputs: frozenset[str] = frozenset()
    of_kernel: frozenset[str] = frozenset()
    outputs: tuple[str, ...] = ()
    alters: frozenset[str] = frozenset()
    ran_ahead: bool = False
    tried: bool = False
    bound: frozenset[str] | None = None
    unbound: frozenset[str] = frozenset()
    left_alone: frozenset[str] = frozenset()
    context: Context = field(default_factory=Context)
    changes: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    unforeseen: frozenset[str] = frozenset()
    vanished: frozenset[str] = frozenset()
    scripts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    modules: Files | None = None
    number: int | None = None
    aside: tuple[Result, Store] | None = None
    _facts: tuple[tuple[object, ...], CellFacts] | None = None
    _result: Result | None = None
    _store: Store | None = None
    _made: dict[str, Pending] = field(default_factory=dict)

    @property
    def facts(self) -> CellFacts:
        """What the analysis says; made when first asked for."""
        said_by = self.context, self.scripts, self.beside, self.changes, self.unforeseen, self.vanished, self.modules
        if self._facts is None or self._facts[0] != said_by:
            self._facts = said_by, self._read()
        return self._facts[1]

    def _read(self) -> CellFacts:
        try:
            facts = with_sets(_analyse(self.source, self.context, self.scripts), self.options)
        except AnnotationError:
            if self.step is not None:
                raise
            return CellFacts()  # IPython could execute it: whatever it is, it is no Python that names are read from
        if not any((self.beside, self.changes, self.unforeseen, self.vanished, self.modules)):
            return facts
        return replace(
            facts,
            reads={**dict.fromkeys(self.beside, 1), **facts.reads},
            binds=facts.binds | self.unforeseen,
            deletes=facts.deletes | self.vanished,
            files=facts.files if self.modules is None else facts.files.with_code(self.modules),
            beside=self.beside - facts.reads.keys(),
        ).with_changes({n: facts.reads.get(n, 1) for n in self.changes}, beside=True)

    @property
    def cell(self) -> Cell:
        """The cell as the pipeline takes it."""
        return Cell(
            self.source,
            self.facts,
            self.step,
            self.options,
            self.context.futures,
            self.left_alone,
            self.number,
            self.deleted.union(self._made) if self.has_run else None,
        )

    @property
    def called(self) -> str:
        """What a user finds the cell by."""
        if self.step is not None:
            return f"step {self.step}"
        first = next((line for line in self.source.splitlines() if line.strip()), "")
        return f"cell [{self.number}]" if self.number is not None else f"the cell {first[:40]!r}"

    @property
    def has_run(self) -> bool:
        """Whether the step has succeeded since its cell was last executed."""
        return self._result is not None and self._result.state == SUCCEEDED

    @property
    def kept(self) -> Reused | None:
        """What a run has that does not run the step again: how it ended since its cell was executed."""
        return Reused(self._result, self._store) if self._result is not None and self._store is not None else None

    @property
    def ran_as(self) -> Key | None:
        """The attempt that has succeeded since the step's cell was last executed."""
        return self._result.key if self._result is not None and self.has_run else None

    def finish(
        self,
        result: Result | None,
        store: Store | None,
        *,
        dead: Collection[str] = (),
        unchanged: Collection[str] = (),
    ) -> None:
        """Remember how the step ended.

        Parameters
        ----------
        result : Result or None
            None: it did not run.
        store : Store or None
        dead : collection of str
            Names of the result that mean something else in the notebook.
        unchanged : collection of str
            Names of the result that stand for objects that the kernel has.
        """
        self.tried, self.aside = True, None
        self._result, self._store = result, store
        self._made = {}
        if result is None or store is None or self.step is None:
            return
        for group in result.groups:
            made = Made(self.step, group, store)
            there = {name for name in group.names if name not in dead and name not in unchanged}
            self._made |= dict.fromkeys(there, made)
        self._made |= {name: Broken(self.step, why) for name, why in result.unpackable.items()}
        self.changes |= result.changed.keys() & self.inputs

    @property
    def taken_over(self) -> frozenset[str]:
        """Names whose objects the step has put out anew, though it has not bound them."""
        return frozenset(self._result.taken_over) & self._made.keys() if self._result is not None else frozenset()

    def has_bound(self, name: str) -> bool:
        """Say whether the step has bound or deleted a name."""
        return (name in self._made and name not in self.taken_over) or name in self.deleted

    def leaves(self, name: str) -> object:
        """Return what the step leaves a name as: pending, `UNBOUND`, or None where it does not touch it."""
        assert self.step is not None
        if name in self._made:
            return self._made[name]
        if not self.has_run:
            return NotRun(self.step) if name in self.touches else None
        return UNBOUND if name in self.deleted else None

    def take(self, names: Collection[str]) -> None:
        """Of a plain cell: note that names stand for the kernel's objects after it, though its code does not tell."""
        self.changes |= set(names)
        self.left_alone -= set(names)

    @property
    def touches(self) -> frozenset[str]:
        """Names that the step may bind, change or delete."""
        return frozenset(self.outputs) | self.facts.deletes

    @property
    def deleted(self) -> frozenset[str]:
        """Names that the step has left unbound."""
        return frozenset(self._result.deleted) if self._result is not None and self.has_run else frozenset()

    @property
    def made(self) -> list[Made]:
        """The stored groups of the step's result."""
        return [pending for pending in self._made.values() if isinstance(pending, Made)]

    def group(self, name: str) -> Made | None:
        """Return the stored group that holds a name's value."""
        made = self._made.get(name)
        return made if isinstance(made, Made) else None


@lru_cache(maxsize=1024)
def _analyse(source: str, context: Context, scripts: tuple[tuple[str, tuple[str, ...]], ...]) -> CellFacts:
    return analyse(source, context.shadowing, context.futures, dict(scripts), context.imported, context.opaque)


class Cells:
    """The order of the cells."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self.shadowing: frozenset[str] = frozenset()
        """Names of builtins that cells bind."""
        self._since: dict[str, str] = {}  # marks of objects that plain cells have changed, and those they have since

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def made(self) -> Iterator[Made]:
        """Yield the stored groups of all results."""
        for entry in self._entries:
            yield from entry.made

    def originals(self) -> dict[str, object]:
        """Return the kernel's objects by their marks: captured ones, and those of results that were loaded."""
        found = {mark: value for entry in self._entries for mark, value in entry.capture.originals.items()}
        for made in self.made():
            if made.loaded is not None:
                found |= {mark: made.loaded.values[key] for key, mark in made.group.marks.items()}
        return found

    def known(self) -> dict[int, Marked]:
        """Return the kernel's objects that have marks, with those that they have now."""
        return {id(value): Marked(value, self._now(mark)) for mark, value in self.originals().items()}

    def note_changes(self, changed: Collection[int]) -> None:
        """Note the ids of objects that a plain cell has changed: copies that steps have are of what they were."""
        for marked in self.known().values() if changed else ():
            if id(marked.object) in changed:
                self._since[marked.mark] = marks.after(marked.mark, f"cell#{len(self._since)}")

    def _now(self, mark: str) -> str:
        last = mark
        while last in self._since:
            last = self._since[last]
        if last != mark:
            self._since[mark] = last
        return last

    def put(self, entry: Entry) -> int:
        """Take a cell in: where it stood when it was first executed, else at the end; return the place.

        A cell is known again by its id, a step also by its name.
        """
        old = self._place(entry)
        if old is None:
            old = len(self._entries)
            self._entries.append(entry)
        else:
            self._entries[old] = entry
        self._tell_each_other()
        return old

    def replaced_by(self, entry: Entry) -> Entry | None:
        """Return the cell whose place another would take."""
        place = self._place(entry)
        return None if place is None else self._entries[place]

    def take_back(self, entry: Entry, old: Entry | None) -> None:
        """Forget a cell, for the one whose place it took."""
        place = self._entries.index(entry)
        self._entries[place : place + 1] = [old] if old is not None else []
        self._tell_each_other()

    def at(self, place: int) -> Entry:
        """Return the cell of a place."""
        return self._entries[place]

    def above(self, count: int | None) -> list[Entry]:
        """Return the first so many cells, the last of them first; None: all."""
        return self._entries[:count][::-1]

    def steps_above(self, entry: Entry) -> frozenset[str]:
        """Return the names of the steps above a cell."""
        return frozenset(e.step for e in self._entries[: self._entries.index(entry)] if e.step is not None)

    def below(self, entry: Entry) -> list[Entry]:
        """Return the cells after another, in their order."""
        return self._entries[self._entries.index(entry) + 1 :]

    def step(self, name: str) -> Entry | None:
        """Return the step of a name."""
        return next((entry for entry in self._entries if entry.step == name), None)

    def have_bound(self, name: str, after: object, before: str) -> bool:
        """Say whether steps have bound or deleted a name that stand between a step, or a place, and another step."""
        steps = [entry.step for entry in self._entries]
        start = after if isinstance(after, int) else steps.index(after) if after in steps else -1
        between = self._entries[start + 1 : steps.index(before)]
        return any(entry.has_bound(name) for entry in between if entry.step is not None)

    def plain_maker(self, name: str, above: Entry) -> Entry | None:
        """Return the nearest plain cell above another that binds or changes a name."""
        cells = self._entries[: self._entries.index(above)]
        return next((e for e in reversed(cells) if e.step is None and name in e.facts.outputs), None)

    def is_made_since(self, name: str, step: Entry) -> bool:
        """Whether a plain cell above a step that makes a name was executed after the step's cell."""
        maker = self.plain_maker(name, above=step)
        return maker is not None and maker.number is not None and step.number is not None and maker.number > step.number

    def plain_above(self, names: Collection[str], below: Entry) -> Entry | None:
        """Return the nearest plain cell above another that reads one of some names; else the nearest of all."""
        plain = [e for e in reversed(self._entries[: self._entries.index(below)]) if e.step is None]
        return next((e for e in plain if not e.facts.reads.keys().isdisjoint(names)), plain[0] if plain else None)

    def forget_asides(self) -> None:
        """Let go of results that were kept aside: from now on steps may make something else."""
        for entry in self._entries:
            entry.aside = None

    def _tell_each_other(self) -> None:
        """Let each cell's analysis know what that of the others says."""
        around = list(contexts([entry.facts for entry in self._entries]))
        for entry, context in zip(self._entries, around, strict=True):
            entry.context = context
            self.shadowing = context.shadowing

    def _place(self, entry: Entry) -> int | None:
        for place, other in enumerate(self._entries):
            if entry.cell_id is not None and other.cell_id == entry.cell_id:
                return place
        if entry.step is not None and (same := self.step(entry.step)) is not None:
            return self._entries.index(same)
        return None
