"""IPython's shell in a step: its displays become messages; it keeps no history and writes no files."""

from __future__ import annotations

import binascii
import os
from typing import TYPE_CHECKING, Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

from k8snb.errors import ConfigError
from k8snb.runner import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

_NOT_FOR_USERS = ("open", "exit", "quit")
"""What the shell puts into the namespace in the place of builtins."""


class _Publisher(DisplayPublisher):
    """``display`` and ``clear_output``."""

    def publish(  # type: ignore[override]  # IPython's has a parameter that it does not use
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        fields: dict[str, Any] = {"data": _text(data), "meta": metadata or {}}
        if identity := (transient or {}).get("display_id"):
            fields |= {"id": identity, "update": update}
        self.shell.send("show", **fields)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.send("clear", wait=wait)


class _Compiler(CachingCompiler):
    """Knows what files are called in tracebacks."""

    def format_code_name(self, name: str) -> tuple[str, str] | None:
        """Return how a cell is called, by the label of its code."""
        kind, _, step = name.partition(" ")
        if kind == "step" and step:
            return kind, step
        return super().format_code_name(name)


class _Hook(DisplayHook):
    """The value of a cell's last expression."""

    def quiet(self) -> bool:
        return False  # whoever runs the cell has seen to that

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        assert self.shell is not None
        self.shell.send("show", data=_text(format_dict), meta=md_dict or {}, result=True)

    def update_user_ns(self, result: Any) -> None:
        pass

    def log_output(self, format_dict: dict[str, Any]) -> None:
        pass

    def finish_displayhook(self) -> None:
        self._is_active = False


class StepShell(InteractiveShell):
    """The shell that ``get_ipython()`` returns in a step."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)
    compiler_class = Type(_Compiler)
    send: Callable[..., None]
    _raises = False

    def init_ipython_dir(self, ipython_dir: str | None) -> None:
        """Have no folder: the trait's default would make one."""
        self.set_trait("ipython_dir", ipython_dir or "")

    def init_profile_dir(self, profile_dir: Any) -> None:
        """Have no profile, and in memory what would be kept there."""
        self.profile_dir = profile_dir
        self._db: Any = {"rootmodules_cache": {}}

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window system; ``%matplotlib inline`` asks all the same."""

    def transform(self, source: str) -> str:
        """Return IPython's syntax as Python, each line in its place (IPython leaves blank lines at the top out)."""
        lines = source.splitlines(keepends=True)
        blank = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
        text = str(self.transform_cell("".join(lines[blank:])))  # type: ignore[no-untyped-call]
        if "\n" not in text.strip():  # it may be a magic without its sign
            with self.builtin_trap:
                text = str(self.prefilter_manager.prefilter_lines(text))  # type: ignore[union-attr]
        return "\n" * blank + text

    def load(self, extensions: Sequence[str], label: str) -> None:
        """Load extensions, as cells above have."""
        for name in extensions:
            try:
                said = self.extension_manager.load_extension(name)  # type: ignore[union-attr]
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
                raise ConfigError(
                    f"the extension {name!r}, which a cell above loads, cannot be loaded: {why}",
                    where=label,
                    fix="name its package with --requirements; a module beside the notebook travels by itself",
                ) from error
            if said == "no load function":
                raise ConfigError(f"the module {name!r}, which a cell above loads, is no extension", where=label)

    def capture(self, line: str, cell: str) -> None:
        """Run ``%%capture``; what the cell raises, it raises, and is not caught with the text."""
        from IPython.core.magics.execution import ExecutionMagics  # IPython itself imports it only when asked

        self._raises = True
        try:
            ExecutionMagics(self).capture(line, cell)  # type: ignore[no-untyped-call]
        finally:
            self._raises = False
        assert self.last_execution_result is not None
        self.last_execution_result.raise_error()

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        if not self._raises:
            super()._showtraceback(etype, evalue, stb)

    def after_cell(self) -> None:
        """Tell those who wait for the end of a cell, such as matplotlib, which then shows its figures."""
        self.events.trigger("post_execute")
        self.events.trigger("post_run_cell", ExecutionResult(None))  # type: ignore[no-untyped-call]


StepShell.__name__ = "ZMQInteractiveShell"
"""A kernel's shell is called so: rich and others ask for that to find out whether HTML is shown."""


def make_shell(send: Callable[..., None], module: ModuleType) -> StepShell:
    """Make the shell for a cell; the names in its namespace stay what they are."""
    StepShell.send = staticmethod(send)
    namespace = module.__dict__
    before = dict(namespace)
    config = Config({"HistoryManager": {"enabled": False, "hist_file": ":memory:"}})
    shell: StepShell = StepShell.instance(user_module=module, user_ns=namespace, config=config)
    for name in _NOT_FOR_USERS:
        namespace.pop(name, None)
    namespace.update(before)
    shell.register_magic_function(shell.capture, "cell", "capture")  # type: ignore[arg-type]
    shell.display_trap.__enter__()  # as in a cell: what is run inside it displays as it does
    shell.last_execution_result = ExecutionResult(None)  # type: ignore[no-untyped-call]
    if "K8SNB_CODE" not in os.environ:  # in an image of its own, and not in the environment of this machine
        installed.leave_out(shell)
    return shell


def _text(data: dict[str, Any]) -> dict[str, Any]:
    """Return a MIME bundle as JSON can hold it: bytes as base64, as Jupyter has them."""
    return {k: binascii.b2a_base64(v, newline=False).decode() if isinstance(v, bytes) else v for k, v in data.items()}
