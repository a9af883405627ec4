"""Runs of the past as tables."""

from __future__ import annotations

import html
import re
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from k8snb.artifacts.store import Store, open_store
from k8snb.run.compare import Comparison, Pair, Pictures, Steps
from k8snb.run.history import Run
from k8snb.run.record import Record, StepRecord
from k8snb.run.seen import Drawn
from k8snb.ui.history import Runs, comparison, headline, one, table

NOW = datetime.fromisoformat("2025-03-09 15:00").astimezone()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path))


def made(store: Store, run: str = "r1", state: str = "succeeded", **how: Any) -> Run:
    started = (NOW - timedelta(minutes=57)).timestamp()
    steps = {"load": StepRecord("succeeded", 1, 0.5), "train": StepRecord(state, 2, 185.0)}
    fields = {"started": started, "heartbeat": started, "ended": started + 200, "steps": steps}
    return Run(replace(Record(run, "digits", "prod", "ann", state, "e", **fields), **how), store)  # type: ignore[arg-type]


def texts(markup: str) -> list[list[str]]:
    """Return the cells of a table as a person reads them."""
    rows = re.findall(r"<tr>(.*?)</tr>", markup)
    return [
        [html.unescape(re.sub("<[^>]*>", "", cell)) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", r)]
        for r in rows
    ]


def test_the_newest_run_comes_first_and_text_and_html_say_the_same(store: Store) -> None:
    failed = {"load": StepRecord("succeeded", 1), "train": StepRecord("failed", 1), "eval": StepRecord("skipped")}
    runs = [made(store), made(store, "r2", "failed", steps=failed, parameters={"lr": 0.1, "name": "x" * 99})]
    shown = table(runs, more=True, now=NOW)
    parameters = f"lr=0.1, name='{'x' * 99}"[:59] + "…"
    expected = [
        ["run", "state", "when", "took", "steps", "who", "stack", "parameters"],
        ["r2", "✗ failed", "today 14:03", "3 min 20 s", "1 of 3, train failed", "ann", "prod", parameters],
        ["r1", "✓ succeeded", "today 14:03", "3 min 20 s", "2 of 2", "ann", "prod", ""],
    ]
    assert texts(shown["text/html"]) == expected
    *lines, note = shown["text/plain"].splitlines()
    assert [re.split(r"\s{2,}", line) for line in lines] == [[cell for cell in row if cell] for row in expected]
    assert note == "the 2 newest; --limit N shows more"
    assert note in shown["text/html"]


def test_columns_in_which_nothing_stands_are_left_out(store: Store) -> None:
    shown = table([made(store)], now=NOW)
    assert "parameters" not in shown["text/plain"]
    assert "newest" not in shown["text/plain"]


def test_no_runs() -> None:
    assert table([])["text/plain"] == "no runs yet: %k8s_run makes one"


def test_of_many_steps_in_one_state_some_are_named(store: Store) -> None:
    steps = {f"s{i}": StepRecord("running" if i < 5 else "waiting", 1) for i in range(9)}
    running = made(store, state="running", steps=steps, ended=0.0, heartbeat=time.time())
    assert "0 of 9, s0, s1, 3 more running" in table([running])["text/plain"]
    assert (
        "0 of 9, s0, s1, 3 more interrupted"
        in table([made(store, state="running", steps=steps, ended=0.0)])["text/plain"]
    )


def test_a_run_that_cannot_be_read_is_listed(store: Store) -> None:
    damaged = Run(Record("r2", "", "", "", "unreadable", "", NOW.timestamp(), 0, 0), store)
    assert re.search(r"r2 +\? unreadable +today 15:00\n", table([made(store), damaged], now=NOW)["text/plain"])


def test_html_is_a_table_for_everybody_and_without_scripts(store: Store) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    run = made(store, hostile, parameters={hostile: hostile}, user=hostile, stack=hostile)
    run.record.steps[hostile] = StepRecord("failed", 1, error=hostile)
    pair = Pair(hostile, hostile, None)
    both = Comparison(run, run, (pair,), 0, (Steps(hostile, None, run.step(hostile), shown=(pair,)),))
    for shown in (table([run], now=NOW), one(run, now=NOW), comparison(both, now=NOW)):
        markup = shown["text/html"]
        assert '<th scope="col"' in markup
        assert '<th scope="row"' in markup
        assert "&lt;img" in markup
        assert not re.search(r"<(img|script|style|svg)|class=", markup)
        assert hostile in shown["text/plain"]


def test_one_run_with_its_steps(store: Store) -> None:
    run = made(store, state="failed", parameters={"lr": 0.1})
    run.record.steps["train"].error, run.record.steps["train"].fix = "too much memory", "--memory 2Gi"
    assert one(run, now=NOW)["text/plain"].splitlines() == [
        "run r1 of digits, today 14:03 by ann on stack prod: failed in 3 min 20 s",
        "step   state        took        attempts  why",
        "load   ✓ succeeded  0.50 s      1",
        "train  ✗ failed     3 min 05 s  2         too much memory; way out: --memory 2Gi",
        "parameters: lr=0.1",
    ]
    assert headline(run, now=NOW) in one(run, now=NOW)["text/html"]


def test_a_word_says_what_differs(store: Store) -> None:
    left, right = made(store), made(store, "r2", "failed", user="bob")
    right.record.steps["train"].error = "ValueError: no luck"
    given = (Pair("n", "int 3", "int 4"), Pair("X", "ndarray", "ndarray"))
    drawn = Pictures((Drawn("figure", "1"), Drawn("figure", "2")), (Drawn("figure", "1"), Drawn("table", "3")))
    steps = (
        Steps(
            "load",
            left.step("load"),
            right.step("load"),
            code_differs=True,
            shown=(Pair("load", "0.97", "0.94"),),
            given=given,
            drawn=drawn,
        ),
        Steps("train", left.step("train"), right.step("train"), shown=(Pair("train", "x", None),), more=3),
        Steps("new", None, right.step("load")),
    )
    shown = comparison(Comparison(left, right, (Pair("lr", "1", "2"),), 2, steps), now=NOW)
    expected = [
        ["", "r1", "r2", "difference"],
        ["state", "✓ succeeded", "✗ failed", "differs"],
        ["when", "today 14:03", "today 14:03", ""],
        ["took", "3 min 20 s", "3 min 20 s", ""],
        ["who", "ann", "bob", "differs"],
        ["parameter lr", "1", "2", "differs"],
        ["step load", "✓ succeeded 0.50 s", "✓ succeeded 0.50 s", "code differs"],
        ["  given n", "int 3", "int 4", "differs"],
        ["  given X", "ndarray", "ndarray", "another value"],
        ["  shows", "0.97", "0.94", "differs"],
        ["  draws", "2 figures", "1 figure, 1 table", "differs: number 2"],
        ["step train", "✓ succeeded 3 min 05 s", "✗ failed 3 min 05 s", "state differs"],
        ["  why", "", "ValueError: no luck", "differs"],
        ["  shows", "x", "", "only in the first run"],
        ["  shows", "", "", "3 more lines differ"],
        ["step new", "not in this run", "✓ succeeded 0.50 s", "only in the second run"],
    ]
    assert texts(shown["text/html"]) == expected
    assert shown["text/plain"].splitlines()[-1] == "2 other parameters are the same"


def test_figures_that_differ_are_shown_as_far_as_there_is_room(store: Store) -> None:
    left, right = made(store), made(store, "r2")
    first, second, large = (f"data:image/png;base64,{data}" for data in ("AAAA", "BBBB", "C" * 300_000))
    drawn = Pictures(
        (Drawn("figure", "0", first), Drawn("figure", "1", first), Drawn("figure", "2", large)),
        (Drawn("figure", "0", first), Drawn("figure", "3", second), Drawn("figure", "4", second)),
    )
    steps = Steps("load", left.step("load"), right.step("load"), drawn=drawn)
    shown = comparison(Comparison(left, right, (), 0, (steps,)), now=NOW)
    assert re.findall(r'<img alt="" src="(.*?)"', shown["text/html"]) == [first, second]
    assert texts(shown["text/html"])[-1] == ["  draws", "3 figures", "3 figures", "differs: number 2, number 3"]


def test_a_list_of_runs_shows_itself(store: Store) -> None:
    runs = Runs([made(store)])
    assert repr(runs) == table(runs)["text/plain"]
    assert runs._repr_html_() == table(runs)["text/html"]
    assert runs[-1].id == "r1"
