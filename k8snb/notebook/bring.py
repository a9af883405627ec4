"""Brings results of steps to the plain cells that read them, running the steps where need be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from k8snb.analysis.facts import READS_ANY, TELLS_PART, CellFacts
from k8snb.analysis.files import Files, gaps
from k8snb.errors import K8snbError
from k8snb.notebook import imports, reach
from k8snb.notebook.cells import Cells, Entry
from k8snb.notebook.names import Broken, Made, Names, NotRun
from k8snb.notebook.running import Running
from k8snb.notebook.runs import around_runs
from k8snb.notebook.travel import in_pod_of, is_there
from k8snb.pipeline import paths
from k8snb.pipeline.context import Context
from k8snb.pipeline.model import Cell
from k8snb.pipeline.sources import classes
from k8snb.runner.inputs import import_submodules


class Bringer:
    """Binds names that stand for results.

    Parameters
    ----------
    names : Names
    cells : Cells
    run : callable
        Runs steps, and lets names stand for what they make; calls what it is given besides when a step has failed.
    settle : callable
        Lets a name stand for what the cells have made of it.
    say : callable
        Shows a line in the running cell.
    are_apart : callable
        Says whether steps have other folders than the notebook.
    """

    def __init__(
        self,
        names: Names,
        cells: Cells,
        *,
        run: Callable[[Sequence[str], Callable[[Running], None]], None],
        settle: Callable[[str], None],
        say: Callable[[str], None],
        are_apart: Callable[[], bool],
    ) -> None:
        self._names, self._cells = names, cells
        self._run, self._settle, self._say, self._are_apart = run, settle, say, are_apart
        self._context = Context()  # of the running cell
        self._own: Mapping[str, frozenset[str]] = {}  # what functions of the running cell use

    def before_cell(self, cell: Running) -> None:
        """Bring what a plain cell reads before its first run of the pipeline; of what comes after, what is there.

        Raises
        ------
        UnpackableError
            A step has made it, but it cannot travel.
        K8snbError
            A step that had to run did not succeed.
        """
        self._context = cell.entry.context if cell.entry is not None else Context(self._cells.shadowing)
        self._own = self._facts(cell.source).uses
        self._bring_files(cell)
        if self._names.pending and not _only_compares(cell.source):
            self._tell_what_may_be_read(cell)
            cell.parts = around_runs(cell.source)
            again = self._tried_again(cell.source)
            self._bring(cell.changes, again=again)  # what shares objects with what the cell changes has to be there
            self.after_run(cell)

    def make(self, names: Iterable[str]) -> None:
        """Run the steps that make names and have not run; fetch nothing. Raises as `before_cell` does."""
        self._run_makers([name for name in names if name in self._names.pending])

    def bring(self, names: Iterable[str]) -> None:
        """Bind names that stand for results of steps; raises as `before_cell` does."""
        self._bring(names)

    def _bring_files(self, cell: Running) -> None:
        """Run the steps that write what a cell reads, where it is in their folder; else say that it is not."""
        entries = [] if cell.above is None else self._cells.above(cell.above)
        if not any(entry.step is not None for entry in entries):
            return
        source = around_runs(cell.source)[0].source
        facts = self._facts(source)
        if cell.entry is not None and cell.entry.modules is not None:
            facts = replace(facts, files=facts.files.with_code(cell.entry.modules))
        code = (entry.facts.files for entry in entries)
        through = any(files.in_code or files.written_in_code for files in code)
        if not (facts.files.are_there or facts.imports or through):
            return
        above = [entry.cell for entry in reversed(entries)]
        read, [*writes, own] = paths.of_last([*above, Cell(source, facts)])
        read = paths.asked(facts, writes) | read
        if self._are_apart():
            for path, where in read.items():
                if where and (steps := paths.known_writers(path, above, writes, there=is_there(path, Path.cwd()))):
                    self._say(f"warning: {in_pod_of(steps[0], path, where)}")
            return
        makers = {path: paths.writers(path, above, writes, own) for path in read}
        steps_above = [entry.step for entry in entries if entry.step is not None]
        makers |= {path: steps_above for path in self._missing(facts.files, read, writes) if not makers.get(path)}
        users = paths.users(own, above, writes)
        tried = {entry.step for entry in self._cells if entry.tried}
        waiting = {step for found in (makers, users) for steps in found.values() for step in steps} - tried
        if waiting:
            first, before = ({p for p in found if not waiting.isdisjoint(found[p])} for found in (makers, users))
            self._say(_why_files_come_first(first | before, only_reads=before <= first))
            self._run(sorted(waiting), self.after_failure)

    @staticmethod
    def _missing(files: Files, read: Collection[str], writes: Iterable[frozenset[str]]) -> set[str]:
        """Return the paths that a cell opens and that nobody is known to write: a step's library may, or its module."""
        known = frozenset[str]().union(*writes)
        opened = files.opens.intersection(read)
        return {path for path in opened if gaps.is_whole(path) and path not in known and not is_there(path, Path())}

    def _tell_what_may_be_read(self, cell: Running) -> None:
        """Say why all that steps make is brought, for a cell whose code does not tell what it reads."""
        facts = self._facts(cell.source)
        made = sorted(name for name, p in self._names.pending.items() if isinstance(p, Made))
        if made and (warning := facts.warned(TELLS_PART)) is not None and not warning.quiet:
            self._say(f"not listed, as no cell has read them yet: {', '.join(made)}")
        warning = facts.warned(READS_ANY)
        if warning is not None and not warning.quiet and (names := self._may_read(cell.source)):
            self._say(f"{warning.short}: so what steps make is brought first ({', '.join(sorted(names))})")

    def after_run(self, cell: Running) -> None:
        """Bring what a cell reads from a run until the next; raises as `before_cell` does."""
        part = cell.parts.pop(0) if cell.parts else None
        if part is not None and self._names.pending:
            self._bring(self._reads(part.source), self._may_read(part.source), self._tried_again(part.source))
        if self._names.pending:
            self._bring_made(self._reads(cell.source) | self._may_read(cell.source) | self._unpickled(cell))

    def after_failure(self, cell: Running) -> None:
        """After a run that failed: bring what a cell reads that handles the error; no step is tried a second time."""
        part = cell.parts.pop(0) if cell.parts else None
        if not self._names.pending:
            return
        self._bring_made(self._reads(cell.source) | self._may_read(cell.source))
        if part is not None and part.handles:
            tried = {entry.step for entry in self._cells if entry.tried and entry.aside is None}
            wanted = (self._reads(part.source) | self._may_read(part.source)) & self._names.pending.keys()
            with suppress(K8snbError):  # the error to be told is the run's
                self._bring(name for name in wanted if self._names.pending[name].step not in tried)

    def _bring(
        self, names: Iterable[str], perhaps: AbstractSet[str] = frozenset(), again: AbstractSet[str] = frozenset()
    ) -> None:
        """Bind those of the names, and of what their code uses, that are pending; of some only what can travel.

        A step that did not succeed when it was tried is tried again for names of `again` only.
        """
        sure = set(names)
        names = sure | perhaps
        asked: set[tuple[str, str]] = set()
        while True:
            pending = self._names.pending
            reached = sorted(self._reached(names) & pending.keys())
            wanted = {name: pending[name].step for name in reached if name in again or not self._was_tried(name)}
            if wanted.items() <= asked:  # none is left, or a step does not make what its code says that it makes
                return
            asked |= wanted.items()
            self._run_makers(list(wanted))
            self._fetch(wanted, perhaps - sure)

    def _was_tried(self, name: str) -> bool:
        """Say whether a name is to be made by a step that did not succeed when it was tried."""
        pending = self._names.pending[name]
        entry = self._cells.step(pending.step) if isinstance(pending, NotRun) else None
        return entry is not None and entry.tried and entry.aside is None

    def _bring_made(self, names: Iterable[str]) -> None:
        """Bind those of the names that steps have made; what has not run is not run for it."""
        names = set(names)
        while wanted := sorted(n for n in self._reached(names) if isinstance(self._names.pending.get(n), Made)):
            self._fetch(wanted)

    def _reached(self, names: Iterable[str]) -> set[str]:
        """Return the names with all that the code behind their values uses, and so on."""
        return reach.reached(
            names, self._names.namespace, lambda name: {*self._names.needs(name), *self._own.get(name, ())}
        )

    def _fetch(self, names: Iterable[str], perhaps: AbstractSet[str] = frozenset()) -> None:
        pending = {name: p for name in names if (p := self._names.pending.get(name)) is not None}
        for name, p in pending.items():
            if isinstance(p, Broken) and name not in perhaps:
                raise p.error(name)
        self._names.bind(name for name, p in pending.items() if isinstance(p, Made))
        for name in pending:
            self._import_submodules(name)

    def _import_submodules(self, name: str) -> None:
        """Import what cells import as ``a.b`` where the module ``a`` was fetched."""
        if isinstance(module := self._names.namespace.get(name), ModuleType):
            import_submodules({m for entry in self._cells for m in entry.facts.submodules}, {module})

    def _run_makers(self, wanted: Sequence[str]) -> None:
        """Run the steps that make the names and have not run."""
        self._import_modules(wanted)
        missing = {name: p.step for name in wanted if isinstance(p := self._names.pending.get(name), NotRun)}
        if used := [step for step in sorted(set(missing.values())) if self._take_aside(step)]:
            self._say(f"this cell reads {', '.join(missing)}: already run beside the step that failed")
            missing = {name: step for name, step in missing.items() if step not in used}
        if missing:
            self._say(f"this cell reads {', '.join(missing)}: running what makes it first")
            self._run(sorted(set(missing.values())), self.after_failure)
            self._import_modules(wanted)  # of the steps that have not run still

    def _import_modules(self, names: Iterable[str]) -> None:
        """Import the modules among names of steps that have not run."""
        for name in names:
            pending = self._names.pending.get(name)
            if isinstance(pending, NotRun) and (entry := self._cells.step(pending.step)) is not None:
                imports.execute(entry.source, name, self._names.namespace)
        self._names.reconcile()

    def _take_aside(self, step: str) -> bool:
        """Take the result of a step that has succeeded beside one that failed; say whether there is one."""
        entry = self._cells.step(step)
        if entry is None or entry.aside is None:
            return False
        entry.finish(*entry.aside)
        for name in entry.touches:
            self._settle(name)
        return True

    def _reads(self, source: str) -> AbstractSet[str]:
        """Return the names that a plain cell, or a part of it, may read, or delete: what is not there is not missed."""
        facts = self._facts(source)
        reads = set(facts.reads)
        reads |= {n for name in self._reached(reads) for n in facts.uses.get(name, ())}  # functions that others call
        return facts.deletes | reads

    def _tried_again(self, source: str) -> AbstractSet[str]:
        """Return the names for which a step that did not succeed is tried again.

        What code uses that does not run, but waits in a value, is not among them.
        """
        facts = self._facts(source)
        called = facts.called.keys() & (facts.reads.keys() | facts.results.keys())
        called |= {name for one in facts.passes for name in one.names}
        return self._reads(source) | self._may_read(source) | self._reached(called)

    def _unpickled(self, cell: Running) -> AbstractSet[str]:
        """Return the classes of cells above that pickles may name which a cell loads."""
        if cell.above is None or not self._facts(cell.source).unpickles:
            return frozenset()
        return classes(entry.cell for entry in self._cells.above(cell.above))

    def _may_read(self, source: str) -> AbstractSet[str]:
        """Return the names besides that a cell may read whose code does not tell what it reads."""
        if self._facts(source).warned(READS_ANY) is None:
            return frozenset()
        return {name for name, p in self._names.pending.items() if not isinstance(p, Broken)}

    def _facts(self, source: str) -> CellFacts:
        return Entry(source, None, context=self._context).facts


def _only_compares(source: str) -> bool:
    """Say whether a cell does nothing but compare data: it finds out itself whether these have to be here."""
    lines = [line.strip() for line in source.splitlines() if line.strip() and not line.strip().startswith("#")]
    return all(line.startswith(("%k8s_skew ", "%k8s_dive ")) for line in lines)


def _why_files_come_first(found: Iterable[str], *, only_reads: bool) -> str:
    """Tell of the paths for whose sake steps run before a cell."""
    named = ", ".join(gaps.shown(path) for path in found if gaps.is_telling(path))
    if not named:
        return "this cell may read what steps write: running them first"
    if only_reads:
        return f"this cell reads {named}: running what writes it first"
    return f"this cell writes {named}: running the steps above that use it first"
