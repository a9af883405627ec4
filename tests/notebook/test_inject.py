"""Parameters of a notebook that is executed from a shell."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from k8snb.notebook.inject import inject


def injected(*cells: tuple[str, str], **parameters: Any) -> tuple[list[str], list[str]]:
    """Return the sources of a notebook with parameters, and what is said of them."""
    made = [nbformat.v4.new_code_cell(s, metadata={"tags": [tag]} if tag else {}) for s, tag in cells]
    content = nbformat.v4.new_notebook(cells=made)
    said = inject(content, parameters)
    return [cell.source for cell in content.cells], said


def test_each_is_set_below_the_cell_that_sets_it() -> None:
    sources, said = injected(
        ("a = 1", ""), ("b = 2", "parameters"), ("f(b)", ""), ("c = 3\n!ls", "pipeline-parameters"), b=5, c=6
    )
    assert sources == ["a = 1", "b = 2", "b = 5", "f(b)", "c = 3\n!ls", "c = 6"]
    assert said == []
    assert injected(("a = 1", "parameters")) == (["a = 1"], [])


def test_names_that_no_cell_sets_are_told() -> None:
    sources, [said] = injected(("rate = 1", "parameters"), rte=2)
    assert sources == ["rate = 1", "rte = 2"]
    assert said == "-p rte: no cell with the tag `parameters` sets it: did you mean 'rate'?"
    sources, [said] = injected(("a = 1", ""), a=2)
    assert sources == ["a = 2", "a = 1"]
    assert "no cell has the tag" in said


@pytest.mark.parametrize(
    ("default", "value", "told"),
    [
        ("1", 2.5, False),
        ("0.1", 1, False),
        ("f()", "x", False),
        ("None", 1, False),
        ("'x'", "y", False),
        ("'2024'", 2024, True),
        ("True", 1, True),
        ("1", "one", True),
        ("[1]", "1,2", True),
    ],
)
def test_another_type_is_told(default: str, value: object, told: bool) -> None:
    _, said = injected((f"a: object = {default}", "parameters"), a=value)
    assert bool(said) is told
