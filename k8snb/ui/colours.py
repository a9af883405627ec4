"""Colours that can be read in light and in dark themes; none tells anything alone.

No one colour has a contrast of 4.5 with both white and a dark ground. So text has the theme's own colour, paler where
it is quiet, and what is coloured is a border, or the ground of a sign that is white.
"""

from __future__ import annotations

import html

QUIET = "opacity: 0.7"
"""Style of text that matters less."""

MONOSPACE = "margin: 0; white-space: pre-wrap; font-family: monospace"
"""Style of text as a terminal shows it; in pages without a style of their own too."""

GREY, BLUE, GREEN, RED, ORANGE, YELLOW = "#6e6e6e", "#1f6fc4", "#1a7f37", "#cf3a36", "#a55a05", "#8a6100"


def badge(colour: str, text: str) -> str:
    """Return a short text on a coloured ground, as HTML."""
    style = f"background-color: {colour}; color: #ffffff; border-radius: 3px; padding: 0 4px"
    return f'<span style="{style}">{html.escape(text)}</span>'
