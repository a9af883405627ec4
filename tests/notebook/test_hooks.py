"""The step's line at the top, and the statement before a plain cell's own."""

from __future__ import annotations

import ast

import pytest

from k8snb.notebook.hooks import step_line_first


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "x = 1\n"),
        ("", ""),
        ("# %%k8s_step a --cpu 1\nx\n", "%%k8s_step a --cpu 1\nx\n"),
        ("#%%k8s_step a\nx\n", "%%k8s_step a\nx\n"),
        ("%%k8s_step a\nx\n", "%%k8s_step a\nx\n"),
        ("%%time\n%%k8s_step a\nx\n", "%%k8s_step a\n%%time\nx\n"),
        ("%%capture out\n%%time\n# %%k8s_step a\nx\n", "%%k8s_step a\n%%capture out\n%%time\nx\n"),
        ("%%time\nx\n# %%k8s_step a\n", "%%time\nx\n# %%k8s_step a\n"),
        ("# %%k8s_setp a\nx\n", "%%k8s_setp a\nx\n"),  # the magic says what was meant
        ("# %%sql a\nx\n", "# %%sql a\nx\n"),
        ("%%time\n", "%%time\n"),
    ],
)
def test_the_steps_line_comes_first(before: str, after: str) -> None:
    assert "".join(step_line_first(before.splitlines(keepends=True))) == after


def tree_of(nb, source: str) -> ast.Module:
    """Return a plain cell's tree as it is executed."""
    seen: list[ast.Module] = []

    class Last(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            seen.append(node)  # type: ignore[arg-type]
            return node

    nb.shell.ast_transformers.append(Last())
    nb.run(source)
    return seen[0]


def test_line_numbers_stay(nb) -> None:
    tree = tree_of(nb, "\n\nx = 1\ny = 2")
    assert [s.lineno for s in tree.body] == [1, 1, 2] or [s.lineno for s in tree.body] == [3, 3, 4]


def test_future_imports_stay_first(nb) -> None:
    tree = tree_of(nb, "'''doc'''\nfrom __future__ import annotations\nx: nothing = 1")
    assert isinstance(tree.body[1], ast.ImportFrom)
    assert "bring" in ast.unparse(tree.body[2])


def test_the_value_of_a_cell_stays(nb) -> None:
    assert nb.run("21 * 2") == 42


def test_a_broken_cell_and_an_empty_one_leave_the_hooks_in_order(nb) -> None:
    nb.run("  ")
    with pytest.raises(SyntaxError):
        nb.run("x = = 1")
    nb.run("get_ipython().run_cell('inner = 1')\nouter = 2")
    assert nb.shell.ast_transformers[-1]._hooks.running is None
    assert [entry.source for entry in nb.session.cells] == [
        "get_ipython().run_cell('inner = 1')\nouter = 2",
        "inner = 1",
    ]
