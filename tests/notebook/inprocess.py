"""An orchestrator that executes steps inside the test's own process, and a notebook to use it from."""

from __future__ import annotations

import asyncio
import atexit
import builtins
import sys
import threading
import types
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from cloudpickle import cloudpickle
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from k8snb.analysis.source import body
from k8snb.artifacts.packing import pack
from k8snb.artifacts.store import Store
from k8snb.artifacts.transfer import save
from k8snb.errors import ServiceError
from k8snb.images.code import Code
from k8snb.notebook import hooks
from k8snb.notebook.extension import unload
from k8snb.notebook.session import Session
from k8snb.orchestrators.base import Attempt, Environment, Gone, Orchestrator, Output, Report, Tell
from k8snb.pipeline.sources import OWN
from k8snb.run.engine import Engine
from k8snb.run.record import store_of
from k8snb.runner.execute import execute
from k8snb.runner.inputs import bind
from k8snb.runner.outputs import put_out
from k8snb.runner.protocol import encode
from k8snb.runner.spec import Failure, Key, Result, Spec
from k8snb.stacks.model import Stack


@dataclass
class InProcess(Orchestrator):
    """Executes each step with `exec`; notes what was asked of it. A step that reads ``hang`` never ends."""

    store: Store
    broken: ServiceError | None = None
    started: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    hanging: threading.Event = field(default_factory=threading.Event)
    code: Code | None = None

    @classmethod
    def of_stack(cls, stack: Stack, folder: Path) -> Self:
        raise NotImplementedError

    async def check(self) -> None:
        if self.broken:
            raise self.broken

    async def prepare(self, code: Code, environments: Mapping[str, Environment], tell: Tell) -> dict[str, str]:
        self.code = code
        return dict.fromkeys(environments, "image")

    async def start(self, attempt: Attempt) -> None:
        self.started.append(attempt.key.step)

    async def follow(self, attempt: Attempt) -> AsyncIterator[Report]:
        assert self.code is not None
        spec = Spec.loads(self.store.get(f"{attempt.key.folder}/spec.json"))
        yield Output(encode(attempt.nonce, "start", t=0))
        source = self.code.steps[spec.source].decode()
        if "hang" in source:
            self.hanging.set()
            await asyncio.Event().wait()
        result, output = await asyncio.to_thread(_in_turn, self.store, spec, source)
        yield Output(b"".join(output))
        raw = [encode(attempt.nonce, "start", t=0), *output, encode(attempt.nonce, "end", state=result.state)]
        self.store.put(f"{spec.key.folder}/log/000000", b"".join(raw))
        self.store.put(f"{spec.key.folder}/result.json", result.dumps())
        yield Output(encode(attempt.nonce, "end", state=result.state))
        yield Gone(0)

    async def cancel(self, keys: Sequence[Key]) -> None:
        self.cancelled += [key.step for key in keys]

    async def running(self, run: str) -> list[Key]:
        return []


_turn = threading.Lock()


def _in_turn(store: Store, spec: Spec, source: str) -> tuple[Result, list[bytes]]:
    """Execute a step that knows no class that this process has made, as a process of its own would not."""
    names = ("_DYNAMIC_CLASS_TRACKER_BY_CLASS", "_DYNAMIC_CLASS_TRACKER_BY_ID")
    with _turn:
        known = {name: getattr(cloudpickle, name) for name in names}
        for name in names:
            setattr(cloudpickle, name, type(known[name])())
        try:
            return _execute(store, spec, source)
        finally:
            for name in names:
                setattr(cloudpickle, name, known[name])


def _execute(store: Store, spec: Spec, source: str) -> tuple[Result, list[bytes]]:
    """Do what a runner does, with the runner's own code for inputs and execution."""
    output: list[bytes] = []

    def say(*values: object, end: str = "\n", err: bool = False, shown: bool = False, **fields: Any) -> None:
        text = (" ".join(map(str, values)) + end).encode()
        if shown:
            show(text.decode().rstrip(), **fields)
            return
        output.extend([encode(spec.nonce, "err"), text, encode(spec.nonce, "out")] if err else [text])

    def show(text: str, **fields: Any) -> None:
        output.append(encode(spec.nonce, "show", data={"text/plain": text}, meta={}, **fields))

    def clear(*, wait: bool) -> None:
        output.append(encode(spec.nonce, "clear", wait=wait))

    scope: dict[str, Any] = {"__name__": "__main__", "__builtins__": {**vars(builtins), "print": say}}
    scope["__builtins__"] |= {"show": show, "clear": clear}
    came = bind(spec, store, scope)
    came_in = scope.keys() & spec.inputs.keys()
    failure = None
    if (e := execute(source, spec.label, scope, lambda value: None, spec.futures, spec.shows)) is not None:
        groups = [save(store, p) for p in pack({"error": e}).packed]
        failure = Failure(type(e).__name__, str(e), [f"{type(e).__name__}: {e}"], groups[0] if groups else None)
    outputs = put_out(spec, came, scope, store)
    if spec.looked_at:  # what was skipped must not have been needed
        whole = put_out(replace(spec, looked_at={}), came, scope, store)
        assert (outputs.changed, outputs.shared) == (whole.changed, whole.shared), (
            source,
            spec.looked_at,
            whole.changed,
            whole.shared,
        )
    result = Result(
        spec.key,
        "failed" if failure else "succeeded",
        groups=outputs.save(store),
        deleted=sorted({*came_in, *spec.deletes} - scope.keys()),
        unpackable=outputs.packing.failures,
        failure=failure,
        changed=outputs.changed,
        shared=outputs.shared,
        started=1.0,
        ended=3.0,
    )
    return result, output


class Publisher(DisplayPublisher):
    """Writes displays down."""

    def __init__(self, shell: Any, seen: list[Any]) -> None:
        super().__init__(parent=shell, shell=shell)
        self.seen = seen

    def publish(self, data: Any, metadata: Any = None, **more: Any) -> None:
        transient = more.get("transient") or {}
        self.seen.append(("update" if more.get("update") else "display", data, transient.get("display_id")))

    def clear_output(self, wait: bool = False) -> None:
        self.seen.append(("clear", wait, None))


class _Stream:
    """stdout or stderr of the notebook."""

    def __init__(self, name: str, seen: list[Any]) -> None:
        self.name, self.seen = name, seen

    def write(self, text: str) -> int:
        self.seen.append((self.name, text, None))
        return len(text)

    def flush(self) -> None:
        pass


class _Shell(InteractiveShell):
    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window system; ``%matplotlib inline`` asks all the same."""


class Notebook:
    """A shell with k8snb loaded whose steps run in this process."""

    def __init__(self, home: Path) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = _Shell(config=config)
        self.seen: list[Any] = []
        self.shell.display_pub = Publisher(self.shell, self.seen)
        self.orchestrators: list[InProcess] = []
        self.opened: list[str] = []
        """Stacks that engines were opened for."""
        self.shell.extension_manager.load_extension("k8snb")
        own = hooks._hooks
        assert own is not None
        own._session = Session(self.shell, lambda: own.running, open_engine=self._open)
        self.session = own._session

    def _open(self, stack: Stack, *, folder: Path, scratch: Store) -> Engine:
        store = store_of(stack) if stack.artifact_store.uri.startswith("file:") else scratch  # others answer nowhere
        self.orchestrators.append(InProcess(store))
        self.opened.append(stack.name)
        return Engine(self.orchestrators[-1], store, scratch=scratch, stack=stack.name)

    @property
    def orchestrator(self) -> InProcess:
        """The one of the active stack."""
        self.session.engine()
        return self.orchestrators[-1]

    @property
    def started(self) -> list[str]:
        """Steps that were started, in that order."""
        return [step for o in self.orchestrators for step in o.started]

    @property
    def ns(self) -> dict[str, Any]:
        """The user's namespace."""
        return self.shell.user_ns

    def run(self, source: str, cell_id: str | None = None) -> Any:
        """Execute a cell; raise what it raised; return its last expression's value."""
        with self._captured():
            result = self.shell.run_cell(source, store_history=True, cell_id=cell_id)
        result.raise_error()
        return result.result

    def text(self, kind: str = "stdout") -> str:
        """Return all text written to a stream so far."""
        return "".join(entry[1] for entry in self.seen if entry[0] == kind)

    @contextmanager
    def _captured(self) -> Iterator[None]:
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Stream("stdout", self.seen), _Stream("stderr", self.seen)  # type: ignore[assignment]
        try:
            yield
        finally:
            sys.stdout, sys.stderr = streams


@contextmanager
def notebook(home: Path) -> Iterator[Notebook]:
    """Open a notebook, and put back what IPython changes of the process."""
    main, hook = sys.modules["__main__"], sys.excepthook
    opened = Notebook(home)
    try:
        yield opened
    finally:
        unload(opened.shell)
        atexit.unregister(opened.shell.atexit_operations)
        opened.shell.atexit_operations()
        sys.modules["__main__"], sys.excepthook = main, hook
        assert isinstance(main, types.ModuleType)


def one_kernel(cells: Sequence[str]) -> tuple[dict[str, Any], BaseException | None]:
    """Execute cells from top to bottom in one fresh shell without k8snb, steps as plain cells.

    Returns
    -------
    dict
        The variables.
    BaseException or None
        What the last cell that was executed raised.
    """
    main, hook, streams = sys.modules["__main__"], sys.excepthook, (sys.stdout, sys.stderr)
    config = Config()
    config.HistoryManager.enabled = False
    shell = _Shell(config=config)
    shell.display_pub = Publisher(shell, [])
    sys.stdout = sys.stderr = _Stream("stdout", [])  # type: ignore[assignment]
    before, error = set(shell.user_ns), None
    try:
        for source in cells:
            result = shell.run_cell(body(source), store_history=True)
            error = result.error_before_exec or result.error_in_exec
            if error is not None:
                break
        names = [name for name in shell.user_ns if name not in before and not OWN.fullmatch(name)]
        return {name: shell.user_ns[name] for name in names}, error
    finally:
        sys.stdout, sys.stderr = streams
        atexit.unregister(shell.atexit_operations)
        shell.atexit_operations()
        sys.modules["__main__"], sys.excepthook = main, hook
