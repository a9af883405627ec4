"""What a card says of a step's last run."""

from __future__ import annotations

import re

import pytest
from inprocess import Notebook


def last_ran(nb: Notebook) -> str:
    """What the last card says."""
    texts = [data["text/plain"] for _, data, _ in nb.seen if isinstance(data, dict)]
    card = next(text for text in reversed(texts) if text.startswith("step "))
    row = re.search(r"^  last ran +19(?:70|69)-\d\d-\d\d \d\d:\d\d(.*)$", card, re.MULTILINE)
    return row[1] if row else ""


def status(nb: Notebook) -> dict[str, str]:
    """What is said of each step."""
    nb.seen.clear()
    nb.run("%k8s_status")
    return dict(line.split(": ", 1) for line in nb.text().splitlines())


STEP = "%%k8s_step b\ny = x + n"


@pytest.fixture
def ran(nb: Notebook) -> Notebook:
    nb.run("n = 1")
    nb.run("%%k8s_step a\nx = 1")
    nb.run(STEP)
    assert last_ran(nb) == ""
    nb.run("%k8s_run")
    assert last_ran(nb) == ", 2.0 s; cached, nothing has changed since"
    return nb


def test_nothing(ran: Notebook) -> None:
    ran.run(STEP)
    assert last_ran(ran) == ", 2.0 s; nothing has changed since"


def test_code_options_and_values_of_the_kernel(ran: Notebook) -> None:
    ran.run("%%k8s_step b --memory 1Gi\ny = x + n")
    assert last_ran(ran).endswith("; changed since: --memory")
    ran.run("n = 2")
    ran.run("%%k8s_step b --memory 1Gi\ny = n + x")
    assert last_ran(ran).endswith("; changed since: its code, --memory, n")


def test_the_step_above_has_run_again(ran: Notebook) -> None:
    ran.run("%k8s_run a")
    ran.run(STEP)
    assert last_ran(ran).endswith("; changed since: the results of step a")


def test_a_step_further_up_has_run_again(nb: Notebook) -> None:
    for name, code in (("a", "x = 1"), ("b", "y = x"), ("c", "z = y"), ("d", "print(z)")):
        nb.run(f"%%k8s_step {name}\n{code}")
    nb.run("%k8s_run")
    nb.run("%k8s_run a")
    told = status(nb)
    assert told["b"].endswith("; changed since: the results of step a")
    assert told["c"].endswith("; changed since: what step b was given")
    assert told["d"].endswith("; changed since: what step c was given")
    nb.run("%k8s_run d --reuse")
    told = status(nb)
    assert all(told[name].endswith("; cached, nothing has changed since") for name in "abcd")


def test_a_step_above_has_failed(nb: Notebook) -> None:
    nb.run("%%k8s_step a\nx = 1 / 0")
    nb.run("%%k8s_step b\ny = 1")
    with pytest.raises(Exception, match="division"):
        nb.run("%k8s_run")
    told = status(nb)
    assert told["b"].endswith("; nothing has changed since, but a step above it has failed: it will run again")


def test_the_step_above_is_another(ran: Notebook) -> None:
    ran.run("%%k8s_step a\nx = 2")
    ran.run(STEP)
    assert last_ran(ran).endswith("; changed since: step a, which has not run as it is now")


def test_a_failed_run(ran: Notebook) -> None:
    ran.run("%%k8s_step b\ny = x / 0")
    with pytest.raises(Exception, match="division"):
        ran.run("%k8s_run b")
    ran.run("%%k8s_step b\ny = x / 1")
    assert " and failed, " in last_ran(ran)
    assert last_ran(ran).endswith("; changed since: its code")
