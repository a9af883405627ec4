"""Where attempts run: each orchestrator is an entry point of the group ``k8snb.orchestrators``."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from k8snb.errors import StackError
from k8snb.orchestrators.base import Orchestrator
from k8snb.stacks.model import Stack

GROUP = "k8snb.orchestrators"


def open_orchestrator(stack: Stack, folder: Path) -> Orchestrator:
    """Return the orchestrator of a stack; nothing is asked of it yet.

    Parameters
    ----------
    stack : Stack
    folder : Path
        The notebook's folder.

    Raises
    ------
    StackError
        None of that kind is installed.
    """
    return kind_of(stack).of_stack(stack, folder)


def kind_of(stack: Stack) -> type[Orchestrator]:
    """Return the class of a stack's orchestrator.

    Raises
    ------
    StackError
        None of that kind is installed.
    """
    for entry in entry_points(group=GROUP, name=stack.orchestrator.kind):
        cls: type[Orchestrator] = entry.load()
        return cls
    raise StackError(
        f"there is no orchestrator of kind {stack.orchestrator.kind!r}",
        where=f"stack {stack.name}",
        fix=f"one of: {', '.join(sorted(entry_points(group=GROUP).names))}",
    )
