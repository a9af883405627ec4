"""Makes the pictures in ``docs``: ``python -m tests.browser.pictures``."""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tests.browser.frontend import Opened, chromium, open_notebook, server, write_notebook

DOCS = Path(__file__).parents[2] / "docs"
LOOKS = (
    ".jp-cell-toolbar, .jp-Collapser { display: none !important } .jp-InputPrompt, .jp-OutputPrompt { flex: 0 0 44px }"
)


def main() -> None:
    """Run notebooks in JupyterLab and take pictures of their cells."""
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        with server("lab", folder, {"K8SNB_HOME": str(folder / "k8snb")}) as address:
            live(browser, address, folder)
            two_runs(browser, address, folder)
            skew(browser, address, folder)


def live(browser: Any, address: str, folder: Path) -> None:
    """A card, and steps side by side while they run."""
    go = folder / "go"
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)\n"
    load = "X = np.random.default_rng(0).normal(size=(1000, 8))\nprint('loaded', X.shape)"
    scale = "scaled = weights * X[abs(X.mean(axis=1)) < limit] / X.std(axis=0)"
    train = (
        f"from tqdm import tqdm\nfor epoch in tqdm(range(40), mininterval=0):\n    if epoch == 25:\n{indented(wait)}"
    )
    cells = [
        "%load_ext k8snb",
        "import numpy as np\nlimit, weights = 0.1, np.linspace(1, 2, 8)",
        f"%%k8s_step load\n{load}",
        f"%%k8s_step scale --cpu 2 --memory 4Gi --retries 1\n{scale}",
        f"%%k8s_step train\n{train}\nmodel = scaled.mean(axis=0)",
        f"%%k8s_step drift\n{wait}gap = abs(scaled).max()",
        "%%k8s_step report\nprint(model, gap)",
        "%k8s_run",
    ]
    opened = open_notebook(browser, address, "lab", write_notebook(folder / "live.ipynb", cells))
    opened.page.add_style_tag(content=LOOKS)
    opened.run_all()
    opened.cell(7).get_by_text("25/40").wait_for()
    opened.cell(7).get_by_text("drift running").wait_for()
    take(opened, 7, "live.png")
    go.touch()
    opened.idle(7)
    opened.cell(3).get_by_text("nothing has changed since").wait_for()
    take(opened, 3, "card.png")


def two_runs(browser: Any, address: str, folder: Path) -> None:
    """Two runs side by side."""
    train = (
        "%%k8s_step train\nfrom sklearn.datasets import load_digits\nfrom sklearn.svm import SVC\n"
        "X, y = load_digits(return_X_y=True)\nmodel = SVC(gamma=gamma).fit(X[::2], y[::2])\n"
        "print('accuracy', round(model.score(X[1::2], y[1::2]), 3))"
    )
    check = "%%k8s_step check\nassert model.score(X[1::2], y[1::2]) > 0.9, 'worse than the last one'"
    cells = ["%load_ext k8snb", "gamma = 0.001", train, check, "%k8s_run"]
    cells += ["gamma = 0.1", train, check, "try:\n    %k8s_run\nexcept Exception:\n    pass", "%k8s_runs -2 last"]
    opened = open_notebook(browser, address, "lab", write_notebook(folder / "two.ipynb", cells))
    opened.page.add_style_tag(content=LOOKS)
    opened.run_all()
    opened.cell(9).get_by_text("state differs").wait_for()
    take(opened, 9, "runs.png")


def skew(browser: Any, address: str, folder: Path) -> None:
    """Two data sets that differ: the verdict, and Facets."""
    make = (
        "import numpy as np\nimport pandas as pd\nrng = np.random.default_rng(0)\n"
        "def people(n, age, cities):\n"
        "    return pd.DataFrame({'age': rng.normal(age, 12, n).round(), 'income': rng.lognormal(10, 0.5, n),\n"
        "                         'city': rng.choice(list(cities), n)})\n"
        "train, today = people(5000, 40, 'ABC'), people(1000, 48, 'ABCD')"
    )
    cells = ["%load_ext k8snb", make, "%k8s_skew train today"]
    opened = open_notebook(browser, address, "lab", write_notebook(folder / "skew.ipynb", cells))
    opened.page.set_viewport_size({"width": 1000, "height": 1000})
    opened.page.add_style_tag(content=LOOKS)
    opened.run_all()
    opened.cell(2).locator("[data-drawn]").wait_for()
    opened.cell(2).frame_locator("iframe").locator("facets-overview-chart svg").first.wait_for()
    take(opened, 2, "skew.png")


def indented(code: str) -> str:
    """Return code as the body of a loop's condition."""
    return "\n".join(f"        {line}" for line in code.splitlines())


def take(opened: Opened, cell: int, name: str) -> None:
    """Take a picture of a cell, with few colours: so it is small."""
    opened.page.mouse.move(0, 0)
    picture = Image.open(BytesIO(opened.cell(cell).screenshot()))
    picture.convert("RGB").quantize(64).save(DOCS / name, optimize=True)


if __name__ == "__main__":
    main()
