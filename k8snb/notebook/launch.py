"""Runs steps of the notebook, and shows them in the running cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from k8snb.analysis.magics import module_of
from k8snb.errors import PipelineError
from k8snb.notebook import plan
from k8snb.notebook.before_run import BeforeRun
from k8snb.notebook.building import Builder
from k8snb.notebook.cells import Cells
from k8snb.notebook.configuration import Configuration
from k8snb.notebook.document import parameters
from k8snb.notebook.engines import Engines
from k8snb.notebook.kernel_values import KernelValues
from k8snb.notebook.request import make_request
from k8snb.notebook.results import Results
from k8snb.notebook.running import Running
from k8snb.notebook.screen import Screen
from k8snb.notebook.show import View
from k8snb.notebook.since import LastRuns
from k8snb.pipeline import paths, select
from k8snb.pipeline.model import Pipeline
from k8snb.run.engine import Engine
from k8snb.run.request import RunHandle, RunRequest

AfterFailure = Callable[[Running], None]
"""What is done in the running cell when a step has failed, before the error is raised there."""


class Launcher:
    """Runs steps.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    running : callable
        Returns the cell that is being executed, or None.
    configuration : Configuration
    engines : Engines
    cells : Cells
    kernel : KernelValues
    builder : Builder
    before_run : BeforeRun
    results : Results
    last_runs : LastRuns
    """

    def __init__(
        self,
        shell: Any,
        running: Callable[[], Running | None],
        configuration: Configuration,
        engines: Engines,
        cells: Cells,
        kernel: KernelValues,
        builder: Builder,
        before_run: BeforeRun,
        results: Results,
        last_runs: LastRuns,
    ) -> None:
        self._shell, self._running, self._configuration, self._engines = shell, running, configuration, engines
        self._cells, self._kernel, self._builder = cells, kernel, builder
        self._before_run, self._results, self._last_runs = before_run, results, last_runs

    def run(
        self,
        steps: Sequence[str] = (),
        *,
        stack: str | None = None,
        reuse: bool = False,
        ahead: bool = False,
        after_failure: AfterFailure,
    ) -> None:
        """Run steps and what they need, show them, and let the notebook's names stand for the results.

        Parameters
        ----------
        steps : sequence of str
            Without any, all.
        stack : str, optional
            For this run only.
        reuse : bool
            Steps that have run since their cell was last executed do not run again.
        ahead : bool
            A cell needs results before the pipeline is run. They are used by the next run, so that executing all
            cells of a notebook runs each step once.
        after_failure : callable

        Raises
        ------
        K8snbError
            The run could not begin, or a step did not succeed.
        """
        pipeline = self._builder.pipeline()
        if not pipeline.steps:
            raise PipelineError("there is no step yet", fix=_how_to_make_one(self._configuration.file))
        engine = self._engines.of(stack)
        chosen = select(pipeline, steps) if steps else pipeline
        done = self._done(chosen, steps, reuse=reuse)
        self._kernel.refuse_not_captured(chosen)
        todo = plan.make(chosen, self._cells, whole=pipeline, done=done, scratch=engine.scratch)
        for entry in self._cells:
            entry.ran_ahead = entry.ran_ahead and reuse
        screen = Screen(self._shell)
        reused = [step.name for step in chosen.steps if step.name in done]
        self._before_run.tell(screen, todo, chosen, [] if reuse else reused, stack)
        if todo.pipeline.steps:
            after = {step.name: step.after for step in chosen.steps}
            view = View(screen, after, reused=reused, lines=self._configuration.lines)
            self._execute(todo, engine, view, chosen, ahead=ahead, after_failure=after_failure)
        elif reuse and not ahead:
            screen.say(f"nothing to run, all have run: {', '.join(step.name for step in chosen.steps)}")

    def run_rest(self, steps: Sequence[str] = (), *, stack: str | None = None, after_failure: AfterFailure) -> None:
        """Run the steps, of those named, that no run has been asked for since their cells were executed."""
        untried = [entry.step for entry in self._cells if entry.step is not None and not entry.tried]
        rest = [step for step in untried if not steps or step in steps]
        if rest:
            self.run(rest, stack=stack, reuse=True, after_failure=after_failure)

    def run_for_reader(self, steps: Sequence[str], after_failure: AfterFailure) -> None:
        """Run steps because a cell reads what they make; where files are shared, also those that use them before."""
        if not self._configuration.runs_images():
            pipeline = self._builder.pipeline()
            tried = {entry.step for entry in self._cells if entry.tried}
            steps = sorted(paths.with_those_before(steps, pipeline.cells) - tried | {*steps})
        self.run(steps, reuse=True, ahead=True, after_failure=after_failure)

    def _done(self, chosen: Pipeline, steps: Sequence[str], *, reuse: bool) -> set[str]:
        """Return the steps whose results are used again."""
        entries = {entry.step: entry for entry in self._cells if entry.step is not None}
        done = {name for name, entry in entries.items() if entry.has_run and (reuse or entry.ran_ahead)}
        return self._last_runs.reusable(chosen.steps, done - set(steps))

    def _execute(
        self, todo: plan.Plan, engine: Engine, view: View, chosen: Pipeline, *, ahead: bool, after_failure: AfterFailure
    ) -> None:
        """Run a plan and show it; whatever comes of it, take the results that there are."""
        self._cells.forget_asides()
        request = self._request(todo, engine)
        handles: list[RunHandle] = []

        def start() -> RunHandle:
            handles.append(engine.start(request, view.put))
            return handles[0]

        try:
            ended = view.follow(start)
        finally:
            if handles:
                self._results.take(todo.pipeline, chosen, handles[0], ahead=ahead)
        if handles[0].failed:
            first = next(step.name for step in todo.pipeline.steps if step.name in handles[0].failed)
            if (cell := self._running()) is not None:
                after_failure(cell)
            raise handles[0].error(first, self._shell.user_ns)
        if ended.error is not None:
            raise ended.error

    def _request(self, todo: plan.Plan, engine: Engine) -> RunRequest:
        return make_request(
            todo,
            imports={module for entry in self._cells if entry.step is not None for module in entry.facts.imports}
            | {module_of(extension) for step in todo.pipeline.steps for extension in step.extensions},
            installs=[install for entry in self._cells for install in entry.facts.installs],
            folder=self._configuration.folder,
            capabilities=engine.orchestrator.capabilities,
            parameters=parameters(),
        )


def _how_to_make_one(file: Path | None) -> str:
    fix = "put %%k8s_step NAME on top of a cell and execute it"
    return fix if file is not None else f"{fix}; tags of cells are not known here, as the notebook's file is not"
