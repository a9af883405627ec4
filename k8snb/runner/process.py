"""The two processes of the runner and the pipes between them.

The step's code runs in a process of its own: its output is seen while C code holds its interpreter, and its death, of
whatever kind, leaves one who tells of it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from k8snb.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable


class StepEnds(NamedTuple):
    """File descriptors that the step process holds.

    Parameters
    ----------
    out, err : int
        What it prints.
    messages : int
        What it says (`k8snb.runner.frames`): displays, the outcome.
    orders : int
        What it is told: its spec, and when to begin.
    """

    out: int
    err: int
    messages: int
    orders: int


class StepProcess(NamedTuple):
    """The step process as its supervisor sees it: the other ends of `StepEnds`."""

    pid: int
    out: int
    err: int
    messages: int
    orders: int


def start(run: Callable[[StepEnds], NoReturn]) -> StepProcess:
    """Fork the step process. Nothing may have started a thread yet."""
    if not hasattr(os, "fork"):
        raise ConfigError("the runner needs a system that can fork processes", fix="run the steps on Linux or macOS")
    pipes = [os.pipe() for _ in range(4)]
    (out, out_w), (err, err_w), (messages, messages_w), (orders_r, orders) = pipes
    pid = os.fork()
    if pid == 0:
        for fd in (out, err, messages, orders):
            os.close(fd)
        run(StepEnds(out_w, err_w, messages_w, orders_r))
    for fd in (out_w, err_w, messages_w, orders_r):
        os.close(fd)
    return StepProcess(pid, out, err, messages, orders)


def no_stdin() -> None:
    """Give the process, and those that it starts, a stdin with nothing in it."""
    null = os.open(os.devnull, os.O_RDONLY)
    if null == 0:
        os.set_inheritable(0, True)
    else:
        os.dup2(null, 0)
        os.close(null)


def need_stdin() -> None:
    """Keep descriptor 0 from becoming something else where the process was started without it."""
    try:
        os.fstat(0)
    except OSError:
        no_stdin()
