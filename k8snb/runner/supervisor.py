"""The runner's first process: it starts the step process, writes its log, and writes down what became of it."""

from __future__ import annotations

import os
import select
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from k8snb import __version__
from k8snb.artifacts.store import NotFound
from k8snb.errors import K8snbError, StoreError
from k8snb.runner import frames
from k8snb.runner.access import take
from k8snb.runner.children import Children
from k8snb.runner.log import Log
from k8snb.runner.parts import Parts
from k8snb.runner.process import StepEnds, StepProcess, need_stdin, no_stdin, start
from k8snb.runner.pump import Pump
from k8snb.runner.spec import DIED, FAILED, SAYS, SUCCEEDED, TIMED_OUT, Result, Spec

if TYPE_CHECKING:
    from k8snb.artifacts.store import Store
    from k8snb.runner.access import Access


def main() -> NoReturn:
    """Run the attempt whose address is the command line's argument, then exit.

    The exit code is 0 where the step succeeded, 1 where its code raised; where its process died, that process's code,
    or 128 and the signal that ended it.
    """
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.exit("usage: python -m k8snb.runner <address of the attempt>")
    need_stdin()
    access = take(sys.argv[1])
    children = Children()

    def run(ends: StepEnds) -> NoReturn:
        children.forget()
        from k8snb.runner.step import main as step_main

        step_main(ends, access)

    step = start(run)
    children.watch(step.pid)
    try:
        code = _supervise(access, children, step)
    except K8snbError as error:
        print(f"{SAYS}{error}", file=sys.stderr, flush=True)  # noqa: T201 - the pod's log is all there is
        children.kill()
        code = 1
    os._exit(code)


def _supervise(access: Access, children: Children, step: StepProcess) -> int:
    store = access.open()
    data = _read_order(store, access.folder)
    spec = Spec.loads(data)
    frames.send(step.orders, frames.dump("spec", spec=data.decode()))  # it loads its inputs meanwhile
    _await_reader(spec.handshake)
    parts = Parts(store, access.folder)
    log = Log(spec.nonce, 1, parts.add)
    log.control("hello", python=sys.version.partition(" ")[0], k8snb=__version__)
    log.mark()
    began = time.time()
    frames.send(step.orders, frames.dump("go"))
    pump = Pump(step, children, log, parts, store, spec.timeout)
    pump.run()
    log.mark()
    result = _result(spec, pump, children, began)
    show_end = log.end(result.state)
    result = _with_log(result, parts.close(), log)
    store.put(f"{access.folder}/result.json", result.dumps())
    show_end()
    return _exit_code(result)


def _read_order(store: Store, folder: str) -> bytes:
    try:
        return store.get(f"{folder}/spec.json")
    except StoreError as error:
        what = "the store that the step sees does not hold its order" if isinstance(error, NotFound) else error.what
        own = "where a step must use another address than the notebook: artifact_store.from_pods"
        raise StoreError(what, where=error.where, fix=f"{error.fix}; {own}" if error.fix else own) from None


def _await_reader(seconds: float) -> None:
    """Wait for a line on stdin: somebody reads what comes next. Then nothing can be read from stdin any more."""
    end = time.monotonic() + seconds
    line = b""
    while seconds and b"\n" not in line and (left := end - time.monotonic()) > 0:
        if select.select([0], [], [], left)[0]:
            data = os.read(0, 4096)
            if not data:
                break
            line += data
    no_stdin()


def _result(spec: Spec, pump: Pump, children: Children, began: float) -> Result:
    started, ended = pump.started or began, time.time()
    outcome = pump.outcome
    if pump.timed_out or outcome is None:
        state = TIMED_OUT if pump.timed_out else DIED
        return Result(key=spec.key, state=state, code=children.status, started=started, ended=ended)
    failed = outcome["failure"] is not None
    ended_as = FAILED if failed else SUCCEEDED
    return Result.of({**outcome, "key": spec.key, "state": ended_as, "code": int(failed), "started": started})


def _with_log(result: Result, parts: int, log: Log) -> Result:
    return replace(result, log_parts=parts, log_bytes=log.bytes, log_lines=log.lines)


def _exit_code(result: Result) -> int:
    if result.state == SUCCEEDED:
        return 0
    if result.code is not None and result.code < 0:
        return 128 - result.code
    return result.code or 1  # an os._exit(0) half-way is no success
