"""Comparisons of data that steps have displayed: drawn here, from the statistics that came."""

from __future__ import annotations

from dataclasses import replace

from k8snb.distributions.model import MIME
from k8snb.errors import HistoryError
from k8snb.run.events import Display


def drawn(display: Display) -> Display:
    """Return a display as it is shown: a comparison with its view, anything else as it is."""
    if MIME not in display.data:
        return display
    from k8snb.distributions.skew import Skew

    try:
        found = Skew.of_saved(display.data[MIME])
    except HistoryError:  # of a newer version: its text says it too
        return display
    return replace(display, data=found._repr_mimebundle_())  # IPython's name for it
