"""What steps display, in a real kernel and real processes."""

from __future__ import annotations

from typing import Any

import nbclient
import nbformat
import pytest
from homes import own_home

from k8snb.ui.output import WIDGET

CELLS = {
    "load": "%load_ext k8snb\nimport matplotlib.pyplot as plt\nfrom IPython.display import *",
    "svg": "%config InlineBackend.figure_formats = ['svg']",
    "figure": "%%k8s_step figure\nplt.plot([1, 2]); plt.show()",
    "kinds": """%%k8s_step kinds
import pandas
display(Markdown("**b**"), Latex("$x$"), JSON({"a": 1}), HTML("<i>x</i>"))
handle = display("first", display_id=True)
handle.update("second")
pandas.DataFrame({"a": [1]})""",
    "clear": "%%k8s_step clear\nprint('gone'); clear_output(); print('stays')",
    "widget": f"%%k8s_step widget\ndisplay({{'{WIDGET}': {{}}, 'text/plain': 'W'}}, raw=True)",
    "run": "%k8s_run",
    "ask": "%%k8s_step ask\nname = input('who? ')",
    "asked": "%k8s_run ask",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The outputs of the cells by their names."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("rich")
        own_home(patch, folder)
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
        where = {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, resources=where).execute()
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


def kinds(outputs: list[Any]) -> list[str]:
    return [kind for output in outputs for kind in output.get("data", ())]


def test_figures_come_in_the_formats_that_the_notebook_is_set_to(outputs: dict[str, list[Any]]) -> None:
    assert "image/svg+xml" in kinds(outputs["run"])
    assert "image/png" not in kinds(outputs["run"])


def test_rich_kinds_come_as_they_are(outputs: dict[str, list[Any]]) -> None:
    assert {"text/markdown", "text/latex", "application/json"} <= set(kinds(outputs["run"]))
    texts = [output["data"]["text/plain"] for output in outputs["run"] if "data" in output]
    assert "'second'" in texts
    assert "'first'" not in texts
    assert any("dataframe" in output["data"].get("text/html", "") for output in outputs["run"] if "data" in output)


def test_cleared_output_is_gone(outputs: dict[str, list[Any]]) -> None:
    assert [output["text"] for output in outputs["run"] if output["output_type"] == "stream"] == ["stays\n"]


def test_a_widget_gets_a_word(outputs: dict[str, list[Any]]) -> None:
    texts = [output["data"]["text/plain"] for output in outputs["run"] if "data" in output]
    assert "W" in texts
    assert any(text.startswith("widget: a widget works only where") for text in texts)
    assert WIDGET not in kinds(outputs["run"])


def test_input_fails_at_once_with_a_word(outputs: dict[str, list[Any]]) -> None:
    assert outputs["asked"][-1]["ename"] == "EOFError"
    assert "a step has nobody to ask" in outputs["asked"][-1]["evalue"]
    assert "input() has nobody to answer it" in outputs["ask"][0]["data"]["text/plain"]
