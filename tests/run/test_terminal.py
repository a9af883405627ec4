"""Text as a terminal shows it."""

from __future__ import annotations

import time

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snb.run.terminal import ROWS, WIDTH, Terminal, drawn, rows_above

UP, ERASE = "\x1b[A", "\x1b[2K"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("10%\r20%", "20%"),
        ("longer\rab", "abnger"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
        ("ab\b\bcd\r\b-", "-d"),
        ("\x1b[1;31mred\x1b[0m \x1b[K\x1b[2Jscreen", "red screen"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab"),
        ("\x1b]never ends\nnext line", "\nnext line"),
        ("\x1b_k8snb:0:{}\x1b\\x", "x"),
        ("\x1b(Bx\x1b", "x"),
        ("a\0b\x07c\x9bd", "a�b�c�d"),
        ("\u202egnp.exe", "�gnp.exe"),
        ("outer 0\n\rinner 0\x1b[A\router 1\n\rinner 1\x1b[A\n\r       \r\x1b[A", "outer 1\n       "),
        ("one\ntwo\x1b[99B three\x1b[E4", "one\n4wo three"),
        (f"one\ntwo{UP * 9}\r{ERASE}1\x1b[E2", "1\n2wo"),
        ("abc\x1b[2D-\x1b[2C+\x1b[G*", "*-c +"),
        ("one\ntwo\nthree\x1b[2F\x1b[1C\x1b[J", "o\n\n"),
    ],
)
def test_drawn(text: str, shown: str) -> None:
    assert drawn(text) == shown


MOVES = ["\x1b[2A", "\x1b[C", "\x1b[3C", "\x1b[D", "\x1b[G", "\x1b[3G", "\x1b[F", "\x1b[K", "\x1b[1K", "\x1b[J"]
PIECES = st.sampled_from(["a", "bc", "def", "\r", "\n", "\b", "\r\n", "\x1b[31m", UP, ERASE, *MOVES])


@given(st.lists(PIECES, max_size=30), st.integers(1, 40))
def test_it_draws_as_a_terminal_does_however_the_text_is_cut(pieces: list[str], cut: int) -> None:
    text = "".join(pieces)
    screen = pyte.Screen(120, 40)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(text)
    terminal = Terminal()
    for start in range(0, len(text), cut):
        terminal.write(text[start : start + cut])
    seen = [line.rstrip() for line in screen.display]
    lines = [line.rstrip() for line in terminal.lines]
    assert lines == seen[: len(lines)]
    assert not any(seen[len(lines) :])
    assert terminal.row == screen.cursor.y


@given(st.text(alphabet="ab\r\b\n\x1b[]m0;\x07ABJK", max_size=40))
def test_no_control_character_is_left(text: str) -> None:
    assert not set(drawn(text)) & set("\r\b\x1b\x07")


HOSTILE = [
    "\x1b[" * 50_000, "\x1b]" * 50_000, "\x1b]" + "a" * 100_000, "a\b" * 50_000, "\r" * 100_000, "a\r" * 50_000,
    "x" * 9_000 + "\ba" * 50_000, "\x1b[999999999C" * 20_000 + "a", "a\x1b[999999999999999999A\n" * 20_000,
    "x" * 3_000_000, "line\n" * 100_000, "a\x1b[2J line\x1b[31m\n" * 100_000, "\n\x1b[A" * 50_000, "\n" * 1_000_000,
]  # fmt: skip


@pytest.mark.parametrize("cut", [8_000, 10_000_000])
@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_text_takes_no_longer_than_other_and_little_room(number: int, cut: int) -> None:
    text, terminal = HOSTILE[number], Terminal()
    begun = time.process_time()
    for start in range(0, len(text), cut):
        terminal.write(text[start : start + cut])
        assert len(terminal.lines) <= 2 * ROWS
    assert time.process_time() - begun < 2
    assert sum(map(len, terminal.lines)) <= ROWS * (WIDTH + 1)


def test_of_a_line_that_is_too_long_the_end_is_kept_until_it_is_drawn_again() -> None:
    terminal = Terminal()
    terminal.write("a" * 3 * WIDTH + "b")
    assert terminal.lines == ["a" * (WIDTH - 1) + "b"]
    terminal.write("\r")
    assert terminal.lines == ["a" * (WIDTH - 1) + "b"]
    terminal.write("10%")
    assert terminal.lines == ["10%"]


def test_rows_above_the_last_are_forgotten() -> None:
    terminal = Terminal(2)
    terminal.write("1\n2\n3\n4")
    assert (terminal.lines, terminal.gone) == (["3", "4"], 2)
    terminal.write("\x1b[9A\rthree")
    assert (terminal.lines, terminal.row) == (["three", "4"], 0)


def test_rows_that_stood_above_can_be_drawn_on() -> None:
    terminal = Terminal()
    terminal.write("three")
    terminal.put_above(["one", "two"])
    terminal.write("\x1b[2A\r1")
    assert terminal.lines == ["1ne", "two", "three"]


@pytest.mark.parametrize(
    ("text", "rows"),
    [("a\nb\n", 0), ("a\x1b[A", 1), ("\n\n\x1b[3Aa\n\n\n\x1b[A", 1), ("\x1b[2F\x1b[B\x1b[2A", 3), ("\x1b[0A", 1)],
)
def test_how_far_above_a_text_draws(text: str, rows: int) -> None:
    assert rows_above(text) == rows
