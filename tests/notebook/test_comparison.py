"""Data compared in a notebook, in a real kernel and real processes: by the magic, in a step, by a step's gate."""

from __future__ import annotations

from typing import Any

import nbclient
import nbformat
import pytest
from homes import own_home

import k8snb
from k8snb.distributions.skew import Skew
from k8snb.errors import HistoryError

CELLS = {
    "load": "%load_ext k8snb",
    "make": """%%k8s_step make
import numpy as np
rng = np.random.default_rng(0)
train, test = rng.normal(size=(1000, 3)), rng.normal(size=(1000, 3))
moved = test + [0, 0, 0.8]
reference, comparison = train, moved""",
    "magic": "%k8s_skew train moved",
    "named": "%k8s_skew before=train after=test --psi 0.3",
    "pod": "%k8s_skew train moved --in-pod",
    "look": "%%k8s_step look --run\nimport k8snb\nfound = k8snb.skew(train=train, test=test)\nfound",
    "value": "found.drifted, type(found).__name__",
    "pass": "%%k8s_step pass --skew train test --max-psi 0.2 --run\nprint('in the cell')",
    "alone": "%%k8s_step alone --skew train test --max-psi 0.2 --run",
    "fail": "%%k8s_step fail --skew a=train b=moved --max-psi 0.2 --run\nafter = 1",
    "after": "after",
    "own": "%%k8s_step own --skew train mine --max-psi 0.2 --run\nmine = train + 0.01",
    "deleted": "%%k8s_step deleted --skew train test --run\ndel test",
    "no data": "%%k8s_step none --skew train number --run\nnumber = 1",
    "unknown": "%%k8s_step unknown --skew train nowhere",
    "missing": "%k8s_skew trian moved",
    "twice": "%k8s_skew train train",
    "nothing": "%k8s_skew",
    "mistyped": "%k8s_skew train moved --pis 1",
    "limit": "%%k8s_step limit --skew train test --max-psi much",
    "word": "%%k8s_step word --skew train[0] test",
    "status": "%k8s_status",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The outputs of the cells by their names; the runs stay while the tests go on."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("skew")
        own_home(patch, folder)
        patch.chdir(folder)
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
        where = {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, resources=where).execute()
        yield dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


def said(outputs: list[Any]) -> str:
    parts = [o.get("text") or o.get("data", {}).get("text/plain") or "\n".join(o.get("traceback", ())) for o in outputs]
    return "\n".join(parts)


def test_the_magic_runs_what_makes_the_data_and_shows_the_verdict(outputs: dict[str, list[Any]]) -> None:
    told = said(outputs["magic"])
    assert "this cell reads train, moved: running what makes it first" in told
    assert "moved compared with train: 1 of 3 features has drifted (2)" in told
    assert "<table" in outputs["magic"][-1]["data"]["text/html"]


def test_sets_have_the_names_and_thresholds_that_they_are_given(outputs: dict[str, list[Any]]) -> None:
    told = said(outputs["named"])
    assert "after compared with before: none of 3 features has drifted\n" in told
    assert "a feature has drifted where PSI > 0.3 or" in told


def test_a_comparison_in_a_pod_is_drawn_as_one_in_the_kernel(outputs: dict[str, list[Any]]) -> None:
    assert "k8s-skew: succeeded" in said(outputs["pod"])
    assert outputs["pod"][-1]["data"]["text/html"] == outputs["magic"][-1]["data"]["text/html"]
    assert outputs["pod"][-1]["data"]["text/plain"] == outputs["magic"][-1]["data"]["text/plain"]
    assert "k8s-skew" not in said(outputs["status"])


def test_a_steps_comparison_is_drawn_and_is_a_value(outputs: dict[str, list[Any]]) -> None:
    assert "test compared with train: none of 3 features has drifted" in said(outputs["look"])
    assert any("<table" in o.get("data", {}).get("text/html", "") for o in outputs["look"])
    assert said(outputs["value"]) == "([], 'Skew')"


def test_a_gate_lets_pass_what_has_not_drifted(outputs: dict[str, list[Any]]) -> None:
    told = said(outputs["pass"])
    assert told.index("in the cell") < told.index("test compared with train: none of 3 features has drifted")
    assert "test compared with train: none" in said(outputs["pass"])
    assert "mine compared with train: none of 3" in said(outputs["own"])
    assert "test compared with train: none of 3" in said(outputs["alone"])


def test_a_gate_fails_the_step_with_a_table_of_what_has_drifted(outputs: dict[str, list[Any]]) -> None:
    (error,) = [o for o in outputs["fail"] if o["output_type"] == "error"]
    assert error["ename"] == "SkewError"
    told = error["evalue"]
    assert "b compared with a: 1 of 3 features has drifted (2)\n" in told
    assert "a feature has drifted where PSI > 0.2, and p < 0.05\n" in told
    assert len([line for line in told.splitlines() if "✗ drifted" in line]) == 1


def test_what_the_cell_has_made_before_its_gate_is_there(outputs: dict[str, list[Any]]) -> None:
    assert said(outputs["after"]) == "1"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("deleted", "--skew names test, which the cell has deleted"),
        ("no data", "number is of type int: what is compared is"),
        ("unknown", "nowhere"),
        ("missing", "there is no variable 'trian': did you mean 'train'?"),
        ("twice", "two data sets are called train"),
        ("nothing", "which data? %k8s_skew X_train X_test"),
        ("mistyped", "there is no option --pis: did you mean '--psi'?"),
        ("limit", "write a number from 0 on, such as 0.2"),
        ("word", "'train[0]' is no variable"),
    ],
)
def test_what_is_wrong_is_told(outputs: dict[str, list[Any]], cell: str, says: str) -> None:
    assert says in said(outputs[cell])


def test_what_a_run_has_compared_is_in_its_record(outputs: dict[str, list[Any]]) -> None:
    steps = {step.name: step for run in k8snb.runs("local") for step in run.steps if not step.reused}
    kept = steps["fail"].skew()
    assert isinstance(kept, Skew)
    assert kept.drifted == ["2"]
    assert steps["pass"].skew().drifted == []
    assert steps["pass"].skew(psi=0.0, alpha=1).drifted != []
    assert steps["make"].skew().drifted == ["2"]
    assert steps["make"].skew("train", "test").drifted == []
    with pytest.raises(HistoryError, match="has compared no data"):
        steps["none"].skew()


def test_one_runs_data_are_compared_with_anothers(outputs: dict[str, list[Any]]) -> None:
    steps = {step.name: step for run in k8snb.runs("local") for step in run.steps if not step.reused}
    before, after = steps["pass"].skew(), steps["fail"].skew()
    found = k8snb.skew(before["test"], after["b"])
    assert found.drifted == ["2"]
    assert k8snb.skew(before["train"], after["a"]).drifted == []
    assert found.findings[0].distances.ks == pytest.approx(after.findings[0].distances.ks, abs=0.1)
