"""The stack picker in JupyterLab: stacks are looked at, chosen, and registered by a form."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Open
from tests.browser.frontend import Opened, open_notebook, server, write_notebook
from tests.fixtures_cluster import Project, layers, there
from tests.fixtures_s3 import s3_bucket
from tests.kubeconfig import write_kubeconfig

__all__ = ["layers", "s3_bucket", "there"]


def test_a_stack_is_chosen_by_its_button(opened: Open) -> None:
    notebook = opened(["%load_ext k8snb", "%k8s_stack"])
    file = notebook.file.parent / "k8snb.toml"
    file.write_text('[stacks.mine]\nextends = "local"\n')
    try:
        notebook.run_all()
        picker = notebook.cell(1)
        picker.get_by_text("works").first.wait_for()
        picker.get_by_role("button", name="Use mine").click()
        notebook.cell(2).get_by_text("stack mine: local").wait_for()
        assert notebook.source(2) == "%k8s_stack mine"
        picker.get_by_text("active: mine, chosen in this notebook").wait_for()
        assert picker.get_by_role("button", name="Use mine").count() == 0
        picker.get_by_role("button", name="Use local").wait_for()
    finally:
        file.unlink()


def test_the_form_is_filled_in_by_the_keyboard(opened: Open, tmp_path: Path) -> None:
    write_kubeconfig(tmp_path / "config", "dev", "my-eks", current="dev")
    notebook = opened(
        [f"%load_ext k8snb\nimport os\nos.environ['KUBECONFIG'] = '{tmp_path}/config'", "%k8s_stack --no-check"]
    )
    notebook.run_all()
    picker = notebook.cell(1)
    picker.get_by_text("Register a new one").focus()
    for key in ("Enter", "Tab", "d", "d", "Tab", "ArrowDown"):
        notebook.page.keyboard.press(key)
    assert picker.get_by_label("name", exact=True).input_value() == "dd"
    context = picker.get_by_label("context")
    assert context.evaluate("one => one === document.activeElement")
    assert context.input_value() == "my-eks"
    assert notebook.count == 2


@pytest.fixture
def notebook(browser: Any, there: Project) -> Iterator[Opened]:
    """A notebook in a project without a stack file."""
    (there.folder / "k8snb.toml").unlink()
    file = write_notebook(there.folder / "n.ipynb", ["%load_ext k8snb", "%k8s_stack"])
    with server("lab", there.folder, {}) as address:
        made = open_notebook(browser, address, "lab", file)
        yield made
        made.page.close()


@pytest.mark.cluster
def test_a_stack_is_registered_by_the_form_when_it_works(notebook: Opened, there: Project) -> None:
    file = there.folder / "k8snb.toml"
    notebook.run_all()
    picker = notebook.cell(1)
    picker.get_by_text("Register a new one").click()
    check = picker.get_by_role("button", name="Check and register")
    check.click()
    picker.get_by_role("alert").get_by_text("name is missing").wait_for()
    store = there.values["store"]
    picker.get_by_label("name", exact=True).fill("dev")
    assert picker.get_by_label("context").input_value() == there.values["context"]
    picker.get_by_label("namespace").fill(there.values["namespace"])
    picker.get_by_label("artifact store").fill(store)
    picker.get_by_label("endpoint of the store").fill(there.values["endpoint"])
    picker.get_by_label("container registry").fill("127.0.0.1:1/nobody")
    check.click()
    notebook.cell(2).get_by_text("127.0.0.1:1").last.wait_for()
    notebook.idle(2)
    assert not file.exists()
    picker.get_by_label("container registry").fill(there.values["registry"])
    check.click()
    notebook.cell(2).get_by_text("registered dev:").wait_for()
    dev = tomllib.loads(file.read_text())["stacks"]["dev"]
    assert (dev["artifact_store"]["uri"], dev["orchestrator"]["context"]) == (store, there.values["context"])
