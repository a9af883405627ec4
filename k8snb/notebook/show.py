"""Shows a run in the cell that asked for it: real stream and display messages from the main thread.

One step at a time in the pipeline's order: a step is live once those before it have ended; what others print
meanwhile is held back. So the cell's output reads as the steps' cells would, one after the other.
"""

from __future__ import annotations

import codecs
import queue
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from k8snb.notebook.interrupts import held_back
from k8snb.notebook.screen import Screen
from k8snb.run.events import ENDED, Again, Clear, Display, Event, Note, Preparing, RunEnded, StepEvent, StepState, Text
from k8snb.ui.graph import levels, unclear
from k8snb.ui.mime import with_buttons
from k8snb.ui.output import Item, Output, Remark, Written
from k8snb.ui.overview import MOST, Shown, bundle
from k8snb.ui.parts import LINES, Part, Room
from k8snb.ui.skew import drawn

PAUSE, TICK = 0.2, 1.0
"""Seconds between two updates of what is shown in place: where it is another, and where only the time goes on."""


class Handle(Protocol):
    """What is needed of a run that was started."""

    run: str

    def cancel(self) -> None:
        """Ask for the end of the run."""


@dataclass
class _Lane:
    """One step: how far it is, its output, and how much of both is on the screen."""

    state: StepState
    output: Output
    after: tuple[str, ...] = ()
    """The steps that it waits for, where the overview's columns do not tell."""
    line: StepState | None = None
    shown: int = 0
    clearing: bool = False
    cleared: bool = False
    decoders: dict[str, codecs.IncrementalDecoder] = field(default_factory=dict)
    started: float | None = None
    began: bool = False
    told: bool = False
    """Why it has failed is on the screen."""

    def come_to(self, state: StepState) -> None:
        """Note the state that the step has come to."""
        if state.state != self.state.state:
            self.started = time.monotonic() if state.state in {"starting", "running"} else None
        self.began = self.began or state.state not in {"waiting", "skipped", "cancelled"}
        self.state = state
        if self.ended:
            self.finish_text()
            self.output.end(well=state.state == "succeeded")

    def prepare(self, text: str) -> None:
        """Let the step's line say what is done before it can start."""
        if text and not self.began and not self.ended:
            self.state = StepState(self.state.step, "waiting", text)

    @property
    def ended(self) -> bool:
        return self.state.state in ENDED

    @property
    def has_failed(self) -> bool:
        return self.state.state == "failed"

    @property
    def has_why(self) -> bool:
        """There is something to show of why it has failed that its line does not say, or says too far above."""
        return self.has_failed and bool(self.state.traceback or self.output.items)

    def at(self, now: float, *, is_below: bool) -> Shown:
        """Return how far the step is; `is_below`: its turn to show its output has come."""
        last = self.output.last_line if self.state.state == "running" and not is_below else ""
        since = None if self.started is None else now - self.started
        return Shown(self.state, since, is_below=is_below, last_line=last, after=self.after)

    def write(self, stream: str, data: bytes, *, final: bool = False) -> None:
        """Take bytes as they were printed."""
        make = codecs.getincrementaldecoder("utf-8")
        if text := self.decoders.setdefault(stream, make("replace")).decode(data, final):
            self.clear_where_more_comes()
            self.output.write(stream, text)
            self.show_anew_where_taken_back()

    def show_anew_where_taken_back(self) -> None:
        """See to it that the output is shown again where some of what is on the screen is elsewhere now."""
        if self.output.has_taken_back:
            self.cleared = self.cleared or self.shown > 0
            self.output.has_taken_back, self.shown = False, 0

    def finish_text(self) -> None:
        """Take what is left of characters that were cut off."""
        for stream in list(self.decoders):
            self.write(stream, b"", final=True)

    def clear(self, *, wait: bool) -> None:
        """Forget the output, at once or when more comes."""
        self.clearing = True
        if not wait:
            self.clear_where_more_comes()

    def clear_where_more_comes(self) -> None:
        """Forget the output that was to be cleared."""
        if self.clearing:
            self.output.clear()
            self.clearing, self.cleared = False, self.cleared or self.shown > 0
            self.shown = 0


class View:
    """Follows one run.

    Parameters
    ----------
    screen : Screen
    after : mapping of str to iterable of str
        The steps in the pipeline's order, with those that each waits for.
    reused : collection of str
        Those of them that do not run: the results that they have are used.
    lines : int
        Of a step's text that are shown as they come.
    """

    def __init__(
        self,
        screen: Screen,
        after: Mapping[str, Iterable[str]],
        *,
        reused: Collection[str] = (),
        lines: int = LINES,
    ) -> None:
        self._screen = screen
        self._room = room = Room(lines=lines)
        told = unclear(after)
        self._lanes = {
            step: _Lane(StepState(step, "waiting"), Output(step, room), told.get(step, ()))
            for step in after
            if step not in reused
        }
        self._reused = {
            step: Shown(StepState(step, "succeeded"), reused=True, after=told.get(step, ())) for step in reused
        }
        self._levels = levels(after)
        self._preparing: dict[str, str] = {}
        self._updates: dict[str | None, Display] = {}
        self._in_place_at = 0.0
        self._is_behind = False
        self._has_overview = len(after) > 1
        self._overview_shown = False
        self._order = list(self._lanes.values())
        self._live = 0
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ended: RunEnded | None = None
        self._untold: _Lane | None = None
        """The last step that is on the screen, where it has failed and that does not say why yet."""

    def put(self, event: Event) -> None:
        """Take an event, from any thread."""
        self._events.put(event)

    def follow(self, start: Callable[[], Handle]) -> RunEnded:
        """Start a run and show it until it has ended.

        An interrupt cancels the run, waits until what ran is gone, says so, and goes on as the interrupt that it is.
        Of the first failed step is not said why where it is the last on the screen: who called raises it.
        """
        handle: Handle | None = None
        try:
            with held_back():  # else it might come when the run has begun and there is no handle to cancel it by
                handle = start()
                self._room.run = handle.run
            self._bring_up_to_date(at_once=True)
            ended = self._until_ended()
            if self._untold is not next((lane for lane in self._order if lane.has_failed), None):
                self._tell_why()
        except KeyboardInterrupt as interrupt:
            if handle is None:
                raise
            handle.cancel()
            ended = self._until_ended()
            self._tell_why()
            said = f"interrupted: {ended.error.what}" if ended.error else f"interrupted: the run had {ended.state}"
            self._screen.say(said)
            interrupt._render_traceback_ = lambda: ["KeyboardInterrupt"]  # type: ignore[attr-defined]  # IPython's word
            raise
        return ended

    def tell(self, run: str, events: Iterable[Event]) -> None:
        """Show a run that is over from all its events."""
        self._room.run = run
        for event in events:
            self._take(event)
        self._bring_up_to_date(at_once=True)
        self._tell_why()

    def _until_ended(self) -> RunEnded:
        while self._ended is None:
            for event in self._batch():
                self._take(event)
            self._bring_up_to_date()
        return self._ended

    # --- what has happened -------------------------------------------------------------------------------------

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
        match event:
            case RunEnded():
                self._ended = event
                for lane in self._order:
                    lane.finish_text()
            case Preparing(what, text):
                self._preparing[what], self._is_behind = text, True
            case _:
                self._take_of_step(event, self._lanes[event.step])

    def _take_of_step(self, event: StepEvent, lane: _Lane) -> None:
        match event:
            case StepState():
                self._preparing.clear()
                lane.come_to(event)
                self._is_behind = self._has_overview
            case Again(step, why):  # a step above it has not ended: nothing of it is shown yet
                lane.output.clear()
                lane.output.show(Remark(f"{step}: runs again: {why}"))
            case Text(_, stream, data):
                lane.write(stream, data)
            case Clear(_, wait):
                lane.clear(wait=wait)
            case Display():
                lane.clear_where_more_comes()
                display = drawn(event)
                if any(place < lane.shown for place in lane.output.show(display)):
                    self._updates[display.display_id], self._is_behind = display, True
            case Note(step, text):
                lane.finish_text()
                lane.output.show(Remark(f"{step}: {text}"))

    @property
    def _prepares(self) -> str:
        """What is done before steps can start, in words."""
        return "; ".join(filter(None, self._preparing.values()))

    # --- what is shown -----------------------------------------------------------------------------------------

    def _bring_up_to_date(self, *, at_once: bool = False) -> None:
        """Show what is new; what is shown in place each second and, a little later, when it is another."""
        now = time.monotonic()
        in_place = at_once or self._ended is not None
        in_place = in_place or now - self._in_place_at >= (PAUSE if self._is_behind else TICK)
        if any(lane.cleared for lane in self._order[: self._live + 1]):
            if not in_place:
                self._is_behind = True
                return
            self._in_place_at, self._is_behind = now, False
            self._show_anew(now)
        elif in_place:
            self._in_place_at, self._is_behind = now, False
            self._look_over(now)
            for update in self._updates.values():
                self._screen.display(update)
            self._updates.clear()
        while self._live < len(self._order):
            lane = self._order[self._live]
            self._show(lane, in_place=in_place)
            if not (lane.ended or self._ended):
                break
            self._live += 1
        self._screen.flush()

    def _look_over(self, now: float) -> None:
        if not self._has_overview:
            self._order[0].prepare(self._prepares)
        else:
            lanes = enumerate(self._lanes.items())
            shown = self._reused | {step: lane.at(now, is_below=self._is_below(i)) for i, (step, lane) in lanes}
            overview, live = bundle(self._levels, shown, self._prepares), self._ended is None
            again, told = self._overview_shown, self._prepares
            self._screen.overview(overview, run=self._room.run, again=again, live=live, preparing=told)
            self._overview_shown = True

    def _is_below(self, number: int) -> bool:
        """Whether all that there is of a step is shown below the overview; at the end it is, or is raised."""
        lane = self._order[number]
        return self._ended is not None or (number <= self._live and (lane.told or not lane.has_why))

    def _show_anew(self, now: float) -> None:
        """Show all again: a step has cleared its output, and a cell's can only be cleared whole."""
        self._screen.clear()
        self._updates.clear()
        self._overview_shown, self._untold = False, None
        self._look_over(now)
        for lane in self._order[: self._live + 1]:
            lane.line, lane.shown, lane.cleared, lane.told = None, 0, False, False
            self._show(lane, in_place=True)

    def _show(self, lane: _Lane, *, in_place: bool) -> None:
        """Show what is new of a step whose turn it is."""
        if lane.line != lane.state and (lane.line is not None or self._has_line(lane)):
            if lane.line is None:
                self._tell_why()
            cancel = not (self._has_overview or lane.ended or self._ended)
            self._screen.line(lane.state, run=self._room.run, again=lane.line is not None, cancel=cancel)
            lane.line = lane.state
        for number, part in lane.output.parts.items():
            if part.changed and number < lane.shown:
                if in_place or lane.ended:
                    self._show_part(lane, number, part, again=True)
                else:
                    self._is_behind = True
        items = lane.output.items
        for number, item in enumerate(items[lane.shown :], lane.shown):
            self._show_item(lane, number, item)
        lane.shown = len(items)
        if lane.has_why and not lane.told:
            self._untold = lane

    def _tell_why(self) -> None:
        """Show why the last step on the screen has failed, before anything else comes below it."""
        if (lane := self._untold) is not None:
            self._screen.failure(lane.state)
            lane.told, self._untold, self._is_behind = True, None, True

    def _has_line(self, lane: _Lane) -> bool:
        """Whether a step has a line: not one that has never begun, and of many steps only those that tell something."""
        if lane.output.items or lane.has_failed or (lane.state.state == "waiting" and lane.state.detail):
            return True
        return lane.began and (len(self._order) <= MOST or lane.state.state == "cancelled")

    def _show_item(self, lane: _Lane, number: int, item: Item) -> None:
        match item:
            case Written(stream, text):
                self._screen.write(stream, text)
            case Display():
                self._screen.display(item)
            case Remark(text):
                self._screen.remark(text)
            case _:
                self._show_part(lane, number, item, again=False)

    def _show_part(self, lane: _Lane, number: int, part: Part, *, again: bool) -> None:
        live = not (lane.ended or self._ended)
        data: Mapping[str, object] = part.bundle()
        if part.lacks_some:
            data = with_buttons(part.bundle(), "log", step=lane.state.step, run=self._room.run, live=live)
        self._screen.part(f"{lane.state.step}-{number}", data, again=again, live=live)
        part.changed = False


def _joined(events: Sequence[Event]) -> Iterator[Event]:
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
