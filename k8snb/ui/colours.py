"""Colours that can be read on white and on black: a contrast of at least 4 with both. None tells anything alone."""

QUIET = "#767676"
BLUE, GREEN, RED, ORANGE, YELLOW = "#2878d0", "#258a3c", "#d5413c", "#b0640a", "#996f00"
