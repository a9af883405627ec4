"""Notebook files become cells."""

from __future__ import annotations

import json

import pytest

from k8snb.errors import AnnotationError, InputError
from k8snb.pipeline import build, read_notebook


def notebook(path, *cells):
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {"cell_type": kind, "source": source.splitlines(keepends=True), "metadata": {"tags": tags} if tags else {}}
            for kind, source, tags in cells
        ],
    }
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_cells_are_steps_by_line_comment_or_tag(tmp_path):
    path = notebook(
        tmp_path / "n.ipynb",
        ("markdown", "# Title", []),
        ("code", "import numpy as np", ["imports"]),
        ("code", "%%k8s_step load --cpu 2\nx = np.zeros(3)", []),
        ("code", "# %%k8s_step train\ny = x", []),
        ("code", "z = y", ["step:report", "prev:load"]),
        ("code", "this is no Python", ["skip"]),
    )
    cells = read_notebook(path)
    assert [cell.step for cell in cells] == [None, "load", "train", "report"]
    assert cells[1].options.cpu == "2"
    assert build(cells, name="n")["report"].after == {"load", "train"}


def test_a_builtin_that_a_cell_binds_is_an_input_of_others(tmp_path):
    cells = read_notebook(notebook(tmp_path / "n.ipynb", ("code", "print(max)", ["step:a"]), ("code", "max = 1", [])))
    assert "max" in cells[0].facts.reads


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<<<<<<< HEAD", "no notebook"),
        ("[]", "format 4"),
        ('{"worksheets": []}', "format 4"),
        ('{"cells": [1]}', "format 4"),
    ],
)
def test_a_broken_file_is_told(tmp_path, text, what):
    path = tmp_path / "n.ipynb"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=what) as caught:
        read_notebook(path)
    assert str(path) in caught.value.where
    assert caught.value.fix


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_notebook(tmp_path / "none.ipynb")


def test_a_broken_cell_is_told_with_its_place(tmp_path):
    path = notebook(tmp_path / "n.ipynb", ("code", "x = 1", []), ("code", "x = 1\ny = = 2", []))
    with pytest.raises(AnnotationError) as caught:
        read_notebook(path)
    assert caught.value.where == "n.ipynb, code cell 2, line 2: y = = 2"
