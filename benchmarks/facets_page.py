"""Facets in Chromium: bytes of a view, time to the first chart, and whether 500 columns can be used.

A file is opened from disk: that what draws Facets is unpacked and run is in all times.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import k8snb
from k8snb.distributions.facets.page import _loader
from tests.browser.frontend import chromium

ROWS = 10_000

_CHARTS = "facets-overview-chart svg, facets-dive canvas"

_SCROLLS = """async () => {
  const table = document.querySelector('facets-overview').shadowRoot.querySelector('facets-overview-table');
  const list = table.shadowRoot.querySelector('iron-list');
  const frames = [];
  let last = performance.now();
  for (let i = 0; i < 120; i++) {
    list.scrollTop += list.scrollHeight / 120;
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - last);
    last = performance.now();
  }
  frames.sort((a, b) => a - b);
  return [frames[60], frames[frames.length - 1]];
}"""


def overview(columns: int) -> Any:
    """Compare two sets of so many columns."""
    rng = np.random.default_rng(0)
    return k8snb.skew(*({f"column {i}": rng.normal(size=ROWS) for i in range(columns)} for _ in range(2)))


def dive(columns: int) -> Any:
    """Show as many rows as are shown at most."""
    rng = np.random.default_rng(0)
    return k8snb.dive({f"column {i}": rng.normal(size=ROWS) for i in range(columns)})


def measure(browser: Any, shown: Any, file: Path) -> tuple[float, tuple[float, float] | None]:
    """Open the view; return seconds until its first chart, and milliseconds of a middle and the longest frame."""
    shown.save(file)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    begun = time.time()
    page.goto(file.as_uri())
    page.locator("iframe").content_frame.locator(_CHARTS).first.wait_for()
    seconds = time.time() - begun
    frame, frames = page.frames[1], None
    if frame.query_selector("facets-overview"):
        frames = tuple(frame.evaluate(_SCROLLS))
    page.close()
    return seconds, frames


def main(rounds: int = 5) -> None:
    """Print the figures."""
    print(f"loader: {len(_loader().encode()):,} bytes")
    views = {
        "Overview, 10 columns": overview(10),
        "Overview, 100 columns": overview(100),
        "Overview, 500 columns": overview(500),
        "Dive, 10 columns": dive(10),
    }
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for name, shown in views.items():
            begun = time.perf_counter()
            html = shown._repr_mimebundle_()["text/html"]
            made = time.perf_counter() - begun
            data = re.search(r'"data":"([^"]*)"', html)
            assert data is not None
            size = len(data.group(1))
            measured = [measure(browser, shown, Path(folder) / "x.html") for _ in range(rounds)]
            seconds = [one for one, _ in measured]
            told = f"{name}: first chart {statistics.median(seconds):.2f} s (longest {max(seconds):.2f})"
            told += f"; made in {made:.2f} s; data {size:,} bytes, beside them {len(html.encode()) - size:,}"
            if frames := [frames for _, frames in measured if frames]:
                told += f"; scrolling {statistics.median(one for one, _ in frames):.0f} ms a frame"
                told += f", at most {max(longest for _, longest in frames):.0f}"
            print(told)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
