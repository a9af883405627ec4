"""What a person sees of a run in JupyterLab and Notebook 7, and what the buttons do."""

from __future__ import annotations

import os
import re
import shutil
import time
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from tests.browser.conftest import Open
from tests.browser.frontend import SECONDS, Kind, Opened
from tests.browser.hostile import CELLS, survive

BOTH = pytest.mark.parametrize("kind", ["lab", "notebook"])

WAIT = """import pathlib, time
pathlib.Path({begun!r}).touch()
while not pathlib.Path({go!r}).exists(): time.sleep(0.02)
"""


def until(condition: object) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def waiting(folder: Path) -> tuple[str, Path, Path]:
    """Code of a step that goes on when a file is there; the file that it writes first, and that file."""
    begun, go = folder / "begun", folder / "go"
    return WAIT.format(begun=str(begun), go=str(go)), begun, go


@BOTH
def test_a_run_is_seen_live_saved_and_opened_again(opened: Open, tmp_path: Path, kind: Kind) -> None:
    code, begun, go = waiting(tmp_path)
    notebook = opened(
        [
            "%load_ext k8snb\nn = 3",
            f"%%k8s_step load\nx = n\nprint('loaded', x)\n{code}",
            "%%k8s_step double\ny = 2 * x\nprint('y is', y)",
            "%k8s_run",
            "print('back', x + y)",
        ],
        kind,
    )
    notebook.run_all()
    run = notebook.cell(3)
    run.get_by_text("load running").wait_for()
    run.get_by_text("double waiting").wait_for()
    run.get_by_text("loaded 3").wait_for()
    until(begun.exists)
    go.touch()
    notebook.cell(4).get_by_text("back 9").wait_for()
    told = ["load succeeded", "double succeeded", "loaded 3", "y is 6", "double: succeeded in"]
    for text in told:
        run.get_by_text(text).wait_for()
    assert notebook.cell(1).get_by_text("Run", exact=True).is_visible()
    assert run.get_by_role("button", name="Cancel").count() == 0
    notebook.save()
    again = opened(notebook.file, kind)
    for text in told:
        again.cell(3).get_by_text(text).wait_for()
    assert again.cell(1).get_by_text("n (3) from the notebook").is_visible()


@BOTH
def test_a_cards_buttons_run_its_step_in_the_cell_below(opened: Open, kind: Kind) -> None:
    notebook = opened(
        ["%load_ext k8snb", "%%k8s_step one\na = 1\nprint('in one')", "%%k8s_step two\nb = a + 1\nprint('in two')"],
        kind,
    )
    notebook.run_all()
    notebook.cell(2).get_by_role("button", name="Run with what it needs").click()
    notebook.cell(3).get_by_text("in two").wait_for()
    notebook.cell(3).get_by_text("in one").wait_for()
    assert notebook.source(3) == "%k8s_run two"
    notebook.idle(3)
    notebook.cell(2).get_by_text("Run", exact=True).click()
    notebook.cell(3).get_by_text("in two").wait_for()
    assert notebook.source(3) == "%k8s_run two --reuse"
    assert notebook.cell(3).get_by_text("in one").count() == 0
    notebook.idle(3)
    assert notebook.count == 5
    button = notebook.cell(2).get_by_text("Run", exact=True)
    button.focus()
    notebook.page.keyboard.press("Enter")  # by the keyboard, in the cell that is there
    notebook.prompt(3, before=5)
    assert notebook.count == 5


def test_a_card_runs_its_cell_as_it_is_now(opened: Open) -> None:
    notebook = opened(["%load_ext k8snb", "%%k8s_step one\nprint('before')"])
    notebook.run_all()
    notebook.cell(1).get_by_text("Run", exact=True).wait_for()
    notebook.cell(1).locator(".jp-InputArea-editor").click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.type("\nprint('edited')")
    notebook.cell(1).get_by_text("Run", exact=True).click()
    notebook.cell(2).locator(".jp-OutputArea-output", has_text="edited").wait_for()


def test_a_card_whose_values_are_others_now_executes_its_cell_first(opened: Open) -> None:
    notebook = opened(["%load_ext k8snb", "n = 1", "%%k8s_step one\nprint('n is', n)"])
    notebook.run_all()
    notebook.cell(2).get_by_text("n (1) from the notebook").wait_for()
    notebook.cell(1).locator(".jp-InputArea-editor").click()
    notebook.page.keyboard.press("Control+a")
    notebook.page.keyboard.type("n = 2")
    notebook.page.keyboard.press("Control+Enter")
    notebook.cell(2).get_by_text("gets n as it was when this cell was executed").wait_for()
    notebook.cell(2).get_by_role("button", name="Run: one").click()
    notebook.cell(3).get_by_text("n is 2").wait_for()
    notebook.cell(2).get_by_text("n (2) from the notebook").wait_for()


@BOTH
def test_buttons_in_a_fresh_kernel_load_k8snb_first(opened: Open, kind: Kind) -> None:
    notebook = opened(
        ["%load_ext k8snb\nn = 1", "%%k8s_step one\nfor i in range(300): print('row', i + n)", "%k8s_run"], kind
    )
    notebook.run_all()
    notebook.cell(2).get_by_role("searchbox").wait_for()
    notebook.fresh_kernel()
    notebook.cell(2).get_by_role("searchbox").fill("row 300")
    notebook.cell(2).get_by_role("button", name="Search").click()
    notebook.cell(3).locator(".jp-OutputArea-output", has_text="row 300").wait_for()
    first, line = notebook.source(3).splitlines()
    assert (first, line.split()[0]) == ("%load_ext k8snb", "%k8s_logs")
    notebook.fresh_kernel()
    notebook.cell(1).get_by_role("button", name="Run: one").click()
    until(lambda: notebook.source(2) == "%k8s_run one --reuse")
    notebook.cell(2).get_by_text("one: succeeded").wait_for()


def test_in_a_fresh_kernel_a_step_runs_after_the_cells_above(opened: Open) -> None:
    notebook = opened(
        [
            "%load_ext k8snb",
            "n = 1\nprint('counted')",
            "%%k8s_step one\na = n",
            "%k8s_run",
            "%%k8s_step two\nprint('in two', a)",
            "m = 1",
            "%%k8s_step three\nprint('in three', a + m)",
        ]
    )
    notebook.run_all()
    notebook.cell(6).get_by_role("button", name="Run: three").wait_for()
    notebook.idle(6)
    notebook.fresh_kernel()
    notebook.cell(4).get_by_role("button", name="Run: two").click()
    notebook.cell(5).get_by_text("in two 1").wait_for()
    notebook.idle(5)
    assert [prompt(notebook, number) for number in range(6)] == ["[1]:", "[2]:", "[3]:", "[4]:", "[4]:", "[5]:"]
    notebook.cell(7).get_by_role("button", name="Run: three").click()
    notebook.cell(8).get_by_text("in three 2").wait_for()
    notebook.idle(8)
    counts = [prompt(notebook, number) for number in range(9)]
    assert counts == ["[1]:", "[2]:", "[3]:", "[4]:", "[4]:", "[5]:", "[6]:", "[7]:", "[8]:"]


def prompt(notebook: Opened, number: int) -> str:
    text: str = notebook.cell(number).locator(".jp-InputPrompt").inner_text()
    return text


def test_where_no_cell_loads_k8snb_one_is_put_at_the_top(opened: Open) -> None:
    notebook = opened(["get_ipython().extension_manager.load_extension('k8snb')", "%%k8s_step one\nprint('in one')"])
    notebook.run_all()
    notebook.cell(1).get_by_role("button", name="Run: one").wait_for()
    notebook.fresh_kernel()
    notebook.cell(1).get_by_role("button", name="Run: one").click()
    notebook.cell(3).get_by_text("in one", exact=True).wait_for()
    assert [notebook.source(number) for number in (0, 3)] == ["%load_ext k8snb", "%k8s_run one --reuse"]


@BOTH
def test_a_card_says_below_its_cell_that_the_step_has_run_and_keeps_the_focus(opened: Open, kind: Kind) -> None:
    notebook = opened(["%load_ext k8snb", "%%k8s_step one\nprint('in one')"], kind)
    notebook.run_all()
    button = notebook.cell(1).get_by_role("button", name="Run: one")
    button.wait_for()
    assert notebook.cell(1).get_by_text("last ran").count() == 0
    notebook.page.evaluate(RUN_BESIDE)
    button.focus()
    notebook.cell(1).get_by_text("cached, nothing has changed since").wait_for()
    assert notebook.page.evaluate("document.activeElement.ariaLabel") == "Run: one"
    notebook.page.keyboard.press("Tab")
    assert notebook.page.evaluate("document.activeElement.ariaLabel") == "Run with what it needs: one"


RUN_BESIDE = """() => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  kernel.requestExecute({ code: "%k8s_run" });
}"""

NAMES = """root => [...root.querySelectorAll('.jp-OutputArea-output :is(button, input, select, summary)')]
  .map(one => one.ariaLabel ?? one.labels?.[0]?.textContent ?? one.textContent)"""


def test_all_that_can_be_pressed_has_a_name(opened: Open) -> None:
    notebook = opened(
        [
            "%load_ext k8snb",
            "%%k8s_step one\nfor i in range(300): print('row', i)",
            "%%k8s_step two\nimport time\n1 / 0",
            "%k8s_run",
            "%k8s_stack --no-check",
        ]
    )
    notebook.run_all()
    notebook.cell(3).get_by_role("searchbox").wait_for()
    notebook.cell(3).get_by_text("ZeroDivisionError").first.wait_for()
    notebook.run(4)
    notebook.cell(4).get_by_text("Register a new one").wait_for()
    names = {number: notebook.cell(number).evaluate(NAMES) for number in (1, 3, 4)}
    assert {"Run: one", "Run with what it needs: one"} <= {*names[1]}
    assert {"output of one", "output of two", "Search", "Save", "search the log of one"} <= {*names[3]}
    assert all(re.search(r"[A-Za-z]{3}", name) for told in names.values() for name in told), names


@BOTH
def test_a_run_is_cancelled_by_its_button(opened: Open, tmp_path: Path, kind: Kind) -> None:
    code, begun, _ = waiting(tmp_path)
    pid = tmp_path / "pid"
    notebook = opened(
        [
            "%load_ext k8snb",
            f"%%k8s_step long\nimport os\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\n{code}",
            "%k8s_run",
        ],
        kind,
    )
    notebook.run_all()
    until(begun.exists)
    notebook.cell(2).get_by_role("button", name="Cancel").click()
    notebook.cell(2).get_by_text("interrupted: the run was cancelled; ended: long").wait_for()
    assert not Path(f"/proc/{pid.read_text()}").exists()
    assert notebook.cell(2).get_by_role("button", name="Cancel").count() == 0


@BOTH
def test_runs_of_the_past_are_opened_and_compared_by_buttons(opened: Open, kind: Kind) -> None:
    cells = ["%load_ext k8snb", "%%k8s_step dice\nimport os\nprint('pid', os.getpid())", "%k8s_run", "%k8s_run"]
    notebook = opened([*cells, "import k8snb\n%k8s_runs\nprint('two:', *(run.id for run in k8snb.runs()[-2:]))"], kind)
    notebook.run_all()
    table = notebook.cell(4)
    first, second = table.locator(".jp-OutputArea-output", has_text="two:").inner_text().split()[1:]
    table.get_by_label("run", exact=True).select_option(first)
    table.get_by_role("button", name="Open").click()
    notebook.cell(5).get_by_text("pid").wait_for()
    assert notebook.source(5) == f"%k8s_runs {first}"
    table.get_by_label("run to compare it with").select_option(second)
    table.get_by_role("button", name="Compare with").click()
    notebook.cell(5).get_by_text("difference").wait_for()
    assert notebook.source(5) == f"%k8s_runs {first} {second}"


def test_a_run_is_cancelled_by_an_interrupt(opened: Open, tmp_path: Path) -> None:
    code, begun, _ = waiting(tmp_path)
    notebook = opened(["%load_ext k8snb", f"%%k8s_step long\n{code}", "%%k8s_step other\nx = 1", "%k8s_run"])
    notebook.run_all()
    until(begun.exists)
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("i")
    notebook.page.keyboard.press("i")
    notebook.cell(3).get_by_text("interrupted: the run was cancelled").wait_for()
    notebook.cell(3).get_by_text("long cancelled").wait_for()


@BOTH
def test_a_hostile_log_leaves_the_browser_quick_and_the_notebook_small(opened: Open, kind: Kind) -> None:
    survive(opened(CELLS, kind))


@BOTH
def test_a_notebook_that_is_opened_again_while_a_run_goes_on_says_how_it_went(
    opened: Open, tmp_path: Path, kind: Kind
) -> None:
    code, begun, go = waiting(tmp_path)
    notebook = opened(["%load_ext k8snb", f"%%k8s_step long\nprint('begun')\n{code}x = 1", "%k8s_run"], kind)
    notebook.run_all()
    notebook.cell(2).get_by_text("long: running").wait_for()
    until(begun.exists)
    notebook.save()
    notebook.page.close()
    again = opened(notebook.file, kind, busy=True)
    again.cell(2).get_by_text("long: running").wait_for()
    assert again.cell(2).get_by_role("button", name="Cancel").is_visible()
    again.cell(2).get_by_role("button", name="Show how it went").click()
    again.cell(3).locator(".jp-InputPrompt", has_text="*").wait_for()
    go.touch()
    again.cell(3).get_by_text("long: succeeded").wait_for()
    again.cell(3).get_by_text("begun").wait_for()
    again.cell(2).get_by_role("button", name="Cancel").wait_for(state="hidden")  # nothing goes on
    number = again.append("x + 1")
    again.run(number)
    again.cell(number).locator(".jp-OutputArea-output", has_text="2").wait_for()


@BOTH
def test_a_view_says_so_where_the_kernel_is_restarted_during_a_run(opened: Open, tmp_path: Path, kind: Kind) -> None:
    code, begun, _ = waiting(tmp_path)
    notebook = opened(
        ["%load_ext k8snb", f"%%k8s_step long\nprint('begun')\n{code}", "%%k8s_step other\nx = 1", "%k8s_run"], kind
    )
    notebook.run_all()
    run = notebook.cell(3)
    run.get_by_text("begun").wait_for()
    until(begun.exists)
    assert run.get_by_text("above: as it was").count() == 0
    notebook.fresh_kernel()
    run.get_by_text("above: as it was when the kernel ended").wait_for()
    run.get_by_role("button", name="Cancel").wait_for(state="hidden")
    assert run.get_by_text("above: as it was").count() == 1
    run.get_by_role("button", name="Show how it went").click()
    notebook.cell(4).get_by_text("long cancelled").wait_for()


def test_a_failing_step_says_why_and_its_output_stays_open(opened: Open) -> None:
    notebook = opened(
        [
            "%load_ext k8snb",
            "%%k8s_step fails\nfor i in range(1000): print('row', i)\n1 / 0",
            "%%k8s_step fine\nfor i in range(1000): print('line', i)",
            "%k8s_run",
        ]
    )
    notebook.run_all()
    run = notebook.cell(3)
    run.get_by_text("fails: ZeroDivisionError: division by zero").first.wait_for()
    run.get_by_text("row 999").wait_for()  # seen: its last lines are unfolded
    run.get_by_text("fine has printed 800 more lines").wait_for()
    assert not run.get_by_text("line 999").is_visible()


def test_a_steps_output_folds_at_its_line(opened: Open) -> None:
    notebook = opened(
        ["%load_ext k8snb", "%%k8s_step one\nprint('in one')", "%%k8s_step two\nprint('in two')", "%k8s_run"]
    )
    notebook.run_all()
    run = notebook.cell(3)
    run.get_by_text("in two").wait_for()
    toggle = run.get_by_role("button", name="output of one")
    toggle.click()
    assert not run.get_by_text("in one").is_visible()
    assert run.get_by_text("in two").is_visible()
    assert toggle.get_attribute("aria-expanded") == "false"
    toggle.press("Enter")
    assert run.get_by_text("in one").is_visible()


BESIDE = """root => [...root.querySelectorAll('span')].filter(one => one.textContent === '→').map(arrow => {
  const [own, column] = [arrow, arrow.nextElementSibling].map(one => one.getBoundingClientRect());
  return own.right <= column.left && column.top < own.top && own.bottom < column.bottom;
})"""


def test_in_a_narrow_window_columns_come_below_each_other_with_their_arrows(opened: Open) -> None:
    names = [f"a_step_with_a_long_name_{i}" for i in range(5)]
    steps = [f"%%k8s_step {name} --after {before}\npass" for before, name in pairwise(names)]
    notebook = opened(["%load_ext k8snb", f"%%k8s_step {names[0]}\npass", *steps, "%k8s_run"])
    notebook.page.set_viewport_size({"width": 800, "height": 800})
    notebook.run_all()
    run = notebook.cell(6)
    run.get_by_text(f"{names[4]} succeeded").wait_for()
    assert run.evaluate(BESIDE) == [True] * 4
    tops = {run.get_by_text(f"{name} succeeded").bounding_box()["y"] for name in names}
    assert len(tops) > 1


def test_a_progress_bar_moves_in_its_place(opened: Open, tmp_path: Path) -> None:
    code, _, go = waiting(tmp_path)
    bar = "import sys\nfor i in range(51): sys.stderr.write(f'\\r{i}% done'); sys.stderr.flush()\n"
    notebook = opened(
        ["%load_ext k8snb", f"%%k8s_step bar\n{bar}{code}sys.stderr.write('\\r100% done\\n')", "%k8s_run"]
    )
    notebook.run_all()
    notebook.cell(2).get_by_text("50% done", exact=True).wait_for()
    go.touch()
    notebook.cell(2).get_by_text("100% done", exact=True).wait_for()
    assert notebook.cell(2).get_by_text("50% done", exact=True).count() == 0


def test_a_notebook_that_is_not_trusted_is_as_readable_and_runs_nothing(opened: Open) -> None:
    first = opened(
        ["%load_ext k8snb", "%%k8s_step one\nprint('in one')", "%%k8s_step two\nprint('in two')", "%k8s_run"]
    )
    first.run_all()
    first.cell(3).get_by_text("in two").wait_for()
    first.idle(3)
    content = first.save()
    hostile = {
        "text/html": "<b onclick='window.hacked = 1'>bold</b><script>window.hacked = 1</script>"
        "<img src=x onerror='window.hacked = 1'>",
        "text/plain": "bold",
        "application/vnd.k8snb+json": {"kind": "card", "step": "x; import os"},
    }
    content.cells[0].outputs = [nbformat.v4.new_output("display_data", data=hostile)]
    again = opened(_write(content, first), "lab")
    again.cell(3).get_by_text("one succeeded").wait_for()
    again.cell(3).get_by_text("in two").wait_for()
    again.cell(0).get_by_text("bold").click()
    assert again.cell(0).get_by_role("button", name="Run").count() == 0
    assert again.page.evaluate("window.hacked ?? null") is None


def _write(content: object, opened: Opened) -> Path:
    file = opened.file.with_name(f"copy-{opened.file.name}")
    nbformat.write(content, file)
    return file


CONTRASTS = """root => [...root.querySelectorAll('.jp-OutputArea-output *')]
  .filter(node => !node.closest('[data-mime-type$=error], [data-mime-type$=stderr]'))
  .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()))
  .map(node => {
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => {
      const [r, g, b] = colour.map(v => v / 255).map(
        v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = one => getComputedStyle(one).backgroundColor;
    let behind = node;
    let opacity = 1;
    for (; background(behind) === 'rgba(0, 0, 0, 0)'; behind = behind.parentElement) {
      opacity *= getComputedStyle(behind).opacity;
    }
    const ground = parts(background(behind)).slice(0, 3);
    const [r, g, b, alpha = 1] = parts(getComputedStyle(node).color);
    const ink = [r, g, b].map((v, i) => v * alpha * opacity + ground[i] * (1 - alpha * opacity));
    const [one, other] = [light(ink), light(ground)];
    return [node.textContent.slice(0, 40), (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)];
  })"""


@pytest.mark.parametrize("dark", [False, True])
def test_all_can_be_read_on_light_and_on_dark(opened: Open, dark: bool) -> None:
    notebook = opened(
        [
            "%load_ext k8snb\nn = 1",
            "%%k8s_step one --cpu 1\nx = n\nprint(eval('x'))",
            "%%k8s_step two\nfor i in range(500): print(x)\n1 / 0",
            "%%k8s_step three\nprint(x)",
            "%k8s_run",
        ],
        dark=dark,
    )
    notebook.run_all()
    notebook.cell(4).get_by_text("ZeroDivisionError").first.wait_for()
    notebook.idle(4)
    table, stacks = (notebook.append(line) for line in ("%k8s_runs", "%k8s_stack"))
    for number, text in ((table, "failed"), (stacks, "works")):
        notebook.run(number)
        notebook.cell(number).get_by_text(text).first.wait_for()
    for number in (1, 2, 4, table, stacks):
        contrasts = notebook.cell(number).evaluate(CONTRASTS)
        assert contrasts
        own = [(text, ratio) for text, ratio in contrasts if ratio < 4.5]
        assert own == [], own


def test_what_k8snb_shows_is_in_the_servers_folder_of_extensions() -> None:
    """Else buttons were missing, and the tests above would say so less clearly."""
    import sys

    folder = Path(sys.prefix) / "share/jupyter/labextensions/k8snb"
    assert (folder / "package.json").is_file(), "pip install -e . puts it there"
    assert shutil.which("node") is None or os.system(f"node --check {folder}/static/extension.js") == 0
