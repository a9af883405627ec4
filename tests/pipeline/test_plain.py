"""What steps need of plain cells that no kernel has executed."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse
from k8snb.errors import PipelineError
from k8snb.pipeline import Cell, build
from k8snb.pipeline.plain import definitions


def given(*sources: str) -> dict[str, str]:
    """Return what the steps get of plain cells; sources of steps begin with ``#NAME``."""
    cells = [Cell(s, analyse(s), s[1:].split("\n")[0]) if s.startswith("#") else Cell(s, analyse(s)) for s in sources]
    return definitions(build(cells, name="n"), cells)


def test_imports_functions_classes_and_constants_need_no_kernel():
    found = given(
        "import json, os\nfrom math import (\n    floor,\n    ceil,\n)\n%matplotlib inline",
        "N = 3; print(N)\nLIMITS: dict = {'a': [1, -2]}\nunused = json.loads('1')",
        "import functools\n@functools.cache\ndef low(x=N):\n    # the floor\n    return floor(x) + LIMITS['a'][0]",
        "class Base: pass\nclass Box(Base):\n    def make(self): return low(ceil(N))",
        "#one\nx = Box().make()",
        "#two\ny = json.dumps(3)",
    )
    scope: dict[str, object] = {}
    exec(found["one"] + "\nx = Box().make()", scope)
    assert scope["x"] == 4
    assert "# the floor" in found["one"]
    assert "unused" not in found["one"]
    assert "matplotlib" not in found["one"]
    assert found["two"] == "import json, os"


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        (["x = load()\n", "#one\ny = x"], "'x' of code cell 1 (x = load()), for step one"),
        (["import a\nx = 1", "x += 1", "#one\ny = x"], "'x' of code cell 2 (x += 1)"),
        (["x = []", "x.append(1)", "#one\ny = x"], "'x' of code cell 2 (x.append(1))"),
        (["if a:\n    x = 1", "#one\ny = x"], "'x' of code cell 1 (x = 1)"),
        (["def f(): return data", "data = read()", "#one\ny = f()"], "'data' of code cell 2"),
        (["n = read()", "def f(x=n): return x", "#one\ny = f()", "#two\nz = f()"], "for step one and step two"),
        (["%time x = 1 + 1", "#one\ny = x"], "'x' of code cell 1 (%time x = 1 + 1)"),
    ],
)
def test_values_that_are_needed_are_named_with_their_cells(sources, says):
    with pytest.raises(PipelineError) as caught:
        given(*sources)
    assert says in caught.value.what


def test_names_that_steps_make_for_each_other_are_no_matter():
    assert given("#one\nx = len('a')", "#two\ny = x + 1") == {"one": "", "two": ""}
