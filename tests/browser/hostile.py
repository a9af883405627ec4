"""A log that is too long, full of markup and escapes, and binary at its end; and a notebook that survives it."""

from __future__ import annotations

import re
import time

from tests.browser.frontend import SECONDS, Opened

_PRINTS = r"""
import sys
line = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\x1b]0;title\x07\x1b[2J\x1b[31m"
for i in range(100_000): print(f"{i:06d}", line)
print("x" * 1_000_000)
sys.stdout.flush()
sys.stdout.buffer.write(bytes(range(256)) * 100 + b"the end, no newline"); sys.stdout.buffer.flush()
"""
CELLS = ["%load_ext k8snb", f"%%k8s_step hostile\n{_PRINTS}", "%k8s_run", "print('after')"]

_LONGEST_FRAME = """() => {
  window.longest = 0;
  let last = performance.now();
  const tick = now => {
    window.longest = Math.max(window.longest, now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""

_LATENCY = """async () => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const begun = performance.now();
  await kernel.requestExecute({ code: '1 + 1', silent: true }).done;
  return performance.now() - begun;
}"""


def survive(notebook: Opened) -> None:
    """Run the cells; all stays quick, small and whole, and nothing of the log does anything."""
    page = notebook.page
    page.evaluate(_LONGEST_FRAME)
    notebook.run_all()
    notebook.cell(3).get_by_text("after", exact=True).wait_for()
    log = notebook.cell(2)
    log.get_by_text("hostile has printed").wait_for()
    log.locator("summary").click()
    log.get_by_text("the end, no newline").wait_for()
    assert page.evaluate("window.longest") < 1000  # milliseconds in which nothing could be clicked
    assert page.evaluate(_LATENCY) < 1000
    notebook.save()
    assert notebook.file.stat().st_size < 200_000
    _search_and_save(notebook)
    assert page.evaluate("window.hacked ?? null") is None


def _search_and_save(notebook: Opened) -> None:
    log = notebook.cell(2)
    log.get_by_role("searchbox").click()
    notebook.page.keyboard.type("^099998 .*script")
    notebook.page.keyboard.press("Enter")
    notebook.cell(3).get_by_text("099998").wait_for()
    assert re.fullmatch(r"%k8s_logs hostile --run \S+ --grep .*", notebook.source(3))
    assert notebook.cell(3).get_by_text("099997").count() == 0
    log.get_by_role("button", name="Save").click()
    saved = notebook.file.parent / "hostile.log"
    deadline = time.monotonic() + SECONDS
    while not saved.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    notebook.idle(3)
    data = saved.read_bytes()
    saved.unlink()
    numbers = [int(number) for number in re.findall(rb"^(\d{6}) ", data, re.MULTILINE)]
    assert numbers == list(range(100_000))
    assert data.endswith(b"the end, no newline")
