"""Notebooks whose steps are pods of the test cluster."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import tarfile
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_async_kernel

from tests.fixtures_cluster import Project, error, kubectl, layers, printed, shown, there
from tests.fixtures_s3 import s3_bucket

__all__ = ["layers", "s3_bucket", "there"]

pytestmark = pytest.mark.cluster

DIGITS = Path(__file__).parents[2] / "notebooks" / "digits.ipynb"


def test_digits(there: Project) -> None:
    sources = [cell.source for cell in nbformat.read(DIGITS, 4).cells if cell.cell_type == "code"]
    cells = there.execute(*sources[1:])
    text = "\n".join(str(cell.outputs) for cell in cells)
    assert "Test accuracy: 0.9688" in text
    assert "96.9% of the test images are recognised" in text
    assert len(there.jobs()) == 4
    assert there.pushed()
    labels = kubectl("-n", there.values["namespace"], "get", "pods", "-l", "pipeline=notebook", "-o", "name")
    assert len(labels.splitlines()) == 4
    pods = kubectl("-n", there.values["namespace"], "get", "pods", "-o", "yaml")
    assert "test-secret-key" not in pods
    assert re.search(r"image: \S+@sha256:[0-9a-f]{64}", pods)


def test_what_a_step_prints_and_shows_is_in_the_notebook(there: Project) -> None:
    (there.folder / "helpers.py").write_text("def double(x):\n    return 2 * x\n")
    *_, run, plain = there.execute(
        "%matplotlib inline\nimport helpers\nscale = [3]",
        "%%k8s_step show\n"
        "import sys\nimport pandas as pd\nimport matplotlib.pyplot as plt\n"
        "print('out')\nprint('err', file=sys.stderr)\nprint('again')\n"
        "print('\\x1b[31mred\\x1b[0m')\n"
        "for i in range(3): print(f'\\r{i}', end='')\n"
        "plt.plot([1, 2])\n"
        "display(pd.DataFrame({'a': [1]}))\n"
        "doubled = helpers.double(scale[0])\n"
        "{'last': doubled}",
        "%k8s_run",
        "doubled",
    )
    assert printed(run) == "out\nagain\n\x1b[31mred\x1b[0m\n"
    assert "2" in shown(run, "text/plain")
    assert printed(run, "stderr") == "err\n"
    assert len(shown(run, "image/png")) == 1
    assert any("<table" in text for text in shown(run, "text/html"))
    assert "{'last': 6}" in shown(run, "text/plain")
    assert shown(plain, "text/plain") == ["6"]


def test_what_is_one_object_stays_one(there: Project) -> None:
    *_, run = there.execute(
        "cfg = {'hist': []}",
        "%%k8s_step one\ncfg['hist'].append(1)\nalias = cfg['hist']",
        "%%k8s_step two\nprint(alias is cfg['hist'])",
        "%k8s_run",
    )
    assert printed(run) == "True\n"


def test_files_and_figures(there: Project) -> None:
    (there.folder / "data.csv").write_text("a,b\n1,2\n")
    *_, run, plain = there.execute(
        "%%k8s_step one --file data.csv\nimport matplotlib.pyplot as plt\n"
        "print(open('data.csv').read())\nfig, _ = plt.subplots()\nplt.close()",
        "%k8s_run",
        "fig",
    )
    assert printed(run) == "a,b\n1,2\n\n"
    assert len(shown(plain, "image/png")) == 1


def test_a_step_that_raises_fails_the_cell_with_its_own_traceback(there: Project) -> None:
    *_, run, before, after = there.execute(
        "%%k8s_step one\nx = 1\ndef f():\n    raise ValueError('no luck')\n\nf()",
        "%%k8s_step two\ny = x",
        "%%k8s_step side\nz = 3\nprint('side')",
        "%k8s_run",
        "x",
        "print(z)",
        allow_errors=True,
    )
    failed = error(run)
    assert (failed.ename, failed.evalue) == ("ValueError", "no luck")
    traceback = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(failed.traceback))
    assert "step one" in traceback
    assert re.search(r"line 6|6 f\(\)", traceback)
    assert "engine.py" not in traceback
    assert shown(before, "text/plain") == ["1"]
    # nothing below the failed step is bound, but `side` has run: it need not run again for a reader
    assert printed(after) == "3\n"
    assert len([job for job in there.jobs() if "-side-" in job]) == 1
    assert not any("-two-" in job for job in there.jobs())


async def test_an_interrupt_deletes_the_pods_and_says_so(there: Project) -> None:
    manager, client = await start_new_async_kernel(cwd=str(there.folder))
    said = ""
    try:
        for source in ("%load_ext k8snb", "%%k8s_step slow\nimport time\nprint('begun')\ntime.sleep(300)"):
            await client.execute_interactive(source, timeout=60, output_hook=lambda _: None)
        asked = client.execute("%k8s_run")
        interrupted = False
        while True:
            message = await client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != asked:
                continue
            said += str(message["content"])
            if "begun" in said and not interrupted:
                interrupted = True
                await manager.interrupt_kernel()
            if message["content"].get("execution_state") == "idle":
                break
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
    assert "KeyboardInterrupt" in said
    assert "slow" in said.partition("interrupted:")[2]
    async with asyncio.timeout(30):
        while there.jobs():
            await asyncio.sleep(0.1)


BAD_CELLS = {
    "unknown step": (["%%k8s_step one\nx = 1", "%k8s_run ones"], "did you mean 'one'"),
    "a name that no cell makes": (["%%k8s_step one\nx = missing_name", "%k8s_run"], "missing_name"),
    "a cycle": (["%%k8s_step one --after two\nx = 1", "%%k8s_step two --after one\ny = 1", "%k8s_run"], "two"),
    "a value that cannot be pickled": (
        ["import threading\nlock = threading.Lock()", "%%k8s_step one\nlock.acquire()", "%k8s_run"],
        "lock",
    ),
    "a bad name": (["%%k8s_step One!\nx = 1", "%k8s_run"], "call it one"),
    "a mistyped option": (["%%k8s_step one --memroy 1Gi\nx = 1", "%k8s_run"], "--memory"),
    "a package that no index has": (
        ["%%k8s_step one --requirements req.txt\nx = 1", "%k8s_run"],
        "no-such-package-anywhere",
    ),
}


@pytest.mark.parametrize("case", BAD_CELLS)
def test_bad_cells_are_refused_before_anything_starts(there: Project, case: str) -> None:
    sources, says = BAD_CELLS[case]
    (there.folder / "req.txt").write_text("no-such-package-anywhere==1.0\n")
    cells = there.execute(*sources, allow_errors=True)
    first = next(o for cell in cells for o in cell.outputs if o.output_type == "error")
    assert says in f"{first.evalue} {first.traceback}"
    assert there.jobs() == []
    assert not there.pushed()


@pytest.fixture(scope="session")
def other_python() -> None:
    """Push an image that says that it has another Python."""
    image = BAD_STACKS["another Python"][0]["image"]
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    subprocess.run(
        ["docker", "import", "-c", "ENV PYTHON_VERSION=3.12.1", "-", image], check=True, input=empty.getvalue()
    )
    subprocess.run(["docker", "push", "-q", image], check=True)


BAD_STACKS = {
    "unreachable store": ({"endpoint": "http://127.0.0.1:9"}, {}, "store cannot be reached"),
    "no such bucket": ({"store": "s3://k8snb-no-such-bucket/x"}, {}, "no such bucket"),
    "wrong credentials": ({}, {"AWS_SECRET_ACCESS_KEY": "wrong"}, "secret key is wrong"),
    "unreachable registry": ({"registry": "127.0.0.1:9/x"}, {}, "127.0.0.1:9"),
    "a registry that refuses": ({"registry": "127.0.0.1:5001/x"}, {}, "docker login"),
    "unknown context": ({"context": "nowhere"}, {}, "nowhere"),
    "a broken file": ({"context": '"'}, {}, "k8snb.toml"),
    "another Python": ({"image": "127.0.0.1:5000/library/other-python:1"}, {}, "Python 3.12"),
    "no such base image": ({"image": "127.0.0.1:5000/library/nothing:1"}, {}, "library/nothing"),
}


@pytest.mark.usefixtures("other_python")
@pytest.mark.parametrize("case", BAD_STACKS)
def test_bad_stacks_are_refused_before_anything_starts(
    there: Project, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, environment, says = BAD_STACKS[case]
    there.configure(**changes)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    cells = there.execute("%%k8s_step one\nx = 1", "%k8s_run", allow_errors=True)
    first = next(o for cell in cells for o in cell.outputs if o.output_type == "error")
    assert says in f"{first.evalue} {first.traceback}"
    assert there.jobs() == []
    assert not there.pushed()


def test_what_cells_install_is_in_the_image_and_files_travel_by_name(there: Project) -> None:
    (there.folder / "data.csv").write_text("a,b\n")
    _, card, run, named, again = there.execute(
        "%pip install six",
        "%%k8s_step look\n"
        "%pip install six\n"
        "!pip install six\n"
        "import importlib.metadata, os\n"
        "found = importlib.metadata.version('six'), os.path.exists('data.csv'), _exit_code\n"
        "if os.path.exists('data.csv'):\n    text = open('data.csv').read()\n"
        "found",
        "%k8s_run",
        "%%k8s_step named --file data.csv\n%%capture out\nprint(open('data.csv').read())\n!ls\n1",
        "%k8s_run named\nprint(out.stdout)",
    )
    assert "reads data.csv (4 bytes), which does not travel by itself: add --file data.csv" in str(card.outputs)
    assert "%pip install in code cell 2: six is installed for the steps" in str(run.outputs)
    assert printed(run).count("not installed again") == 2
    assert any(f"('{version('six')}', False, 0)" in text for text in shown(run, "text/plain"))
    assert "does not travel" not in str(named.outputs)
    assert "a,b" in printed(again)


def test_runs_and_logs_are_there_when_the_pods_are_gone(there: Project) -> None:
    there.execute(
        "%%k8s_step many\nfor i in range(20_000):\n    print('line', i)\nx = [1]",
        "%%k8s_step last\nimport sys\nprint('careful', file=sys.stderr)\nraise ValueError('no luck')",
        "%k8s_run",
        allow_errors=True,
    )
    namespace = there.values["namespace"]
    kubectl("-n", namespace, "delete", "jobs,pods", "--all", "--wait")
    assert there.jobs() == []
    table, run, log, saved, value = there.execute(
        "%k8s_runs",
        "%k8s_runs last",
        "%k8s_logs last",
        "%k8s_logs many --save many.log",
        "import k8snb\nk8snb.runs()[-1].step('many').outputs['x']",
    )
    (text,) = shown(table, "text/plain")
    assert "1 of 2, last failed" in text
    assert "line 1\n" in printed(run)
    assert any("ValueError: no luck" in text for text in shown(run, "text/plain"))
    assert printed(log) == "careful\n"
    assert (there.folder / "many.log").read_text() == "".join(f"line {i}\n" for i in range(20_000))
    assert "20000 lines written" in str(saved.outputs)
    assert shown(value, "text/plain") == ["[1]"]


def test_data_are_compared_in_pods(there: Project) -> None:
    _, look, gate, here, _, away = there.execute(
        "%%k8s_step make\nimport numpy as np\nrng = np.random.default_rng(0)\n"
        "train = rng.normal(size=(1000, 3))\nmoved = train + [0, 0, 0.8]\nother = train + 0",
        "%%k8s_step look --run\nimport k8snb\nfrom importlib.util import find_spec\n"
        "print([name for name in ('numpy', 'pandas', 'pyarrow', 'scipy') if find_spec(name)])\n"
        "k8snb.skew(train, moved)",
        "%%k8s_step gate --skew train moved --max-psi 0.2 --run",
        "%k8s_skew train moved",
        "import sys\nvars(sys.modules['k8snb.notebook.comparison']).update(IN_POD=1000)  # k8snb: quiet",
        "%k8s_skew train other",
        allow_errors=True,
    )
    assert printed(look) == "['numpy']\n"
    for cell in (look, here):
        assert "1 of 3 features has drifted (2)" in "\n".join(shown(cell, "text/plain"))
        assert any("<table" in text for text in shown(cell, "text/html"))
    assert error(gate).ename == "SkewError"
    assert "k8s-skew" not in str(here.outputs)
    assert "k8s-skew: succeeded" in str(away.outputs)
    assert "other compared with train: none of 3" in str(away.outputs)
