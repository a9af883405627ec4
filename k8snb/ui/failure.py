"""Why a step has failed, below what it has shown: its traceback or a sentence, and the way out."""

from __future__ import annotations

import html
from collections.abc import Sequence

from k8snb.run.events import StepState
from k8snb.run.terminal import drawn
from k8snb.ui.ansi import CLASS, coloured
from k8snb.ui.colours import MONOSPACE, RED

MOST, LONGEST = 160, 400
"""Lines of a traceback at most, of more the first and the last; and characters of one of them."""

_STYLE = f"border-left: 3px solid {RED}; padding: 2px 0 2px 8px; margin: 4px 0"


def bundle(state: StepState) -> dict[str, str]:
    """Return why a step has failed, as text and as HTML."""
    title = f"step {state.step} failed:"
    lines = shortened(state.traceback or state.detail.split("\n"))
    way_out = f"way out: {state.fix}" if state.fix else ""
    below = f"<div>{html.escape(way_out)}</div>" if way_out else ""
    return {
        "text/plain": "\n".join((title, *map(drawn, lines), *([way_out] if way_out else ()))),
        "text/html": f'<div style="{_STYLE}"><div>{html.escape(title)}</div>{as_html(lines)}{below}</div>',
    }


def as_html(lines: Sequence[str], style: str = "font-size: 93%") -> str:
    """Return a traceback as HTML."""
    return f'<pre class="{CLASS}" style="{MONOSPACE}; {style}">{coloured(chr(10).join(lines))}</pre>'


def shortened(lines: Sequence[str], most: int = MOST) -> list[str]:
    """Return a traceback, of a long one the first and the last lines, and of a long line its beginning."""
    whole = [line for several in lines for line in several.split("\n")]
    half = most // 2
    left_out = len(whole) - 2 * half
    kept = whole if left_out <= 1 else [*whole[:half], f"… {left_out:,} lines left out …", *whole[-half:]]
    return [line if len(line) <= LONGEST else _cut(line) for line in kept]


def _cut(line: str) -> str:
    plain = drawn(line)
    return line if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"
