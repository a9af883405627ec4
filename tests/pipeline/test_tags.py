"""Steps by tags, k8snb's and Kale's."""

from __future__ import annotations

import pytest

from k8snb.analysis.source import NEXT_CELL
from k8snb.errors import AnnotationError
from k8snb.pipeline import parse_options
from k8snb.pipeline.tags import Piece, defaults, gather, is_kales, left_out
from k8snb.runner import execute


def gathered(*cells, kale=True):
    return gather([Piece(source, tuple(tags.split())) for source, tags in cells], kale=kale)


def steps(*cells, kale=True):
    """Return the lines of steps with the places of their cells, and the places of plain cells."""
    return [(g.line, *g.places) for g in gathered(*cells, kale=kale)]


@pytest.mark.parametrize(
    ("tags", "line"),
    [
        ("step:train", "train"),
        ("block:train", "train"),
        ("step:train prev:load prev:clean", "train --after load --after clean"),
        ("prev:load step:train", "train --after load"),
        ("step:train limit:nvidia.com/gpu:2 limit:cpu:500m limit:memory:2Gi", "train --gpu 2 --cpu 500m --memory 2Gi"),
        ("step:train image:registry.example.org/a:1", "train --image registry.example.org/a:1"),
        ("step:train prev: limit:ephemeral-storage:1Gi annotation:a/b:c:d label:a:b hide-input", "train"),
        ("step:", None),
        ("imports", None),
        ("imports prev:load", None),
        ("functions block:train", None),
        ("pipeline-parameters step:a step:b", None),
    ],
)
def test_tags_are_words_of_a_step(tags, line):
    assert steps(("x", tags)) == [(line, 0)]


def test_cells_without_tags_belong_to_the_step_above_as_kale_has_it():
    cells = [
        ("a", "imports"),
        ("b", ""),
        ("c", "step:one"),
        ("d", ""),
        ("e", "skip"),
        ("f", "step:"),
        ("g", "step:one"),
        ("h", "functions"),
        ("i", ""),
        ("j", "step:two limit:cpu:1"),
        ("k", "pipeline-metrics"),
    ]
    assert steps(*cells) == [
        (None, 0),
        (None, 1),
        ("one", 2, 3, 5, 6),
        (None, 7),
        (None, 8),
        ("two --cpu 1", 9),
        (None, 10),
    ]
    assert gathered(*cells)[2].source.split("\n") == ["c", NEXT_CELL, "d", NEXT_CELL, "f", NEXT_CELL, "g"]


def test_without_kales_tags_a_cell_without_a_tag_is_plain():
    cells = [("a", "step:one"), ("b", ""), ("c", "step:two")]
    assert steps(*cells, kale=False) == [("one", 0), (None, 1), ("two", 2)]
    assert steps(("a", "step:one"), ("%%k8s_step b --cpu 2\nb", ""), ("c", "")) == [
        ("one", 0),
        ("b --cpu 2", 1),
        (None, 2),
    ]


@pytest.mark.parametrize(
    ("tags", "metadata", "expected"),
    [
        ("step:one", {}, False),
        ("step:one", {"kubeflow_notebook": {}}, True),
        ("imports", {}, True),
        ("pipeline-parameters", None, True),
        ("block:one", {}, True),
        ("parameters", {}, False),
    ],
)
def test_which_notebooks_speak_kales_language(tags, metadata, expected):
    assert is_kales([Piece("", tuple(tags.split()))], metadata) is expected


def test_what_kale_gives_to_each_step():
    metadata = {"kubeflow_notebook": {"steps_defaults": ["label:a:b", "limit:cpu:500m", "image:one", "prev:x"]}}
    assert defaults(metadata) == ("limit:cpu:500m", "image:one")
    pieces = [Piece("a", ("step:one", "limit:cpu:2")), Piece("b", ("imports",))]
    lines = [g.line for g in gather(pieces, kale=True, given=defaults(metadata))]
    assert lines == ["one --cpu 500m --image one --cpu 2", None]
    assert parse_options(lines[0], where="")[1].cpu == parse_options("one --cpu 2", where="")[1].cpu
    for nothing in (None, {}, {"kubeflow_notebook": None}, {"kubeflow_notebook": {"steps_defaults": None}}):
        assert defaults(nothing) == ()


def test_what_kale_is_asked_for_and_steps_do_not_get_is_told():
    volumes = [{"name": "raw", "mount_point": "/data", "type": "pvc"}]
    found = list(left_out({"kubeflow_notebook": {"docker_image": "kale:1", "base_image": "", "volumes": volumes}}))
    assert found == [
        "the image that the notebook names for Kale is not used: --image kale:1",
        "the volume raw that the notebook names for Kale is not mounted: --volume raw:/data",
    ]
    for nothing in (None, {}, {"kubeflow_notebook": {}}, {"kubeflow_notebook": {"docker_image": "", "volumes": []}}):
        assert list(left_out(nothing)) == []


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([("a", ""), ("b", "prev:one")], "code cell 2"),
        ([("a", "step:one step:two")], "more than one step: one, two"),
        ([("a", "step:one"), ("%%bash\nls", "")], "begins with %%bash"),
        ([("a", "step:one"), ("", "notebook:other")], "the steps of another notebook"),
    ],
)
def test_tags_that_say_nothing_together_are_refused(cells, says):
    with pytest.raises(AnnotationError, match=says):
        gathered(*cells)


def test_time_is_left_out_where_cells_are_one_step():
    [found] = gathered(("a", "step:one"), ("%%time\nb", ""))
    assert found.source == f"a\n{NEXT_CELL}\n# %%time\nb"


def test_each_cell_of_a_step_shows_its_last_value():
    assert execute.NEXT_CELL == NEXT_CELL
    [found] = gathered(("1", "step:a"), ("x = 2", ""), ("x", ""), ("x;", ""), ("", ""), ("3\n4", ""))
    shown = []
    assert execute.execute(found.source, "a", {}, shown.append) is None
    assert shown == [1, 2, 4]
