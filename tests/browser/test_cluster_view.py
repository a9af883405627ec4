"""What a person sees of pods in JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.frontend import Opened, open_notebook, server, write_notebook
from tests.fixtures_cluster import Project, kubectl, layers, there
from tests.fixtures_s3 import s3_bucket

__all__ = ["layers", "s3_bucket", "there"]

pytestmark = pytest.mark.cluster

LONG = """%%k8s_step long
import pathlib, time
print('begun')
while not pathlib.Path('/tmp/go').exists(): time.sleep(0.05)
x = 1"""


@pytest.fixture
def notebook(browser: Any, there: Project) -> Iterator[Opened]:
    """A notebook with a long step and one that waits for it, on the cluster, while the long one runs."""
    cells = ["%load_ext k8snb", LONG, "%%k8s_step after\nprint('x is', x)", "%k8s_run"]
    file = write_notebook(there.folder / "n.ipynb", cells)
    with server("lab", there.folder, {}) as address:
        opened = open_notebook(browser, address, "lab", file)
        opened.run_all()
        opened.cell(3).get_by_text("begun").wait_for()
        opened.cell(3).get_by_text("long running").wait_for()
        yield opened
        opened.page.close()


def pods(there: Project, step: str) -> list[str]:
    label = f"k8snb.io/step={step}"
    return kubectl("-n", there.values["namespace"], "get", "pods", "-l", label, "-o", "name").split()


def test_a_run_is_seen_live(notebook: Opened, there: Project) -> None:
    run = notebook.cell(3)
    assert run.get_by_text("after waiting").is_visible()
    (pod,) = pods(there, "long")
    kubectl("-n", there.values["namespace"], "exec", pod, "--", "touch", "/tmp/go")
    run.get_by_text("x is 1").wait_for()
    run.get_by_text("after succeeded").wait_for()
    kubectl("-n", there.values["namespace"], "delete", "jobs", "--all")
    number = notebook.append("%k8s_logs long")
    notebook.run(number)
    notebook.cell(number).get_by_text("begun", exact=True).wait_for()


def test_an_interrupt_ends_the_pods(notebook: Opened, there: Project) -> None:
    assert len(pods(there, "long")) == 1
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("i")
    notebook.page.keyboard.press("i")
    notebook.cell(3).get_by_text("interrupted: the run was cancelled; ended: long").wait_for()
    notebook.cell(3).get_by_text("long cancelled").wait_for()
    kubectl("-n", there.values["namespace"], "wait", "pods", "--all", "--for=delete", "--timeout=30s")
