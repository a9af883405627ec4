"""The output of the running cell, as messages of the kernel's main thread."""

from __future__ import annotations

import html
import secrets
import sys
from collections.abc import Callable, Mapping
from typing import Any

from k8snb.run.events import Display, StepState
from k8snb.ui.words import time_in_words

REPLAY_LIMIT = 1 << 20
"""Characters of other steps' text at most that are shown again after one step has cleared its output."""

STEP_LINE = "k8snb_step"
"""Key in the metadata of the line of a step."""

OVERVIEW = "k8snb_overview"
"""Key in the metadata of the overview of a run."""


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
        self._step = ""
        self._lines: dict[str, StepState] = {}
        self._overview: Mapping[str, str] | None = None
        self._shown: list[tuple[str, Callable[[], None]]] = []
        self._shown_text = 0
        self._clear_before_next = False

    def line(self, state: StepState, *, again: bool) -> None:
        """Show a step's line, or bring the shown one up to date."""
        self._step = state.step
        self._lines[state.step] = state
        if again:
            self._publish_line(state.step, update=True)
        else:
            self._do(lambda step=state.step: self._publish_line(step, update=False))  # type: ignore[misc]

    def overview(self, data: Mapping[str, str]) -> None:
        """Show the overview of the run, or bring the shown one up to date."""
        again, self._overview = self._overview is not None, data
        if again:
            self._publish_overview(update=True)
        else:
            self._do(lambda: self._publish_overview(update=False))

    def write(self, stream: str, text: str) -> None:
        """Write text as it was printed."""
        if text:
            self._shown_text += len(text)
            self._do(lambda: self._write(stream, text))

    def display(self, event: Display) -> None:
        """Show what a step displayed."""
        transient = {"display_id": event.display_id} if event.display_id else {}
        data, metadata = dict(event.data), dict(event.metadata)
        self._do(lambda: self._publish(data=data, metadata=metadata, transient=transient, update=event.update))

    def clear(self, step: str, *, wait: bool) -> None:
        """Take away what a step has shown; the output of the steps before it stays."""
        if self._shown_text > REPLAY_LIMIT:
            return
        lines = [shown for shown in self._shown if shown[0] == step][:1]
        self._shown = [shown for shown in self._shown if shown[0] != step] + lines
        self._clear_before_next = True
        if not wait:
            self._clear()

    def say(self, text: str) -> None:
        """Show a quiet line of k8snb's own."""
        self._publish(data=quiet(text), metadata={STEP_LINE: ""})

    def flush(self) -> None:
        """Send what is written now."""
        getattr(sys, self._last).flush()

    def _do(self, show: Callable[[], None]) -> None:
        if self._clear_before_next:
            self._clear()
        if self._shown_text <= REPLAY_LIMIT:
            self._shown.append((self._step, show))
        else:
            self._shown.clear()
        show()

    def _clear(self) -> None:
        self._clear_before_next = False
        self._clear_output(wait=True)
        for _, show in self._shown:
            show()

    def _write(self, stream: str, text: str) -> None:
        if stream != self._last:
            self.flush()  # the two are sent by different buffers
            self._last = stream
        getattr(sys, stream).write(text)

    def _publish_line(self, step: str, *, update: bool) -> None:
        state = self._lines[step]
        transient = {"display_id": f"k8snb-{self._id}-{step}"}
        self._publish(data=quiet(words(state)), metadata={STEP_LINE: step}, transient=transient, update=update)

    def _publish_overview(self, *, update: bool) -> None:
        transient = {"display_id": f"k8snb-{self._id}"}
        self._publish(data=dict(self._overview or {}), metadata={OVERVIEW: True}, transient=transient, update=update)


def words(state: StepState) -> str:
    """Return a step's state in words."""
    seconds = f" in {time_in_words(state.seconds)}" if state.seconds else ""
    return f"{state.step}: {state.state}{seconds}" + (f" ({state.detail})" if state.detail else "")


def quiet(text: str) -> dict[str, str]:
    """Return a small grey line, as text and as HTML."""
    style = "color: gray; font-size: smaller; white-space: pre-wrap"
    return {"text/plain": text, "text/html": f'<div style="{style}">{html.escape(text)}</div>'}
