"""What is done with the results of a run: the notebook's names stand for them."""

from __future__ import annotations

from collections.abc import Callable

from k8snb.notebook.aliases import Aliases
from k8snb.notebook.cards import Cards
from k8snb.notebook.cells import Cells, Entry
from k8snb.notebook.names import Names, NotRun
from k8snb.notebook.running import Running
from k8snb.notebook.settling import Settler
from k8snb.notebook.since import LastRuns
from k8snb.pipeline.model import Pipeline, Step
from k8snb.run.request import RunHandle
from k8snb.runner.spec import SUCCEEDED


class Results:
    """Takes in what steps have made.

    Parameters
    ----------
    names : Names
    cells : Cells
    aliases : Aliases
    settler : Settler
    last_runs : LastRuns
    cards : Cards
    running : callable
        Returns the cell that is being executed, or None.
    say : callable
        Shows a line in it.
    """

    def __init__(
        self,
        names: Names,
        cells: Cells,
        aliases: Aliases,
        settler: Settler,
        last_runs: LastRuns,
        cards: Cards,
        running: Callable[[], Running | None],
        say: Callable[[str], None],
    ) -> None:
        self._names, self._cells, self._aliases, self._settler = names, cells, aliases, settler
        self._last_runs, self._cards, self._running, self._say = last_runs, cards, running, say

    def take(self, pipeline: Pipeline, chosen: Pipeline, handle: RunHandle, *, ahead: bool) -> None:
        """Bind, lazily, what the steps have made; nothing after the first that did not succeed.

        Parameters
        ----------
        pipeline : Pipeline
            The steps of the run.
        chosen : Pipeline
            With those whose results were used again.
        handle : RunHandle
        ahead : bool
            A cell needed the results before the pipeline was run.
        """
        succeeded = True
        names: set[str] = set()
        for step in pipeline.steps:
            entry = self._cells.step(step.name)
            assert entry is not None
            self._finish(entry, step, pipeline, handle, all_above=succeeded)
            entry.ran_ahead = ahead
            names |= {*step.outputs, *entry.deleted, *entry.taken_over}
            names |= {name for name, p in self._names.pending.items() if isinstance(p, NotRun) and p.step == step.name}
            succeeded = entry.has_run
        for name in names:
            self._settler.settle_here(name)
        for name, result in handle.results.items():
            entry = self._cells.step(name)
            assert entry is not None
            self._last_runs.note(chosen[name], entry, result)
        self._cards.bring_up_to_date()

    def _finish(self, entry: Entry, step: Step, pipeline: Pipeline, handle: RunHandle, *, all_above: bool) -> None:
        """Note how a step has ended; where not all above it have succeeded, its result is kept aside."""
        done = handle.results.get(step.name)
        result = done if all_above else None
        dead = self._aliases.no_longer_meant(step, handle.results, pipeline)
        unchanged = self._aliases.unchanged(result)
        if result is not None:
            running, steps = self._running(), [other.name for other in pipeline.steps]
            here = running.entry if running is not None else None
            for text in self._aliases.unseen(entry, result.changed.keys() - dead, here, steps):
                self._say(f"warning: {text}")
        entry.finish(result, handle.store, dead=dead, unchanged=unchanged)
        if not all_above and done is not None and done.state == SUCCEEDED:
            entry.aside = done, handle.store
