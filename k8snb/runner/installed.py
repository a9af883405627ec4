"""Commands that install packages, in a step whose image has these packages already."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from IPython.utils.process import system  # type: ignore[attr-defined]  # where IPython has it from another module

from k8snb.analysis.installs import TOOLS, only_installs

if TYPE_CHECKING:
    from k8snb.runner.shell import StepShell

SAID = "not installed again: the step's image has the packages that the notebook's cells install"


def leave_out(shell: StepShell) -> None:
    """Let commands that do nothing but install packages do nothing, and say so; all others run."""
    shell.system = partial(_system, shell)  # type: ignore[method-assign]
    for name in sorted(TOOLS & shell.magics_manager.magics["line"].keys()):
        shell.register_magic_function(partial(_magic, shell, name), "line", name)  # type: ignore[arg-type]


def _system(shell: StepShell, command: str) -> None:
    command = shell.var_expand(command, depth=1)  # type: ignore[no-untyped-call]  # with the names of the caller
    done = only_installs(command)
    if done:
        print(SAID)  # noqa: T201 - where the command would print
    shell.user_ns["_exit_code"] = 0 if done else system(command)


def _magic(shell: StepShell, name: str, line: str) -> None:
    if only_installs(line, magic=name):
        print(SAID)  # noqa: T201
        return
    from IPython.core.magics.packaging import PackagingMagics  # IPython itself imports it only when asked

    getattr(PackagingMagics(shell), name)(line)
