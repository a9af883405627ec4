"""What a person sees of pods in JupyterLab."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.browser.frontend import Opened, open_notebook, server, write_notebook
from tests.browser.hostile import CELLS, survive
from tests.fixtures_cluster import Project, kubectl, layers, there
from tests.fixtures_s3 import s3_bucket

__all__ = ["layers", "s3_bucket", "there"]

pytestmark = pytest.mark.cluster

Open = Callable[..., Opened]

LONG = """%%k8s_step long
import pathlib, time
print('begun')
while not pathlib.Path('/tmp/go').exists(): time.sleep(0.05)
x = 1"""

FLOOD = """%%k8s_step long
print('begun')
while True: print('<b>a line of a log that does not end</b>' * 3)"""


@pytest.fixture
def opened(browser: Any, there: Project) -> Iterator[Open]:
    """Open a notebook of the project."""
    with server("lab", there.folder, {}) as address:

        def open_(cells: Sequence[str] | Path, *, busy: bool = False) -> Opened:
            file = cells if isinstance(cells, Path) else write_notebook(there.folder / "n.ipynb", cells)
            pages.append(open_notebook(browser, address, "lab", file, busy=busy))
            return pages[-1]

        pages: list[Opened] = []
        yield open_
        for opened in pages:
            opened.page.close()


@pytest.fixture
def notebook(opened: Open) -> Opened:
    """A notebook with a long step and one that waits for it, on the cluster, while the long one runs."""
    made = opened(["%load_ext k8snb", LONG, "%%k8s_step after\nprint('x is', x)", "%k8s_run"])
    made.run_all()
    made.cell(3).get_by_text("begun").wait_for()
    made.cell(3).get_by_text("long running").wait_for()
    return made


def pods(there: Project, step: str) -> list[str]:
    label = f"k8snb.io/step={step}"
    return kubectl("-n", there.values["namespace"], "get", "pods", "-l", label, "-o", "name").split()


def let_go(there: Project) -> None:
    (pod,) = pods(there, "long")
    kubectl("-n", there.values["namespace"], "exec", pod, "--", "touch", "/tmp/go")


def are_gone(there: Project) -> None:
    kubectl("-n", there.values["namespace"], "wait", "pods", "--all", "--for=delete", "--timeout=30s")


def interrupt(notebook: Opened) -> None:
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("i")
    notebook.page.keyboard.press("i")


def test_a_run_is_seen_live_and_when_it_is_opened_again(notebook: Opened, opened: Open, there: Project) -> None:
    run = notebook.cell(3)
    assert run.get_by_text("after waiting").is_visible()
    let_go(there)
    told = ["x is 1", "long succeeded", "after succeeded"]
    for text in told:
        run.get_by_text(text).wait_for()
    notebook.idle(3)
    notebook.save()
    notebook.page.close()
    kubectl("-n", there.values["namespace"], "delete", "jobs", "--all")
    again = opened(notebook.file)
    for text in told:
        again.cell(3).get_by_text(text).wait_for()
    for button in ("Cancel", "Show how it went"):
        assert again.cell(3).get_by_role("button", name=button).count() == 0
    number = again.append("%k8s_logs long")
    again.run(number)
    again.cell(number).get_by_text("begun", exact=True).wait_for()


def test_a_notebook_that_is_opened_again_while_its_pods_run(notebook: Opened, opened: Open, there: Project) -> None:
    notebook.save()
    notebook.page.close()
    again = opened(notebook.file, busy=True)
    again.cell(3).get_by_text("long running").wait_for()
    let_go(there)
    again.cell(3).get_by_role("button", name="Show how it went").click()
    for text in ("long succeeded", "after succeeded", "x is 1"):
        again.cell(4).get_by_text(text).wait_for()
    number = again.append("x + 1")
    again.run(number)
    again.cell(number).locator(".jp-OutputArea-output", has_text="2").wait_for()


def test_an_interrupt_ends_the_pods(notebook: Opened, there: Project) -> None:
    assert len(pods(there, "long")) == 1
    interrupt(notebook)
    notebook.cell(3).get_by_text("interrupted: the run was cancelled; ended: long").wait_for()
    notebook.cell(3).get_by_text("long cancelled").wait_for()
    are_gone(there)


def test_the_button_ends_the_pods(notebook: Opened, there: Project) -> None:
    cancel = notebook.cell(3).get_by_role("button", name="Cancel")
    cancel.click()
    notebook.cell(3).get_by_text("interrupted: the run was cancelled; ended: long").wait_for()
    cancel.wait_for(state="detached")
    are_gone(there)
    number = notebook.append("'the kernel goes on'")
    notebook.run(number)
    notebook.cell(number).locator(".jp-OutputArea-output", has_text="the kernel goes on").wait_for()


def test_the_button_ends_the_pods_in_a_notebook_that_is_opened_again(
    notebook: Opened, opened: Open, there: Project
) -> None:
    notebook.save()
    notebook.page.close()
    again = opened(notebook.file, busy=True)
    again.cell(3).get_by_role("button", name="Cancel").click()
    are_gone(there)
    again.cell(3).get_by_role("button", name="Show how it went").click()
    again.cell(4).get_by_text("long cancelled").wait_for()


def test_a_hostile_log_of_a_pod_leaves_all_quick_and_whole(opened: Open) -> None:
    survive(opened(CELLS))


def test_an_interrupt_is_heard_while_a_log_pours_in(opened: Open, there: Project) -> None:
    notebook = opened(["%load_ext k8snb", FLOOD, "%k8s_run"])
    notebook.run_all()
    notebook.cell(2).get_by_text("long has printed").wait_for()
    begun = time.monotonic()
    interrupt(notebook)
    notebook.cell(2).get_by_text("interrupted: the run was cancelled; ended: long").wait_for()
    assert time.monotonic() - begun < 20
    are_gone(there)
