"""Times and sizes as they are read."""

from __future__ import annotations

import pytest

from k8snb.ui.words import size_in_words, time_in_words


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.034, "0.03 s"),
        (1, "1.0 s"),
        (99.94, "99.9 s"),
        (185, "3 min 05 s"),
        (5999, "99 min 59 s"),
        (7800, "2 h 10 min"),
    ],
)
def test_times_are_told_as_they_are_read(seconds: float, expected: str) -> None:
    assert time_in_words(seconds) == expected


@pytest.mark.parametrize(
    ("size", "expected"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (2.5e6, "2.5 MB"), (3e10, "30 GB")]
)
def test_sizes_are_told_in_units_of_a_thousand(size: float, expected: str) -> None:
    assert size_in_words(size) == expected
