"""Text as a terminal shows it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snb.ui.terminal import drawn


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
    ],
)
def test_drawn(text: str, shown: str) -> None:
    assert drawn(text) == shown


@given(st.text(alphabet="ab\r\b\n\x1b[]m0;\x07", max_size=40))
def test_no_control_character_is_left(text: str) -> None:
    assert not set(drawn(text)) & set("\r\b\x1b\x07")


def test_hostile_text_takes_no_longer_than_other() -> None:
    begun = time.process_time()
    for hostile in ("\x1b[" * 50_000, "\x1b]" * 50_000, "\x1b]" + "a" * 100_000, "a\b" * 50_000, "\r" * 100_000):
        drawn(hostile)
    assert time.process_time() - begun < 2
