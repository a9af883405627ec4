"""Random notebooks come to the same in one plain kernel and as a pipeline, or k8snb says of what it may not.

``K8SNB_TEST_EXAMPLES=20000 pytest tests/differential -s`` tries more. ``python tests/differential FIRST LAST`` prints
those that fail, made small. ``K8SNB_TEST_FEATURES`` chooses what they are written of.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from comparing import Comparer, Comparison, comparer
from tally import Tally, minimised, seeded, told
from writing import Notebook

EXAMPLES = int(os.environ.get("K8SNB_TEST_EXAMPLES", "500"))
ON_LOCAL = 8
REPORTED = 5
"""Sorts of failures of which one notebook each is made small and told: enough to begin with."""

pytestmark = pytest.mark.filterwarnings("ignore")  # the notebooks' own: pandas', numpy's, Python's


@pytest.fixture
def kernels() -> Iterator[Comparer]:
    with comparer() as opened:
        yield opened


def test_a_notebook_as_a_pipeline_comes_to_what_it_comes_to_in_one_kernel(kernels, capsys):
    """All are tried before any is told of, so that it is seen how many fail."""
    tally = Tally()
    failing: dict[str, tuple[Notebook, Comparison]] = {}
    for seed in range(EXAMPLES):
        notebook = seeded(seed)
        comparison = kernels.compare(notebook)
        tally.take(notebook, comparison)
        if comparison.bugs:
            failing.setdefault(comparison.signature, (notebook, comparison))
    with capsys.disabled():
        print(f"\n{tally}")  # noqa: T201
    small = [told(*minimised(kernels, *failed, tries=300)) for failed in list(failing.values())[:REPORTED]]
    assert not failing, f"{tally}; the first {len(small)} sorts, made small:\n\n" + "\n\n".join(small)
    assert tally.warned <= 0.1 * tally.notebooks, str(tally)
    assert tally.rightly >= 0.5 * tally.warned, str(tally)


def test_steps_that_are_processes_come_to_the_same():
    """A share runs on the local stack: what only a process of its own shows is seen here."""
    with comparer(local=True) as opened:
        found = [(notebook, opened.compare(notebook)) for notebook in map(seeded, range(ON_LOCAL))]
    failing = [told(*one) for one in found if one[1].bugs]
    assert not failing, "\n\n".join(failing)
