"""How states of steps and runs look: a sign for each, which tells what its colour does."""

from __future__ import annotations

from collections.abc import Mapping

from k8snb.ui.colours import BLUE, GREEN, GREY, ORANGE, RED, badge

_SIGNS: Mapping[str, str] = {
    "waiting": "○",
    "starting": "◔",
    "running": "●",
    "succeeded": "✓",
    "reused": "↺",
    "failed": "✗",
    "skipped": "·",
    "cancelled": "■",
    "interrupted": "◌",
}
_COLOURS: Mapping[str, str] = {
    "starting": BLUE,
    "running": BLUE,
    "succeeded": GREEN,
    "failed": RED,
    "cancelled": ORANGE,
    "interrupted": ORANGE,
}
ORDER = tuple(_SIGNS)
"""In which states are counted up."""


def sign(state: str) -> str:
    """Return a state's sign."""
    return _SIGNS.get(state, "?")


def colour(state: str) -> str:
    """Return a state's colour."""
    return _COLOURS.get(state, GREY)


def badge_of(state: str) -> str:
    """Return a state's sign on its colour, as HTML."""
    return badge(colour(state), sign(state))
