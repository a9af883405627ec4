"""The stack picker: the stacks with a live check of each, shown in place; one chosen, or a new one registered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from k8snb.errors import ClusterError
from k8snb.notebook.screen import Screen
from k8snb.orchestrators.kubernetes.kubeconfig import contexts
from k8snb.run import portal
from k8snb.run import register as registering
from k8snb.run.check import Outcome, check
from k8snb.stacks.edit import set_active
from k8snb.stacks.fields import Fields
from k8snb.stacks.load import project_file
from k8snb.stacks.model import Stack, Stacks
from k8snb.ui.mime import with_buttons
from k8snb.ui.stacks import CHECKING, INTERRUPTED, NOT_CHECKED, Picker, by_part, in_words, shown_path

if TYPE_CHECKING:
    from k8snb.notebook.session import Session

PAUSE = 0.2
"""Seconds between two updates of what is shown."""

_REGISTER = "NAME --context CONTEXT --namespace NAMESPACE --artifact-store URI --registry URI"
IN_NOTEBOOK = (
    "choose: %k8s_stack NAME (--save writes it to k8snb.toml)",
    f"register: %k8s_stack --register {_REGISTER}",
)
IN_SHELL = ("choose: k8snb stack set NAME", f"register: k8snb stack register {_REGISTER}")


def wait_for_checks(
    stacks: Sequence[Stack], folder: Path, show: Callable[[Sequence[Outcome], str], None]
) -> list[Outcome]:
    """Check stacks and show what is found out as it comes, in the caller's thread.

    Parameters
    ----------
    stacks : sequence of Stack
    folder : Path
        The notebook's.
    show : callable
        Called with the outcomes so far and what is to be said of other parts: at once, at most five times a second
        while more come, and at the end; an interrupt is an end too, and goes on as the interrupt that it is.
    """
    told: SimpleQueue[Outcome] = SimpleQueue()
    future = portal.submit(check(stacks, folder, told.put))
    found: list[Outcome] = []
    try:
        show(found, CHECKING)
        while True:
            try:
                found = future.result(PAUSE)
                break
            except TimeoutError:
                if came := [told.get() for _ in range(told.qsize())]:
                    found = [*found, *came]
                    show(found, CHECKING)
    except KeyboardInterrupt as interrupt:
        future.cancel()
        show(found, INTERRUPTED)
        interrupt._render_traceback_ = lambda: ["KeyboardInterrupt"]  # type: ignore[attr-defined]  # IPython's word
        raise
    show(found, NOT_CHECKED)
    return found


def known_contexts() -> tuple[list[str], str]:
    """Return the names of the kubeconfig's contexts, the current one first, and a line about them."""
    try:
        found = contexts()
    except ClusterError as error:
        return [], f"contexts: {error.what} ({error.where})"
    if not found:
        return [], "contexts: there is no kubeconfig"
    told = ", ".join(f"{c.name} (current)" if c.is_current else c.name for c in found)
    return [c.name for c in sorted(found, key=lambda c: not c.is_current)], f"contexts of the kubeconfig: {told}"


def active_in_words(stacks: Stacks, folder: Path) -> str:
    """Return which stack is the active one, and what makes it that."""
    said = {"%k8s_stack": "chosen in this notebook", "embedded": "nothing names another"}
    file = next((file for file in stacks.files if stacks.because.startswith(str(file))), None)
    because = stacks.because.replace(str(file), shown_path(file, folder), 1) if file else stacks.because
    why = said.get(because, f"named by {because}")
    lacks = "" if stacks.default in stacks.by_name else "; there is no such stack"
    return f"active: {stacks.default}, {why}{lacks}"


@dataclass
class _Table:
    """The stacks as they are shown: where, what was found out about them, and the contexts that there are."""

    screen: Screen
    is_shown: bool = False
    found: Sequence[Outcome] = ()
    contexts: Sequence[str] = ()
    said: str = ""


class StackPicker:
    """Shows stacks under the running cell, and keeps true which is the active one where they were last shown.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        from IPython.core.displaypub import DisplayPublisher

        self._session = session
        self._table: _Table | None = None
        # IPython's own publisher prints what it is given: nothing is brought up to date there.
        self._in_place = type(session.shell.display_pub) is not DisplayPublisher

    def show(self, *, live: bool = True) -> None:
        """Show all stacks; ``live``: with a check of each."""
        table = self._table = _Table(Screen(self._session.shell))
        known = portal.submit(asyncio.to_thread(known_contexts))

        def draw(found: Sequence[Outcome], others: str) -> None:
            table.found = found
            if others != CHECKING or known.done():
                table.contexts, table.said = known.result()
            self._draw(table, others)

        if live:
            configuration = self._session.configuration
            wait_for_checks(list(configuration.stacks.by_name.values()), configuration.folder, draw)
        else:
            draw((), NOT_CHECKED)

    def _draw(self, table: _Table, others: str, *, is_known: bool = False) -> None:
        stacks, folder = self._session.configuration.stacks, self._session.configuration.folder
        notes = [active_in_words(stacks, folder), *IN_NOTEBOOK, *filter(None, [table.said])]
        every = list(stacks.by_name.values())
        shown = Picker(every, folder, stacks.default, by_part(table.found), others, notes).bundle()
        fields = {"stacks": list(stacks.by_name), "active": stacks.default, "contexts": table.contexts}
        live = others == CHECKING
        self._publish(table, with_buttons(shown, "stacks", **fields, live=live), live=live or is_known)

    def _bring_up_to_date(self, new: Sequence[Outcome] = ()) -> None:
        """Show anew what was shown last, with what was found out about a new stack."""
        if self._table is not None and self._in_place:
            names = {outcome.stack for outcome in new}
            self._table.found = [*(outcome for outcome in self._table.found if outcome.stack not in names), *new]
            self._draw(self._table, NOT_CHECKED, is_known=True)

    def choose(self, name: str, *, save: bool = False) -> None:
        """Make a stack the notebook's; ``save``: also the one that its stack file names."""
        configuration = self._session.configuration
        stack = configuration.stacks.pick(name)
        file = set_active(configuration.folder, name) if save else None
        configuration.stack_name = name
        whose = "" if file is None or file == project_file(configuration.folder) else ", for all projects"
        saved = f"; {shown_path(file, configuration.folder)} names it from now on{whose}" if file else ""
        self._bring_up_to_date()
        self._session.say(f"stack {in_words(stack, configuration.folder)}{saved}")

    def register(self, name: str, fields: Fields, *, live: bool = True, overwrite: bool = False, user: bool) -> None:
        """Register a stack; ``live``: where a check of its parts, which is shown, finds nothing wrong."""
        folder = self._session.configuration.folder
        found: list[Outcome] = []

        def check(stack: Stack) -> list[Outcome]:
            found.extend(self._checked(stack))
            return found

        draft = registering.register(
            folder, name, fields, check=check if live else None, overwrite=overwrite, user=user
        )
        self._bring_up_to_date(found)
        self._session.say(f"registered {in_words(draft.stack, folder)}; %k8s_stack {name} chooses it")

    def _checked(self, stack: Stack) -> list[Outcome]:
        folder, table = self._session.configuration.folder, _Table(Screen(self._session.shell))

        def draw(found: Sequence[Outcome], others: str) -> None:
            shown = Picker([stack], folder, None, by_part(found), others, are_written=False)
            self._publish(table, shown.bundle(), live=others == CHECKING)

        return wait_for_checks([stack], folder, draw)

    def _publish(self, table: _Table, data: Mapping[str, object], *, live: bool) -> None:
        """Show the table, or bring the shown one up to date; where nothing is shown in place, only what is not live."""
        if self._in_place or not live:
            table.screen.part("stacks", data, again=table.is_shown, live=live)
            table.is_shown = True
