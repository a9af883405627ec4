"""Colours are readable on light and dark ground."""

from __future__ import annotations

import pytest

from k8snb.ui import colours

NAMES = [name for name in vars(colours) if name.isupper()]


def luminance(colour: str) -> float:
    """As the WCAG define it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ground", ["#ffffff", "#111111"])
def test_contrast(name: str, ground: str) -> None:
    bright, dark = sorted((luminance(getattr(colours, name)), luminance(ground)), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4
