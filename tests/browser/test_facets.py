"""Facets in JupyterLab, Notebook 7, exports and files: it is drawn, asks nobody else, and runs nothing of the data."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import k8snb
from k8snb.distributions.facets import server as extension
from k8snb.distributions.facets import shown as forms
from k8snb.distributions.facets.exporter import FacetsHTMLExporter
from k8snb.distributions.facets.page import CARRIES, MARK, output
from tests.browser.frontend import SECONDS, Kind, open_notebook, server, write_notebook

HOSTILE = "</script><img src=x onerror='top.hacked = 1; window.hacked = 1'><script>window.hacked = 1</script>"

DATA = f"""import k8snb, numpy as np
def data(by, rows):
    rng = np.random.default_rng(by)
    hostile = {HOSTILE!r}
    return {{
        "same": rng.normal(size=rows), "moved": rng.normal(by, 1, rows), hostile: rng.choice([hostile, "b"], rows),
        "__proto__": rng.normal(size=rows), "": rng.normal(size=rows),
    }}
"""
SKEW = f"k8snb.skew(train=data(0, 500), **{{{HOSTILE!r}: data(1, 300)}})"
CELLS = [DATA + SKEW, SKEW]


@dataclass
class Watched:
    """A page, and what it has asked for."""

    page: Any
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: pytest.fail(dialog.message))

    def elsewhere(self, address: str) -> list[str]:
        """Return what was asked of anybody but an address."""
        return [url for url in self.asked if not url.startswith((address, "data:", "blob:", "about:"))]

    @property
    def hacked(self) -> bool:
        return any(frame.evaluate("window.hacked ?? null") is not None for frame in self.page.frames)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Kind], tuple[str, Path]]]:
    """Start a server of a kind when it is first asked for; it finds what pip puts into etc/jupyter."""
    from contextlib import ExitStack

    running: dict[Kind, tuple[str, Path]] = {}
    with ExitStack() as stack:

        def start(kind: Kind) -> tuple[str, Path]:
            if kind not in running:
                folder = tmp_path_factory.mktemp(kind)
                running[kind] = stack.enter_context(server(kind, folder, environment(folder))), folder
            return running[kind]

        yield start


def environment(folder: Path) -> dict[str, str]:
    config = folder / "etc/jupyter_server_config.d"
    config.mkdir(parents=True)
    shutil.copy(Path(extension.__file__).parent / "etc/k8snb.json", config)
    return {"JUPYTER_CONFIG_PATH": str(config.parent), "PYTHONPATH": str(Path(k8snb.__file__).parents[1])}


@pytest.fixture
def offline(browser: Any) -> Iterator[Callable[[Path], Watched]]:
    """Open a file without a network."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})

    def open_(file: Path) -> Watched:
        watched = Watched(context.new_page())
        watched.page.goto(file.as_uri())
        return watched

    yield open_
    context.close()


def executed(cells: list[str], file: Path) -> Path:
    """Write a notebook that was executed without a browser."""
    notebook = nbformat.read(write_notebook(file, cells), as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(file.parent)}}).execute()
    nbformat.write(notebook, file)
    return file


def drawn(root: Any, number: int = 0, what: str = "facets-overview svg") -> Any:
    """Wait until Facets is drawn in a view; return the frame."""
    view = root.locator(f"[{MARK}]").nth(number)
    view.scroll_into_view_if_needed()
    view.locator("iframe").content_frame.locator(what).first.wait_for(timeout=SECONDS * 1000)
    return view.locator("iframe")


@pytest.mark.parametrize("kind", ["lab", "notebook"])
def test_a_notebook_shows_facets_and_fetches_it_once(browser: Any, address: Any, kind: Kind) -> None:
    base, folder = address(kind)
    opened = open_notebook(browser, base, kind, write_notebook(folder / "live.ipynb", CELLS))
    watched = Watched(opened.page)
    opened.run_all()
    frame = drawn(opened.cell(0))
    drawn(opened.cell(1))
    _fits(frame)
    assert [url for url in watched.asked if "facets" in url] == [f"{base}/k8snb/facets"]
    assert watched.elsewhere(base) == []
    assert not watched.hacked
    assert opened.cell(0).locator("details table").count() == 1  # folded, below
    assert "compared with train" in opened.cell(0).inner_text()
    opened.save()
    assert opened.file.stat().st_size < 60_000
    opened.page.close()
    again = open_notebook(browser, base, kind, opened.file)  # it is trusted: it was executed here
    drawn(again.cell(0))
    again.page.close()


def _fits(frame: Any) -> None:
    """Assert that the frame is as high as what it shows, on a white ground, and can be reached by the keyboard."""
    inner = frame.content_frame.locator("body").evaluate("body => body.getBoundingClientRect().height")
    height, shown, around = frame.evaluate(
        "frame => [frame.offsetHeight, frame.getBoundingClientRect().height, frame.parentNode.offsetHeight]"
    )
    assert height >= inner > 300
    assert height - inner < 60
    assert 0 <= around - shown <= 1
    assert frame.evaluate("frame => getComputedStyle(frame).backgroundColor") == "rgb(255, 255, 255)"
    assert frame.get_attribute("title").startswith("Facets Overview: train, ")
    assert frame.get_attribute("sandbox") == "allow-scripts"
    assert frame.evaluate("frame => { frame.focus(); return document.activeElement === frame }")
    chart = frame.content_frame.locator("facets-overview-chart svg").first
    width = frame.content_frame.locator("body").evaluate("() => innerWidth")
    box = chart.evaluate("svg => svg.getBoundingClientRect().right")
    assert box <= width


def test_rows_are_shown_in_dive(browser: Any, address: Any) -> None:
    base, folder = address("lab")
    opened = open_notebook(
        browser, base, "lab", write_notebook(folder / "dive.ipynb", [f"{DATA}k8snb.dive(data(0, 9000))"])
    )
    watched = Watched(opened.page)
    opened.run_all()
    drawn(opened.cell(0), what="facets-dive canvas")
    assert "5,000 of 9,000 rows, evenly chosen" in opened.cell(0).inner_text()
    assert not watched.hacked
    opened.page.close()


def test_a_notebook_that_is_not_trusted_shows_the_table_and_runs_nothing(browser: Any, address: Any) -> None:
    base, folder = address("lab")
    opened = open_notebook(browser, base, "lab", executed(CELLS, folder / "untrusted.ipynb"))
    watched = Watched(opened.page)
    opened.cell(1).locator("table").wait_for()
    assert opened.cell(1).get_by_text("drifted").count() >= 1
    assert opened.page.locator(".jp-Notebook iframe").count() == 0
    assert not [url for url in watched.asked if "facets" in url]
    assert not watched.hacked
    opened.page.close()


def test_where_the_server_has_not_facets_the_table_stays_and_says_what_to_do(browser: Any, tmp_path: Path) -> None:
    empty = tmp_path / "packages/tensorboard_plugin_wit"
    empty.mkdir(parents=True)
    (empty / "__init__.py").touch()
    env = environment(tmp_path)
    env["PYTHONPATH"] = f"{empty.parent}:{env['PYTHONPATH']}"
    with server("lab", tmp_path, env) as base:
        opened = open_notebook(browser, base, "lab", write_notebook(tmp_path / "without.ipynb", CELLS[:1]))
        opened.run_all()
        opened.cell(0).get_by_text("where the Jupyter server runs").wait_for()
        assert opened.cell(0).locator("table").is_visible()
        assert opened.cell(0).locator("iframe").count() == 0
        opened.page.close()


def test_an_export_shows_facets_without_a_network(offline: Any, tmp_path: Path) -> None:
    exporter = FacetsHTMLExporter(mathjax_url="", require_js_url="")
    text, _ = exporter.from_filename(str(executed(CELLS, tmp_path / "x.ipynb")))
    (tmp_path / "x.html").write_text(text)
    assert text.count(f"<script {CARRIES}") == 1
    watched = offline(tmp_path / "x.html")
    for number in range(2):
        drawn(watched.page, number)
    assert watched.elsewhere((tmp_path / "x.html").as_uri()) == []
    assert not watched.hacked


def test_jupyterlab_exports_facets(browser: Any, address: Any, offline: Any, tmp_path: Path) -> None:
    base, folder = address("lab")
    opened = open_notebook(browser, base, "lab", executed(CELLS, folder / "exported.ipynb"))
    text = opened.page.evaluate(
        """async () => {
          const xsrf = /_xsrf=([^;]*)/.exec(document.cookie)[1];
          return (await fetch(`/nbconvert/html/exported.ipynb?download=true&_xsrf=${xsrf}`)).text();
        }"""
    )
    opened.page.close()
    (tmp_path / "x.html").write_text(text)
    assert text.count(f"<script {CARRIES}") == 1
    drawn(offline(tmp_path / "x.html").page)


def _data() -> dict[str, Any]:
    names: dict[str, Any] = {"np": np, "k8snb": k8snb}
    exec(DATA, names)
    return names


def test_a_file_shows_facets_without_a_network(offline: Any, tmp_path: Path) -> None:
    data = _data()["data"]
    skew, dive = k8snb.skew(data(0, 500), data(1, 300)), k8snb.dive(data(0, 500), data(1, 300))
    for shown, what in ((skew, "facets-overview svg"), (dive, "facets-dive canvas")):
        file = shown.save(tmp_path / "x.html")
        watched = offline(file)
        drawn(watched.page, what=what)
        assert watched.elsewhere(file.as_uri()) == []
        assert not watched.hacked


PLACE = """svg => {
  const { left, top, width, height } = svg.getBoundingClientRect();
  return [left + width * 0.55, top + height * 0.5];
}"""


def test_in_a_narrow_window_it_is_smaller_and_still_says_what_is_pointed_at(offline: Any, tmp_path: Path) -> None:
    data = _data()["data"]
    page = offline(k8snb.skew(train=data(0, 500), test=data(1, 300)).save(tmp_path / "x.html")).page
    page.set_viewport_size({"width": 700, "height": 800})
    frame = drawn(page)
    x, y = frame.content_frame.locator("facets-overview-chart svg").first.evaluate(PLACE)
    left, top, scale = frame.evaluate(
        "frame => (at => [at.left, at.top, at.width / frame.offsetWidth])(frame.getBoundingClientRect())"
    )
    assert 0.6 < scale < 0.8
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for step in range(2):
        page.mouse.move(left + x * scale + step, top + y * scale)
    frame.content_frame.get_by_text(re.compile("^(train|test): .*: 0")).first.wait_for()


def _views() -> tuple[str, str]:
    """HTML of an output that brings nothing, and of one that brings what draws both."""
    data = _data()["data"]
    one, other = k8snb.skew(data(0, 500), data(1, 300)), k8snb.skew(data(0, 500), data(2, 300))
    return (
        output(one._view(), "<div>one<table></table></div>"),
        output(other._view(), "<div>other<table></table></div>", carries=True),
    )


def test_outputs_draw_in_any_order(offline: Any, tmp_path: Path) -> None:
    waits, brings = _views()
    (tmp_path / "x.html").write_text(f"<!doctype html><meta charset=utf-8>{waits}{waits}{brings}")
    watched = offline(tmp_path / "x.html")
    for number in range(3):  # the same output twice: as when a view of an output is opened
        drawn(watched.page, number)
    assert watched.page.get_by_text("elsewhere").count() == 0


def test_where_nothing_brings_it_the_table_stays_with_a_word(offline: Any, tmp_path: Path) -> None:
    (tmp_path / "x.html").write_text(f"<!doctype html><meta charset=utf-8>{_views()[0]}")
    watched = offline(tmp_path / "x.html")
    watched.page.get_by_text("%config K8sMagics.facets = 'embed'").wait_for()
    assert watched.page.locator("iframe").count() == 0


def test_a_view_that_was_there_first_draws_when_another_brings_it(offline: Any, tmp_path: Path) -> None:
    (tmp_path / "x.html").write_text("<!doctype html><meta charset=utf-8><body></body>")
    watched = offline(tmp_path / "x.html")
    waits, brings = _views()
    watched.page.evaluate(AS_VSCODE, [waits])
    watched.page.get_by_text("elsewhere").wait_for()
    watched.page.evaluate(AS_VSCODE, [brings])
    for number in range(2):
        drawn(watched.page, number)
    watched.page.get_by_text("elsewhere").wait_for(state="detached")


AS_VSCODE = """htmls => htmls.forEach(html => {
  const host = document.body.appendChild(document.createElement('div'));
  const root = host.attachShadow({ mode: 'open' }).appendChild(document.createElement('div'));
  root.innerHTML = html;
  for (const node of [...root.querySelectorAll('script')]) {
    const script = document.createElement('script');
    script.text = node.innerText;
    root.appendChild(script).parentNode.removeChild(script);
  }
})"""


def test_outputs_in_shadow_trees_draw(offline: Any, tmp_path: Path) -> None:
    """VS Code puts each output into one, where a script does not know which element is its own."""
    (tmp_path / "x.html").write_text("<!doctype html><meta charset=utf-8><body></body>")
    watched = offline(tmp_path / "x.html")
    watched.page.evaluate(AS_VSCODE, list(_views()))
    for number in range(2):
        drawn(watched.page, number)


def test_the_kernel_says_in_which_form(tmp_path: Path) -> None:
    """In VS Code the first cell's output brings what draws all; an output that is shown again still does."""
    setup = f"__vsc_ipynb_file__ = '/x.ipynb'\n{DATA}"
    notebook = nbformat.read(executed([setup, SKEW, SKEW], tmp_path / "x.ipynb"), as_version=4)
    found = [CARRIES in json.dumps(cell.outputs) for cell in notebook.cells]
    assert found in ([False, True, False], [False, True, True])  # nbclient tells the kernel no cell's id
    assert forms.SHOWN.carrying is None
