"""Sequences of cells that people write come to the same whichever of the cells are steps, or k8snb says that not."""

from __future__ import annotations

from pathlib import Path

from sequences import Outcome, outcomes, read

EVERYDAY = Path(__file__).with_name("everyday.txt")


def test_everyday_sequences_come_to_what_they_come_to_in_one_kernel():
    found = list(outcomes(read(EVERYDAY)))
    wrong = [f"{one.title} [{one.choice}]: {one.verdict}\n{one.text}" for one in found if one.verdict != _wanted(one)]
    assert not wrong, "\n\n".join(wrong)
    assert found


def _wanted(one: Outcome) -> str:
    """Return how a sequence ends whose title begins with what k8snb does about it."""
    return {"said": "warned", "refused": "alarm"}.get(one.title.partition(": ")[0], "same")
