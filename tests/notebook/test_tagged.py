"""Notebooks whose steps are tags: the live session and the file alone give the same pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from inprocess import Notebook

from k8snb.errors import AnnotationError, PipelineError
from k8snb.pipeline import Pipeline, build, read_notebook

LINES = [
    ("import json\nn = 3", ""),
    ("def double(x):\n    return json.loads(str(x * k))\nk = 2", ""),
    ("%%k8s_step load\nx = list(range(n))", ""),
    ("# %%k8s_step train --cpu 2\ny = double(len(x))\nx.append(y)", ""),
    ("%%k8s_step report\nprint(y, x)", ""),
    ("y", ""),
]
TAGS = [
    ("import json\nn = 3", ""),
    ("x = list(range(n))", "step:load"),
    ("y = json.loads(str(n))", "step:other limit:cpu:500m"),
    ("z = x + [y]", "step:join prev:load"),
    ("del x", "step:clean"),
    ("print(z)", ""),
]
KALE = [
    ("import json", "imports"),
    ("import math", ""),
    ("class Box:\n    def __init__(self, v): self.v = math.floor(v)", "functions"),
    ("def box(v): return Box(v)", ""),
    ("lr = 0.5", "pipeline-parameters"),
    ("b = box(lr)\nb.v", "block:make"),
    ("c = [b]", ""),
    ("print('looked at', c)", "skip"),
    ("if c:\n    d = json.dumps(c[0].v)", "step:"),
    ("e = d + str(lr)", "step:use prev:make annotation:a:b"),
    ("c.append(1)", "step:change prev:make"),
    ("print(e)", "pipeline-metrics"),
]


def write(path: Path, cells: list[tuple[str, str]], **metadata: Any) -> Path:
    made = [nbformat.v4.new_code_cell(s, metadata={"tags": tags.split()} if tags else {}) for s, tags in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=metadata), path)
    return path


def shape(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    return [
        (step.name, step.inputs, step.after, step.outputs, step.needed, step.cell.source, step.cell.options)
        for step in pipeline.steps
    ]


@pytest.fixture
def of_file(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a notebook's file and lets the kernel know it."""

    def known(cells: list[tuple[str, str]], **metadata: Any) -> Path:
        path = write(Path("nb.ipynb").absolute(), cells, **metadata)
        monkeypatch.setenv("K8SNB_NOTEBOOK", str(path))
        return path

    return known


@pytest.mark.parametrize("cells", [LINES, TAGS, KALE], ids=["lines", "tags", "kale"])
@pytest.mark.parametrize("ids", [False, True], ids=["without ids", "with ids"])
def test_the_file_alone_gives_the_pipeline_of_the_session(nb: Notebook, of_file: Any, cells: Any, ids: bool) -> None:
    path = of_file(cells)
    for cell in nbformat.read(path, 4).cells:
        if "skip" not in cell.metadata.get("tags", []):
            nb.run(cell.source, cell_id=cell.id if ids else None)
    assert shape(build(read_notebook(path), name="nb")) == shape(nb.session.pipeline())


def test_tagged_cells_run_as_steps_and_nowhere_else(nb: Notebook, of_file: Any) -> None:
    of_file(KALE)
    for source, tags in KALE[:-1]:
        if tags != "skip":
            nb.run(source)
    assert nb.started == []
    assert "a part of step make" in str(nb.seen)
    nb.run(KALE[-1][0])
    assert nb.started == ["make", "use"]
    assert nb.text().endswith("00.5\n")


def test_a_cell_that_is_not_saved_yet_is_known_by_its_id(nb: Notebook, of_file: Any) -> None:
    path = of_file([("x = 1", "step:a"), ("y = x", "step:b")])
    first, _ = nbformat.read(path, 4).cells
    nb.run("x = 2", cell_id=first.id)
    nb.run("y = x")
    nb.run("%k8s_run")
    assert nb.run("y") == 2


def test_a_cell_that_the_file_does_not_have_is_told_once(
    nb: Notebook, of_file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of_file([("x = 1", "step:a"), ("y = x", "")])
    monkeypatch.delenv("K8SNB_NOTEBOOK")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    nb.run("x = 1")
    nb.run("y = x")
    assert "does not stand in the notebook's file" not in str(nb.seen)
    nb.run("z = 1")
    nb.run("z = 2")
    told = [shown for kind, shown, _ in nb.seen if kind == "display" and "save the notebook" in shown["text/plain"]]
    assert len(told) == 1


def test_of_two_equal_cells_each_has_its_tags(nb: Notebook, of_file: Any) -> None:
    of_file([("n = 1", ""), ("print(n)", "step:a"), ("print(n)", "step:b"), ("print(n)", "")])
    for source in ("n = 1", "print(n)", "print(n)", "print(n)"):
        nb.run(source)
    assert [step.name for step in nb.session.pipeline().steps] == ["a", "b"]
    assert nb.text() == "1\n"


def test_a_part_that_is_edited_is_the_step_anew(nb: Notebook, of_file: Any) -> None:
    path = of_file([("x = 1", "block:a"), ("y = 2", "")])
    first, second = nbformat.read(path, 4).cells
    nb.run("x = 1", cell_id=first.id)
    nb.run("y = x + 4", cell_id=second.id)
    assert "warning" not in str(nb.seen)
    nb.run("%k8s_run")
    assert nb.run("x, y") == (1, 5)


def test_tags_that_are_wrong_fail_the_cell(nb: Notebook, of_file: Any) -> None:
    of_file([("x = 1", "step:a step:b")])
    with pytest.raises(AnnotationError, match="more than one step"):
        nb.run("x = 1")
    of_file([("x = 1", "step:Bad_")])
    with pytest.raises(AnnotationError, match="cannot be a step's name"):
        nb.run("x = 1")
    assert "x" not in nb.ns
    with pytest.raises(AnnotationError, match="cannot be a step's name"):
        nb.run("x = 1")
    of_file([("x = 1", ""), ("", "notebook:other")])
    with pytest.raises(AnnotationError, match="stands for the steps of another notebook"):
        nb.run("x = 1")


def test_where_the_file_is_not_known_the_user_is_told(nb: Notebook) -> None:
    nb.run("x = 1")
    with pytest.raises(PipelineError, match="tags of cells are not known here"):
        nb.run("%k8s_run")


def test_two_cells_of_one_tag_are_refused(nb: Notebook, of_file: Any) -> None:
    of_file([("x = 1", "step:a"), ("y = 1", ""), ("z = 1", "step:a")])
    nb.run("x = 1")
    with pytest.raises(PipelineError, match="code cells 1 and 3"):
        nb.run("z = 1")
