"""What a shell that executes a notebook prints, on a terminal and elsewhere."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pyte
import pytest

from k8snb.notebook.printed import Printer
from k8snb.notebook.screen import LIVE, OVERVIEW, STEP_LINE


class Screen(StringIO):
    """A terminal of 30 columns and 8 rows, as it looks."""

    def __init__(self) -> None:
        super().__init__()
        self._screen = pyte.Screen(30, 8)
        self._stream = pyte.Stream(self._screen)

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._stream.feed(text.replace("\n", "\r\n"))
        return len(text)

    @property
    def lines(self) -> list[str]:
        lines = [line.rstrip() for line in self._screen.display]
        return lines[: max((number for number, line in enumerate(lines, 1) if line), default=0)]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("LINES", "8")
    return made


def display(text: str, key: str = "", **metadata: Any) -> dict[str, Any]:
    return {"data": {"text/plain": text}, "metadata": metadata, "transient": {"display_id": key}}


def live(text: str, key: str = "bars") -> dict[str, Any]:
    return display(text, key, **{LIVE: True})


def test_several_bars_move_in_their_place_below_all_else(screen: Screen) -> None:
    printer = Printer(screen, screen)
    printer.display(display("a: running", **{STEP_LINE: "a"}))
    printer.display(live("one:  10%\ntwo:   5%"))
    assert screen.lines == ["[a: running]", "one:  10%", "two:   5%"]
    printer.stream("stdout", "printed\n")
    printer.display(live("one:  20%\ntwo:  10%"))
    assert screen.lines == ["[a: running]", "printed", "one:  20%", "two:  10%"]
    printer.display(live("three: 1%", "others"))
    printer.display(live("one:  30%"))
    assert screen.lines == ["[a: running]", "printed", "one:  30%", "three: 1%"]
    printer.display(display("one: 100%", "bars", **{LIVE: False}))
    printer.display(display("three: 9%", "others", **{LIVE: False}))
    printer.display(display("a: succeeded", **{STEP_LINE: "a"}))
    assert screen.lines == ["[a: running]", "printed", "one: 100%", "three: 9%", "[a: succeeded]"]


def test_an_unfinished_line_goes_on_above_the_bars(screen: Screen) -> None:
    printer = Printer(screen, screen)
    printer.stream("stdout", "loading ")
    printer.display(live("10%"))
    assert screen.lines == ["loading", "10%"]
    printer.stream("stdout", "data ... " + "x" * 20)
    printer.display(live("20%"))
    printer.stream("stdout", " done\n")
    assert screen.lines == ["loading data ... xxxxxxxxxxxxx", "xxxxxxx done", "20%"]


def test_what_is_too_large_for_the_terminal_is_cut(screen: Screen) -> None:
    printer = Printer(screen, screen)
    for number in range(3):
        printer.display(live("\n".join(f"{number} line {i} {'-' * 40}" for i in range(20))))
    assert screen.lines == [f"2 line {i} {'-' * 19}"[:29] for i in range(14, 20)]
    printer.stream("stdout", "printed\n")
    assert screen.lines[0] == "printed"
    assert len(screen.lines) == 7


def test_bars_stay_where_the_run_ends_without_a_last_word(screen: Screen) -> None:
    printer = Printer(screen, screen)
    printer.display(live("10%"))
    printer.close()
    printer.stream("stderr", "the kernel died\n")
    assert screen.lines == ["10%", "the kernel died"]


def test_of_what_a_cell_shows_again_only_what_is_new_is_printed() -> None:
    printer = Printer(out := StringIO(), StringIO())
    for frame in range(3):
        printer.stream("stdout", "printed\n")
        printer.display(display("a figure"))
        printer.stream("stdout", f"frame {frame}\nend\n")
        printer.clear()
    printer.begin()
    printer.stream("stdout", "printed\n")
    assert out.getvalue() == "printed\na figure\nframe 0\nend\nframe 1\nend\nframe 2\nend\nprinted\n"


def test_elsewhere_only_the_last_of_what_changes_is_printed() -> None:
    printer = Printer(out := StringIO(), err := StringIO())
    printer.display(live("10%"))
    printer.stream("stdout", "printed\n")
    printer.display(display("100%", "bars", **{LIVE: False}))
    assert (out.getvalue(), err.getvalue()) == ("printed\n100%\n", "")


def test_what_is_done_before_steps_start_is_said_once() -> None:
    printer = Printer(StringIO(), err := StringIO())
    for text in ("", "making an image", "making an image", "pushing the image", ""):
        printer.display(display("the overview", **{OVERVIEW: text}))
    assert err.getvalue() == "[making an image]\n[pushing the image]\n"
