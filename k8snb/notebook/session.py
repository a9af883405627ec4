"""A notebook's session: its cells, its steps, and what their results are to the kernel."""

from __future__ import annotations

import builtins
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from k8snb.analysis.facts import BINDS_ANY
from k8snb.analysis.magics import module_of
from k8snb.analysis.state_tables import PATH
from k8snb.artifacts.store import Store, open_store
from k8snb.errors import InputError, PipelineError, UnpackableError
from k8snb.notebook import modules, plan, reach, since, travel
from k8snb.notebook.aliases import Aliases, changer
from k8snb.notebook.bring import Bringer
from k8snb.notebook.capture import Capture, capture
from k8snb.notebook.cells import UNBOUND, Cells, Entry
from k8snb.notebook.document import notebook_file, parameters, pipeline_name, twice
from k8snb.notebook.names import Broken, Made, Names, NotRun
from k8snb.notebook.request import make_request
from k8snb.notebook.running import Running
from k8snb.notebook.screen import Screen
from k8snb.notebook.show import View
from k8snb.orchestrators import kind_of
from k8snb.orchestrators.base import Capability
from k8snb.pipeline import build, kept, merge, parse_options, paths, select
from k8snb.pipeline.effects import Effects
from k8snb.pipeline.file import kales_own
from k8snb.pipeline.model import Pipeline, Step
from k8snb.pipeline.sharing import may_matter
from k8snb.pipeline.sources import OWN
from k8snb.pipeline.warnings import stays
from k8snb.run import portal
from k8snb.run.engine import Engine
from k8snb.run.failure import shown
from k8snb.run.request import RunHandle
from k8snb.runner.spec import SUCCEEDED
from k8snb.stacks.load import embedded, load
from k8snb.stacks.model import Stack, Stacks
from k8snb.ui.card import SILENCE, Captured, Card
from k8snb.ui.output import LINES

OpenEngine = Callable[..., Engine]

CLOSING = 5.0
"""Seconds at most that connections may take to close when the kernel ends."""


class Session:
    """Everything that k8snb knows of a running notebook.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    running : callable
        Returns the cell that is being executed, or None.
    open_engine : callable, optional
        Makes the engine of a stack.

    Attributes
    ----------
    stack_name : str or None
        The stack that was chosen in the notebook; None: what files and environment say.
    """

    def __init__(
        self, shell: Any, running: Callable[[], Running | None], *, open_engine: OpenEngine = Engine.open
    ) -> None:
        self.shell, self._running, self._open_engine = shell, running, open_engine
        self.cells = Cells()
        self.names = Names(shell.user_ns, self.cells.originals, self.cells.made)
        self._effects = Effects()
        self._aliases = Aliases(self.names, self.cells, self._users_own)
        self._bringer = Bringer(
            self.names,
            self.cells,
            run=self._run_for_reader,
            settle=self._settle_here,
            say=self.say,
            are_apart=self._runs_images,
        )
        self.stack_name: str | None = None
        self.scratch: Store = open_store(embedded().artifact_store.uri)  # a local run then has nothing to copy
        self._said: set[str] = set()
        self._last_runs: dict[str, since.LastRun] = {}
        self._engines: dict[tuple[str, Path], tuple[Stack, Engine]] = {}

    # --- where -------------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The notebook's folder."""
        file = notebook_file(self.shell.user_ns)
        return file.parent if file else Path.cwd()

    @property
    def stacks(self) -> Stacks:
        """The stacks that hold for the notebook, read anew: their files may have changed."""
        if self.stack_name is not None:
            return load(self.folder, name=self.stack_name, because="%k8s_stack")
        configured = self._configured("stack")
        if not isinstance(configured, str | None):
            raise _wrong_setting("stack", configured, "'local'")
        return load(self.folder, name=configured, because="%config K8sMagics.stack")

    def _configured(self, name: str) -> Any:
        """Return what ``%config K8sMagics.NAME`` says."""
        return getattr(self.shell.magics_manager.registry.get("K8sMagics"), name, None)

    @property
    def lines(self) -> int:
        """Lines of a step's text that are shown as they come."""
        lines = self._configured("lines")
        if lines is None:
            return LINES
        if not isinstance(lines, int) or lines < 0:
            raise _wrong_setting("lines", lines, str(LINES))
        return lines

    def engine(self, name: str | None = None) -> Engine:
        """Return the engine of a stack, the active one without a name; one for each stack."""
        stack, folder = self.stacks.pick(name), self.folder
        known, engine = self._engines.get((stack.name, folder), (None, None))
        if engine is None or known != stack:
            if engine is not None:
                portal.submit(engine.orchestrator.aclose())
            engine = self._open_engine(stack, folder=folder, scratch=self.scratch)
            self._engines[stack.name, folder] = (stack, engine)
        return engine

    def close(self) -> None:
        """Close connections; what runs goes on."""
        for _, engine in self._engines.values():
            with suppress(TimeoutError):
                portal.submit(engine.orchestrator.aclose()).result(CLOSING)
        self._engines.clear()

    # --- cells -------------------------------------------------------------------------------------------------

    def remember(self, cell: Running) -> None:
        """Take in a plain cell."""
        entry = Entry(cell.source, cell.cell_id, number=cell.number)
        entry.modules = modules.files_of(entry.facts, Path.cwd())
        old = self.cells.replaced_by(entry)
        cell.above = self.cells.put(entry)
        cell.entry = entry
        if old is not None and old.step is not None:
            self._settle_what_was_to_come(old.step, cell.above)

    def begin_plain_cell(self, cell: Running) -> None:
        """Take in a plain cell and bring the results of steps that it reads, running steps where need be."""
        self.remember(cell)
        self.names.reconcile()
        self._warn_of_state(cell.above)
        before = {name: id(value) for name, value in self.names.namespace.items()}
        cell.before = {**dict.fromkeys(self.names.pending, 0), **before}
        cell.changes = self._changes_of(cell)
        if not self._is_of_unknown_magic(cell.source):
            self._bringer.before_cell(cell)
        if cell.entry is not None and (sharing := self._aliases.fetch_sharing(cell.changes)):
            cell.entry.take(sharing)
            cell.changes |= sharing

    def _is_of_unknown_magic(self, source: str) -> bool:
        """Whether a cell is a magic that there is not: it fails at once and reads nothing."""
        first, _, rest = source.strip().partition("\n")
        magic = re.match(r"(%%?)(\w+)", first)
        if magic is None or (magic[1] == "%" and rest):
            return False
        find = self.shell.find_cell_magic if magic[1] == "%%" else self.shell.find_line_magic
        return find(magic[2]) is None

    def end_cell(self, cell: Running) -> None:
        """Notice what a cell has bound."""
        self.names.reconcile()
        if (entry := cell.entry) is None:
            return
        facts, before, now = entry.facts, cell.before, self.names.namespace
        outputs = facts.outputs
        bound = {n for n, value in now.items() if n in outputs or before.get(n) != id(value)}
        bound = {name for name in bound if self.names.fetched_from(name) is None}
        self.names.keep(cell.changes)
        there = {id(now[n]) for n in cell.changes & now.keys()}
        self.cells.note_changes(there | {before[n] for n in cell.changes & before.keys()})
        entry.bound = frozenset(bound.union(cell.changes & now.keys()))
        gone = (cell.changes - before.keys()) | (before.keys() & facts.may_bind - facts.deletes)
        fetched = self.names.fetched() - cell.changes
        entry.left_alone = frozenset(self.names.pending.keys() | fetched | (gone - now.keys()))
        entry.unbound = facts.deletes - now.keys() - entry.left_alone
        self._take_what_was_not_foreseen(entry, cell)
        self.names.forget(entry.unbound)

    def _take_what_was_not_foreseen(self, entry: Entry, cell: Running) -> None:
        """Note what a cell has bound and deleted through ``exec`` and the like; say where a step makes that too."""
        warning = entry.facts.warned(BINDS_ANY)
        if warning is None or entry.bound is None:
            return
        there = self.names.namespace.keys() | self.names.pending.keys()
        entry.unforeseen = frozenset(
            n for n in entry.bound - entry.facts.outputs - cell.changes if not OWN.fullmatch(n)
        )
        entry.vanished = frozenset(n for n in cell.before.keys() - there - entry.facts.deletes if not OWN.fullmatch(n))
        entry.unbound |= entry.vanished
        for name in sorted(entry.unforeseen | entry.vanished):
            made = (e for e in self.cells if e.step is not None and name in e.touches)
            maker = next((e.step for e in made if e.leaves(name) is not UNBOUND), None)
            if maker is not None and not warning.quiet:
                done = "has bound" if name in entry.unforeseen else "has deleted"
                self.say(
                    f"{warning.short}: it {done} {name}, which step {maker} makes; cells below get it as it is now"
                )

    def _changes_of(self, cell: Running) -> frozenset[str]:
        """Return the names whose objects a plain cell changes, as far as steps above may have to do with it."""
        if cell.above is None or not any(entry.step is not None for entry in self.cells.above(cell.above)):
            return frozenset()
        cells = [entry.cell for entry in reversed(self.cells.above(cell.above + 1))]
        return frozenset(self._effects.facts(cells, self._uses())[-1].changes)

    def _settle_what_was_to_come(self, step: str, above: int | None) -> None:
        """Let go of names that a step that is another one now was to make."""
        entry = self.cells.step(step)
        touches = entry.touches if entry is not None else frozenset()
        for name, p in list(self.names.pending.items()):
            if isinstance(p, NotRun) and p.step == step and name not in touches:
                self._settle(name, above)

    # --- steps -------------------------------------------------------------------------------------------------

    def add_step(self, line: str, cell: Running) -> tuple[Card, str | None]:
        """Make a cell a step.

        Parameters
        ----------
        line : str
            What follows the magic, variables in it expanded.
        cell : Running

        Returns
        -------
        Card
        str or None
            The step's name where it is to run now.

        Raises
        ------
        InputError
            What is wrong with its line, its code, or the pipeline that it makes.
        """
        name, options, run = parse_options(line, where=f"%%k8s_step {line}")
        stacks = self.stacks
        options = merge(stacks.steps, name, options)
        source = cell.tagged.source if cell.tagged is not None else cell.source
        entry = Entry(source, cell.cell_id if source == cell.source else None, name, options, number=cell.number)
        warnings = twice(self.cells.step(name), entry, notebook_file(self.shell.user_ns))
        warnings = [] if cell.tagged is not None else warnings  # the file shows that it is the same step
        self.names.reconcile()
        self._forget_asides()
        entry.modules = modules.files_of(entry.facts, Path.cwd())
        entry.scripts = travel.scripts(entry.facts)  # a cell that is not Python takes no other's place
        old = self.cells.replaced_by(entry)
        cell.above = self.cells.put(entry) + 1
        try:
            pipeline = self._with_aliases(entry, cell.above)
            step = pipeline[name]
            above = self.cells.steps_above(entry)
            entry.capture = self._capture(step, above)
            values = {name: self._of_kernel(name, entry.of_kernel, above)[1] for name in entry.capture.groups}
            entry.uses = {name: frozenset(reach.uses(value)) for name, value in values.items()}
        except BaseException as error:
            self.cells.take_back(entry, old)
            if isinstance(error, PipelineError) and old is not None and old.step == name:
                _tell_what_is_replaced(error, old.touches & entry.facts.certain)
            raise
        for touched in entry.touches | self._aliases.beside_changed(entry):
            self._settle(touched, cell.above)
        self._settle_what_was_to_come(old.step if old is not None and old.step else name, cell.above)
        warnings += [f"line {w.line}: {w.text} ({SILENCE})" for w in entry.facts.warnings if not w.quiet]
        warnings += [f"{text} ({SILENCE})" for text in stays(step, pipeline.cells)]
        warnings += (
            f"{text} ({SILENCE})" if text.startswith("line ") else text for text in self._does_not_travel(step)
        )
        missing = [path for path in options.files if not (self.folder / path).exists()]
        warnings += [f"--file {path}: there is no such file yet" for path in missing]
        warnings += entry.capture.larger_than(stacks.captured_limit)
        warnings += self._not_shared(pipeline, cell.above - 1)
        capture = entry.capture
        captured = Captured(tuple(sorted(capture.groups)), capture.size, capture.seconds)
        last = self._last_runs.get(name)
        ran = since.in_words(last, step, entry, self.cells) if last is not None else ""
        return Card(step, captured, tuple(warnings), ran), name if run else None

    def _with_aliases(self, entry: Entry, above: int) -> Pipeline:
        """Return the pipeline with a step's entry, and with all that shares objects with what the step uses."""
        assert entry.step is not None
        pipeline = self.pipeline(above)
        if taken := self._aliases.take_changed(entry, pipeline[entry.step].inputs):
            pipeline = self.pipeline(above)
        if self._aliases.add_sharing(entry, pipeline[entry.step]):
            pipeline = self.pipeline(above)
        if sharing := self._aliases.take_sharing(entry, pipeline[entry.step]):
            pipeline = self.pipeline(above)
        if taken | sharing:
            self._capture_taken(pipeline, entry.step)
        return pipeline

    def _capture_taken(self, pipeline: Pipeline, below: str) -> None:
        """Capture names for steps above one that were to get them from other steps when their cells were executed."""
        for step in pipeline.steps:
            entry = self.cells.step(step.name)
            assert entry is not None
            missing = {n for n, sources in step.inputs.items() if sources == (None,)} - entry.capture.groups.keys()
            if missing and step.name != below:
                above = self.cells.steps_above(entry)
                entry.capture = entry.capture.with_more(self._pack(missing, missing, above))

    def _does_not_travel(self, step: Step, stack: str | None = None) -> list[str]:
        """Tell of files that a step reads and that its pod will not have."""
        above = [entry.cell for entry in itertools.takewhile(lambda entry: entry.step != step.name, self.cells)]
        values = {name: self.names.of_kernel(name)[1] for name in step.from_kernel}
        told = travel.files(step, above, self.folder, values)
        return told if told and self._runs_images(stack) else []

    def _runs_images(self, stack: str | None = None) -> bool:
        return Capability.IMAGES in kind_of(self.stacks.pick(stack)).capabilities

    def _warn_of_state(self, place: int | None) -> None:
        """Say at a plain cell which state of modules it does not have as cells above have left it."""
        above = [] if place is None else self.cells.above(place)
        if place is None or not any(entry.step is not None for entry in above):
            return
        facts, theirs = self.cells.at(place).facts, [entry.facts for entry in above]
        if not (may_matter(facts, theirs) or kept.may_matter(facts, theirs)):
            return
        for text in self._not_shared(self.pipeline(place + 1), place):
            self.say(f"warning: {text}")

    def _not_shared(self, pipeline: Pipeline, place: int) -> list[str]:
        """Tell of state of modules that a cell does not have as cells above have left it."""
        found = [unshared for unshared in pipeline.unshared if unshared.reader == place]
        if found and modules.are_found(self.cells.at(place).facts.imports):  # what is found here travels
            found = [unshared for unshared in found if PATH not in unshared.kinds]
        return [f"{unshared.text} ({SILENCE})" for unshared in found]

    def pipeline(self, above: int | None = None) -> Pipeline:
        """Return the pipeline of the first `above` cells; None: of all.

        A cell is judged by those above it: what is below may be about to be executed anew.
        """
        captured = {name for entry in self.cells for name in entry.capture.groups}
        pipeline = build(
            [entry.cell for entry in reversed(self.cells.above(above))],
            name=pipeline_name(self.names.namespace),
            known=self.names.known() | captured,
            uses=self._uses(),
            effects=self._effects,
            loaded=self._extensions(),
        )
        for step in pipeline.steps:
            entry = self.cells.step(step.name)
            assert entry is not None
            entry.inputs, entry.outputs = frozenset(step.inputs), step.outputs
            entry.of_kernel = frozenset(name for name, sources in step.inputs.items() if sources == (None,))
            entry.alters = frozenset(step.cell.facts.changes)
        return pipeline

    def _extensions(self) -> frozenset[str]:
        """Return the extensions that the kernel has, but for those of its own."""
        return frozenset(
            e for e in self.shell.extension_manager.loaded if e.partition(".")[0] not in {"IPython", "k8snb"}
        )

    def _uses(self) -> reach.Uses:
        """Return what the kernel's values use, or did when steps' cells were executed that are to change them."""
        before = {name: used for entry in self.cells for name, used in entry.uses.items()}
        return reach.Uses(self._users_own(), before)

    def _users_own(self) -> dict[str, Any]:
        """Return the namespace without what IPython has put there."""
        hidden, namespace = self.shell.user_ns_hidden, self.names.namespace
        return {name: value for name, value in namespace.items() if name not in hidden or hidden[name] is not value}

    def _capture(self, step: Step, above: AbstractSet[str]) -> Capture:
        """Pack the kernel's values that a step may read, as they are now."""
        only_kernel = {name for name, sources in step.inputs.items() if sources == (None,)}
        captured = self._pack(step.from_kernel, only_kernel, above)
        needed = {n: why for n, why in captured.failures.items() if n not in step.perhaps}
        if failures := {n: why for n, why in needed.items() if n in only_kernel or n not in step.inputs}:
            what = "; ".join(f"{name}: {why}" for name, why in sorted(failures.items()))
            raise UnpackableError(
                f"values that the step reads cannot travel: {what}",
                where=f"step {step.name}",
                fix="make them inside the step; or, where the step does not need them, name what it needs with --in",
            )
        return captured

    def _pack(self, names: AbstractSet[str], only_kernel: AbstractSet[str], above: AbstractSet[str]) -> Capture:
        """Pack values of the kernel, what it has of the results of steps above among them where it alone makes it."""
        return capture(
            names,
            lambda name: self._of_kernel(name, only_kernel, above),
            namespace=self.names.namespace,
            store=self.scratch,
            known=self.cells.known(),
        )

    def _of_kernel(self, name: str, only_kernel: AbstractSet[str], above: AbstractSet[str]) -> tuple[bool, Any]:
        """Return whether the kernel has a value of its own, and the value, as a step gets it with these above it."""
        return self.names.of_kernel(name, changed_from=above if name in only_kernel else ())

    # --- runs --------------------------------------------------------------------------------------------------

    def run_rest(self, steps: Sequence[str] = (), *, stack: str | None = None) -> None:
        """Run the steps, of those named, that no run has been asked for since their cells were executed."""
        untried = [entry.step for entry in self.cells if entry.step is not None and not entry.tried]
        rest = [step for step in untried if not steps or step in steps]
        if rest:
            self.run(rest, stack=stack, reuse=True)

    def run(
        self, steps: Sequence[str] = (), *, stack: str | None = None, reuse: bool = False, ahead: bool = False
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

        Raises
        ------
        K8snbError
            The run could not begin, or a step did not succeed.
        """
        pipeline = self.pipeline()
        if not pipeline.steps:
            raise PipelineError("there is no step yet", fix=_how_to_make_one(notebook_file(self.shell.user_ns)))
        engine = self.engine(stack)
        entries = {entry.step: entry for entry in self.cells if entry.step is not None}
        chosen = select(pipeline, steps) if steps else pipeline
        done = {name for name, entry in entries.items() if entry.has_run and (reuse or entry.ran_ahead)} - set(steps)
        done = since.reusable(chosen.steps, done, self._last_runs, self.cells)
        self._refuse_not_captured(chosen, entries)
        todo = plan.make(chosen, self.cells, whole=pipeline, done=done, scratch=self.scratch)
        screen = Screen(self.shell)
        self._say_what_travels(screen, todo.pipeline, stack)
        for entry in entries.values():
            entry.ran_ahead = entry.ran_ahead and reuse
        self._say_before(screen, todo, [step.name for step in chosen.steps if step.name in done and not reuse])
        if not todo.pipeline.steps:
            if reuse and not ahead:
                screen.say(f"nothing to run, all have run: {', '.join(step.name for step in chosen.steps)}")
            return
        reused = [step.name for step in chosen.steps if step.name in done]
        after = {step.name: step.after for step in chosen.steps}
        view = View(screen, after, reused=reused, lines=self.lines)
        self._execute(todo, engine, view, chosen, ahead=ahead)

    def _refuse_not_captured(self, pipeline: Pipeline, entries: Mapping[str, Entry]) -> None:
        """Refuse steps that read what a plain cell has made since theirs were executed."""
        for step in pipeline.steps:
            for name in sorted(step.cell.facts.certain):
                from_kernel = step.inputs.get(name) == (None,) and name not in entries[step.name].capture.groups
                if hasattr(builtins, name) and self.cells.plain_maker(name, entries[step.name]) is None:
                    continue  # a cell below has taken the name of what the step uses
                if from_kernel and self.names.of_kernel(name)[0]:
                    raise PipelineError(
                        f"step {step.name} reads {name!r}, which the notebook has since the step's cell was executed",
                        where=f"step {step.name}, line {step.cell.facts.reads[name]}",
                        fix="execute the step's cell again",
                    )

    def _execute(self, todo: plan.Plan, engine: Engine, view: View, chosen: Pipeline, *, ahead: bool) -> None:
        """Run a plan and show it; whatever comes of it, take the results that there are."""
        self._forget_asides()
        request = make_request(
            todo,
            imports={module for entry in self.cells if entry.step is not None for module in entry.facts.imports}
            | {module_of(extension) for step in todo.pipeline.steps for extension in step.extensions},
            installs=[install for entry in self.cells for install in entry.facts.installs],
            folder=self.folder,
            capabilities=engine.orchestrator.capabilities,
            parameters=parameters(),
        )
        handles: list[RunHandle] = []

        def start() -> RunHandle:
            handles.append(engine.start(request, view.put))
            return handles[0]

        try:
            ended = view.follow(start)
        except KeyboardInterrupt:
            for step in handles[0].failed if handles else ():
                self._show_failure(step, handles[0])
            raise
        finally:
            if handles:
                self._take_results(todo.pipeline, handles[0], ahead=ahead)
                self._note_runs(chosen, handles[0])
        if handles[0].failed:
            first, *others = (step.name for step in todo.pipeline.steps if step.name in handles[0].failed)
            for other in others:  # only one error is raised
                self._show_failure(other, handles[0])
            if (cell := self._running()) is not None:
                self._bringer.after_failure(cell)
            raise handles[0].error(first, self.names.namespace)
        if ended.error is not None:
            raise ended.error

    def _show_failure(self, step: str, handle: RunHandle) -> None:
        result = handle.results.get(step)
        if result is not None and result.failure is not None:
            screen = Screen(self.shell)
            screen.write("stderr", shown(step, result.failure))
            screen.flush()

    def say(self, text: str) -> None:
        """Show a quiet line of k8snb's own under the running cell."""
        Screen(self.shell).say(text)

    def _say_before(self, screen: Screen, todo: plan.Plan, used: Sequence[str]) -> None:
        if used:
            screen.say(f"already run, for a cell above: {', '.join(used)}")
        names = {entry.step for entry in self.cells if entry.step is not None}
        for table in self.stacks.steps.keys() - names:
            if table not in self._said and (close := get_close_matches(table, names, n=1)):
                self._said.add(table)
                screen.say(f"warning: k8snb.toml has [steps.{table}], and no step is called so: is it {close[0]!r}?")
        for warning in plan.stale(todo, self.cells):
            screen.say(f"warning: {warning}; execute that cell and the step's cell again for new ones")
        for step in todo.pipeline.steps:
            if old := self._as_they_were(step):
                was = f"step {step.name} gets {', '.join(old)} as it was when the step's cell was executed"
                screen.say(f"warning: {was}; execute that again for what it is now")

    def _as_they_were(self, step: Step) -> list[str]:
        """Return the kernel's values that a step has captured and that plain cells above have made anew since."""
        entry = self.cells.step(step.name)
        assert entry is not None
        groups = entry.capture.groups
        anew = {name for name in step.from_kernel & groups.keys() if self.cells.is_made_since(name, entry)}
        if not anew:
            return []
        names = {other for name in anew for other in groups[name].names}
        now = self._pack(names, names, self.cells.steps_above(entry)).groups
        return sorted(name for name in anew & now.keys() if now[name].pickle != groups[name].pickle)

    def _say_what_travels(self, screen: Screen, pipeline: Pipeline, stack: str | None) -> None:
        """Say which packages steps get besides, and for another stack than the cards were made for what they miss."""
        installed = list(travel.packages(entry.cell for entry in self.cells))
        if self._runs_images(stack):
            for text in installed:
                screen.say(text)
            self._say_what_is_kales(screen)
        if stack is not None:
            for step in pipeline.steps:
                for text in self._does_not_travel(step, stack):
                    screen.say(f"warning: step {step.name}: {text}")

    def _say_what_is_kales(self, screen: Screen) -> None:
        """Say once what the notebook's file asks another tool for that its steps do not get."""
        if (file := notebook_file(self.shell.user_ns)) is None:
            return
        with suppress(InputError):  # being saved just now
            for text in kales_own(file):
                if text not in self._said:
                    self._said.add(text)
                    screen.say(f"warning: {text}")

    def bring_for_rest_of_cell(self) -> None:
        """After a run in the middle of a cell: bring what the rest of the cell reads."""
        if (cell := self._running()) is not None:
            self._bringer.after_run(cell)

    def _run_for_reader(self, steps: Sequence[str]) -> None:
        """Run steps because a cell reads what they make; where files are shared, also those that use them before."""
        if not self._runs_images():
            pipeline = self.pipeline()
            tried = {entry.step for entry in self.cells if entry.tried}
            steps = sorted(paths.with_those_before(steps, pipeline.cells) - tried | {*steps})
        self.run(steps, reuse=True, ahead=True)

    def _forget_asides(self) -> None:
        """From now on steps may make something else."""
        for entry in self.cells:
            entry.aside = None

    def _take_results(self, pipeline: Pipeline, handle: RunHandle, *, ahead: bool) -> None:
        """Bind, lazily, what the steps have made; nothing after the first that did not succeed."""
        succeeded, running = True, self._running()
        names: set[str] = set()
        for step in pipeline.steps:
            entry = self.cells.step(step.name)
            assert entry is not None
            result = handle.results.get(step.name) if succeeded else None
            dead = self._aliases.no_longer_meant(step, handle.results, pipeline)
            unchanged = self._aliases.unchanged(result)
            if result is not None:
                for text in self._aliases.unseen(
                    entry,
                    result.changed.keys() - dead,
                    running.entry if running is not None else None,
                    [other.name for other in pipeline.steps],
                ):
                    self.say(f"warning: {text}")
            entry.finish(result, handle.store, dead=dead, unchanged=unchanged)
            if not succeeded and (done := handle.results.get(step.name)) is not None and done.state == SUCCEEDED:
                entry.aside = done, handle.store
            entry.ran_ahead = ahead
            names |= {*step.outputs, *entry.deleted, *entry.taken_over}
            names |= {name for name, p in self.names.pending.items() if isinstance(p, NotRun) and p.step == step.name}
            succeeded = result is not None and result.state == SUCCEEDED
        for name in names:
            self._settle_here(name)

    def _note_runs(self, chosen: Pipeline, handle: RunHandle) -> None:
        """Remember what the steps that have run were given, also by those that were reused."""
        for name, result in handle.results.items():
            entry = self.cells.step(name)
            assert entry is not None
            self._last_runs[name] = since.last_run(chosen[name], entry, self.cells, result)

    def _settle_here(self, name: str) -> None:
        """Let a name stand for what the cells above the running one have made of it, itself included."""
        cell = self._running()
        self._settle(name, cell.above if cell is not None else None)

    def _settle(self, name: str, above: int | None) -> None:
        """Let a name stand for what the last of the first `above` cells that binds it has made of it."""
        to_come: list[Entry] = []  # steps that have not run and change something
        for entry in self.cells.above(above):
            if entry.step is None:
                if name in entry.unbound:
                    self.names.unbind(name)
                    return
                if name in (entry.facts.outputs if entry.bound is None else entry.bound):
                    self.names.restore(name)  # a step below has left it alone
                    if name in self.names.namespace:
                        return
                continue
            if not entry.has_run and entry.alters:
                to_come.append(entry)
            left = entry.leaves(name)
            if isinstance(left, Made) and (by := changer(left, to_come)):
                left = NotRun(by)
            if left is UNBOUND:
                self.names.unbind(name)
                return
            if isinstance(left, Made | NotRun | Broken):
                self.names.hold(name, left)
                return
        self.names.restore(name)


def _tell_what_is_replaced(error: PipelineError, names: AbstractSet[str]) -> None:
    """Give another way out where a step misses what the one of its name makes whose place it would take."""
    if any(repr(name) in error.what for name in names):
        error.fix = "the step of this name makes it, which stays as it is: give this cell's step another name"


def _wrong_setting(name: str, value: object, example: str) -> InputError:
    return InputError(f"K8sMagics.{name} is {value!r}", where="%config", fix=f"%config K8sMagics.{name} = {example}")


def _how_to_make_one(file: Path | None) -> str:
    fix = "put %%k8s_step NAME on top of a cell and execute it"
    return fix if file is not None else f"{fix}; tags of cells are not known here, as the notebook's file is not"
