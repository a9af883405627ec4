"""Random cells run the same with only the names that the analysis says they read.

``K8SNB_TEST_EXAMPLES=5000 pytest tests/analysis/test_random_cells.py -s`` tries more.
"""

from __future__ import annotations

import os
import warnings
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_cells import HELPERS, NAMES, run, ways, write

from k8snb.analysis import analyse

EXAMPLES = int(os.environ.get("K8SNB_TEST_EXAMPLES", "500"))

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")


def compiled(source):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "'int' object is not callable" and the like
        return compile(source, "cell", "exec")


def check(source, most_ways=100):
    """Compare a cell in the whole namespace with the cell in what it reads, on all ways."""
    facts, code = analyse(source), compiled(source)
    reads = facts.reads.keys() - HELPERS
    for tape, outcome, namespace in ways(code, most_ways):
        assert run(code, reads, tape)[0] == outcome, f"needs more than {sorted(reads)} on {tape}\n{source}"
        if outcome[0] != "end":
            continue
        bound, made = namespace
        assert facts.binds & set(NAMES) <= bound, f"binds not all of {sorted(facts.binds)} on {tape}\n{source}"
        assert made <= facts.binds | facts.may_bind, f"binds {sorted(made)} on {tape}\n{source}"
        assert set(NAMES) - bound <= facts.deletes, f"does not delete only {sorted(facts.deletes)} on {tape}\n{source}"


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_a_cell_runs_the_same_with_only_what_it_reads(random):
    check(write(random))


def test_few_of_the_names_that_it_asks_for_are_superfluous(capsys):
    """A name is superfluous where no way of the cell ends otherwise without it."""
    asked = superfluous = 0
    for seed in range(EXAMPLES):
        source = write(Random(seed))
        check(source)
        reads, code = analyse(source).reads.keys() - HELPERS, compiled(source)
        outcomes = [(tape, outcome) for tape, outcome, _ in ways(code, 150)]
        asked += len(reads)
        superfluous += sum(all(run(code, reads - {n}, tape)[0] == out for tape, out in outcomes) for n in reads)
    with capsys.disabled():
        print(f"\n{EXAMPLES} random cells: {superfluous} of {asked} names superfluous ({superfluous / asked:.1%})")  # noqa: T201
    assert asked > EXAMPLES
    assert superfluous <= 0.05 * asked
