"""What ``%config K8sMagics`` sets."""

from __future__ import annotations

import pytest
from inprocess import Notebook
from IPython.core.error import UsageError

from k8snb.errors import InputError, K8snbError, StackError

STEP = "%%k8s_step a\nfor i in range(4): print(i)"


def test_settings_hold_from_the_next_run_on(nb: Notebook) -> None:
    nb.run("%config K8sMagics.lines = 2")
    nb.run(STEP)
    nb.run("%k8s_run")
    assert nb.text() == "0\n1\n"
    nb.run("%config K8sMagics.stack = 'local'")
    nb.run("%k8s_run")
    assert nb.started == ["a", "a"]


def test_they_are_listed_with_what_they_are(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    nb.run("%config K8sMagics")
    told = capsys.readouterr().out or nb.text()
    assert "K8sMagics.lines=<Number>" in told
    assert "K8sMagics.stack=<Name>" in told


WRONG = {
    "lines = 'x'": "K8sMagics.lines is a number of lines, and cannot be 'x': %config K8sMagics.lines = 200",
    "lines = -1": "K8sMagics.lines is a number of lines, and cannot be -1: %config K8sMagics.lines = 200",
    "lines = True": "K8sMagics.lines is a number of lines, and cannot be True: %config K8sMagics.lines = 200",
    "stack = 3": "K8sMagics.stack is the name of a stack, and cannot be 3: %config K8sMagics.stack = 'local'",
    "stack = 'lokal'": "there is no stack 'lokal': did you mean 'local'?",
    "linse = 3": "there is no setting K8sMagics.linse: did you mean 'lines'?",
}


@pytest.mark.parametrize("setting", WRONG)
def test_a_wrong_setting_fails_at_once_in_one_line_and_leaves_things_as_they_were(nb: Notebook, setting: str) -> None:
    nb.run("%config K8sMagics.lines = 1")
    with pytest.raises((UsageError, K8snbError)) as caught:
        nb.run(f"%config K8sMagics.{setting}\nafter = 1")
    assert str(caught.value) == WRONG[setting]
    assert "after" not in nb.ns
    nb.seen.clear()
    nb.run("%reload_ext k8snb")
    nb.run(STEP)
    nb.run("%k8s_run")
    assert nb.text() == "0\n"


def test_settings_of_others_are_left_alone(nb: Notebook) -> None:
    nb.run("%config InteractiveShell.ast_node_interactivity = 'all'")
    assert nb.shell.ast_node_interactivity == "all"
    with pytest.raises(UsageError, match=r"there is no K8sMagic.lines: did you mean K8sMagics.lines\?"):
        nb.run("%config K8sMagic.lines = 3")
    assert nb.run("%config K8sMagics.lines") == 200


@pytest.mark.parametrize(("setting", "value"), [("lines", "many"), ("stack", 3), ("stack", "lokal")])
def test_a_wrong_setting_of_a_file_is_an_error_where_it_is_used_and_can_be_set_right(
    nb: Notebook, setting: str, value: object
) -> None:
    nb.run(STEP)
    nb.shell.config.K8sMagics[setting] = value
    nb.run("%reload_ext k8snb")
    with pytest.raises(InputError, match=rf"K8sMagics\.{setting}") as caught:
        nb.run("%k8s_run")
    nb.run("%config K8sMagics.stack = 'local'" if isinstance(caught.value, StackError) else caught.value.fix)
    nb.run("%k8s_run")
