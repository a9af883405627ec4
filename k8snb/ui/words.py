"""Times and sizes as they are read."""

from __future__ import annotations

from datetime import datetime


def time_in_words(seconds: float) -> str:
    """Return a time: ``0.03 s``, ``12.4 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 100:  # noqa: PLR2004 - until then a tenth matters
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:  # noqa: PLR2004
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def size_in_words(size: float) -> str:
    """Return a number of bytes: ``21 bytes``, ``1.5 kB``, ``120 MB``."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004 - units of a thousand
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


def moment_in_words(moment: datetime, now: datetime) -> str:
    """Return when something was: ``today 14:03``, ``yesterday 09:30``, ``Mon 3 Mar 14:03``, ``2024-12-31 23:59``.

    Parameters
    ----------
    moment, now : datetime
        Both with their time zones, or both without; the words are of the zone of `now`.
    """
    moment = moment.astimezone(now.tzinfo) if now.tzinfo else moment
    days = (now.date() - moment.date()).days
    if days in {0, 1}:
        return f"{'yesterday' if days else 'today'} {moment:%H:%M}"
    if moment.year == now.year:
        return f"{moment:%a} {moment.day} {moment:%b %H:%M}"
    return f"{moment:%Y-%m-%d %H:%M}"
