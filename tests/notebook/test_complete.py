"""What Tab offers on the lines of the magics, and what their help says."""

from __future__ import annotations

from pathlib import Path

import pytest
from inprocess import Notebook
from IPython.core.completer import provisionalcompleter

from k8snb.notebook.extension import load, unload
from k8snb.pipeline.parse import OPTIONS
from tests.kubeconfig import write_kubeconfig


def offered(nb: Notebook, text: str) -> list[str]:
    nb.shell.Completer.use_jedi = False  # it gives up on a busy machine
    with provisionalcompleter():
        return [one.text for one in nb.shell.Completer.completions(text, len(text))]


@pytest.fixture
def with_steps(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    nb.run("%%k8s_step prepare\nx = 1")
    nb.run("# %%k8s_step train\ny = x")
    nb.run("other = 1")
    Path("data.csv").write_text("a\n")
    Path("k8snb.toml").write_text('[steps.defaults]\ncpu = "1"\n[steps.predict]\nmemory = "1Gi"\n')
    Path("data").mkdir()
    write_kubeconfig(Path("kubeconfig"), "my-eks", "dev")
    monkeypatch.setenv("KUBECONFIG", "kubeconfig")
    return nb


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%k8s_run ", ["prepare", "train", "--stack", "--reuse", "--rest"]),
        ("%k8s_run prepare ", ["train", "--stack", "--reuse", "--rest"]),
        ("x = 1\n%k8s_run tr", ["train"]),
        ("%k8s_run --r", ["--reuse", "--rest"]),
        ("%k8s_run --stack ", ["local"]),
        ("%k8s_stack lo", ["local"]),
        ("%k8s_stack local --s", ["--save"]),
        ("%k8s_stack --r", ["--register"]),
        ("%k8s_stack --register new --re", ["--region", "--registry", "--registry-from-pods", "--replace"]),
        ("%k8s_stack --register new --context ", ["dev", "my-eks"]),
        ("%k8s_stack --register new --orchestrator l", ["local"]),
        ("%k8s_stack --register new --extends ", ["local"]),
        ("%%k8s_step new --mem", ["--memory"]),
        ("# %%k8s_step new --no-c", ["--no-cache"]),
        ("%%k8s_step new --after p", ["prepare"]),
        ("%%k8s_step new --file dat", ["data/", "data.csv"]),
        ("%%k8s_step new --file data.csv --fi", ["--file"]),
        ("%%k8s_step new --file data.csv --file dat", ["data/"]),
        ("%%k8s_step new --env A=1 --env B=2 --en", ["--env"]),
        ("%%k8s_step new --memory 1Gi --mem", []),
        ("%%k8s_step new --memory ", []),
        ("%%k8s_step new --after=tr", ["train"]),
        ("%%k8s_step new --out x,", ["other", "y"]),
        ("%%k8s_step pr", ["predict", "prepare"]),
        ("%%k8s_step new pr", []),
        ("r = %k8s_run tr", ["train"]),
        ("%k8s_run --stack=lo", ["local"]),
        ("%k8s_status ", []),
        ("%k8s_logs train --save da", ["data/", "data.csv"]),
    ],
)
def test_offered(with_steps: Notebook, text: str, expected: list[str]) -> None:
    assert offered(with_steps, text) == expected


def test_a_front_end_is_told_of_which_kind_each_is(with_steps: Notebook) -> None:
    with provisionalcompleter():
        told = {one.text: one.type for one in with_steps.shell.Completer.completions("%k8s_run ", 9)}
        stacks = [one.type for one in with_steps.shell.Completer.completions("%k8s_run --stack ", 17)]
    assert (told["train"], told["--reuse"], stacks) == ("step", "option", ["stack"])


def test_behind_a_steps_magic_come_names_of_steps_and_options_only(with_steps: Notebook) -> None:
    told = offered(with_steps, "%%k8s_step ")
    assert told[:3] == ["predict", "prepare", "train"]
    assert all(one.startswith("--") for one in told[3:])
    assert {"--memory", "--file", "--run"} <= {*told}


def test_other_lines_and_python_in_a_line_are_left_alone(with_steps: Notebook) -> None:
    with_steps.ns["prepared"] = 1
    assert offered(with_steps, "prepar") == ["prepared"]
    assert offered(with_steps, "%k8s_run {prepar") == ["prepared"]
    assert "prepared" in offered(with_steps, "%%k8s_step new\nprep")


def test_names_of_results_are_offered_before_a_cell_has_read_them(with_steps: Notebook) -> None:
    with_steps.run("%%k8s_step make\nweights = 1")
    for _ in range(2):
        assert offered(with_steps, "print(wei") == ["weights"]
        assert offered(with_steps, "other.wei") == []
        with_steps.run("%k8s_run make")
    assert offered(with_steps, "%k8s_run wei") == []


def test_loaded_twice_it_offers_once_and_unloaded_nothing(with_steps: Notebook) -> None:
    load(with_steps.shell)
    assert offered(with_steps, "%k8s_run pre") == ["prepare"]
    unload(with_steps.shell)
    assert "prepare" not in offered(with_steps, "%k8s_run pre")


@pytest.mark.parametrize("magic", ["k8s_run", "k8s_stack", "k8s_status", "k8s_step"])
def test_help_has_an_example(nb: Notebook, magic: str) -> None:
    told = nb.shell.find_magic(magic, "cell" if magic == "k8s_step" else "line").__doc__
    example = told.partition("Example::")[2]
    assert f"%{magic}" in example


def test_help_of_a_step_says_what_each_option_means(nb: Notebook) -> None:
    told = nb.shell.find_magic("k8s_step", "cell").__doc__
    assert [option for option in OPTIONS if option not in told] == ["--cache", "--no-cache"]
