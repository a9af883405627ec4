"""Magics that a step cannot run."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("x = 1\n%store x", 2, "%store keeps values"),
        ("%%sql\nselect 1", 1, "%%sql is no magic of IPython's own"),
        ("\n%%k8s_step a\n%%cython\nint x", 3, "%%cython is no magic"),
        ("x = %sql select 1", 1, "%sql is no magic"),
        ("%k8s_run", 1, "%k8s_run is for the notebook"),
        ("%rerun", 1, "history"),
        ("%edit x.py", 1, "editor"),
        ("%autoreload 2", 1, "%autoreload is no magic"),
    ],
)
def test_what_surely_fails_in_a_step_is_found(source, line, says):
    [found] = analyse(source).refused
    assert found.line == line
    assert says in found.what


@pytest.mark.parametrize(
    "source",
    [
        "%load_ext sql\n%sql select 1",
        "from IPython.core.magic import register_line_magic\n@register_line_magic\ndef mine(line): pass\n%mine",
        "%alias_magic t time\n%t x = 1",
        *(
            f"%%{name}\nx"
            for name in ("bash", "sh", "html", "writefile f", "javascript", "script python", "perl", "time")
        ),
        *(
            f"%{name}"
            for name in ("time f()", "matplotlib inline", "env A=1", "cd /", "run a.py", "config X.y = 1", "ls")
        ),
        "!ls\nx = !ls\nx?\n?x",
    ],
)
def test_what_may_work_is_not(source):
    assert analyse(source).refused == ()
