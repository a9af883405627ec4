"""Times and sizes as they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from k8snb.ui.words import moment_in_words, size_in_words, time_in_words


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


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2025-03-09 00:05", "today 00:05"),
        ("2025-03-08 23:59", "yesterday 23:59"),
        ("2025-03-03 14:03", "Mon 3 Mar 14:03"),
        ("2024-12-31 09:00", "2024-12-31 09:00"),
        ("2025-03-10 09:00", "Mon 10 Mar 09:00"),
    ],
)
def test_moments_are_told_by_today(moment: str, expected: str) -> None:
    now = datetime.fromisoformat("2025-03-09 15:00")
    assert moment_in_words(datetime.fromisoformat(moment), now) == expected


def test_moments_are_told_in_the_readers_zone() -> None:
    here = timezone(timedelta(hours=2))
    told = moment_in_words(datetime(2025, 3, 9, 22, 30, tzinfo=UTC), datetime(2025, 3, 10, 8, 0, tzinfo=here))
    assert told == "today 00:30"
