"""What ``%run`` executes."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse

SCRIPT = "import math\nrate = 2\ndef area(r): return math.pi * rate\nif rate: box = [rate]"


def test_what_a_script_binds_is_bound():
    found = analyse("n = 1\n%run tools.py -v\nq = area(n)", scripts={"tools.py": (SCRIPT,)})
    assert found.reads == {}
    assert found.binds == {"n", "math", "rate", "area", "q"}
    assert found.may_bind == {"box"}
    assert found.imports == {"math"}
    assert found.uses == {"area": {"math", "rate"}}
    assert found.files.reads == {"tools.py": 2}
    assert found.warnings == ()


def test_cells_of_a_notebook_stand_in_its_place():
    found = analyse("%run other.ipynb", scripts={"other.ipynb": ("y = x + 1", "%time z = y\n!echo {who}")})
    assert found.reads == {"x": 1, "who": 1}
    assert found.binds >= {"y", "z"}
    assert found.imports == {"nbformat"}
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("%run tools.py", "script"),
        ("%run -t -N 3 tools.py", "magic"),
        ("%run -i tools.py", "magic"),
        ("%run other.ipynb", "magic"),
        ("%run -m tools", "magic"),
    ],
)
def test_what_is_not_known_is_told(source, code):
    found = analyse(source, scripts={"others.py": ("x = 1",)})
    assert [warning.code for warning in found.warnings] == [code]
    assert found.binds == set()


def test_a_script_that_is_not_python_is_not_known():
    found = analyse("%run tools.py", scripts={"tools.py": ("x = = 1",)})
    assert [warning.code for warning in found.warnings] == ["script"]
