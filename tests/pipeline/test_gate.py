"""A step's ``--skew`` is read with the cell: it says what the step needs besides."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse
from k8snb.errors import AnnotationError, PipelineError
from k8snb.pipeline import Cell, build, merge, parse_options
from k8snb.pipeline.gate import check_gate, with_sets


def step(line: str, source: str) -> Cell:
    name, options, _ = parse_options(line, where="here")
    return Cell(source, with_sets(analyse(source), options), name, options)


def test_a_step_reads_the_data_that_its_gate_compares():
    pipeline = build([step("load", "train = 1\ntest = 2"), step("check --skew train test", "")], name="p")
    assert pipeline["check"].after == {"load"}
    assert pipeline["check"].inputs == {"test": ("load",), "train": ("load",)}
    assert pipeline["load"].needed == ("test", "train")


def test_data_that_the_step_makes_itself_do_not_come_from_above():
    pipeline = build(
        [step("load", "train = 1\ntest = 2"), step("check --skew train test", "test = train + 1")], name="p"
    )
    assert set(pipeline["check"].inputs) == {"train"}


def test_data_are_read_also_where_the_line_says_what_the_cell_reads():
    pipeline = build(
        [step("load", "train = 1\ntest = 2\nx = 3"), step("check --in x --skew train test", "y = x")], name="p"
    )
    assert set(pipeline["check"].inputs) == {"test", "train", "x"}


def test_data_that_no_cell_makes_are_refused():
    with pytest.raises(PipelineError, match="no cell makes 'tset'"):
        build([step("load", "train = 1\ntest = 2"), step("check --skew train tset", "")], name="p", known=set())


def test_a_step_with_a_gate_needs_what_compares_data():
    assert "k8snb" in step("check --skew train test", "").facts.imports
    assert "k8snb" not in step("check", "").facts.imports


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("check --max-psi 0.2", "--max-psi says how far data may drift, and no --skew which data"),
        ("check --skew-alpha 0.1", "--skew-alpha says"),
        ("check --skew train", "needs two data sets that are called differently, and has train"),
        ("check --skew train train", "has train train"),
    ],
)
def test_a_gate_that_would_let_everything_pass_is_refused(line, says):
    name, options, _ = parse_options(line, where="here")
    with pytest.raises(AnnotationError, match=says):
        check_gate(options, name)


def test_a_limit_for_all_steps_and_data_sets_of_a_table_make_a_gate():
    tables = {"defaults": {"max_psi": 0.2}, "check": {"skew": ["a", "b"]}}
    for line in ("other", "check --max-js 0.1", "check --skew train=x test=x"):
        name, options, _ = parse_options(line, where="here")
        check_gate(merge(tables, name, options), name)
