"""What a step's pod does not have of the kernel's environment."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import nbformat
import pytest
from inprocess import Notebook

from k8snb.analysis import analyse
from k8snb.notebook import travel
from k8snb.pipeline import Cell, build, parse_options

CLUSTER = """
[k8snb]
stack = "far"
[stacks.far]
orchestrator = { kind = "kubernetes" }
artifact_store = { uri = "s3://bucket" }
container_registry = { uri = "registry.example.org/ml" }
"""


def told(folder: Path, *sources: str, line: str = "b", values: dict[str, object] | None = None) -> list[str]:
    """Return what is told of the last cell, a step."""
    name, options, _ = parse_options(line, where="")
    above = [Cell(s, analyse(s), f"a{i}" if s.startswith("#step") else None) for i, s in enumerate(sources[:-1])]
    cell = Cell(sources[-1], analyse(sources[-1]), name, options)
    step = build([*above, cell], name="n", known=values)[name]
    return travel.files(step, above, folder, values or {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data.csv").write_bytes(b"x" * 12_000)
    (tmp_path / "data" / "x.json").write_bytes(b"{}")
    return tmp_path


def test_a_file_beside_the_notebook_is_offered_by_name(folder: Path) -> None:
    assert told(folder, "\nopen('data.csv')") == [
        "line 2: reads data.csv (12 kB), which does not travel by itself: add --file data.csv"
    ]
    assert told(folder, "open('data/x.json')\nopen('gone.csv')\nx = 'data'") == [
        "line 1: reads data/x.json (2 bytes), which does not travel by itself: add --file data/x.json"
    ]


def test_a_file_is_offered_once_and_not_where_its_line_asks_for_quiet(folder: Path) -> None:
    [found] = told(folder, "import glob, os\nglob.glob('data/*.json')\nos.listdir('data')")
    assert "reads data (2 bytes)" in found
    assert told(folder, "open('data.csv')  # k8snb: quiet") == []


def test_a_folder_of_which_not_all_may_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (secret := folder / "data" / "secret").write_bytes(b"x" * 500)
    is_file = Path.is_file

    def refuse(path: Path) -> bool:
        if path == secret:
            raise PermissionError
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refuse)
    [found] = told(folder, "import os\nos.listdir('data')")
    assert "reads data (2 bytes)" in found


@pytest.mark.parametrize("line", ["b --file data --file data.csv", "b --file ./data/x.json --file data.csv"])
def test_what_is_named_travels(folder: Path, line: str) -> None:
    assert told(folder, "open('data.csv'); open('data/x.json')", line=line) == []


def test_files_are_found_through_functions_and_values(folder: Path) -> None:
    [found] = told(folder, "def load(): return open('data.csv')", "x = load()")
    assert found.startswith("through load: reads data.csv")
    for value in ("data.csv", PurePosixPath("data.csv")):
        [found] = told(folder, "x = open(where)", values={"where": value})
        assert found.startswith("through where: reads data.csv")
    assert told(folder, "def load(): return open('data.csv')", "x = 1") == []
    assert told(folder, "x = word", values={"word": "data"}) == []


def test_a_file_that_another_step_writes_is_in_its_pod(folder: Path) -> None:
    [found] = told(folder, "#step\nopen('out.csv', 'w')", "open('out.csv')")
    assert found == "line 1: reads out.csv, which step a0 writes into its own pod: hand the data over as a variable"


SAVE = "def save(x, name): open(f'{name}.json', 'w')"
LOAD = "def load(name): return open(f'{name}.json')"


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (["out = 'x.csv'", "#step\nopen(out, 'w')", "open(out)"], "line 1: reads x.csv"),
        (["cfg = {'o': 'x'}", "#step\nopen(cfg['o'], 'w')", "open(cfg['o'])"], "line 1: reads {cfg[o]}"),
        (
            ["names = ['a']", "#step\nfor n in names: open(n, 'w')", "[open(n) for n in names]"],
            "line 1: reads {each of",
        ),
        (
            ["import glob", "#step\nfor i in '1': open(f'p_{i}.csv', 'w')", "glob.glob('p_*.csv')"],
            "line 1: reads p_*.csv",
        ),
        ([f"{SAVE}\n{LOAD}", "#step\nsave(1, 'cfg')", "x = load('cfg')"], "through load: reads cfg.json"),
        (["1", "#step\n!mkdir d && echo a > d/t.txt", "open('d/t.txt')"], "line 1: reads d/t.txt"),
    ],
)
def test_a_file_that_very_likely_is_the_other_steps(folder: Path, sources: list[str], said: str) -> None:
    assert [line.partition(", which")[0].startswith(said) for line in told(folder, *sources)] == [True]


@pytest.mark.parametrize(
    "sources",
    [
        ["x = 1", "#step\nfor n in '1': open(f'{n}.txt', 'w')", "open('data.csv')"],
        ["x = 1", "#step\n!python train.py", "open('data.csv'); open('gone.csv')"],
        ["import glob", "#step\nopen('r.txt', 'w')", "[open(f) for f in glob.glob('*.csv')]"],
        ["def save(p): open(p, 'w')\ndef load(p): return open(p)", "#step\nsave('r.txt')", "load('data.csv')"],
        ["import sqlite3", "#step\nsqlite3.connect('a.db').execute('select 1')", "sqlite3.connect('a.db')"],
        ["import os", "#step\nopen('r.txt', 'w')", "os.path.exists('r.txt')"],
        ["x = 1", "#step\nopen('r.txt', 'w')", "!ls"],
        ["url = 'https://example.org/a.csv'", "#step\nopen(str(1), 'w')", "open(url)"],
        ["import io\nx = io.StringIO()", "#step\nopen(str(1), 'w')", "import pandas as pd\npd.read_csv(x)"],
    ],
)
def test_files_that_may_well_be_others_are_not_told(folder: Path, sources: list[str]) -> None:
    assert told(folder, *sources, line="b --file data.csv --file .") == []


def test_files_of_this_machine(folder: Path) -> None:
    place = folder / "data.csv"
    [found] = told(folder / "data", f"open({str(place)!r})")
    assert "pods do not have: copy it into the notebook's folder" in found
    [found] = told(folder / "data", "open('../data.csv')")
    assert "pods do not have" in found
    assert told(folder, f"open({str(place)!r})", line=f"b --volume claim:{folder}") == []
    assert told(folder, "open('/etc/passwd'); open('/dev/null')") == []


def test_a_file_that_is_too_large_is_read_elsewhere(folder: Path) -> None:
    with (folder / "large.bin").open("wb") as file:
        file.truncate(200 << 20)
    [found] = told(folder, "open('large.bin')")
    assert "(210 MB), which is too large to travel with the code" in found


def test_what_cells_install_is_told() -> None:
    cells = [Cell(s, analyse(s)) for s in ("x = 1", "%pip install polars\n!pip install -e . arrow numpy")]
    assert list(travel.packages(cells)) == [
        "%pip install in code cell 2: polars is installed for the steps",
        "!pip install in code cell 2: arrow, numpy are installed for the steps",
        (
            "warning: !pip install in code cell 2: . cannot be installed for the steps: "
            "put the code beside the notebook, or name a requirements file with --requirements"
        ),
    ]


def test_the_card_tells_it_where_steps_do_not_see_the_folder(nb: Notebook) -> None:
    Path("data.csv").write_text("x")
    nb.run("%%k8s_step a\nx = open('data.csv').read()")
    assert "data.csv" not in nb.seen[-1][1]["text/plain"]
    Path("k8snb.toml").write_text(CLUSTER)
    nb.run("%%k8s_step a\nx = open('data.csv').read()")
    assert "add --file data.csv" in nb.seen[-1][1]["text/plain"]


def test_what_the_file_asks_kale_for_is_told_once(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"docker_image": "kale:1"}
    cells = [nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["step:a"]})]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kubeflow_notebook": settings}), "nb.ipynb")
    monkeypatch.setenv("K8SNB_NOTEBOOK", str(Path("nb.ipynb").absolute()))
    Path("k8snb.toml").write_text(CLUSTER.replace('stack = "far"', 'stack = "local"'))
    nb.run("x = 1")
    nb.run("%k8s_run")
    assert "Kale" not in str(nb.seen)
    nb.run("%k8s_run --stack far")
    nb.run("%k8s_run --stack far")
    said = [shown for kind, shown, _ in nb.seen if kind == "display" and "names for Kale" in shown["text/plain"]]
    assert [shown["text/plain"] for shown in said] == [
        "warning: the image that the notebook names for Kale is not used: --image kale:1"
    ]


def test_a_run_elsewhere_tells_it_too(nb: Notebook) -> None:
    Path("data.csv").write_text("x")
    Path("k8snb.toml").write_text(CLUSTER.replace('stack = "far"', 'stack = "local"'))
    nb.run("!pip install --help > /dev/null\nn = 1\nif not n:\n    !pip install polars")
    nb.run("%%k8s_step a\nx = len('data.csv')")
    nb.run("%k8s_run")
    assert "polars" not in str(nb.seen)
    nb.run("%k8s_run --stack far")
    assert "!pip install in code cell 1: polars is installed for the steps" in str(nb.seen)
    assert "warning: step a: line 2: reads data.csv (1 bytes)" in str(nb.seen)


def test_a_plain_cell_waits_for_what_a_step_writes(nb: Notebook) -> None:
    nb.run("from pathlib import Path")
    nb.run("%%k8s_step a\nPath('out.csv').write_text('x')")
    nb.run("t = Path('out.csv').read_text()")
    assert nb.ns["t"] == "x"
    assert "this cell reads out.csv: running what writes it first" in str(nb.seen)
    nb.run("t = Path('out.csv').read_text()")
    assert nb.started == ["a"]


def test_a_plain_cell_is_told_of_files_in_pods(nb: Notebook) -> None:
    Path("k8snb.toml").write_text(CLUSTER)
    Path("out.csv").write_text("old")
    nb.run("from pathlib import Path")
    nb.run("%%k8s_step a\nPath('out.csv').write_text('x')")
    nb.run("n = 1\nt = Path('out.csv').read_text()")
    assert "warning: line 2: reads out.csv, which step a writes into its own pod" in str(nb.seen)
    assert nb.started == []
