"""What is left of a run where there is no JupyterLab: exported, executed by other tools, read as text."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from typing import Any

import nbformat
import papermill
import pytest
from homes import own_home
from nbconvert import HTMLExporter, MarkdownExporter

from k8snb.ui.mime import MIME

CELLS = [
    "%load_ext k8snb\nn = 3",
    "%%k8s_step load --memory 1Gi\nx = n\nfor i in range(300): print('row <', i)",
    "%%k8s_step fails\ny = x / 0",
    "%%k8s_step after\nz = y",
    """try:
    get_ipython().run_line_magic("k8s_run", "")
except ZeroDivisionError as error:
    print(error)""",
    "%k8s_runs",
]
KEPT = ["details", "summary", "pre", "div", "span", "b", "table", "tr", "th", "td", "thead", "tbody"]
"""Tags that a notebook which is not trusted keeps."""


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A notebook that papermill has executed."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("elsewhere")
        own_home(patch, folder)
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(notebook, folder / "in.ipynb")
        papermill.execute_notebook(folder / "in.ipynb", folder / "out.ipynb", cwd=folder, progress_bar=False)
        return nbformat.read(folder / "out.ipynb", as_version=4)


FACTS = [
    "x from load",
    "memory 1Gi",
    "load",
    "succeeded",
    "row < 0",
    "load has printed 100 more lines",
    "row < 299",
    "fails: ZeroDivisionError: division by zero",
    "division by zero",
    "not run: fails failed",
]


def test_all_is_in_what_is_exported(executed: Any) -> None:
    for exporter in (HTMLExporter(), MarkdownExporter()):
        exported, _ = exporter.from_notebook_node(executed)
        text = html.unescape(re.sub(r"<[a-z/][^>]*>", "", exported))
        assert [fact for fact in FACTS if fact not in text] == []


def test_the_text_alone_says_it_all(executed: Any) -> None:
    outputs = [output for cell in executed.cells for output in cell.get("outputs", ())]
    text = "\n".join(output.get("text") or output["data"]["text/plain"] for output in outputs)
    assert [fact for fact in FACTS if fact not in text] == []


def test_what_is_k8snbs_own_is_html_that_untrusted_notebooks_keep(executed: Any) -> None:
    own = [
        output["data"]["text/html"]
        for cell in executed.cells
        for output in cell.get("outputs", ())
        if any(key.startswith("k8snb_") for key in output.get("metadata", {}))
    ]
    assert len(own) == 7
    tags: set[str] = set()
    attributes: set[str] = set()

    class Seen(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            attributes.update(name for name, _ in attrs)

    for text in own:
        Seen().feed(text)
    assert tags <= set(KEPT)
    assert attributes <= {"style", "open", "scope"}


def test_little_is_saved(executed: Any) -> None:
    size = len(json.dumps(executed.cells[4].outputs))
    assert size < 20_000


def test_buttons_are_told_of_by_names_only(executed: Any) -> None:
    told = [
        output["data"][MIME]
        for cell in executed.cells
        for output in cell.get("outputs", ())
        if MIME in output.get("data", {})
    ]
    assert {kind["kind"] for kind in told} == {"card", "run", "step", "log", "runs"}
    assert not any(kind.get("live") for kind in told)
