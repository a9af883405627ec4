"""Runs of the past in the notebook: their table, one of them in the view that it had, two side by side, and logs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from k8snb.artifacts.store import Store
from k8snb.errors import InputError
from k8snb.notebook.document import pipeline_name
from k8snb.run import history
from k8snb.run.answer import PATIENCE, answer
from k8snb.run.compare import compare
from k8snb.run.failure import shown
from k8snb.run.history import Run
from k8snb.run.lines import Counted, bounded, chooser, lines_of, new_file
from k8snb.run.past_step import StepRun
from k8snb.run.record import store_of
from k8snb.ui import history as ui
from k8snb.ui.mime import with_buttons

if TYPE_CHECKING:
    from k8snb.notebook.session import Session

LOG_BYTES, CHOSEN_BYTES = 60_000, 300_000
"""Bytes of a log that are shown; of lines that are chosen. A server passes on a megabyte a second."""


def runs(stack: str | None = None, *, limit: int | None = 100) -> ui.Runs:
    """Return the newest runs of a stack, the newest last: what ``k8snb.runs()`` does."""
    if limit is not None and limit < 1:
        raise InputError(f"limit={limit}: no run would be left", fix="limit=None is all of them")
    hooks = sys.modules.get("k8snb.notebook.hooks")  # in a notebook, the stack that was chosen there
    own = hooks._hooks if hooks is not None else None  # noqa: SLF001
    from k8snb.stacks.load import load

    stacks = own.session.configuration.stacks if own is not None else load(Path.cwd())
    store = store_of(stacks.pick(stack))
    return ui.Runs(answer(store, lambda: history.runs(store, limit), patience=PATIENCE if limit else 0))


class Past:
    """Shows runs of the past under the running cell.

    Parameters
    ----------
    session : Session
    stack : str or None
        The stack's name; None: the active one.
    """

    def __init__(self, session: Session, stack: str | None = None) -> None:
        self._session = session
        self._stack = stack
        self.store: Store = store_of(session.configuration.stacks.pick(stack))

    def list(self, limit: int | None = None) -> None:
        """Show a table of the newest runs."""
        found, data = table(self.store, limit)
        ids = [run.id for run in reversed(found)]
        self._publish(with_buttons(data, "runs", runs=ids, stack=self._stack or ""))

    def open(self, wanted: str) -> None:
        """Show a run as it was shown while it went on. One that failed does not fail the cell."""
        from k8snb.notebook.screen import Screen
        from k8snb.notebook.show import View

        run = find(self.store, wanted)
        screen = Screen(self._session.shell)
        screen.say(ui.headline(run))
        if reused := ui.reused(run):
            screen.say(reused)
        after, others = {step.name: step.after for step in run.steps}, [step.name for step in run.steps if step.reused]
        view = View(screen, after, reused=others, lines=self._session.configuration.lines)
        view.tell(run.id, history.replay(run))

    def compare(self, wanted: str, other: str) -> None:
        """Show two runs side by side."""
        left, right = (find(self.store, one) for one in (wanted, other))
        self._publish(ui.comparison(answer(self.store, lambda: compare(left, right), patience=0)))

    def log(
        self,
        step: str,
        *,
        run: str | None = None,
        attempt: int | None = None,
        grep: str | None = None,
        tail: int | None = None,
        save: str | None = None,
        force: bool = False,
    ) -> None:
        """Show what a step printed, or write it to a file.

        Parameters
        ----------
        step : str
        run : str or None
            As `k8snb.run.history.find` takes it; None: the last one that started the step.
        attempt : int or None
        grep, tail : str, int or None
            As `k8snb.run.lines.chooser` takes them.
        save : str or None
            A file to be written, where nothing is to be shown.
        force : bool
            It takes the place of one that is there.
        """
        choose = chooser(grep, tail)
        found = find_step(self.store, step, run, pipeline=pipeline_name(self._session.shell.user_ns))
        lines = Counted(lines_of(found.printed(attempt)))
        if save is not None:
            said = save_log(Path(save), choose(lines), force=force)
            self._say(f"{ui.log_line(found, attempt, lines.ended)}\n{said}")
            return
        end = bounded(choose(lines), LOG_BYTES if grep is None and tail is None else CHOSEN_BYTES)
        told = [ui.log_line(found, attempt, lines.ended)]
        if end.left_out or end.is_cut:
            left = f"{_lines(end.left_out)} before these" if end.left_out else "the beginning of a long line"
            command = self._log_command(found) + (f" --attempt {attempt}" if attempt else "")
            told.append(f"left out: {left}; all of it: {command} --save {step}.log (or --grep, --tail)")
        if not end.data:
            told.append("no line matches" if lines.any else "it has printed nothing")
        self._say("\n".join(told))
        sys.stdout.write(end.data.decode(errors="replace"))
        sys.stdout.flush()

    def _log_command(self, step: StepRun) -> str:
        stack = f" --stack {self._stack}" if self._stack else ""
        return f"%k8s_logs {step.name} --run {step.run.id}{stack}"

    def _say(self, text: str) -> None:
        self._session.say(text)

    def _publish(self, data: Mapping[str, object]) -> None:
        self._session.shell.display_pub.publish(data=dict(data), metadata={})


def table(store: Store, limit: int | None = None) -> tuple[Sequence[Run], dict[str, str]]:
    """Return the newest runs, the newest last, and a table of them, as text and as HTML."""
    limit = ui.SHOWN if limit is None else limit
    if limit < 1:
        raise InputError(f"--limit {limit}: no run would be left", fix=f"--limit {ui.SHOWN} shows {ui.SHOWN}")
    found = answer(store, lambda: history.runs(store, limit + 1))
    return found[-limit:], ui.table(found[-limit:], more=len(found) > limit)


def find(store: Store, wanted: str) -> Run:
    """Return a run, as `k8snb.run.history.find` does."""
    return answer(store, lambda: history.find(store, wanted))


def find_step(store: Store, step: str, run: str | None, *, pipeline: str | None = None) -> StepRun:
    """Return a step of a run, or without a run the last one that was started; raises what these raise."""
    if run is not None:
        return find(store, run).step(step)
    return answer(store, lambda: history.last_of(store, step, pipeline=pipeline))


def save_log(path: Path, lines: Iterable[bytes], *, force: bool) -> str:
    """Write lines to a file; return in words how many and where; raises what `k8snb.run.lines.new_file` does."""
    path = path.expanduser().absolute()
    with new_file(path, force=force) as write:
        count = write(lines)
    return f"{_lines(count)} written to {path}"


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def tracebacks(run: Run) -> Iterator[str]:
    """Yield what the failed steps of a run raised, as it was shown."""
    for step in run.steps:
        if step.state == "failed" and (failure := step.failure) is not None:
            yield shown(step.name, failure)
