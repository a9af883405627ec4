"""Repeats what cells above have set of the state of modules: options, filters, the environment, a seed."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from k8snb.errors import ConfigError
from k8snb.runner.imports import on_import

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8snb.runner.spec import Carried


def carry(statements: Sequence[Carried]) -> None:
    """Execute each statement as soon as the modules that it is about are loaded, in their order.

    What is about a module that the step never loads costs nothing. A statement that fails then raises where the
    module is imported.

    Raises
    ------
    ConfigError
        A statement could not be executed.
    """
    left = list(statements)
    waiting = {module for statement in left for module in statement.modules} - sys.modules.keys()

    def run_ready(loaded: str = "") -> None:
        waiting.discard(loaded)
        for statement in [s for s in left if waiting.isdisjoint(s.modules)]:
            if statement in left:  # one before it may have imported a module and come back here
                left.remove(statement)
                _run(statement)

    for module in sorted(waiting):
        on_import(module, partial(run_ready, module))
    run_ready()


def _run(statement: Carried) -> None:
    try:
        exec(compile(statement.code, "<carried>", "exec"), {"__name__": "__main__"})  # noqa: S102 - the user's own
    except Exception as error:
        raise ConfigError(
            f"what is set above the step cannot be set in it: {type(error).__name__}: {error}",
            where=statement.where,
            fix="set it in the step as it holds there; a file that it reads travels with --file",
        ) from error
