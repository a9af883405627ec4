"""What happens around each cell: its step line is read, and the values that a plain cell reads are brought first.

Bringing a value may run steps. It is done by a statement put before the cell's own ones and not in an event of
IPython's, because an error in an event would not stop the cell. Nothing heavy is imported here: the session is made
when a magic first asks for it.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from k8snb.errors import InputError
from k8snb.notebook import inserted, mistyped, settings
from k8snb.notebook.automagic import ResultsFirst
from k8snb.notebook.document import NOTEBOOK
from k8snb.notebook.running import Running
from k8snb.notebook.tagged import Tags

if TYPE_CHECKING:
    from k8snb.notebook.session import Session

_STEP_COMMENT = re.compile(r"#\s*(%%k8s_step\b.*)", re.DOTALL)
_GATE = re.compile(r"\s--skew\b")
_STEP = re.compile(r"%%k8s_step\b")
_MISSED = (
    "this cell does not stand in the notebook's file, and tags are read from there: "
    "save the notebook, and where the cell has a tag execute it again"
)
_BELOW = re.compile(r"%%(?:time|timeit|capture)\b")


def step_line_first(lines: list[str]) -> list[str]:
    """Bring the step's line to the top as the cell magic that IPython knows.

    ``# %%k8s_step`` in the first line means the same as without the ``#``. ``%%time``, ``%%timeit`` and ``%%capture``
    above the step's line go below it: they are about what the step does. The number of lines stays; but a step that is
    nothing but a gate gets an empty one, as IPython takes no cell magic without a body.
    """
    place = next((i for i, line in enumerate(lines) if not _BELOW.match(line)), len(lines))
    if place == len(lines):
        return lines
    below = [*lines[:place], *lines[place + 1 :]]
    comment = _STEP_COMMENT.match(lines[place])
    line = comment[1] if comment else lines[place]
    if mistyped.is_nearly_a_steps_line(lines[place]):  # as a comment it would say nothing
        return [lines[place].lstrip("# \t"), *below]
    if not _STEP.match(line):
        return lines
    return [line, *below] if below or not _GATE.search(line) else [f"{line.rstrip()}\n", "\n"]


class Hooks:
    """Connects k8snb to a shell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    make_session : callable
        Makes the session of a shell and these hooks.

    Attributes
    ----------
    executed : list of Running
        Plain cells that were executed before there was a session, or before these hooks.
    """

    def __init__(self, shell: Any, make_session: Callable[[Any, Hooks], Session]) -> None:
        self.shell = shell
        self.executed: list[Running] = []
        self._make_session = make_session
        self._running: list[Running] = []
        self._session: Session | None = None
        self._transformer = BringValues(self)
        self._tags = Tags(shell.user_ns)
        self._told_missed = False

    @property
    def session(self) -> Session:
        """The session; made when it is first asked for."""
        if self._session is None:
            self._session = self._make_session(self.shell, self)
        return self._session

    @property
    def running(self) -> Running | None:
        """The cell that is being executed, the innermost."""
        return self._running[-1] if self._running else None

    def find_tags(self, cell: Running) -> bool:
        """Say whether the notebook's file has a cell as a step, or as a part of one."""
        try:
            cell.tagged = self._tags.find(cell.source, cell.cell_id)
        except InputError as error:
            cell.refused = error  # here IPython would take the transformer away for it
        return cell.tagged is not None or cell.refused is not None

    def begin_plain_cell(self, cell: Running) -> None:
        """Bring the values that a plain cell reads and the kernel does not have."""
        if (
            self._tags.missed and not self._told_missed and NOTEBOOK not in os.environ
        ):  # where it is set, cells are added
            self._told_missed = True
            self.session.say(_MISSED)
        if self._session is None:
            self.executed.append(cell)
        else:
            self._session.begin_plain_cell(cell)

    def install(self) -> None:
        """Take part in the execution of cells."""
        self.shell.events.register("pre_run_cell", self._before)
        self.shell.events.register("post_run_cell", self._after)
        self.shell.input_transformers_cleanup.append(step_line_first)
        self.shell.ast_transformers.append(self._transformer)
        self._results_first = ResultsFirst(self.shell, self.results)

    def remove(self) -> None:
        """Take part no longer."""
        self.shell.events.unregister("pre_run_cell", self._before)
        self.shell.events.unregister("post_run_cell", self._after)
        self.shell.input_transformers_cleanup.remove(step_line_first)
        self.shell.ast_transformers.remove(self._transformer)
        self._results_first.remove()

    def results(self) -> Collection[str]:
        """Return the names that stand for results of steps."""
        return self._session.names.pending if self._session is not None else ()

    def close(self) -> None:
        """Close the session's connections."""
        if self._session is not None:
            self._session.close()

    def _before(self, info: Any) -> None:
        number = len(self.shell.history_manager.input_hist_raw)  # it has an empty text for the number 0
        self._running.append(Running(info.raw_cell, getattr(info, "cell_id", None), number))

    def _after(self, result: Any) -> None:
        if self.running is None or self.running.source != result.info.raw_cell:
            return  # an empty cell, or the one that has loaded the extension: it was not seen at its start
        cell = self._running.pop()
        if self._session is not None:
            self._session.end_cell(cell)


class BringValues(ast.NodeTransformer):
    """Puts a statement that brings values before the first statement of a plain cell.

    Parameters
    ----------
    hooks : Hooks
    """

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def visit(self, node: ast.AST) -> ast.AST:
        """Return the cell's tree with the statement; code that a magic compiles inside a cell stays as it is."""
        cell = self._hooks.running
        if cell is None or cell.begun or not isinstance(node, ast.Module) or not node.body:
            return node
        cell.begun = True
        if "%" in cell.source:
            mistyped.explain(node, self._hooks.shell)
            settings.check(node)
        if cell.step_line is None and self._hooks.find_tags(cell):
            node.body = [_statement(node.body[0], "tagged_step")]
        elif cell.step_line is None and not mistyped.is_nearly_a_steps_line(cell.source.lstrip()):
            futures = sum(isinstance(s, ast.ImportFrom) and s.module == "__future__" for s in node.body)
            docstring = futures > 0 and isinstance(node.body[0], ast.Expr)
            node.body.insert(futures + docstring, _statement(node.body[0], "bring"))
        return node


def _statement(at: ast.stmt, call: str) -> ast.stmt:
    """Return a call of a function of this module in another statement's place."""
    return ast.copy_location(ast.Expr(inserted.call(__name__, call, at=at)), at)


_hooks: Hooks | None = None


def bring() -> None:
    """Bring the values that the running cell reads and does not have: the statement before a plain cell's own."""
    if _hooks is not None and _hooks.running is not None:
        _hooks.begin_plain_cell(_hooks.running)


def tagged_step() -> None:
    """Make the running cell a step, as the tags in the notebook's file say: the statement in the place of its own."""
    if _hooks is None or _hooks.running is None:
        return
    if _hooks.running.refused is not None:
        raise _hooks.running.refused
    if (tagged := _hooks.running.tagged) is None:
        return
    name = tagged.line.split()[0]
    known = _hooks.session.cells.step(name)
    if not tagged.first and known is not None and known.source == tagged.source:
        _hooks.session.say(f"a part of step {name}")
    else:
        _hooks.shell.run_cell_magic("k8s_step", tagged.line, tagged.source)


def executed() -> list[str] | None:
    """Return the cells and the steps that this kernel knows, as a front end asks; None where k8snb is not loaded."""
    if _hooks is None:
        return None
    ids = [f"cell:{cell.cell_id}" for cell in _hooks.executed if cell.cell_id is not None]
    if _hooks._session is not None:  # noqa: SLF001
        ids += [f"cell:{entry.cell_id}" for entry in _hooks.session.cells if entry.cell_id is not None]
        ids += [f"step:{entry.step}" for entry in _hooks.session.cells if entry.step is not None]
    return ids


def install(hooks: Hooks) -> None:
    """Make hooks the ones of this process."""
    global _hooks  # noqa: PLW0603 - the statement in the user's cell finds them by this name
    _hooks = hooks
    hooks.install()


def remove() -> Hooks | None:
    """Take the hooks of this process away and return them."""
    global _hooks
    hooks, _hooks = _hooks, None
    if hooks is not None:
        hooks.remove()
    return hooks
