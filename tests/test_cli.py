"""The shell's words."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from k8snb.cli import main
from k8snb.errors import InputError
from k8snb.notebook.execute import parameter


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with a home of its own."""
    for name in ("K8SNB_STACK", "K8SNB_NOTEBOOK", "K8SNB_PARAMETERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("K8SNB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def write(folder: Path, *sources: str, tags: dict[int, str] | None = None) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for place, tag in (tags or {}).items():
        cells[place].metadata["tags"] = [tag]
    path = folder / "nb.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def command(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "k8snb", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def executed(folder: Path) -> list[Any]:
    return nbformat.read(folder / "nb.executed.ipynb", 4).cells


def test_a_notebook_runs_with_parameters_and_the_steps_that_no_cell_ran(folder: Path) -> None:
    (folder / "local.py").write_text("double = lambda x: 2 * x\n")
    notebook = write(
        folder,
        "%load_ext k8snb\nimport local",
        "lr = 1",
        "%%k8s_step a\nimport sys\nx = local.double(lr)\nprint('x is', x)\nprint('careful', file=sys.stderr)",
        "print('got', x)",
        "%%k8s_step rest\ny = x + 1\ny",
        tags={1: "parameters"},
    )
    run = command("run", notebook, "-p", "lr=21")
    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert "x is 42\ngot 42\n43\n" in out
    assert "careful" in err
    assert "[a: succeeded" in err
    cells = executed(folder)
    assert [cell.source for cell in cells][2] == "lr = 21"
    assert cells[-1].source == "%k8s_run --rest"
    assert "43" in str(cells[-1].outputs)
    assert "a" not in [o.metadata.get("k8snb_step") for o in cells[-1].outputs if "metadata" in o]


def test_of_a_long_text_the_end_is_printed_once_and_the_command_for_all_of_it(folder: Path) -> None:
    notebook = write(folder, "%%k8s_step a\nfor i in range(1000): print('row', i)", "%k8s_run")
    out, err = command("run", notebook).communicate(timeout=120)
    assert out.count("row 0\n") == out.count("row 999\n") == 1, err
    assert "row 500" not in out
    told = next(line for line in out.splitlines() if "more lines" in line)
    everything = told.partition("(all: k8snb ")[2].partition(")")[0]
    out, _ = command(*everything.split()).communicate(timeout=60)
    assert out == "".join(f"row {i}\n" for i in range(1000))


def test_steps_run_scripts_and_load_the_extensions_of_cells_above(folder: Path) -> None:
    (folder / "text_tools.py").write_text(
        "def load_ipython_extension(shell):\n"
        "    shell.register_magic_function(lambda line, cell: shell.push({line: cell.split()}), 'cell', 'split')\n"
    )
    (folder / "tools.py").write_text("rate = 2\ndef area(r): return r * rate\n")
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("z = rate + 1")]), folder / "more.ipynb")
    notebook = write(
        folder,
        "%load_ext text_tools",
        "%%k8s_step words --out words\n%%split words\none two three",
        "%%k8s_step scripts\n%run tools.py\n%run more.ipynb\nq = area(z)",
        "%%k8s_step last\nfound = [len(words), q, area(rate)]",
        "print(found)",
    )
    run = command("run", notebook)
    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert "[3, 6, 4]" in out
    assert "%run" not in err


def test_a_notebook_with_kales_tags_runs(folder: Path) -> None:
    notebook = write(
        folder,
        "import math",
        "n = 3",
        "def root(x): return math.sqrt(x)",
        "a = root(n)\na",
        "b = a + 1\nprint('b is', b)",
        "raise ValueError('looked at by hand')",
        "c = b * 2",
        "print('c is', c, n)",
        tags={
            0: "imports",
            1: "pipeline-parameters",
            2: "functions",
            3: "block:make",
            5: "skip",
            6: "step:use",
            7: "pipeline-metrics",
        },
    )
    out, err = (run := command("run", notebook, "-p", "n", "16")).communicate(timeout=120)
    assert run.returncode == 0, err
    assert out == "4.0\nb is 5.0\nc is 10.0 16\n"
    assert "[make: succeeded" in err
    assert "[use: succeeded" in err


def test_a_failed_step_fails_the_command_and_the_notebook_shows_it(folder: Path) -> None:
    notebook = write(
        folder, "# %%k8s_step a\nx = 1\nraise ValueError('no luck')", "touched = print(x)", "print('never')"
    )
    run = command("run", notebook, "--output", folder / "nb.executed.ipynb")
    out, err = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "failed: ValueError: no luck" in err
    assert "never" not in out
    error = executed(folder)[1].outputs[-1]
    assert (error.ename, error.evalue) == ("ValueError", "no luck")
    assert "line 3" in "\n".join(error.traceback)


@pytest.mark.parametrize(
    ("raising", "name", "says"),
    [
        ("raise ExceptionGroup('several', [ValueError('one')])", "ExceptionGroup", "ValueError: one"),
        ("exec('x = = 1')", "SyntaxError", "x = = 1"),
    ],
)
def test_errors_of_any_class_are_shown_as_the_step_shows_them(folder: Path, raising: str, name: str, says: str) -> None:
    notebook = write(folder, f"%%k8s_step a\n{raising}", "%k8s_run")
    run = command("run", notebook)
    run.communicate(timeout=120)
    assert run.returncode == 1
    error = executed(folder)[1].outputs[-1]
    assert (error.output_type, error.ename) == ("error", name)
    shown = "\n".join(error.traceback)
    assert 'File "step a", line 2' in shown
    assert says in shown
    assert "session.py" not in shown


def test_a_notebook_without_steps_and_one_whose_cell_handles_a_failure_succeed(folder: Path) -> None:
    handled = "try:\n    %k8s_run\nexcept ValueError:\n    print('done')"
    for cells in (["print('done')  # not %load_ext k8snb"], ["%%k8s_step a\nraise ValueError('no')", handled]):
        run = command("run", write(folder, *cells))
        out, err = run.communicate(timeout=120)
        assert run.returncode == 0, err
        assert "done" in out


def test_cells_above_the_one_that_loads_the_extension_count(folder: Path) -> None:
    notebook = write(
        folder,
        "from __future__ import annotations\nimport wsgiref.util",
        "%load_ext k8snb",
        "%%k8s_step a\ndef f(x: Nowhere): return wsgiref.util.__name__\nprint(f(1))",
        "%k8s_run",
    )
    run = command("run", notebook)
    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert "wsgiref.util" in out


def test_ctrl_c_while_the_kernel_starts(folder: Path) -> None:
    (folder / "ipython" / "profile_default" / "startup").mkdir(parents=True)
    started = folder / "ipython" / "profile_default" / "startup" / "slow.py"
    started.write_text(f"import pathlib, time\npathlib.Path({str(folder)!r}, 'here').touch()\ntime.sleep(20)\n")
    run = subprocess.Popen(
        [sys.executable, "-m", "k8snb", "run", str(write(folder, "1"))],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "IPYTHONDIR": str(folder / "ipython")},
    )
    while not (folder / "here").exists():
        assert run.poll() is None
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=15)
    assert run.returncode == 130
    assert "Traceback" not in err


def test_ctrl_c_ends_what_runs(folder: Path) -> None:
    notebook = write(
        folder, "%load_ext k8snb", "%%k8s_step a --run\nimport time\nprint('here', flush=True)\ntime.sleep(60)"
    )
    run = command("run", notebook)
    assert run.stdout is not None
    while "here" not in (line := run.stdout.readline()):
        assert line, run.communicate()
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "[interrupted: the run was cancelled; ended: a]" in err
    assert executed(folder)[1].outputs[-1].ename == "KeyboardInterrupt"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", 1),
        ("a=0.1", 0.1),
        ("a=true", True),
        ("a=None", None),
        ("a=x=y", "x=y"),
        ("a=[1, 2]", [1, 2]),
        ("a=", ""),
        ("a=1e999", "1e999"),
    ],
)
def test_parameters_are_literals_or_text(text: str, value: object) -> None:
    assert parameter(text) == ("a", value)


@pytest.mark.parametrize("text", ["a", "1=2", "=1"])
def test_parameters_have_a_name_and_a_value(text: str) -> None:
    with pytest.raises(InputError, match="NAME=VALUE"):
        parameter(text)


def test_stacks_are_listed_shown_set_and_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "k8snb.toml").write_text("[stacks.mine]\n")
    assert main(["stack", "set", "mine"]) == 0
    assert main(["stack", "list"]) == 0
    assert main(["stack", "show"]) == 0
    assert main(["stack", "check"]) == 0
    out = capsys.readouterr().out
    assert "* mine: local" in out
    assert "written in         " + str(folder / "k8snb.toml") in out
    assert re.search(r"^orchestrator +✓ works \d.*\n", out, re.MULTILINE)
    assert re.search(r"^artifact store +✓ works \d.*\n", out, re.MULTILINE)
    assert re.search(r"^in a step +✓ works \d.*\nstack mine: runs are possible$", out, re.MULTILINE)


def test_stacks_are_listed_with_a_check_of_each(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(folder / "none"))
    (folder / "k8snb.toml").write_text("[stacks.mine]\n")
    assert main(["stack", "list", "--check"]) == 0
    table = capsys.readouterr().out
    assert table.count("✓ works") == 4
    assert "register: k8snb stack register NAME" in table
    (folder / "file").write_text("")
    (folder / "k8snb.toml").write_text('[stacks.mine]\nartifact_store = { uri = "file/x" }\n')
    assert main(["stack", "list", "--check"]) == 1
    assert "mine, artifact store: the folder of the artifact store cannot be made" in capsys.readouterr().out
    assert main(["stack", "check", "mine"]) == 2
    said = capsys.readouterr()
    assert "artifact store     ✗ fails" in said.out
    assert "orchestrator       ✓ works" in said.out
    assert "k8snb: artifact store: the folder of the artifact store cannot be made" in said.err
    assert "way out:" in said.err


def test_a_stack_is_registered_where_its_parts_work(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "file").write_text("")
    register = ["stack", "register", "mine", "--orchestrator", "local"]
    assert main([*register, "--artifact-store", "file/x"]) == 2
    assert "mine is not saved: the artifact store fails" in capsys.readouterr().err
    assert not (folder / "k8snb.toml").exists()
    assert main([*register, "--artifact-store", "file/x", "--no-check"]) == 0
    assert main([*register, "--replace", "--artifact-store", "store"]) == 0
    assert "registered mine: local; file://" in capsys.readouterr().out
    assert main(["stack", "check", "mine"]) == 0
    assert (folder / "k8snb.toml").read_text().count("[stacks.mine]") == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("rnu nb.ipynb", "k8snb: there is no command 'rnu': did you mean 'run'?"),
        ("stack lst", "k8snb stack: there is no command 'lst': did you mean 'list'?"),
        ("run nb.ipynb --ouput=x", "k8snb run: there is no option --ouput: did you mean '--output'?"),
        ("stack register x --conext y", "k8snb stack register: there is no option --conext: did you mean '--context'?"),
        ("run a.ipynb b", "k8snb run: 'b' is a word too many; k8snb run --help shows what it takes"),
        (
            "runs logs last",
            "k8snb runs logs: the following arguments are required: step; k8snb runs logs --help shows ",
        ),
        ("runs show lats", "k8snb: there is no run yet"),
        ("run lsit.ipynb", "k8snb: there is no such notebook: lsit.ipynb ("),
        ("runs list --stack lokal", "k8snb: there is no stack 'lokal': did you mean 'local'?"),
    ],
)
def test_a_mistyped_word_is_told_in_one_line_with_the_one_that_was_meant(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: str, line: str
) -> None:
    (folder / "list.ipynb").write_text("[1]")
    try:
        code = main(arguments.split())
    except SystemExit as end:
        code = end.code
    assert code == 2
    err = capsys.readouterr().err
    assert err.startswith(line)
    assert ("did you mean" in err) == err.endswith("?\n")
    assert "did you mean" not in err or err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "absent.ipynb"], "no such notebook"),
        (["run", "broken.ipynb"], "not a notebook"),
        (["run", "list.ipynb"], "not a notebook"),
        (["run", "."], "cannot be read"),
        (["run", "nb.ipynb", "--output", "nowhere/x.ipynb"], "cannot be written"),
        (["run", "nb.ipynb", "-p", "class=1"], "NAME=VALUE"),
        (["run", "nb.ipynb", "--stack", "nowhere"], "no stack 'nowhere'"),
        (["run", "nb.ipynb", "-p", "x"], "NAME=VALUE"),
        (["run", "twins.ipynb"], "two cells are step 'a'"),
        (["stack", "show", "nowhere"], "no stack 'nowhere'"),
        (["stack", "register", "x", "--orchestrator", "locl"], "did you mean 'local'"),
        (["stack", "register", "x", "--context", "nowhere"], "no context 'nowhere'"),
        (["stack", "register", "local", "--orchestrator", "local"], "a stack 'local' already"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    (folder / "broken.ipynb").write_text("{")
    (folder / "list.ipynb").write_text("[1]")
    write(folder, "%%k8s_step a\n1", "%%k8s_step a\n2").rename(folder / "twins.ipynb")
    write(folder, "1")
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert words in err
    assert "way out:" in err or err.endswith("?\n")
    assert not (folder / "nb.executed.ipynb").exists()


class Shell:
    """Runs commands in this process."""

    def __init__(self, captured: pytest.CaptureFixture[bytes]) -> None:
        self._captured = captured

    def __call__(self, *arguments: object, code: int = 0) -> tuple[bytes, str]:
        """Return what a command printed, and what it said besides."""
        self._captured.readouterr()
        assert main([*map(str, arguments)]) == code
        out, err = self._captured.readouterr()
        return out, err.decode()


@pytest.fixture
def said(capsysbinary: pytest.CaptureFixture[bytes]) -> Shell:
    return Shell(capsysbinary)


def execute(notebook: Path, *arguments: str, code: int = 0) -> None:
    run = command("run", notebook, *arguments)
    _, err = run.communicate(timeout=120)
    assert run.returncode == code, err


def test_runs_of_the_past_are_listed_shown_compared_and_their_logs_are_whole(folder: Path, said: Shell) -> None:
    notebook = write(
        folder,
        "n = 1",
        "%%k8s_step many\nfor i in range(100_000):\n    print('line', i)\nprint('\\rno end', end='')\nx = n",
        "%%k8s_step score\nprint('score', x)\nif x > 1:\n    raise ValueError('no luck')",
        tags={0: "parameters"},
    )
    assert said("runs", "list")[0] == b"no runs yet: %k8s_run makes one\n"
    execute(notebook)
    execute(notebook, "-p", "n", "2", code=1)

    listed = said("runs", "list")[0].decode().splitlines()
    assert [line.split()[2] for line in listed[1:]] == ["failed", "succeeded"]
    assert "1 of 2, score failed" in listed[1]
    assert listed[1].endswith("n=2")
    assert "--limit N shows more" in said("runs", "list", "--limit", 1)[0].decode()

    shown = said("runs", "show", listed[1].split()[0])[0].decode()
    assert "ValueError: no luck" in shown
    assert "Traceback (most recent call last)" in shown
    assert "\x1b" not in shown  # it is no terminal
    compared = said("runs", "show", "-2", "last")[0].decode()
    assert "score 1" in compared
    assert "score 2" in compared

    log, err = said("runs", "logs", "last", "many")
    assert log == b"".join(b"line %d\n" % i for i in range(100_000)) + b"\rno end"
    assert err.startswith("many, run ")
    assert said("runs", "logs", "last", "many", "--grep", "^line 7777.$", "--tail", 1)[0] == b"line 77779\n"
    saved = folder / "many.log"
    assert f"100001 lines written to {saved}" in said("runs", "logs", "last", "many", "--save", saved)[1]
    assert saved.read_bytes() == log
    assert "--force" in said("runs", "logs", "last", "many", "--save", saved, code=2)[1]

    for words, says in (
        (("show", "lats"), "did you mean 'last'"),
        (("logs", "last", "man"), "did you mean 'many'"),
        (("list", "--stack", "lokal"), "did you mean 'local'"),
        (("logs", "last", "many", "--grep", "("), "no regular expression"),
    ):
        out, err = said("runs", *words, code=2)
        assert (out, says in err) == (b"", True)


def test_a_reader_of_a_log_that_goes_away_is_no_error(folder: Path) -> None:
    notebook = write(folder, "%%k8s_step many\nfor i in range(100_000):\n    print('line', i)")
    execute(notebook)
    with command("runs", "logs", "last", "many") as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline() == "line 0\n"
        run.stdout.close()
        assert run.wait(60) == 0
        assert run.stderr.read() == ""
