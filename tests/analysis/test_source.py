"""The step line of a cell."""

from __future__ import annotations

import pytest

from k8snb.analysis import body, step_line


@pytest.mark.parametrize(
    ("source", "line", "rest"),
    [
        ("%%k8s_step trainer --cpu 1\nx = 1", "trainer --cpu 1", "\nx = 1"),
        ("# %%k8s_step trainer\nx = 1", "trainer", "\nx = 1"),
        ("#%%k8s_step\ttrainer\nx = 1", "trainer", "\nx = 1"),
        ("\n%%k8s_step a\r\nx", "a", "\n\nx"),
        ("%%time\n%%k8s_step a\nx", "a", "%%time\n\nx"),
        ("%%capture out\n# %%k8s_step a\nx", "a", "%%capture out\n\nx"),
        ("%%k8s_step", "", ""),
        ("%%k8s_steps a\nx", None, None),
        ("x = 1\n# %%k8s_step a", None, None),
        ("# a comment about %%k8s_step\nx", None, None),
        ("", None, None),
    ],
)
def test_the_step_line_is_found_and_blanked(source, line, rest):
    assert step_line(source) == line
    assert body(source) == (source if rest is None else rest)
