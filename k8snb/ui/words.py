"""Times and sizes as they are read."""


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
