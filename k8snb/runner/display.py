"""What a cell displays: plain values as they are, all else through IPython, which is imported only then."""

from __future__ import annotations

import builtins
import os
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from k8snb.runner.imports import on_import

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from k8snb.runner.shell import StepShell

_PLAIN = (bool, int, float, complex, str, bytes)
_INLINE = "matplotlib_inline.backend_inline"
_BACKEND = f"module://{_INLINE}"


class Screen:
    """Shows things under the cell.

    Parameters
    ----------
    send : callable
        ``send(kind, **fields)`` sends a message to the supervisor.
    module : ModuleType
        The cell's ``__main__``.
    """

    def __init__(self, send: Callable[..., None], module: ModuleType) -> None:
        self._send, self._module = send, module
        self._inside = 0  # widgets that take up output
        self._shell: StepShell | None = None

    def install(self) -> None:
        """Give the cell ``display``, ``get_ipython`` and figures, as in a notebook."""
        builtins.display = self._display  # type: ignore[attr-defined]
        builtins.get_ipython = self.shell  # type: ignore[attr-defined]
        builtins.input = partial(_ask_nobody, "input")
        if os.environ.get("PYTHONBREAKPOINT") != "0":
            sys.breakpointhook = partial(_debug_for_nobody, "breakpoint()")
        _once_imported("getpass", _patch_getpass)
        _once_imported("bdb", _patch_debuggers)
        _once_imported("ipywidgets.widgets.widget_output", self._watch_widgets)
        os.environ.setdefault("MPLBACKEND", _BACKEND)
        os.environ.setdefault("PLOTLY_RENDERER", "plotly_mimetype")  # what it finds out by itself in a kernel
        on_import("IPython", self.shell)
        on_import("k8snb.distributions.skew", _send_statistics)

    def result(self, value: Any) -> None:
        """Show the value of the cell's last expression."""
        if self._shell is None and type(value) in _PLAIN:
            self._send("show", data={"text/plain": repr(value)}, meta={}, result=True)
        else:
            self.shell().displayhook(value)

    def shell(self) -> StepShell:
        """Return IPython's shell for the cell."""
        if self._shell is None:
            import IPython  # noqa: F401 - its first import comes back here and makes the shell
        if self._shell is None:
            from k8snb.runner.shell import make_shell

            self._shell = make_shell(self._send_shown, self._module)
        if "matplotlib" in sys.modules and _INLINE not in sys.modules:  # a figure that came in: its pictures
            from importlib import import_module

            with suppress(ImportError):
                import_module(_INLINE)
        return self._shell

    def _send_shown(self, kind: str, **fields: Any) -> None:
        """Send what is shown; what a widget clears is its own, which here is shown below the cell with all else."""
        if not (kind == "clear" and self._inside):
            self._send(kind, **fields)

    def _watch_widgets(self) -> None:
        """Know when output goes into a widget."""
        output: Any = sys.modules["ipywidgets.widgets.widget_output"].Output
        enter, leave = output.__enter__, output.__exit__

        def entered(widget: Any) -> Any:
            self._inside += 1
            return enter(widget)

        def left(widget: Any, *error: Any) -> Any:
            self._inside -= 1
            return leave(widget, *error)

        output.__enter__, output.__exit__ = entered, left

    def finish(self) -> None:
        """Show the figures that the cell has made."""
        if self._shell is not None:
            self._shell.after_cell()

    def _display(self, *objects: Any, **options: Any) -> Any:
        self.shell()
        from IPython.display import display

        return display(*objects, **options)  # type: ignore[no-untyped-call]


def _once_imported(name: str, then: Callable[[], object]) -> None:
    if name in sys.modules:
        then()
    else:
        on_import(name, then)


def _send_statistics() -> None:
    """Let a comparison of data send what it has found out; the notebook's side draws it."""
    sys.modules["k8snb.distributions.skew"].STATISTICS_ONLY = True  # type: ignore[attr-defined]


def _patch_getpass() -> None:
    sys.modules["getpass"].getpass = partial(_ask_nobody, "getpass")  # type: ignore[attr-defined]


def _patch_debuggers() -> None:
    sys.modules["bdb"].Bdb.set_trace = partial(_debug_for_nobody, "set_trace()")


def _debug_for_nobody(call: str, *_: object, **_more: object) -> NoReturn:
    raise EOFError(f"{call}: a step has nobody at its debugger; to debug the cell, run it without its first line")


def _ask_nobody(call: str, prompt: object = "", *_: object, **_more: object) -> NoReturn:
    raise EOFError(
        f"{call}({str(prompt)!r}): a step has nobody to ask; ask in a plain cell above it, the step can read the answer"
    )
