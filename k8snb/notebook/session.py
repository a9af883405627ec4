"""A notebook's session: what k8snb knows of a kernel's cells, put together of the parts that do the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from k8snb.artifacts.store import open_store
from k8snb.distributions.addresses import know
from k8snb.notebook.aliases import Aliases
from k8snb.notebook.before_run import BeforeRun
from k8snb.notebook.bring import Bringer
from k8snb.notebook.building import Builder
from k8snb.notebook.cards import Cards
from k8snb.notebook.cells import Cells
from k8snb.notebook.configuration import Configuration
from k8snb.notebook.engines import Engines, OpenEngine
from k8snb.notebook.kernel_values import KernelValues
from k8snb.notebook.launch import Launcher
from k8snb.notebook.names import Names
from k8snb.notebook.plain_cells import PlainCells
from k8snb.notebook.results import Results
from k8snb.notebook.running import Running
from k8snb.notebook.screen import say
from k8snb.notebook.settling import Settler
from k8snb.notebook.since import LastRuns
from k8snb.notebook.step_cells import StepCells
from k8snb.notebook.warnings import Warnings
from k8snb.pipeline.model import Pipeline
from k8snb.run.engine import Engine
from k8snb.stacks.load import embedded
from k8snb.ui.card import Card

if TYPE_CHECKING:
    from k8snb.notebook.stacks import StackPicker


class Session:
    """What magics and hooks ask for.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    running : callable
        Returns the cell that is being executed, or None.
    open_engine : callable, optional
        Makes the engine of a stack.

    Attributes
    ----------
    cells : Cells
        Those that were executed.
    names : Names
        What the notebook's names stand for.
    cards : Cards
        Under the steps' cells.
    configuration : Configuration
    say : callable
        Shows a quiet line of k8snb's own under the running cell.
    """

    def __init__(
        self, shell: Any, running: Callable[[], Running | None], *, open_engine: OpenEngine = Engine.open
    ) -> None:
        self.shell, self._running, self.say = shell, running, partial(say, shell)
        scratch = open_store(embedded().artifact_store.uri)  # a local run then has nothing to copy
        self.configuration = configuration = Configuration(shell)
        know(configuration.open_in_bucket)
        self.cells = cells = Cells()
        self.names = names = Names(shell.user_ns, cells.originals, cells.made)
        self._engines = Engines(configuration, scratch, open_engine)
        kernel = KernelValues(shell, names, cells, scratch)
        aliases = Aliases(names, cells, kernel.own)
        self._builder = builder = Builder(shell, names, cells, kernel, aliases)
        settler = Settler(names, cells, running)
        warnings = Warnings(configuration, names, cells, builder)
        last_runs = LastRuns(cells)
        before_run = BeforeRun(configuration, cells, kernel, warnings)
        self.cards = cards = Cards(shell, cells, kernel, last_runs)
        results = Results(names, cells, aliases, settler, last_runs, cards, running, self.say)
        self._launcher = launcher = Launcher(
            shell, running, configuration, self._engines, cells, kernel, builder, before_run, results, last_runs
        )
        self._bringer = bringer = Bringer(
            names,
            cells,
            run=launcher.run_for_reader,
            settle=settler.settle_here,
            say=self.say,
            are_apart=configuration.runs_images,
        )
        self._plain_cells = PlainCells(shell, names, cells, aliases, builder, settler, warnings, bringer, self.say)
        self._step_cells = StepCells(configuration, names, cells, kernel, aliases, builder, settler, warnings, cards)

    @cached_property
    def stack_picker(self) -> StackPicker:
        """Shows stacks, chooses and registers them."""
        from k8snb.notebook.stacks import StackPicker

        return StackPicker(self)

    # --- cells -------------------------------------------------------------------------------------------------

    def remember(self, cell: Running) -> None:
        """Take in a plain cell that was executed before there was a session."""
        self._plain_cells.remember(cell)

    def begin_plain_cell(self, cell: Running) -> None:
        """Take in a plain cell and bring the results of steps that it reads, running steps where need be."""
        self._plain_cells.begin(cell)

    def end_cell(self, cell: Running) -> None:
        """Notice what a cell has bound."""
        self._plain_cells.end(cell)
        if cell.entry is not None and cell.entry.step is None:
            self.cards.after_plain_cell(cell.entry)

    def add_step(self, line: str, cell: Running) -> tuple[Card, str | None]:
        """Make a cell a step, as `StepCells.add` does."""
        return self._step_cells.add(line, cell)

    def pipeline(self) -> Pipeline:
        """Return the pipeline of all cells."""
        return self._builder.pipeline()

    # --- data ----------------------------------------------------------------------------------------------------

    def make(self, names: Iterable[str]) -> None:
        """Run the steps that make names and have not run, as `Bringer.make` does."""
        self._bringer.make(names)

    def bring(self, names: Iterable[str]) -> None:
        """Bind names that stand for results of steps, as `Bringer.bring` does."""
        self._bringer.bring(names)

    def run_once(self, name: str, code: str) -> None:
        """Run code as a step that is no step of the notebook afterwards; raises what `add_step` and `run` do."""
        self._step_cells.add(name, Running(f"%%k8s_step {name}\n{code}"))
        entry = self.cells.step(name)
        assert entry is not None
        try:
            self.run([name], reuse=True, ahead=True)
        finally:
            self.cells.take_back(entry, None)

    # --- runs --------------------------------------------------------------------------------------------------

    def run(
        self, steps: Sequence[str] = (), *, stack: str | None = None, reuse: bool = False, ahead: bool = False
    ) -> None:
        """Run steps and what they need, as `Launcher.run` does."""
        after_failure = self._bringer.after_failure
        self._launcher.run(steps, stack=stack, reuse=reuse, ahead=ahead, after_failure=after_failure)

    def run_rest(self, steps: Sequence[str] = (), *, stack: str | None = None) -> None:
        """Run the steps, of those named, that no run has been asked for since their cells were executed."""
        self._launcher.run_rest(steps, stack=stack, after_failure=self._bringer.after_failure)

    def bring_for_rest_of_cell(self) -> None:
        """After a run in the middle of a cell: bring what the rest of the cell reads."""
        if (cell := self._running()) is not None:
            self._bringer.after_run(cell)

    def engine(self) -> Engine:
        """Return the engine of the active stack."""
        return self._engines.of()

    def close(self) -> None:
        """Close connections; what runs goes on."""
        self._engines.close()
