"""The step process: binds the inputs, runs the cell, puts the outputs into the store, says what became of it."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from k8snb.errors import ConfigError, UnpackableError
from k8snb.runner import frames, streams
from k8snb.runner.display import Screen
from k8snb.runner.execute import execute
from k8snb.runner.process import StepEnds, no_stdin
from k8snb.runner.spec import Ref, Spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8snb.artifacts.groups import Group
    from k8snb.artifacts.store import Store
    from k8snb.runner.access import Access
    from k8snb.runner.inputs import Came
    from k8snb.runner.shell import StepShell

CODE = "/k8snb/code"
"""Where an image has the code; the variable K8SNB_CODE says otherwise."""


@dataclass
class _Outcome:
    """What the supervisor is told in the end."""

    error: BaseException | None = None
    groups: list[Group] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unpackable: dict[str, str] = field(default_factory=dict)
    changed: dict[str, Ref] = field(default_factory=dict)
    shared: dict[str, Ref] = field(default_factory=dict)
    pickled: Group | None = None
    ended: float = 0.0

    def fields(self, shell: Callable[[], StepShell] | None = None) -> dict[str, Any]:
        failure = None
        if self.error is not None:
            from k8snb.runner.failures import describe  # most cells do not fail

            failure = {**vars(describe(self.error, shell)), "pickled": self.pickled and self.pickled.dump()}
        groups = [group.dump() for group in self.groups]
        ended = self.ended or time.time()
        return {
            "groups": groups,
            "deleted": self.deleted,
            "unpackable": self.unpackable,
            "changed": {name: vars(ref) for name, ref in self.changed.items()},
            "shared": {name: vars(ref) for name, ref in self.shared.items()},
            "failure": failure,
            "ended": ended,
        }


def main(ends: StepEnds, access: Access) -> NoReturn:
    """Run the step that the supervisor names, in the process that it has forked for it."""
    import faulthandler

    no_stdin()
    order = streams.Order(ends)
    streams.install(order)
    faulthandler.enable(file=2)
    message = frames.read(ends.orders)
    if message is None:
        os._exit(1)
    spec = Spec.loads(message["spec"].encode())
    owner = os.getpid()
    step = _Step(spec, access, order, ends.orders)
    outcome = step.run()
    if os.getpid() != owner:  # a fork of the user's code that ran to the end of the cell
        os._exit(0 if outcome.error is None else 1)
    order.send("outcome", **outcome.fields(step.screen.shell))
    _leave()


class _Step:
    def __init__(self, spec: Spec, access: Access, order: streams.Order, orders: int) -> None:
        self._spec, self._access, self._order, self._orders = spec, access, order, orders
        self._store: Store | None = None
        self._module = ModuleType("__main__")
        self._namespace: dict[str, Any] = self._module.__dict__
        self.screen = Screen(order.send, self._module)
        self._came: list[Came] = []

    def run(self) -> _Outcome:
        owner = os.getpid()
        source, wrong = "", None
        try:
            source = self._prepare()
        except BaseException as error:  # noqa: BLE001 - what is wrong is told, whatever it is
            wrong = error
        if frames.read(self._orders) is None:  # waits for "go"
            os._exit(1)
        if wrong is not None:
            return _Outcome(wrong)
        came = set(self._namespace)
        self._order.send("start", t=time.time())
        outcome = _Outcome(self._execute(source), ended=time.time())
        if os.getpid() == owner:
            try:
                self._put_out(outcome, came)
            except BaseException as error:  # noqa: BLE001
                outcome.error = outcome.error or error
        return outcome

    def _prepare(self) -> str:
        """Bring the process into the state in which the cell starts; return the cell's source."""
        spec = self._spec
        code = os.environ.get("K8SNB_CODE", CODE)
        source = _read_source(Path(code), spec)
        if "K8SNB_CODE" not in os.environ:
            _link_files(Path(code))
        if code not in sys.path:
            sys.path.insert(0, code)
        sys.argv = ["ipykernel_launcher.py"]  # what a parser calls itself in a kernel
        sys.modules["__main__"] = self._module
        self.screen.install()
        _check_python(spec)
        if spec.carried:
            from k8snb.runner.carried import carry

            carry(spec.carried)
        if spec.inputs:
            from k8snb.runner.inputs import bind

            self._came = bind(spec, self._open_store(), self._namespace)
        return source

    def _execute(self, source: str) -> BaseException | None:
        try:
            if self._spec.ipython:
                shell = self.screen.shell()
                shell.load(self._spec.extensions, self._spec.label)
                source = shell.transform(source)
        except Exception as error:  # noqa: BLE001 - the cell's syntax, as IPython reads it
            return error
        raised = execute(
            source, self._spec.label, self._namespace, self.screen.result, self._spec.futures, self._spec.shows
        )
        self.screen.finish()
        if raised is None and self._spec.gate is not None:
            from k8snb.runner.gate import held_up

            raised = held_up(self._spec.gate, self._namespace, self.screen.result)
        return raised

    def _put_out(self, outcome: _Outcome, came: set[str]) -> None:
        """Bring the values to the store; where one that other steps read cannot travel, that is the step's error."""
        came_in = came.intersection(self._spec.inputs)
        outcome.deleted = sorted(came_in.union(self._spec.deletes).difference(self._namespace))
        if outcome.error is None and not self._came and not any(n in self._namespace for n in self._spec.outputs):
            return
        from k8snb.artifacts.packing import pack
        from k8snb.artifacts.transfer import save
        from k8snb.runner.outputs import put_out

        store = self._open_store()
        outputs = put_out(self._spec, self._came, self._namespace, store)
        outcome.unpackable = {name: str(why) for name, why in outputs.packing.failures.items()}
        outcome.changed, outcome.shared = outputs.changed, outputs.shared
        outcome.groups = outputs.save(store)
        if outcome.error is not None:
            for packed in pack({"error": outcome.error}, namespace=self._namespace).packed:
                outcome.pickled = save(store, packed)
            return
        lost = [name for name in self._spec.needed if name in outcome.unpackable]
        if lost:
            outcome.error = UnpackableError(
                "; ".join(
                    f"{name!r}, which another step reads, cannot travel: {outcome.unpackable[name]}" for name in lost
                ),
                where=self._spec.label,
                fix="put what can travel into a variable (the data, not the connection), or use it in the same step",
            )

    def _open_store(self) -> Store:
        if self._store is None:
            self._store = self._access.open()
        return self._store


def _read_source(code: Path, spec: Spec) -> str:
    fix = "run the pipeline again: its code is packed anew"
    try:
        data = (code / spec.source).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the step's code cannot be read: {error.strerror}", where=str(error.filename), fix=fix
        ) from None
    if hashlib.sha256(data).hexdigest() != spec.source_digest:
        raise ConfigError("the step's code is not the one of this run", where=str(code / spec.source), fix=fix)
    return data.decode()


def _link_files(code: Path) -> None:
    """Let the files that travelled with the code be found in the working directory, as beside the notebook."""
    with suppress(OSError):  # a working directory that cannot be written to
        for entry in os.scandir(code):
            if entry.name not in {"steps", "__pycache__"} and not os.path.lexists(entry.name):
                os.symlink(entry.path, entry.name)  # noqa: PTH211 - entries have their paths as text


def _check_python(spec: Spec) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if spec.python != here and (spec.captured or spec.inputs or spec.outputs):
        raise ConfigError(
            f"the step has Python {here}, the notebook {spec.python}: values do not travel between the two",
            where=spec.label,
            fix=f"use an image with Python {spec.python}, or a kernel with Python {here}",
        )


def _leave() -> NoReturn:
    """End the process as the interpreter would, without taking its modules apart, which may take long."""
    import atexit

    try:
        if threading := sys.modules.get("threading"):
            threading._shutdown()  # noqa: SLF001 - waits for threads and ends idle pools
        atexit._run_exitfuncs()  # noqa: SLF001
        if _has_open_files():
            _flush_files()
    finally:
        os._exit(0)


def _has_open_files() -> bool:
    """Whether there may be files with something in them that is not written yet."""
    import stat

    try:
        fds = [int(fd) for fd in os.listdir("/proc/self/fd")]  # noqa: PTH208
    except OSError:
        return True
    return any(stat.S_ISREG(mode) for fd in fds if (mode := _mode(fd)))


def _mode(fd: int) -> int:
    try:
        return os.fstat(fd).st_mode
    except OSError:
        return 0


def _flush_files() -> None:
    import gc
    import io

    for kind in (io.TextIOWrapper, io.BufferedIOBase):  # a text file's writer is flushed after it
        for file in [o for o in gc.get_objects() if isinstance(o, kind)]:
            with suppress(OSError, ValueError):
                file.flush()
