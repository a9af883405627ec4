"""The cards under steps' cells, as they are shown and brought up to date."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from inprocess import Notebook
from IPython.core.displaypub import DisplayPublisher

Row = dict[str, str]
HEADS = ("is", "reads", "makes", "keeps in its process", "imports", "captured", "last ran", "warning")


def rows(text: str) -> Row:
    """Return a card's rows by their headings."""
    lines = [line.strip() for line in text.splitlines()[1:]]
    return {head: line.removeprefix(head).strip() for line in lines for head in HEADS if line.startswith(f"{head} ")}


def shown(nb: Notebook) -> dict[str, tuple[str, Row]]:
    """Return what stands under each display id of a card: the step and the rows."""
    found = {}
    for _, data, display_id in nb.seen:
        if display_id is not None and display_id.startswith("k8snb-card-"):
            text = data["text/plain"]
            found[display_id] = text.splitlines()[0].removeprefix("step "), rows(text)
    return found


def card(nb: Notebook, step: str) -> Row:
    """Return the rows of a step's newest card as it is now."""
    return [told for name, told in shown(nb).values() if name == step][-1]


def test_sizes_stand_beside_the_kernels_values_and_imports_of_plain_cells_are_imports(nb: Notebook) -> None:
    nb.run("import math as m\nfrom collections import Counter\nfrom fractions import Fraction as F")
    nb.run("words = list('ab' * 500)\nsame = [words]\ndef count(x):\n    return Counter(x)")
    nb.run("%%k8s_step a\nfrom decimal import Decimal\nc = count(words), m.pi, F(1), same")
    told = card(nb, "a")
    sizes = r"count \(\d+ bytes\), same \(\d\.\d+ kB\), words \(with same\)"
    assert re.fullmatch(f"{sizes} from the notebook", told["reads"])
    assert told["imports"] == "Counter, Decimal, F, m"
    assert told["makes"] == "c"


def test_numbers_are_told_themselves(nb: Notebook) -> None:
    nb.run("lr, many, deep, name = 0.1, 3, True, 'secret'")
    nb.run("%%k8s_step a\nx = lr, many, deep, name")
    assert card(nb, "a")["reads"].startswith("deep (True), lr (0.1), many (3), name (")
    assert "secret" not in str(nb.seen)


def test_a_name_that_a_cell_below_the_import_binds_is_a_value(nb: Notebook) -> None:
    nb.run("from fractions import Fraction")
    nb.run("Fraction = 3")
    nb.run("%%k8s_step a\nx = Fraction")
    assert "Fraction" in card(nb, "a")["reads"]
    assert "imports" not in card(nb, "a")


def test_what_cannot_travel_stays_in_the_process(nb: Notebook) -> None:
    nb.run(
        "%%k8s_step a\nimport threading\nclass Box: pass\nlock = threading.Lock()\nbox = Box()\nbox.lock = lock\nx = 1"
    )
    assert card(nb, "a")["keeps in its process"] == "lock (a lock)"
    assert card(nb, "a")["makes"] == "Box, box, x"
    nb.run("%k8s_run")
    told = card(nb, "a")
    assert told["makes"] == "Box, x"
    assert told["keeps in its process"].startswith("lock (a lock), box (")


def test_cards_say_after_a_run_that_the_step_has_run_and_what_has_changed_since(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run("%%k8s_step b\ny = x")
    assert "last ran" not in card(nb, "a")
    nb.run("%k8s_run a")
    assert card(nb, "a")["last ran"].endswith("2.0 s; cached, nothing has changed since")
    assert "last ran" not in card(nb, "b")
    nb.run("y")
    assert card(nb, "b")["last ran"].endswith("; cached, nothing has changed since")
    nb.run("%k8s_run a")
    assert card(nb, "b")["last ran"].endswith("; changed since: the results of step a")
    nb.run("%%k8s_step a\nx = 2")
    assert card(nb, "b")["last ran"].endswith("; changed since: step a, which has not run as it is now")


def test_a_card_says_so_where_a_cell_above_has_made_other_values_since(nb: Notebook) -> None:
    nb.run("n, m = 1, 2", "values")
    nb.run("%%k8s_step a\nx = n", "a")
    nb.run("k = 5", "other")
    assert "warning" not in card(nb, "a")
    nb.run("n, m = 2, 2", "values")
    assert card(nb, "a")["warning"].startswith("gets n as it was when this cell was executed; execute it again")
    nb.run("%k8s_run")
    assert card(nb, "a")["warning"].startswith("gets n as it was")
    nb.run("n, m = 1, 3", "values")
    assert "warning" not in card(nb, "a")
    nb.run("n, m = 2, 3", "values")
    nb.run("%%k8s_step a\nx = n", "a")
    assert "warning" not in card(nb, "a")


def test_the_status_of_all_steps(nb: Notebook) -> None:
    nb.run("%k8s_status")
    assert nb.text() == "no steps yet: put %%k8s_step NAME on top of a cell and execute it\n"
    for source in ("%%k8s_step a\nx = 1", "%%k8s_step b\n1 / 0", "%%k8s_step c\ny = x"):
        nb.run(source)
    with pytest.raises(ZeroDivisionError):
        nb.run("%k8s_run a b")
    nb.seen.clear()
    nb.run("%k8s_status")
    assert re.fullmatch(
        r"a: last ran [-\d]+ [:\d]+, 2.0 s; cached, nothing has changed since\n"
        r"b: last ran [-\d]+ [:\d]+ and failed, 2.0 s; nothing has changed since\n"
        r"c: has not run\n",
        nb.text(),
    )


def test_a_failed_step_is_not_cached(nb: Notebook) -> None:
    nb.run("%%k8s_step a\n1 / 0")
    with pytest.raises(ZeroDivisionError):
        nb.run("%k8s_run")
    assert card(nb, "a")["last ran"].endswith(" and failed, 2.0 s; nothing has changed since")


def test_two_cards_of_one_step_are_not_brought_up_to_date_together(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1", "one")
    nb.run("%%k8s_step a\nx = 1", "one")
    nb.run("%%k8s_step a\nx = 1", "other")
    nb.run("%k8s_run")
    (_, first), (_, second), (_, third) = shown(nb).values()
    assert "last ran" not in first  # the cell's output was cleared when it was executed again
    assert second == {"is": "another cell's step now"}
    assert third["last ran"].endswith("cached, nothing has changed since")


def test_a_card_that_is_as_before_is_not_sent_again(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.run("%%k8s_step b\ny = 1")
    nb.run("%k8s_run a")
    sent = Counter(display_id for _, _, display_id in nb.seen if str(display_id).startswith("k8snb-card-"))
    assert sorted(sent.values()) == [1, 2]


def test_a_terminal_prints_no_card_again(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    nb.run("%%k8s_step a\nx = 1")
    nb.shell.display_pub = DisplayPublisher(parent=nb.shell, shell=nb.shell)
    nb.session.run()
    assert "last ran" not in capsys.readouterr().out
