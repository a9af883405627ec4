"""Runs shown in a cell: order, streams, displays, interrupts."""

from __future__ import annotations

import _thread
import signal
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout

import pytest

from k8snb.errors import RunCancelled
from k8snb.notebook import show as module
from k8snb.notebook.screen import OVERVIEW, Screen
from k8snb.notebook.show import View
from k8snb.run.events import Clear, Display, Event, Preparing, RunEnded, StepState, Text
from k8snb.ui.parts import LINES


class Publisher:
    def __init__(self, seen: list[object]) -> None:
        self.seen = seen
        self.overviews: list[tuple[bool, str]] = []

    def publish(self, data, metadata, transient=None, update=False) -> None:
        if OVERVIEW in metadata:
            self.overviews.append((update, data["text/plain"]))
            return
        self.seen.append(("update" if update else "display", data["text/plain"]))

    def clear_output(self, wait: bool) -> None:
        self.seen.append(("clear",))


class Stream:
    def __init__(self, name: str, seen: list[object]) -> None:
        self.name, self.seen = name, seen

    def write(self, text: str) -> None:
        self.seen.append((self.name, text))

    def flush(self) -> None:
        pass


class Shell:
    def __init__(self, seen: list[object]) -> None:
        self.display_pub = Publisher(seen)


class Handle:
    run = "r"

    def __init__(self, on_cancel: Callable[[], None] = lambda: None) -> None:
        self.cancel = on_cancel


@pytest.fixture
def seen() -> list[object]:
    return []


class OneByOne(View):
    """Takes each event when all before it has been shown."""

    def _batch(self) -> list[Event]:
        return [self._events.get()]


@pytest.fixture(autouse=True)
def shown_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0)
    monkeypatch.setattr(module, "TICK", 0)


def follow(view: View, start: Callable[[], Handle], seen: list[object]) -> RunEnded:
    with redirect_stdout(Stream("stdout", seen)), redirect_stderr(Stream("stderr", seen)):  # type: ignore[type-var]
        return view.follow(start)


def show(seen: list[object], steps: str, *events: Event) -> list[object]:
    """Show events one by one; return what came on the screen."""
    view = OneByOne(Screen(Shell(seen)), dict.fromkeys(steps.split(), ()))

    def start() -> Handle:
        for event in (*events, RunEnded("r", "succeeded")):
            view.put(event)
        return Handle()

    assert follow(view, start, seen).state == "succeeded"
    return seen


def states(step: str, *names: str) -> list[StepState]:
    return [StepState(step, name) for name in names]


def test_a_step_is_shown_as_it_runs(seen: list[object]) -> None:
    assert show(
        seen,
        "a",
        *states("a", "starting", "running"),
        Text("a", "stdout", b"one\n"),
        StepState("a", "succeeded", "", 1.5),
    ) == [
        ("display", "a: starting"),
        ("update", "a: running"),
        ("stdout", "one\n"),
        ("update", "a: succeeded in 1.5 s"),
    ]


def test_what_is_done_before_a_step_can_start_is_told(seen: list[object]) -> None:
    shown = show(
        seen,
        "a",
        Preparing("checks", "looking"),
        Preparing("checks", ""),
        Preparing("image", "making an image"),
        Preparing("values", "copying 2 GB"),
        *states("a", "starting", "succeeded"),
    )
    assert shown == [
        ("display", "a: waiting (looking)"),
        ("update", "a: waiting (making an image)"),
        ("update", "a: waiting (making an image; copying 2 GB)"),
        ("update", "a: starting"),
        ("update", "a: succeeded"),
    ]


def test_of_several_steps_the_overview_tells_it(seen: list[object]) -> None:
    view = OneByOne(Screen(shell := Shell(seen)), {"a": (), "b": ()})
    view._events.put(Preparing("image", "making <an> image"))
    view._events.put(StepState("a", "starting"))

    def start() -> Handle:
        view.put(RunEnded("r", "failed"))
        return Handle()

    follow(view, start, seen)
    overviews = [text.splitlines() for _, text in shell.display_pub.overviews]
    waiting = "(a ○ waiting | b ○ waiting)"
    assert overviews[:2] == [[waiting], [waiting, "making <an> image"]]
    assert [len(lines) for lines in overviews[2:]] == [1] * len(overviews[2:])


def test_of_a_run_that_cannot_begin_no_step_is_said_to_wait(seen: list[object]) -> None:
    view = OneByOne(Screen(shell := Shell(seen)), {"a": (), "b": ()})

    def start() -> Handle:
        for event in (*(StepState(s, "skipped", "not run: so it is") for s in "ab"), RunEnded("r", "failed")):
            view.put(event)
        return Handle()

    follow(view, start, seen)
    assert shell.display_pub.overviews[-1] == (True, "(a · skipped | b · skipped)\na, b: not run: so it is")
    assert seen == []


def test_what_a_later_step_shows_waits_until_those_before_it_have_ended(seen: list[object]) -> None:
    shown = show(
        seen,
        "a b c",
        *states("b", "running"),
        Text("b", "stdout", b"b1 "),
        *states("c", "skipped"),
        *states("a", "running"),
        Text("b", "stdout", b"b2\n"),
        Text("a", "stdout", b"a\n"),
        *states("b", "succeeded"),
        *states("a", "succeeded"),
    )
    assert shown == [
        ("display", "a: running"),
        ("stdout", "a\n"),
        ("update", "a: succeeded"),
        ("display", "b: succeeded"),
        ("stdout", "b1 "),
        ("stdout", "b2\n"),
    ]


WHY = ("Traceback", "ValueError: no luck")


def failing(seen: list[object], *events: Event, interrupted: bool = False) -> list[object]:
    """Show a run of a, b and c that fails; return what came on the screen of displays of a's and b's."""
    view = OneByOne(Screen(Shell(seen)), {"a": (), "b": (), "c": {"a"}})

    def start() -> Handle:
        for event in (*events, RunEnded("r", "failed")):
            view.put(event)
        return Handle()

    follow(view, start, seen)
    return [entry for entry in seen if entry[0] != "update"]


def test_why_a_step_has_failed_stands_below_its_output_where_something_follows(seen: list[object]) -> None:
    shown = failing(
        seen,
        *states("a", "running"),
        Text("a", "stdout", b"in a\n"),
        StepState("a", "failed", "ValueError: no luck", 1.0, WHY, fix="hope"),
        StepState("c", "skipped", "not run: a failed"),
        *states("b", "running"),
        Text("b", "stdout", b"in b\n"),
        *states("b", "succeeded"),
    )
    assert shown == [
        ("display", "a: running"),
        ("stdout", "in a\n"),
        ("display", "step a failed:\nTraceback\nValueError: no luck\nway out: hope"),
        ("display", "b: running"),
        ("stdout", "in b\n"),
    ]
    assert ("update", "a: failed in 1.0 s (ValueError: no luck; way out: hope)") in seen


def test_why_the_first_has_failed_is_left_to_who_raises_it_where_nothing_follows(seen: list[object]) -> None:
    shown = failing(
        seen,
        *states("a", "succeeded"),
        StepState("b", "failed", "ValueError: no luck", 1.0, WHY),
    )
    assert shown == [("display", "a: succeeded"), ("display", "b: failed in 1.0 s (ValueError: no luck)")]


def test_why_any_other_has_failed_is_shown_also_where_nothing_follows(seen: list[object]) -> None:
    shown = failing(seen, StepState("a", "failed", "no", 1.0, WHY), StepState("b", "failed", "no luck", 1.0, WHY))
    assert [entry[1].partition("\n")[0] for entry in shown] == [
        "a: failed in 1.0 s (no)", "step a failed:", "b: failed in 1.0 s (no luck)", "step b failed:",
    ]  # fmt: skip


def test_a_run_of_the_past_raises_nothing_and_says_why_itself(seen: list[object]) -> None:
    shell = Shell(seen)
    with redirect_stdout(Stream("stdout", seen)):  # type: ignore[type-var]
        View(Screen(shell), {"a": (), "b": ()}).tell(
            "r", [*states("a", "running"), StepState("a", "failed", "no", 1.0, WHY), RunEnded("r", "failed")]
        )
    assert seen[-1] == ("display", "step a failed:\nTraceback\nValueError: no luck")


def test_a_failure_without_a_traceback_says_why_below_what_was_printed(seen: list[object]) -> None:
    killed = StepState("a", "failed", "killed: too much memory", fix="--memory 2Gi")
    printed = [*states("a", "running"), Text("a", "stdout", b"so far\n"), killed, *states("b", "succeeded")]
    why = ("display", "step a failed:\nkilled: too much memory\nway out: --memory 2Gi")
    assert failing(seen, *printed)[2] == why
    seen.clear()
    assert why not in failing(seen, *states("a", "running"), killed, *states("b", "succeeded"))


def test_streams_keep_their_order_and_characters_that_were_cut_are_whole(seen: list[object]) -> None:
    euro = "€".encode()
    shown = show(
        seen,
        "a",
        *states("a", "running"),
        Text("a", "stdout", b"o" + euro[:1]),
        Text("a", "stderr", b"e"),
        Text("a", "stdout", euro[1:] + euro[:2]),
        *states("a", "succeeded"),
    )
    assert [s for s in shown if s[0] in {"stdout", "stderr"}] == [
        ("stdout", "o"),
        ("stderr", "e"),
        ("stdout", "€"),
        ("stdout", "\N{REPLACEMENT CHARACTER}"),
    ]


def test_lines_on_the_screen_that_are_drawn_on_again_are_shown_anew_in_a_place(seen: list[object]) -> None:
    shown = show(
        seen,
        "a",
        *states("a", "running"),
        Text("a", "stdout", b"before\n"),
        Text("a", "stdout", b"one 0%\n"),
        Text("a", "stdout", b"\x1b[A\rone 5%\n"),
        *states("a", "succeeded"),
    )
    assert shown[: shown.index(("clear",))] == [
        ("display", "a: running"), ("stdout", "before\n"), ("stdout", "one 0%\n")
    ]  # fmt: skip
    assert shown[shown.index(("clear",)) + 1 :][:3] == [
        ("display", "a: running"), ("stdout", "before\n"), ("display", "one 5%")
    ]  # fmt: skip


def test_displays_and_their_updates_are_passed_on(seen: list[object]) -> None:
    shown = show(
        seen,
        "a",
        *states("a", "running"),
        Display("a", {"text/plain": "figure"}, {}, "x"),
        Display("a", {"text/plain": "better"}, {}, "x", update=True),
        *states("a", "succeeded"),
    )
    assert shown[1:3] == [("display", "figure"), ("update", "better")]


def test_of_updates_that_come_fast_the_last_is_enough(seen: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 1000)
    monkeypatch.setattr(module, "TICK", 1000)
    updates = [Display("a", {"text/plain": f"at {i}"}, {}, "x", update=True) for i in range(100)]
    shown = show(
        seen,
        "a",
        *states("a", "running"),
        Display("a", {"text/plain": "figure"}, {}, "x"),
        *updates,
        *states("a", "succeeded"),
    )
    assert shown[1:] == [("display", "figure"), ("update", "a: succeeded"), ("update", "at 99")]


def test_of_displays_with_one_id_those_that_are_held_back_are_brought_up_to_date_too(seen: list[object]) -> None:
    first, better = Display("b", {"text/plain": "figure"}, {}, "x"), {"text/plain": "better"}
    shown = show(
        seen,
        "a b",
        *states("b", "running"),
        first,
        first,
        Display("b", better, {}, "x", update=True),
        *states("a", "succeeded"),
        Display("b", {"text/plain": "best"}, {}, "x", update=True),
        *states("b", "succeeded"),
    )
    displays = [entry for entry in shown if ": " not in entry[1]]
    assert displays == [("display", "better"), ("display", "better"), ("update", "best")]


def test_a_display_that_is_held_back_is_shown_as_it_is_then(seen: list[object]) -> None:
    shown = show(
        seen,
        "a b",
        *states("b", "running"),
        Display("b", {"text/plain": "figure"}, {}, "x"),
        Display("b", {"text/plain": "better"}, {}, "x", update=True),
        *states("a", "succeeded"),
        *states("b", "succeeded"),
    )
    assert shown[1:] == [("display", "b: running"), ("display", "better"), ("update", "b: succeeded")]


def test_a_long_log_is_shown_by_its_beginning_and_in_one_place_by_its_end(seen: list[object]) -> None:
    lines = [b"line %d\n" % i for i in range(3000)]
    shown = show(
        seen,
        "a b",
        *states("a", "running"),
        *(Text("a", "stdout", b"".join(lines[i : i + 100])) for i in range(0, 3000, 100)),
        Display("a", {"text/plain": "figure"}, {}),
        *states("a", "succeeded"),
        Text("b", "stdout", b"b"),
    )
    written = "".join(s[1] for s in shown if s[0] == "stdout")
    assert written == b"".join(lines[:LINES]).decode() + "b"
    kinds = [s[0] for s in shown if s[0] != "stdout" and "more lines" in s[1]]
    assert kinds == ["display"] + ["update"] * (len(kinds) - 1)
    last = [s[1] for s in shown if "more lines" in s[1]][-1].splitlines()
    assert last[0].startswith(f"… a has printed {3000 - LINES:,} more lines")
    assert last[-1] == "line 2999"
    texts = [s[1] for s in shown]
    assert texts.index("figure") > next(i for i, text in enumerate(texts) if "more lines" in text)


def test_what_was_said_before_the_steps_stays_where_one_clears_its_output(seen: list[object]) -> None:
    screen = Screen(Shell(seen))
    screen.say("before")
    view = OneByOne(screen, {"a": ()})

    def start() -> Handle:
        for event in (*states("a", "running"), Text("a", "stdout", b"1"), Clear("a", wait=False)):
            view.put(event)
        view.put(RunEnded("r", "succeeded"))
        return Handle()

    follow(view, start, seen)
    assert seen[seen.index(("clear",)) :] == [("clear",), ("display", "before"), ("display", "a: running")]


@pytest.mark.parametrize("wait", [True, False])
def test_clearing_takes_away_the_steps_own_output_only(seen: list[object], wait: bool) -> None:
    shown = show(
        seen,
        "a b",
        *states("a", "running"),
        Text("a", "stdout", b"kept\n"),
        *states("a", "succeeded"),
        *states("b", "running"),
        Text("b", "stdout", b"1"),
        Clear("b", wait),
        Text("b", "stdout", b"2"),
        *states("b", "succeeded"),
    )
    after = shown[shown.index(("clear",)) + 1 :]
    assert after == [
        ("display", "a: succeeded"),
        ("stdout", "kept\n"),
        ("display", "b: running"),
        ("stdout", "2"),
        ("update", "b: succeeded"),
    ]


def test_clearing_and_waiting_for_more_that_never_comes_clears_nothing(seen: list[object]) -> None:
    assert ("clear",) not in show(seen, "a", *states("a", "running"), Clear("a", wait=True), *states("a", "succeeded"))


def test_an_interrupt_cancels_waits_for_the_end_and_goes_on(seen: list[object]) -> None:
    ended = RunEnded("r", "cancelled", RunCancelled("the run was cancelled; ended: a"))
    screen = Screen(Shell(seen))
    view = View(screen, {"a": ()})
    cancelled: list[bool] = []

    def cancel() -> None:
        cancelled.append(True)
        view.put(Text("a", "stdout", b"last words"))
        view.put(ended)

    interrupts = iter([KeyboardInterrupt])
    flush = screen.flush

    def interrupted_flush() -> None:
        flush()
        for interrupt in interrupts:
            raise interrupt

    screen.flush = interrupted_flush  # type: ignore[method-assign]

    def start() -> Handle:
        view.put(StepState("a", "running"))
        return Handle(cancel)

    with pytest.raises(KeyboardInterrupt):
        follow(view, start, seen)
    assert cancelled == [True]
    assert seen[-2:] == [("stdout", "last words"), ("display", "interrupted: the run was cancelled; ended: a")]


def test_an_interrupt_while_the_run_begins_cancels_it_too(seen: list[object]) -> None:
    view = View(Screen(Shell(seen)), {"a": ()})
    cancelled: list[bool] = []

    def cancel() -> None:
        cancelled.append(True)
        view.put(RunEnded("r", "cancelled", RunCancelled("the run was cancelled")))

    def start() -> Handle:
        _thread.interrupt_main()
        return Handle(cancel)

    with pytest.raises(KeyboardInterrupt):
        follow(view, start, seen)
    assert cancelled == [True]
    assert seen[-1] == ("display", "interrupted: the run was cancelled")


def test_what_is_raised_before_there_is_a_run_is_raised(seen: list[object]) -> None:
    def start() -> Handle:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow(View(Screen(Shell(seen)), {"a": ()}), start, seen)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_overview_of_several_steps_comes_first_and_ends_as_the_run_has(seen: list[object]) -> None:
    shell = Shell(seen)
    view = View(Screen(shell), {"a": (), "b": {"a"}, "c": {"a"}})

    def start() -> Handle:
        for event in (*states("a", "running"), StepState("a", "succeeded", "", 2.0), StepState("b", "failed", "no")):
            view.put(event)
        view.put(RunEnded("r", "failed"))
        return Handle()

    follow(view, start, seen)
    overviews = shell.display_pub.overviews
    assert overviews[0] == (False, "a ○ waiting → (b ○ waiting | c ○ waiting)")
    assert overviews[-1] == (True, "a ✓ succeeded 2.0 s → (b ✗ failed | c ○ waiting)\nb: no")


def test_one_step_has_no_overview(seen: list[object]) -> None:
    shell = Shell(seen)
    view = View(Screen(shell), {"a": ()})

    def start() -> Handle:
        view.put(RunEnded("r", "succeeded"))
        return Handle()

    follow(view, start, seen)
    assert shell.display_pub.overviews == []
