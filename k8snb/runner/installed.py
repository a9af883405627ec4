"""Commands that install packages, in a step whose image has these packages already."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from IPython.utils.process import system  # type: ignore[attr-defined]  # where IPython has it from another module

if TYPE_CHECKING:
    from k8snb.runner.shell import StepShell

_TOOLS = frozenset({"pip", "conda", "mamba", "micromamba", "uv"})

SAID = "not installed again: the step's image has the packages that the notebook's cells install"


def leave_out(shell: StepShell) -> None:
    """Let commands that do nothing but install packages do nothing, and say so; all others run."""
    shell.system = partial(_system, shell)  # type: ignore[method-assign]
    for name in sorted(_TOOLS & shell.magics_manager.magics["line"].keys()):
        shell.register_magic_function(partial(_magic, shell, name), "line", name)  # type: ignore[arg-type]


def _system(shell: StepShell, command: str) -> None:
    command = shell.var_expand(command, depth=1)  # type: ignore[no-untyped-call]  # with the names of the caller
    done = _only_installs(command)
    if done:
        print(SAID)  # noqa: T201 - where the command would print
    shell.user_ns["_exit_code"] = 0 if done else system(command)


def _magic(shell: StepShell, name: str, line: str) -> None:
    if _only_installs(line, magic=name):
        print(SAID)  # noqa: T201
        return
    from IPython.core.magics.packaging import PackagingMagics  # IPython itself imports it only when asked

    getattr(PackagingMagics(shell), name)(line)


def _only_installs(command: str, *, magic: str = "!") -> bool:
    if "install" not in command and "add" not in command:
        return False
    from k8snb.analysis.installs import only_installs  # 10 ms, and seldom needed

    return only_installs(command, magic=magic)
