"""Where attempts run: each orchestrator is an entry point of the group ``k8snb.orchestrators``."""

from __future__ import annotations

from functools import cache
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
    if (cls := _installed(stack.orchestrator.kind)) is not None:
        return cls
    raise StackError(
        f"there is no orchestrator of kind {stack.orchestrator.kind!r}",
        where=f"stack {stack.name}",
        fix=f"one of: {', '.join(sorted(entry_points(group=GROUP).names))}",
    )


@cache
def _installed(kind: str) -> type[Orchestrator] | None:
    """Return the class of a kind; looking through all that is installed takes 10 ms."""
    for entry in entry_points(group=GROUP, name=kind):
        cls: type[Orchestrator] = entry.load()
        return cls
    return None
