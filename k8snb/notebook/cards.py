"""The cards under steps' cells: made when a cell is executed, and brought up to date when steps have run."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from IPython.core.displaypub import DisplayPublisher

from k8snb.analysis.makers import cannot_travel
from k8snb.artifacts.groups import Group
from k8snb.notebook.capture import Capture
from k8snb.notebook.cells import Cells, Entry
from k8snb.notebook.kernel_values import KernelValues
from k8snb.notebook.since import LastRuns
from k8snb.pipeline.model import Pipeline, Step
from k8snb.pipeline.sources import find
from k8snb.ui.card import Captured, Card
from k8snb.ui.mime import with_buttons

LARGE = 10_000_000
"""Bytes of captured values from which on they are compared with what the kernel has before runs only."""

CARD = "k8snb_card"
"""Key in the metadata of a step's card."""


@dataclass
class _Shown:
    """A card in the notebook: of which cell, and the id under which it is shown, which no other card has."""

    entry: Entry
    card: Card
    display_id: str


class Cards:
    """Makes the cards of steps, shows them, and keeps what they say of the last run true.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    cells : Cells
    kernel : KernelValues
    last_runs : LastRuns
    """

    def __init__(self, shell: Any, cells: Cells, kernel: KernelValues, last_runs: LastRuns) -> None:
        self._shell, self._cells, self._kernel, self._last_runs = shell, cells, kernel, last_runs
        self._shown: dict[str, _Shown] = {}

    def make(self, entry: Entry, pipeline: Pipeline, warnings: Iterable[str]) -> Card:
        """Return the card of a step.

        Parameters
        ----------
        entry : Entry
        pipeline : Pipeline
            Up to the step.
        warnings : iterable of str
        """
        assert entry.step is not None
        step = pipeline[entry.step]
        card = Card(step, _captured(entry.capture), tuple(warnings), imported=tuple(_imported(step, pipeline)))
        return self._as_it_is_now(card, entry)

    def show(self, card: Card) -> None:
        """Show a card under the running cell; one under another cell that was this step says so."""
        entry, old = self._cells.step(card.step.name), self._shown.get(card.step.name)
        assert entry is not None
        if old is not None and _are_two(old.entry, entry):
            old.card = replace(old.card, is_old=True, warnings=())
            self._publish(old, update=True)
        shown = self._shown[card.step.name] = _Shown(entry, card, f"k8snb-card-{secrets.token_hex(8)}")
        self._publish(shown, update=False)

    def bring_up_to_date(self) -> None:
        """Show anew the cards of which something is another: their steps have run, or what these are given has."""
        for name, shown in self._shown.items():
            if shown.entry is self._cells.step(name):
                card = self._as_it_is_now(shown.card, shown.entry)
                if card != shown.card:
                    shown.card = card
                    self._publish(shown, update=True)

    def after_plain_cell(self, entry: Entry) -> None:
        """Say on the cards of steps that have got values of a plain cell which has made other ones now."""
        made = entry.facts.outputs | entry.changes
        for name, shown in self._shown.items():
            got = shown.entry.capture
            if shown.entry is self._cells.step(name) and got.size < LARGE and not made.isdisjoint(got.groups):
                card = replace(shown.card, anew=tuple(self._kernel.as_they_were(shown.card.step)))
                if card != shown.card:
                    shown.card = card
                    self._publish(shown, update=True)

    def last_ran(self, entry: Entry) -> str:
        """Say when a step whose card is shown last ran, and what has changed since; nothing where it has not."""
        shown = self._shown.get(entry.step or "")
        return self._as_it_is_now(shown.card, entry).last_ran if shown is not None else ""

    def _as_it_is_now(self, card: Card, entry: Entry) -> Card:
        step = card.step
        return replace(card, last_ran=self._last_runs.in_words(step, entry), stays=self._stays(step, entry))

    def _stays(self, step: Step, entry: Entry) -> Mapping[str, str]:
        """Return what the step makes that cannot travel, as its code shows or its last run has, and what it is."""
        found = {}
        for name in step.outputs:
            if known := cannot_travel(step.cell.facts.made_by.get(name, "")):
                found[name] = known[0]
        result = self._last_runs.result_of(step, entry)
        for name, why in result.unpackable.items() if result is not None else ():
            found.setdefault(name, why.partition(" does not pickle")[0])
        return found

    def _publish(self, shown: _Shown, *, update: bool) -> None:
        if update and type(self._shell.display_pub) is DisplayPublisher:  # a terminal: what is shown stays
            return
        card = shown.card
        data = with_buttons(
            {"text/plain": repr(card), "text/html": card._repr_html_()},
            "card",
            step=card.step.name,
            anew=bool(card.anew),
        )
        transient = {"display_id": shown.display_id}
        self._shell.display_pub.publish(data=data, metadata={CARD: True}, transient=transient, update=update)


def _are_two(entry: Entry, other: Entry) -> bool:
    """Whether a step's cells are two, and not one that was executed again."""
    if entry.cell_id is None or other.cell_id is None:
        return entry.source != other.source
    return entry.cell_id != other.cell_id


def _captured(capture: Capture) -> Captured:
    groups = {group.pickle.digest: group for group in capture.groups.values()}.values()
    return Captured(
        tuple(sorted(capture.groups)),
        capture.size,
        capture.seconds,
        together=tuple((tuple(sorted(group.names)), group.size) for group in groups),
        numbers={name: number for group in groups for name, number in _numbers(group)},
    )


def _numbers(group: Group) -> Iterator[tuple[str, str]]:
    for name, words in (group.summary or {}).items():
        kind, _, value = words.partition(" ")
        if kind in {"bool", "int", "float"} and value:
            yield name, value


def _imported(step: Step, pipeline: Pipeline) -> Iterator[str]:
    """Yield the names that a step has of imports in plain cells: not the value travels but the import."""
    place = next(i for i, cell in enumerate(pipeline.cells) if cell.step == step.name)
    for name, sources in step.inputs.items():
        cell = find(name, pipeline.cells[:place]).cell if sources == (None,) else None
        if cell is not None and name in cell.facts.imported:
            yield name
