"""Takes in plain cells: before they are executed, and what they have bound at their end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from k8snb.analysis.facts import BINDS_ANY
from k8snb.notebook import modules
from k8snb.notebook.aliases import Aliases
from k8snb.notebook.bring import Bringer
from k8snb.notebook.building import Builder
from k8snb.notebook.cells import UNBOUND, Cells, Entry
from k8snb.notebook.names import Names
from k8snb.notebook.running import Running
from k8snb.notebook.settling import Settler
from k8snb.notebook.warnings import Warnings
from k8snb.pipeline.sources import OWN


class PlainCells:
    """Takes in cells that are no steps.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    names : Names
    cells : Cells
    aliases : Aliases
    builder : Builder
    settler : Settler
    warnings : Warnings
    bringer : Bringer
    say : callable
        Shows a line in the running cell.
    """

    def __init__(
        self,
        shell: Any,
        names: Names,
        cells: Cells,
        aliases: Aliases,
        builder: Builder,
        settler: Settler,
        warnings: Warnings,
        bringer: Bringer,
        say: Callable[[str], None],
    ) -> None:
        self._shell, self._names, self._cells, self._aliases, self._builder = shell, names, cells, aliases, builder
        self._settler, self._warnings, self._bringer, self._say = settler, warnings, bringer, say

    def remember(self, cell: Running) -> None:
        """Take in a cell."""
        entry = Entry(cell.source, cell.cell_id, number=cell.number)
        entry.modules = modules.files_of(entry.facts, Path.cwd())
        old = self._cells.replaced_by(entry)
        cell.above = self._cells.put(entry)
        cell.entry = entry
        if old is not None and old.step is not None:
            self._settler.settle_what_was_to_come(old.step, cell.above)

    def begin(self, cell: Running) -> None:
        """Take in a cell and bring the results of steps that it reads, running steps where need be."""
        self.remember(cell)
        self._names.reconcile()
        for text in self._warnings.of_plain_cell(cell.above):
            self._say(f"warning: {text}")
        before = {name: id(value) for name, value in self._names.namespace.items()}
        cell.before = {**dict.fromkeys(self._names.pending, 0), **before}
        cell.changes = self._builder.changes_at(cell.above)
        if not _is_of_unknown_magic(self._shell, cell.source):
            self._bringer.before_cell(cell)
        if cell.entry is not None and (sharing := self._aliases.fetch_sharing(cell.changes)):
            cell.entry.take(sharing)
            cell.changes |= sharing

    def end(self, cell: Running) -> None:
        """Notice what a cell has bound."""
        self._names.reconcile()
        if (entry := cell.entry) is None:
            return
        facts, before, now = entry.facts, cell.before, self._names.namespace
        outputs = facts.outputs
        bound = {n for n, value in now.items() if n in outputs or before.get(n) != id(value)}
        bound = {name for name in bound if self._names.fetched_from(name) is None}
        self._names.keep(cell.changes)
        there = {id(now[n]) for n in cell.changes & now.keys()}
        self._cells.note_changes(there | {before[n] for n in cell.changes & before.keys()})
        entry.bound = frozenset(bound.union(cell.changes & now.keys()))
        gone = (cell.changes - before.keys()) | (before.keys() & facts.may_bind - facts.deletes)
        fetched = self._names.fetched() - cell.changes
        entry.left_alone = frozenset(self._names.pending.keys() | fetched | (gone - now.keys()))
        entry.unbound = facts.deletes - now.keys() - entry.left_alone
        self._take_what_was_not_foreseen(entry, cell)
        self._names.forget(entry.unbound)

    def _take_what_was_not_foreseen(self, entry: Entry, cell: Running) -> None:
        """Note what a cell has bound and deleted through ``exec`` and the like; say where a step makes that too."""
        warning = entry.facts.warned(BINDS_ANY)
        if warning is None or entry.bound is None:
            return
        there = self._names.namespace.keys() | self._names.pending.keys()
        unforeseen, vanished = entry.bound - entry.facts.outputs - cell.changes, cell.before.keys() - there
        entry.unforeseen = frozenset(n for n in unforeseen if not OWN.fullmatch(n))
        entry.vanished = frozenset(n for n in vanished - entry.facts.deletes if not OWN.fullmatch(n))
        entry.unbound |= entry.vanished
        for name in sorted(entry.unforeseen | entry.vanished):
            made = (e for e in self._cells if e.step is not None and name in e.touches)
            maker = next((e.step for e in made if e.leaves(name) is not UNBOUND), None)
            if maker is not None and not warning.quiet:
                done = "has bound" if name in entry.unforeseen else "has deleted"
                self._say(
                    f"{warning.short}: it {done} {name}, which step {maker} makes; cells below get it as it is now"
                )


def _is_of_unknown_magic(shell: Any, source: str) -> bool:
    """Whether a cell is a magic that there is not: it fails at once and reads nothing."""
    first, _, rest = source.strip().partition("\n")
    magic = re.match(r"(%%?)(\w+)", first)
    if magic is None or (magic[1] == "%" and rest):
        return False
    find = shell.find_cell_magic if magic[1] == "%%" else shell.find_line_magic
    return find(magic[2]) is None
