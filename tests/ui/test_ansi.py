"""Colours of terminals as HTML."""

from __future__ import annotations

import time

import pytest

from k8snb.ui.ansi import coloured


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[39m not", '<span class="ansi-red-fg">red</span> not'),
        ("\x1b[1;36ma\x1b[22mb", '<span class="ansi-cyan-fg ansi-bold">a</span><span class="ansi-cyan-fg">b</span>'),
        ("\x1b[31ma\x1b[0m\x1b[31mb", '<span class="ansi-red-fg">ab</span>'),
        ("\x1b[30;43mground\x1b[49m", '<span class="ansi-yellow-bg">ground</span>'),
        ("\x1b[38;5;28;01mdef\x1b[39;00m", '<span class="ansi-green-fg ansi-bold">def</span>'),
        ("\x1b[38;5;66mcomment", '<span class="ansi-cyan-fg">comment</span>'),
        ("\x1b[38;5;250mgrey\x1b[38;5;1mred", 'grey<span class="ansi-red-fg">red</span>'),
        ("\x1b[38;2;250;10;200mmany", '<span class="ansi-magenta-fg">many</span>'),
        ("\x1b[94mbright", '<span class="ansi-blue-fg">bright</span>'),
        ("\x1b[38m\x1b[38;5m\x1b[999999;38;2;1mz", '<span class="ansi-red-fg">z</span>'),
        ("\x1b]0;title\x07<b>\x1b[2J\x00&", "&lt;b&gt;\N{REPLACEMENT CHARACTER}&amp;"),
    ],
)  # fmt: skip
def test_coloured(text: str, shown: str) -> None:
    assert coloured(text) == shown


def test_hostile_text_takes_no_longer_than_other() -> None:
    begun = time.process_time()
    coloured("\x1b[31ma\x1b[" * 20_000)
    assert time.process_time() - begun < 2
