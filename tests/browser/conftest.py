"""A browser and servers that all tests here share."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.frontend import CHROMIUM, Kind, Opened, chromium, open_notebook, server, write_notebook

Open = Callable[..., Opened]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip where there is no browser; with ``K8SNB_TEST_REQUIRE=all`` that is a failure. One process has it."""
    own = [item for item in items if item.path.is_relative_to(Path(__file__).parent)]
    for item in own:
        if not item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.xdist_group("browser"))
    if CHROMIUM or not own:
        return
    if os.environ.get("K8SNB_TEST_REQUIRE") == "all":
        pytest.exit("K8SNB_TEST_REQUIRE=all, but no browser: apt-get install chromium", 3)
    for item in own:
        item.add_marker(pytest.mark.skip(reason="no browser: apt-get install chromium"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; while it is there an event loop runs in the main thread, which other modules' tests could not stand."""
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Kind, bool], tuple[str, Path]]]:
    """Start servers when they are first asked for."""
    running: dict[tuple[Kind, bool], tuple[str, Path]] = {}
    with ExitStack() as stack:

        def address(kind: Kind, dark: bool) -> tuple[str, Path]:
            if (kind, dark) not in running:
                folder = tmp_path_factory.mktemp(kind)
                home = {"K8SNB_HOME": str(folder / "k8snb"), "XDG_CONFIG_HOME": str(folder / "config")}
                running[kind, dark] = stack.enter_context(server(kind, folder, home, dark=dark)), folder
            return running[kind, dark]

        yield address


@pytest.fixture
def opened(browser: Any, addresses: Callable[[Kind, bool], tuple[str, Path]]) -> Iterator[Open]:
    """Open a new notebook, or one that is there, in a page of its own; errors of k8snb's extension fail the test."""
    pages: list[Any] = []
    errors: list[str] = []

    def open_(cells: Sequence[str] | Path, kind: Kind = "lab", *, dark: bool = False, busy: bool = False) -> Opened:
        address, folder = addresses(kind, dark)
        file = cells if isinstance(cells, Path) else write_notebook(folder / f"{secrets.token_hex(4)}.ipynb", cells)
        made = open_notebook(browser, address, kind, file, busy=busy)
        made.page.on("pageerror", lambda error: errors.append(error.stack) if "k8snb" in error.stack else None)
        pages.append(made.page)
        return made

    yield open_
    for page in (page for page in pages if not page.is_closed()):
        page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.close()
    assert errors == []
