"""A kernel with k8snb in it: the notebook's steps run as a pipeline, and what each cell tells is told apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from floor import Kernel, Told, of_error
from IPython.core.displaypub import DisplayPublisher
from writing import Notebook

from k8snb import errors
from k8snb.errors import K8snbError, StepFailed
from k8snb.notebook import hooks
from k8snb.notebook.cards import CARD
from k8snb.notebook.extension import unload
from k8snb.notebook.names import Made, NotRun
from k8snb.notebook.screen import FAILURE, OVERVIEW, STEP_LINE
from k8snb.notebook.session import Session

OWN = frozenset(name for name, value in vars(errors).items() if isinstance(value, type))
SAID_OF_STEP = re.compile(r"\w+: (starting|running|waiting|succeeded|failed|died|cancelled|skipped)\b")


@dataclass(frozen=True)
class Word:
    """Something that k8snb has said.

    Parameters
    ----------
    text : str
    cell : int or None
        Place of the cell that it was said of.
    refuses : bool
        It is the text of an error of k8snb's own, which ended the notebook.
    """

    text: str
    cell: int | None = None
    refuses: bool = False


@dataclass
class Executed:
    """What became of a notebook.

    Parameters
    ----------
    told : dict of int to Told
        By the place of the cell; only of those that were executed.
    words : list of Word
    unread : set of str
        Names that stand for results of steps that did not run, because one above them failed.
    refused : bool
        k8snb has ended the notebook with an error of its own.
    """

    told: dict[int, Told] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    refused: bool = False


class _Publisher(DisplayPublisher):
    recorder: Piped

    def publish(self, data: Any, metadata: Any = None, **more: Any) -> None:
        self.recorder.published(data["text/plain"], metadata or {}, update=bool(more.get("update")))


class Piped(Kernel):
    """A kernel with k8snb.

    Parameters
    ----------
    open_engine : callable
        Makes the engine of a stack.
    """

    def __init__(self, open_engine: Callable[..., Any]) -> None:
        super().__init__()
        self._open_engine = open_engine
        publisher = _Publisher(shell=self.shell)
        publisher.recorder = self
        self.shell.display_pub = publisher
        self.shell.extension_manager.load_extension("k8snb")
        own = hooks._hooks
        assert own is not None
        self._hooks = own
        self._at_first = dict(self.shell.user_ns)
        self.step: str | None = None
        """The step that a run is showing; empty: none yet; None: there is no run."""

    def clear(self) -> None:
        super().clear()
        if self._hooks._session is not None:
            self._hooks._session.close()
        self._hooks.executed.clear()
        self._hooks._running.clear()
        session = Session(self.shell, lambda: self._hooks.running, open_engine=self._open_engine)
        session._launcher.run = self._told_apart(session._launcher.run)  # also when a cell needs results
        self.session = self._hooks._session = session
        self._result = Executed()
        self._place: int | None = None
        self._reading = False

    def _told_apart(self, run: Callable[..., None]) -> Callable[..., None]:
        """Return what runs steps, noting when a run begins and ends."""

        def told_apart(*args: Any, **kwargs: Any) -> None:
            self.step = ""
            try:
                run(*args, **kwargs)
            finally:
                self.step = None

        return told_apart

    # --- what is told ------------------------------------------------------------------------------------------

    def published(self, text: str, metadata: dict[str, Any], *, update: bool) -> None:
        """Take in a display: a line of k8snb's, or what the notebook shows."""
        if CARD in metadata and update:
            return
        if CARD in metadata:
            rows = (row.split(None, 1) for row in text.splitlines()[1:])
            self._result.words += [Word(row[1], self._place) for row in rows if row[0] == "warning"]
        elif OVERVIEW in metadata or FAILURE in metadata:
            return
        elif metadata.get(STEP_LINE):
            if not update:
                self.step = metadata[STEP_LINE]
            self._result.words += [Word(text)] if not SAID_OF_STEP.match(text) else []
        elif STEP_LINE in metadata:
            if (
                "warning" in text and not self._reading
            ):  # what a cell says that the notebook has not is no one's business
                self._result.words.append(Word(text))
        else:
            self.shell.show("display", text)

    def _show(self, kind: str, text: str) -> None:
        told = self._told
        if self.step:
            told = self._result.told.setdefault(self._places[self.step], Told())
        told.show(kind, text)

    # --- cells -------------------------------------------------------------------------------------------------

    def notebook(self, notebook: Notebook) -> Executed:
        """Execute all cells, run the steps that no cell has run, and read all variables."""
        self.clear()
        self._places = {cell.step: place for place, cell in enumerate(notebook.cells) if cell.step is not None}
        for place, cell in enumerate(notebook.cells):
            self._place = place
            self.shell.history_manager.input_hist_raw = [""] * (place + 1)  # what cells take their numbers from
            if not self._cell(cell.source, place):
                break
        self._place = None
        if not self._result.refused:
            self._rest()
        if not self._result.refused:
            self._read()
        return self._result

    def _cell(self, source: str, place: int | None) -> bool:
        """Execute a cell; say whether all is well."""
        self._told = told = Told()
        self.step = None
        error = self.execute(source, self._show)
        is_step = source.startswith("%%k8s_step")
        if isinstance(error, StepFailed):
            self._failed(error)
        elif isinstance(error, K8snbError):
            self._refused(str(error))
        elif place is not None and (not is_step or error is not None):
            told.error = None if error is None else of_error(type(error).__name__, str(error))
            self._result.told[place] = told
        elif error is not None:
            raise error
        return error is None

    def _failed(self, error: StepFailed) -> None:
        if error.failure.ename in OWN:
            self._refused(error.failure.evalue)
            return
        told = self._result.told.setdefault(self._places[error.step], Told())
        told.error = of_error(error.failure.ename, error.failure.evalue)

    def _refused(self, text: str) -> None:
        self._result.words.append(Word(text, self._place, refuses=True))
        self._result.refused = True

    def _rest(self) -> None:
        """Run the steps that no cell has run, as the end of ``k8snb run`` does; after a failed step those above it."""
        while not self._result.refused:
            failed = [step for step, p in self._places.items() if p in self._result.told and self._result.told[p].error]
            limit = min((self._places[step] for step in failed), default=len(self._places) + 99)
            left = [e.step for e in self.session.cells if e.step and not e.tried and self._places[e.step] < limit]
            if not left or self._cell(f"%k8s_run --rest {' '.join(left)}", None):
                break
        for entry in self.session.cells:
            place = self._places[entry.step] if entry.step is not None else None
            if place is not None and entry.has_run:
                self._result.told.setdefault(place, Told())
            elif place in self._result.told and not self._result.told[place].error:
                del self._result.told[place]  # it ran beside one that failed: nothing of it is the notebook's

    def _read(self) -> None:
        """Read the variables that stand for results of steps, as a cell does."""
        self._reading = True
        pending = self.session.names.pending
        self._result.unread = {name for name, p in pending.items() if isinstance(p, NotRun)}
        made = sorted(name for name, p in pending.items() if isinstance(p, Made))
        if made:
            self._read_these(made)
        for name in sorted(self.session.names.pending.keys() - self._result.unread):
            self._read_these([name])

    def _read_these(self, names: Sequence[str]) -> None:
        error = self.execute(f"({', '.join(names)},);", lambda *_: None)  # a step that failed may be tried once more
        if isinstance(error, K8snbError) and not isinstance(error, StepFailed):  # a step that has failed is told of
            self._result.words.append(Word(str(error)))
        elif error is not None and not isinstance(error, NameError | StepFailed):
            raise error

    def close(self) -> None:
        """Take k8snb out of the shell."""
        unload(self.shell)
