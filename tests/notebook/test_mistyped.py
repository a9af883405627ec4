"""A name that was mistyped: the error is one line, and says which was meant."""

from __future__ import annotations

import pytest
from inprocess import Notebook
from IPython.core.error import UsageError

from k8snb.errors import K8snbError

STEPS = ("%%k8s_step load\nx = 1", "%%k8s_step train\ny = x", "%k8s_run")

MISTYPED = {
    "%k8s_rnu": "there is no magic %k8s_rnu: did you mean %k8s_run?",
    "x = %k8s_lgos train": "there is no magic %k8s_lgos: did you mean %k8s_logs?",
    "if True:\n    %k8srun train": "there is no magic %k8srun: did you mean %k8s_run?",
    "%%k8s_setp other\nz = 1": "there is no magic %%k8s_setp: did you mean %%k8s_step?",
    "# %%k8s_setp other\nz = 1": "there is no magic %%k8s_setp: did you mean %%k8s_step?",
    "%k8s_zzz": "there is no magic %k8s_zzz: there are: k8s_",
    "%k8s_step other": "Line magic function `%k8s_step` not found (But cell magic `%%k8s_step` exists, did",
    "%k8s_run trian": "there is no step 'trian': did you mean 'train'?",
    "%k8s_run train --resue": "there is no option --resue: did you mean '--reuse'?",
    "%k8s_run train -reuse": "there is no option -reuse: did you mean '--reuse'?",
    "%%k8s_step other --memry 1Gi\nz = 1": "there is no option --memry: did you mean '--memory'?",
    "%%k8s_step other --after trian\nz = 1": (
        "there is no step 'trian' above to wait for (step other, --after): did you mean 'train'?"
    ),
    "%%k8s_step other --in yy\nz = 1": "no cell makes 'yy' (step other, line 1): did you mean 'y'?",
    "%k8s_run --stack lokal": "there is no stack 'lokal': did you mean 'local'?",
    "%k8s_stack lokal": "there is no stack 'lokal': did you mean 'local'?",
    "%k8s_logs trian --run last": "has no step 'trian': did you mean 'train'?",
    "k8snb.runs()[-1].step('train').outputs['yy']": "did you mean 'y'?",
}


@pytest.mark.parametrize("cell", MISTYPED)
def test_the_error_is_one_line_and_says_what_was_meant(nb: Notebook, cell: str) -> None:
    for source in ("import k8snb", *STEPS):
        nb.run(source)
    started = list(nb.started)
    with pytest.raises((K8snbError, UsageError)) as caught:
        nb.run(cell)
    assert MISTYPED[cell] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert nb.started == started
    assert "z" not in nb.ns


def test_the_lines_above_run_first_and_may_make_the_magic_known(nb: Notebook) -> None:
    with pytest.raises(UsageError, match="did you mean %k8s_run"):
        nb.run("above = 1\n%k8s_rnu\nbelow = 1")
    assert ("above" in nb.ns, "below" in nb.ns) == (True, False)
    nb.run("get_ipython().register_magic_function(lambda line: line, magic_name='k8s_rnu')\nx = %k8s_rnu a")
    assert nb.ns["x"] == "a"


def test_other_magics_that_there_are_not_are_left_to_ipython(nb: Notebook) -> None:
    with pytest.raises(UsageError, match="`%nothing` not found"):
        nb.run("%nothing")


def test_a_mistyped_step_runs_nothing_for_what_it_reads(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    with pytest.raises(UsageError, match="did you mean %%k8s_step"):
        nb.run("# %%k8s_setp b\ny = x")
    assert nb.started == []
