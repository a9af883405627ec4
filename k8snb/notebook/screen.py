"""The output of the running cell, as messages of the kernel's main thread."""

from __future__ import annotations

import html
import secrets
import sys
from collections.abc import Callable, Mapping
from typing import Any

from k8snb.run.events import Display, StepState
from k8snb.ui import failure
from k8snb.ui.colours import QUIET
from k8snb.ui.mime import with_buttons
from k8snb.ui.words import time_in_words

STEP_LINE = "k8snb_step"
"""Key in the metadata of the line of a step, and of what k8snb itself says."""

OVERVIEW = "k8snb_overview"
"""Key in the metadata of the overview of a run: what is done before its steps can start, in words."""

FAILURE = "k8snb_failure"
"""Key in the metadata of what is shown of a step's failure."""

LIVE = "k8snb_live"
"""Key in the metadata of a part of a step's text that is shown in place, and whether more of it may come."""


class Screen:
    """Writes to the running cell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    """

    def __init__(self, shell: Any) -> None:
        self._publish: Callable[..., None] = shell.display_pub.publish
        self._clear_output: Callable[..., None] = shell.display_pub.clear_output
        self._id = secrets.token_hex(4)
        self._last = "stdout"
        self._said: list[str] = []

    def line(self, state: StepState, *, run: str, again: bool, cancel: bool) -> None:
        """Show a step's line, or bring the shown one up to date; with a button that cancels the run."""
        data = with_buttons(quiet(words(state)), "step", step=state.step, run=run, live=cancel)
        self._place(f"-{state.step}", data, {STEP_LINE: state.step}, again=again)

    def overview(self, data: Mapping[str, str], *, run: str, again: bool, live: bool, preparing: str) -> None:
        """Show the overview of the run, or bring the shown one up to date."""
        self._place("", with_buttons(data, "run", run=run, live=live), {OVERVIEW: preparing}, again=again)

    def failure(self, state: StepState) -> None:
        """Show why a step has failed."""
        self._publish(data=failure.bundle(state), metadata={FAILURE: state.step})

    def part(self, key: str, data: Mapping[str, object], *, again: bool, live: bool) -> None:
        """Show a part of a step's text in a place of its own, or bring the shown one up to date."""
        self._place(f"-{key}", data, {LIVE: live}, again=again)

    def _place(self, key: str, data: Mapping[str, object], metadata: Mapping[str, Any], *, again: bool) -> None:
        transient = {"display_id": f"k8snb-{self._id}{key}"}
        self._publish(data=dict(data), metadata=dict(metadata), transient=transient, update=again)

    def write(self, stream: str, text: str) -> None:
        """Write text as it was printed."""
        if not text:
            return
        if stream != self._last:
            self.flush()  # the two are sent by different buffers
            self._last = stream
        getattr(sys, stream).write(text)

    def display(self, event: Display) -> None:
        """Show what a step displayed."""
        transient = {"display_id": event.display_id} if event.display_id else {}
        self._publish(data=dict(event.data), metadata=dict(event.metadata), transient=transient, update=event.update)

    def clear(self) -> None:
        """Take away what is shown when more comes; what k8snb said before the steps stays."""
        self._clear_output(wait=True)
        for text in self._said:
            self.remark(text)

    def say(self, text: str) -> None:
        """Show a quiet line of k8snb's own that is no step's."""
        self._said.append(text)
        self.remark(text)

    def remark(self, text: str) -> None:
        """Show a quiet line."""
        self._publish(data=quiet(text), metadata={STEP_LINE: ""})

    def flush(self) -> None:
        """Send what is written now."""
        getattr(sys, self._last).flush()


def say(shell: Any, text: str) -> None:
    """Show a quiet line of k8snb's own under the running cell of a shell."""
    Screen(shell).say(text)


def words(state: StepState) -> str:
    """Return a step's state in words."""
    how_long = "for" if state.state == "running" else "in"
    seconds = f" {how_long} {time_in_words(state.seconds)}" if state.seconds else ""
    why = "; ".join(filter(None, (state.detail, state.fix and f"way out: {state.fix}")))
    return f"{state.step}: {state.state}{seconds}" + (f" ({why})" if why else "")


def quiet(text: str) -> dict[str, str]:
    """Return a small grey line, as text and as HTML."""
    style = f"{QUIET}; font-size: smaller; white-space: pre-wrap"
    return {"text/plain": text, "text/html": f'<div style="{style}">{html.escape(text)}</div>'}
