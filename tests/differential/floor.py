"""One plain kernel: a shell of IPython without k8snb, in which a notebook's cells are executed one after the other."""

from __future__ import annotations

import atexit
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

ADDRESS = re.compile(r"\bat 0x[0-9A-Fa-f]+")

Shown = tuple[str, str]
"""What something was shown as (``stdout``, ``stderr``, ``display``), and its text."""


@dataclass
class Told:
    """What a cell has told, and what it raised.

    Parameters
    ----------
    shown : list of Shown
        Neighbouring pieces of one text are one.
    error : tuple of str, or None
        Class and text.
    """

    shown: list[Shown] = field(default_factory=list)
    error: tuple[str, str] | None = None

    def show(self, kind: str, text: str) -> None:
        """Take in what is shown next; addresses of objects are no one's business."""
        text = ADDRESS.sub("at 0x", text)
        if kind != "display" and self.shown and self.shown[-1][0] == kind:
            text = self.shown.pop()[1] + text
        if text:
            self.shown.append((kind, text))


class Stream:
    """stdout or stderr: what a thread writes goes where `showing` says that it goes."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def write(self, text: str) -> int:
        _sinks.show(self._kind, text)
        return len(text)

    def flush(self) -> None:
        pass


_sinks = threading.local()


@contextmanager
def showing(show: Any) -> Iterator[None]:
    """Have what this thread writes."""
    before = getattr(_sinks, "show", None)
    _sinks.show = show
    try:
        yield
    finally:
        _sinks.show = before


class Hook(DisplayHook):
    """The value of a cell's last expression; it is not kept in ``_`` and ``Out``."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        self.shell.show("display", format_dict["text/plain"])

    def update_user_ns(self, result: Any) -> None:
        pass

    def log_output(self, format_dict: dict[str, Any]) -> None:
        pass

    def finish_displayhook(self) -> None:
        self._is_active = False


class Shell(InteractiveShell):
    """A shell that says what it displays, and shows no traceback."""

    displayhook_class = Type(Hook)
    show: Any

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Leave it: the error is looked at."""


def make_shell() -> Shell:
    """Make a shell that writes no files, and put back what that changes of the process."""
    main, hook = sys.modules["__main__"], sys.excepthook
    shell = Shell(config=Config({"HistoryManager": {"enabled": False, "hist_file": ":memory:"}}))
    sys.modules["__main__"], sys.excepthook = main, hook
    atexit.unregister(shell.atexit_operations)
    return shell


class Kernel:
    """A shell that is used for one notebook after the other."""

    def __init__(self) -> None:
        self.shell = make_shell()
        self._at_first = dict(self.shell.user_ns)

    def clear(self) -> None:
        """Begin anew."""
        self.shell.user_ns.clear()
        self.shell.user_ns.update(self._at_first)

    @property
    def variables(self) -> dict[str, Any]:
        """What the cells have bound."""
        first = self._at_first
        return {n: v for n, v in self.shell.user_ns.items() if n not in first or v is not first[n]}

    def execute(self, source: str, show: Any) -> BaseException | None:
        """Execute a cell; return what it raised."""
        self.shell.show = show
        with self.running(show):
            result = self.shell.run_cell(source)
        return result.error_before_exec or result.error_in_exec

    @contextmanager
    def running(self, show: Any) -> Iterator[None]:
        """Be the process's main module, and have its output."""
        before = sys.modules["__main__"], sys.stdout, sys.stderr
        sys.modules["__main__"] = self.shell.user_module
        sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")  # type: ignore[assignment]
        try:
            with showing(show):
                yield
        finally:
            sys.modules["__main__"], sys.stdout, sys.stderr = before


def floor(kernel: Kernel, source: str) -> Told:
    """Execute a cell in a plain kernel."""
    told = Told()
    error = kernel.execute(source, told.show)
    if error is not None:
        told.error = of_error(type(error).__name__, str(error))
    return told


def of_error(kind: str, text: str) -> tuple[str, str]:
    """Return an error's class and text; how deep the stack was is no one's business."""
    return kind, "" if kind == "RecursionError" else ADDRESS.sub("at 0x", text)
