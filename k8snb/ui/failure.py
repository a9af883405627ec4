"""Why a step has failed, below what it has shown: its traceback or a sentence, and the way out."""

from __future__ import annotations

import html

from k8snb.run.events import StepState
from k8snb.run.terminal import drawn
from k8snb.ui.colours import MONOSPACE, RED

LONGEST = 20_000
"""Characters of a traceback at most; of a longer one its beginning and its end."""

_STYLE = f"border-left: 3px solid {RED}; padding: 2px 0 2px 8px; margin: 4px 0"
_TEXT = f"{MONOSPACE}; font-size: 93%"


def bundle(state: StepState) -> dict[str, str]:
    """Return why a step has failed, as text and as HTML."""
    title = f"step {state.step} failed:"
    why = _shortened(drawn("\n".join(state.traceback)) or state.detail)
    way_out = f"way out: {state.fix}" if state.fix else ""
    below = f"<div>{html.escape(way_out)}</div>" if way_out else ""
    return {
        "text/plain": "\n".join(filter(None, (title, why, way_out))),
        "text/html": f'<div style="{_STYLE}"><div>{html.escape(title)}</div>'
        f'<pre style="{_TEXT}">{html.escape(why)}</pre>{below}</div>',
    }


def _shortened(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"
