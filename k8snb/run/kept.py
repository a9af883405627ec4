"""Comparisons of data that a step of a past run has made, or that can be made of its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8snb.distributions.model import MIME
from k8snb.errors import HistoryError

if TYPE_CHECKING:
    from k8snb.distributions.skew import Skew
    from k8snb.run.past_step import StepRun


def skew_of(step: StepRun, names: tuple[str, ...], limits: dict[str, float | None]) -> Skew:
    """Return what a step has compared, or without fetching more than these a comparison of some of its outputs.

    Parameters
    ----------
    step : StepRun
    names : tuple of str
        Outputs to compare; without any: what it has displayed last, else its outputs ``reference`` and
        ``comparison``.
    limits : dict of str to float or None
        See `k8snb.distributions.verdict.Thresholds`.

    Raises
    ------
    HistoryError
        It has compared nothing, or has no such outputs.
    """
    from k8snb.distributions.sets import NAMES
    from k8snb.distributions.skew import Skew, skew

    if not names:
        kept = [display.data[MIME] for display in step.displays if MIME in display.data]
        if kept:
            found = Skew.of_saved(kept[-1])
            return found.judged_by(**limits) if limits else found
        if not all(name in step.outputs for name in NAMES):
            raise HistoryError(
                f"step {step.name} of run {step.run.id} has compared no data",
                fix=f"name outputs of it that are data: .skew({', '.join(map(repr, list(step.outputs)[:2]))})",
            )
        names = NAMES
    return skew(**{name: step.outputs[name] for name in names}, **limits)
