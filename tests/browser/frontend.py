"""JupyterLab and Notebook 7 in Debian's Chromium: servers, and notebooks as a person works with them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nbformat

Kind = Literal["lab", "notebook"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SECONDS = 120
_WIDTH, _HEIGHT = 1280, 800  # of a 13-inch screen


def _write_settings(home: Path, *, dark: bool) -> None:
    """Have all cells of a notebook in the page, and nobody asked for news."""
    settings = {
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"fetchNews": "false"},
        "apputils-extension/themes": {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"},
    }
    for name, values in settings.items():
        file = home / "lab/user-settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def server(kind: Kind, folder: Path, environment: Mapping[str, str], *, dark: bool = False) -> Iterator[str]:
    """Start a server over a folder; gives its address."""
    port, log = _free_port(), folder / f"{kind}.log"
    home = folder / "home"
    _write_settings(home, dark=dark)
    env = {
        **os.environ,
        **environment,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_DATA_DIR": str(home),
    }
    command = [sys.executable, "-m", "jupyterlab" if kind == "lab" else "notebook", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.password="]
    command += [f"--ServerApp.root_dir={folder}", "--expose-app-in-browser"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def write_notebook(file: Path, cells: Sequence[str]) -> Path:
    """Write a notebook of code cells."""
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    content = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells], metadata={"kernelspec": kernel}
    )
    nbformat.write(content, file)
    return file


@dataclass
class Opened:
    """A notebook that is open in a browser.

    Parameters
    ----------
    page : playwright.sync_api.Page
    kind : str
    file : Path
    """

    page: Any
    kind: Kind
    file: Path

    def cell(self, number: int) -> Any:
        """Return a cell; the first is 0."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)

    def run_all(self) -> None:
        """Run all cells by the menu."""
        self._menu("Run", "Run All Cells")

    def run(self, number: int) -> None:
        """Run one cell by the keyboard."""
        self.cell(number).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Control+Enter")

    def append(self, source: str) -> int:
        """Put a cell at the end; return its number."""
        last = self.count - 1
        self.cell(last).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.insert_text(source)
        return last + 1

    @property
    def count(self) -> int:
        """Number of cells."""
        number: int = self.page.locator(".jp-Notebook .jp-CodeCell").count()
        return number

    def idle(self, number: int) -> None:
        """Wait until a cell has run."""
        self.cell(number).locator(".jp-InputPrompt", has_text="*").wait_for(state="detached", timeout=SECONDS * 1000)

    def source(self, number: int) -> str:
        """Return a cell's source."""
        script = """number => window.jupyterapp.shell.currentWidget.content.widgets
          .filter(cell => cell.model.type === 'code')[number].model.sharedModel.getSource()"""
        text: str = self.page.evaluate(script, number)
        return text

    def prompt(self, number: int, *, before: int) -> None:
        """Wait until a cell has run again: its execution count is another."""
        self.cell(number).locator(".jp-InputPrompt", has_text=f"[{before}]").wait_for(state="detached")
        self.idle(number)

    def fresh_kernel(self) -> None:
        """Restart the kernel; what is shown stays, as in a notebook that is opened again."""
        self.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        self.page.evaluate(_READY)

    def save(self) -> Any:
        """Save; return the notebook that was written."""
        self.page.evaluate("window.jupyterapp.shell.currentWidget.context.save()")
        return nbformat.read(self.file, as_version=4)

    def _menu(self, menu: str, entry: str) -> None:
        bar = ".lm-MenuBar-itemLabel"
        self.page.locator(bar, has_text=menu).first.click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True).click()


_READY = """async () => {
  const context = window.jupyterapp.shell.currentWidget.sessionContext;
  await context.ready;
  await context.session.kernel.info;
  while (context.session.kernel.status !== 'idle') {
    await new Promise(changed => context.session.kernel.statusChanged.connect(changed));
  }
}"""


def _dismiss(dialog: Any) -> None:
    dialog.get_by_role("button").last.click()


def open_notebook(browser: Any, address: str, kind: Kind, file: Path, *, busy: bool = False) -> Opened:
    """Open a notebook in a new page, and wait for its kernel, unless that is at work and will not answer."""
    page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
    page.set_default_timeout(SECONDS * 1000)
    # On a busy machine JupyterLab may give up a stylesheet, and asks to be told that this is all right.
    page.add_locator_handler(page.locator(".jp-Dialog", has_text="Error Loading Theme"), _dismiss)
    path = f"lab/tree/{file.name}?reset" if kind == "lab" else f"notebooks/{file.name}"
    page.goto(f"{address}/{path}")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.ready" if busy else _READY)
    return Opened(page, kind, file)
