"""Colours are readable on light and dark ground."""

from __future__ import annotations

import pytest

from k8snb.ui import colours
from k8snb.ui.colours import badge

GROUNDS = {name: value for name, value in vars(colours).items() if str(value).startswith("#")}


def luminance(colour: str) -> float:
    """As the WCAG define it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", GROUNDS)
def test_a_badge_can_be_read_on_its_own_ground(name: str) -> None:
    assert contrast(GROUNDS[name], "#ffffff") >= 4.5
    assert f"background-color: {GROUNDS[name]}; color: #ffffff" in badge(GROUNDS[name], "a")


@pytest.mark.parametrize("name", GROUNDS)
@pytest.mark.parametrize("ground", ["#ffffff", "#111111"])
def test_a_border_is_seen_in_every_theme(name: str, ground: str) -> None:
    assert contrast(GROUNDS[name], ground) >= 3


def test_no_badge_becomes_markup() -> None:
    assert "&lt;b&gt;" in badge(colours.RED, "<b>")
