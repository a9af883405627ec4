"""Shows a run in the cell that asked for it: real stream and display messages from the main thread.

One step at a time in the pipeline's order: a step is live once those before it have ended; what others print
meanwhile is held back. So the cell's output reads as the steps' cells would, one after the other.
"""

from __future__ import annotations

import codecs
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from k8snb.notebook.screen import Screen
from k8snb.run.events import ENDED, Again, Clear, Display, Event, Note, RunEnded, StepState, Text
from k8snb.ui.overview import Shown, bundle, levels

Told = Text | Display | Clear | Note

PAUSE, TICK = 0.2, 1.0
"""Seconds between two updates of the overview: where a state is another, and where only the time goes on."""


class Handle(Protocol):
    """What is needed of a run that was started."""

    def cancel(self) -> None:
        """Ask for the end of the run."""


@dataclass
class _Lane:
    """One step: what it has shown, or is going to."""

    step: str
    state: StepState
    held: list[Told] = field(default_factory=list)
    line_shown: bool = False
    decoders: dict[str, codecs.IncrementalDecoder] = field(default_factory=dict)
    started: float | None = None

    def come_to(self, state: StepState) -> None:
        """Note the state that the step has come to."""
        self.state = state
        self.started = time.monotonic() if state.state == "running" else None

    def shown(self, now: float) -> Shown:
        """Return how far the step is."""
        return Shown(self.state, None if self.started is None else now - self.started)

    @property
    def ended(self) -> bool:
        return self.state.state in ENDED

    def decode(self, stream: str, data: bytes, *, final: bool = False) -> str:
        make = codecs.getincrementaldecoder("utf-8")
        return self.decoders.setdefault(stream, make("replace")).decode(data, final)


class View:
    """Follows one run.

    Parameters
    ----------
    screen : Screen
    after : mapping of str to iterable of str
        The steps in the pipeline's order, with those that each waits for.
    """

    def __init__(self, screen: Screen, after: Mapping[str, Iterable[str]]) -> None:
        self._screen = screen
        self._lanes = {step: _Lane(step, StepState(step, "waiting")) for step in after}
        self._levels = levels(after)
        self._shown_at = 0.0
        self._is_behind = self._has_overview = len(self._lanes) > 1
        self._order = list(self._lanes.values())
        self._live = 0
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ended: RunEnded | None = None

    def put(self, event: Event) -> None:
        """Take an event, from any thread."""
        self._events.put(event)

    def follow(self, start: Callable[[], Handle]) -> RunEnded:
        """Start a run and show it until it has ended.

        An interrupt cancels the run, waits until what ran is gone, says so, and goes on as the interrupt that it is.
        """
        handle = start()
        self._look_over(at_once=True)
        try:
            return self._until_ended()
        except KeyboardInterrupt as interrupt:
            handle.cancel()
            ended = self._until_ended()
            said = f"interrupted: {ended.error.what}" if ended.error else f"interrupted: the run had {ended.state}"
            self._screen.say(said)
            interrupt._render_traceback_ = lambda: ["KeyboardInterrupt"]  # type: ignore[attr-defined]  # IPython's word
            raise

    def _until_ended(self) -> RunEnded:
        while self._ended is None:
            for event in self._batch():
                self._take(event)
            self._screen.flush()
            self._look_over()
        for lane in self._order[self._live :]:
            self._show_held(lane)
            self._flush_text(lane)
        self._live = len(self._order)
        self._look_over(at_once=True)
        return self._ended

    def _look_over(self, *, at_once: bool = False) -> None:
        """Bring the overview of several steps up to date, each second and, a little later, when a state is another."""
        now = time.monotonic()
        due = now - self._shown_at >= (PAUSE if self._is_behind else TICK)
        if self._has_overview and (at_once or due):
            self._screen.overview(bundle(self._levels, {step: lane.shown(now) for step, lane in self._lanes.items()}))
            self._shown_at, self._is_behind = now, False

    def _batch(self) -> Iterator[Event]:
        """Wait for the next event; return it with those that have come since, pieces of text joined."""
        try:
            # A wait that ends: an interrupt reaches no other on every platform. An update that is due ends it early.
            events = [self._events.get(timeout=PAUSE if self._is_behind else TICK)]
        except queue.Empty:
            return iter(())
        while not self._events.empty():
            events.append(self._events.get())
        return _joined(events)

    def _take(self, event: Event) -> None:
        if isinstance(event, RunEnded):
            self._ended = event
            return
        lane = self._lanes[event.step]
        live = self._order[self._live] is lane if self._live < len(self._order) else False
        if isinstance(event, Again):  # a step above it has not ended: nothing of it is shown yet
            lane.held[:] = [Note(event.step, f"runs again: {event.why}")]
        elif isinstance(event, StepState):
            lane.come_to(event)
            self._is_behind = self._has_overview
            if live:
                self._line(lane)
                self._advance()
        elif live:
            self._show(lane, event)
        else:
            lane.held.append(event)

    def _advance(self) -> None:
        """Make the next step live when the one before has ended."""
        while self._live < len(self._order) and self._order[self._live].ended:
            self._flush_text(self._order[self._live])
            self._live += 1
            if self._live < len(self._order):
                self._show_held(self._order[self._live])

    def _show_held(self, lane: _Lane) -> None:
        if not lane.line_shown and (lane.state.state != "waiting" or lane.held):
            self._line(lane)
        for event in _joined(lane.held):
            self._show(lane, event)
        lane.held.clear()

    def _line(self, lane: _Lane) -> None:
        self._screen.line(lane.state, again=lane.line_shown)
        lane.line_shown = True

    def _flush_text(self, lane: _Lane) -> None:
        for stream in list(lane.decoders):
            self._screen.write(stream, lane.decode(stream, b"", final=True))

    def _show(self, lane: _Lane, event: Any) -> None:
        match event:
            case Text(_, stream, data):
                self._screen.write(stream, lane.decode(stream, data))
            case Display():
                self._screen.display(event)
            case Clear(_, wait):
                self._screen.clear(lane.step, wait=wait)
            case Note(step, text):
                self._flush_text(lane)
                self._screen.say(f"{step}: {text}")


def _joined(events: Sequence[Any]) -> Iterator[Any]:
    """Yield the events with neighbouring pieces of one text joined."""
    pieces: list[Text] = []
    for event in (*events, None):
        if pieces and not (isinstance(event, Text) and _of(event) == _of(pieces[0])):
            yield Text(pieces[0].step, pieces[0].stream, b"".join(p.data for p in pieces))
            pieces = []
        if isinstance(event, Text):
            pieces.append(event)
        elif event is not None:
            yield event


def _of(text: Text) -> tuple[str, str]:
    return text.step, text.stream
