"""The card under a step's cell."""

from __future__ import annotations

from dataclasses import replace

from k8snb.analysis import analyse
from k8snb.pipeline import build, parse_options
from k8snb.pipeline.model import Cell
from k8snb.ui.card import Captured, Card

NOTHING = Captured((), 0, 0.0)


def card(source: str, line: str = "b", captured: Captured = NOTHING, warnings: tuple[str, ...] = ()) -> Card:
    name, options, _ = parse_options(line, where="")
    cells = [Cell("a = 1", analyse("a = 1"), "first"), Cell(source, analyse(source), name, options)]
    return Card(build(cells, name="n", known={"n"})[name], captured, warnings)


def test_what_a_step_reads_makes_and_imports_is_told_apart() -> None:
    captured = Captured(("n",), 1500, 0.0123, ((("n",), 1500),))
    shown = card("import math, json as j\nfrom os.path import join\ny = a + n", captured=captured)
    assert repr(shown).splitlines() == [
        "step b",
        "  reads     a from first; n (1.5 kB) from the notebook",
        "  makes     y",
        "  imports   j, join, math",
        "  captured  1.5 kB in 12 ms",
    ]
    for part in ("<b", "a from first; n (1.5 kB) from the notebook", "j, join, math", "1.5 kB in 12 ms"):
        assert part in shown._repr_html_()


def test_what_shares_an_object_has_one_size_and_what_functions_use_is_told_besides() -> None:
    captured = Captured(("m", "n", "f"), 2500, 0.5, ((("m", "n"), 1500), (("f",), 1000)))
    shown = replace(card("y = n"), captured=captured)
    assert "n (with m) from the notebook" in repr(shown)
    assert "  captured  m, f: 2.5 kB in 500 ms" in repr(shown)


def test_what_stays_in_the_process_is_not_among_what_the_step_makes() -> None:
    shown = replace(card("y, lock = 1, 2"), stays={"lock": "a lock"})
    assert "  makes     y\n  keeps in its process lock (a lock)" in repr(shown)


def test_what_it_asks_for_is_told_but_for_the_values_of_variables() -> None:
    line = "b --cpu 500m --memory 2Gi --gpu 1 --timeout 10m --retries 2 --env TOKEN=abc --secret login --file data.csv"
    text = repr(card("y = 1", line))
    assert (
        "cpu 500m, memory 2Gi, gpu 1, retries 2, timeout 10 min 00 s, files data.csv, env TOKEN, secrets login" in text
    )
    assert "abc" not in text


def test_where_and_as_whom_it_runs_is_told() -> None:
    line = "b --service-account train --volume data:/data --node-selector disk=ssd --toleration gpu=yes:NoSchedule"
    told = "service account train, volumes data:/data, node selector disk=ssd, tolerations gpu=yes:NoSchedule"
    assert told in repr(card("y = 1", line))


def test_nothing_of_it_becomes_markup() -> None:
    made = card("y = 1", warnings=("line 1: <script>alert(1)</script>",))._repr_html_()
    assert "<script" not in made
    assert "line 1: &lt;script&gt;" in made
