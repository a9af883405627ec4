"""Runs of the past, as an engine has left them in the store."""

from __future__ import annotations

import json
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from k8snb.artifacts.store import Store, open_store
from k8snb.errors import HistoryError, OutOfMemoryError, StoreError
from k8snb.pipeline.options import StepOptions
from k8snb.run import engine as engines
from k8snb.run import history, past_step, record
from k8snb.run.engine import Engine
from k8snb.run.events import Display, Preparing, RunEnded, StepState, Text
from k8snb.run.record import Record, StepRecord
from k8snb.runner.protocol import encode
from k8snb.runner.spec import Key, Result
from tests.run.fakes import FakeOrchestrator, Script, request, run

V1 = {
    "run": "250101-120000-aaaaaa",
    "pipeline": "old",
    "stack": "local",
    "user": "ann",
    "state": "failed",
    "engine": "e",
    "started": 1735732800.0,
    "heartbeat": 1735732801.0,
    "ended": 1735732810.0,
    "steps": {"a": {"state": "failed", "attempt": 1, "seconds": 2.0, "error": "ValueError: no luck"}},
    "parameters": {"lr": 1},
    "version": 1,
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path))


def put(store: Store, run: str, *steps: str, state: str = "succeeded", pipeline: str = "p", **how: Any) -> Record:
    now = time.time()
    entries = {name: StepRecord(state, attempt=1) for name in steps}
    made = Record(run, pipeline, "local", "ann", state, "e", now - 9, now, **{"ended": now, "steps": entries, **how})
    store.put(record.path(run), made.dumps())
    return made


def reusing(store: Store, first: str, there: Store | None = None) -> str:
    """Run ``b`` with what ``a`` has made in another run, which may be in another store; return the run's id."""
    result = history.find(there or store, first).step("a").result()
    assert result is not None
    reused = {"a": record.Reused(result, there or store)}
    wanted = replace(request({"b": set()}), after={"a": frozenset(), "b": frozenset({"a"})}, reused=reused)
    return run(store, {"b": Script(text=b"b")}, wanted)[0]


# --- finding -------------------------------------------------------------------------------------------------------


def test_the_newest_are_read_and_no_others(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(100):
        put(store, f"260101-1200{i:02}-aaaaaa")
    read: list[str] = []
    get = store.get
    monkeypatch.setattr(store, "get", lambda path: read.append(path) or get(path))
    assert [r.id[7:13] for r in history.runs(store, 3)] == ["120097", "120098", "120099"]
    assert len(read) <= history._THREADS
    assert len(history.runs(store)) == 100
    assert history.runs(store, 1)[-1].state == "succeeded"


def test_no_runs(store: Store) -> None:
    assert history.runs(store) == []
    for wanted in ("last", "2601"):
        with pytest.raises(HistoryError, match="there is no run yet"):
            history.find(store, wanted)


def test_there_are_fewer_runs_than_that(store: Store) -> None:
    put(store, "260101-120000-aaaaaa")
    with pytest.raises(HistoryError, match="there is only 1 run"):
        history.find(store, "-5")


@pytest.mark.parametrize("damage", [b"", b'{"run": "x", "st', b"[]", b'{"run": 1}', b"\xff\xfe", b'{"steps": []}'])
def test_a_damaged_record_hides_no_other(store: Store, damage: bytes) -> None:
    put(store, "260101-120000-aaaaaa")
    store.put(record.path("260102-120000-bbbbbb"), damage)
    store.put("runs/260103-120000-cccccc/a/-/1/spec.json", b"of a run that is being deleted")
    found = history.runs(store)
    assert [(r.id[:6], r.state) for r in found] == [("260101", "succeeded"), ("260102", "unreadable")]
    assert f"{found[1].started:%y%m%d}" == "260102"
    with pytest.raises(StoreError, match="record of run 260102-120000-bbbbbb cannot be read"):
        history.find(store, "260102")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("260102-120000-bbbbbb", "260102-120000-bbbbbb"),
        ("260101-12", "260101-120000-aaaaaa"),
        ("cccc", "260102-130000-cccccc"),
        ("last", "260102-130000-cccccc"),
        ("-1", "260102-130000-cccccc"),
        ("-3", "260101-120000-aaaaaa"),
    ],
)
def test_a_run_is_found_by_what_tells_it_from_others(store: Store, wanted: str, found: str) -> None:
    for one in ("260101-120000-aaaaaa", "260102-120000-bbbbbb", "260102-130000-cccccc"):
        put(store, one)
    assert history.find(store, wanted).id == found


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("2601", "2 runs are called 2601"),
        ("260101-120000-aaaaab", "did you mean '260101-120000-aaaaaa'"),
        ("lats", "did you mean 'last'"),
        ("bb", "there is no run 'bb'"),
        ("zzz", "the newest: 260101-120000-aaaaaa, 260102-120000-bbbbbb"),
        ("", "there is no run ''"),
        ("-3", "there are only 2 runs"),
    ],
)
def test_a_run_that_is_not_found(store: Store, wanted: str, says: str) -> None:
    for one in ("260101-120000-aaaaaa", "260102-120000-bbbbbb"):
        put(store, one)
    with pytest.raises(HistoryError) as caught:
        history.find(store, wanted)
    assert says in str(caught.value)


def test_the_last_run_of_a_step_is_of_this_pipeline_where_that_has_one(store: Store) -> None:
    put(store, "260101-120000-aaaaaa", "train", "load", pipeline="mine")
    put(store, "260102-120000-bbbbbb", "train", pipeline="another's")
    waiting = put(store, "260103-120000-cccccc", "train", "rest", pipeline="mine")
    waiting.steps = {name: StepRecord() for name in waiting.steps}
    store.put(record.path(waiting.run), waiting.dumps())
    assert history.last_of(store, "train").run.id[:6] == "260102"
    assert history.last_of(store, "train", pipeline="mine").run.id[:6] == "260101"
    assert history.last_of(store, "load", pipeline="other").run.id[:6] == "260101"
    with pytest.raises(HistoryError) as caught:
        history.last_of(store, "trian")
    assert "did you mean 'train'" in str(caught.value)
    with pytest.raises(HistoryError, match="rest has not been started"):
        history.last_of(store, "rest")


# --- records -------------------------------------------------------------------------------------------------------


def test_steps_that_were_reused_stand_in_the_record_with_the_run_that_made_them(store: Store) -> None:
    first = run(store, {"a": Script(text=b"said by a")})[0]
    again = history.find(store, reusing(store, first))
    assert [(s.name, s.state, s.seconds, s.reused, s.after) for s in again.steps] == [
        ("a", "succeeded", 2.0, first, []),
        ("b", "succeeded", 2.0, "", ["a"]),
    ]
    assert f"reused from run {first}" in repr(again.step("a"))
    assert again.step("a").log() == "said by a"
    assert again.step("a").outputs == {}
    assert {event.step for event in history.replay(again) if isinstance(event, StepState)} == {"b"}
    assert history.last_of(store, "a").run.id == first


def test_a_reused_step_whose_run_was_deleted_is_still_listed(store: Store) -> None:
    first = run(store, {"a": Script()})[0]
    again = reusing(store, first)
    store.delete_tree(f"runs/{first}")
    step = history.find(store, again).step("a")
    assert (step.state, step.reused, step.result()) == ("succeeded", first, None)
    with pytest.raises(HistoryError, match="is not in this store"):
        step.outputs["x"]
    with pytest.raises(HistoryError, match="is not in this store"):
        step.log()


def test_what_a_reused_step_has_left_is_read_from_the_store_of_its_own_run(store: Store, tmp_path: Path) -> None:
    there = open_store((tmp_path / "there").as_uri())
    first = run(there, {"a": Script(text=b"said by a")})[0]
    step = history.find(store, reusing(store, first, there)).step("a")
    assert (step.reused, step.elsewhere, step.store.uri) == (first, there.uri, there.uri)
    assert (step.log(), step.outputs) == ("said by a", {})
    assert step.result() == history.find(there, first).step("a").result()
    found = history.last_of(store, "a")
    assert (found.run.id, found.log()) == (step.run.id, "said by a")


def test_a_store_that_is_not_there_any_more_is_named_and_not_made(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    there = open_store(folder.as_uri())
    again = reusing(store, run(there, {"a": Script()})[0], there)
    shutil.rmtree(folder)
    step = history.find(store, again).step("a")
    for look in (step.log, lambda: step.outputs["x"]):
        with pytest.raises(HistoryError, match=f"not in the store that it was in\n.*{folder}"):
            look()
    assert not folder.exists()


def test_an_old_record_loads_and_so_does_one_with_more_in_it(store: Store) -> None:
    newer = {**V1, "run": "250102-120000-bbbbbb", "version": 9, "mood": "good"}
    newer["steps"] = {"a": {**V1["steps"]["a"], "colour": "blue"}}  # type: ignore[index]
    for one in (V1, newer):
        store.put(record.path(one["run"]), json.dumps(one).encode())  # type: ignore[arg-type]
    for found in history.runs(store):
        assert (found.pipeline, found.user, found.state, found.seconds) == ("old", "ann", "failed", 10.0)
        step = found.step("a")
        assert (step.state, step.error, step.attempts, step.after) == ("failed", "ValueError: no luck", 1, [])
        assert list(history.replay(found)) == [
            StepState("a", "starting"),
            StepState("a", "failed", "ValueError: no luck", 2.0),
            RunEnded(found.id, "failed"),
        ]


def test_what_a_run_tells_of_itself(store: Store) -> None:
    after = {"z": set[str](), "b": {"z"}, "a": {"z", "b"}}
    wanted = replace(request(after), parameters={"lr": 0.1})
    made, _ = run(store, {"z": Script(text=b"hi\n"), "b": Script(fails=True), "a": Script()}, wanted)
    found = history.find(store, made)
    assert (found.state, found.pipeline, found.stack, found.parameters) == ("failed", "fake", "fake", {"lr": 0.1})
    assert [(s.name, s.state, s.after) for s in found.steps] == [
        ("z", "succeeded", []),
        ("b", "failed", ["z"]),
        ("a", "skipped", ["b", "z"]),
    ]
    assert abs(found.started.timestamp() - time.time()) < 60
    assert found.step("z").seconds == 2.0
    assert found.step("z").log() == "hi\n"
    failure = found.step("b").failure
    assert failure is not None
    assert (failure.ename, failure.traceback, found.step("b").error) == (
        "ValueError",
        ["ValueError: no luck"],
        "ValueError: no luck",
    )
    assert (found.step("a").failure, found.step("a").displays, dict(found.step("a").outputs)) == (None, [], {})
    with pytest.raises(HistoryError, match="has not been started: it is skipped"):
        found.step("a").log()
    with pytest.raises(HistoryError) as caught:
        found.step("zz")
    assert "did you mean 'z'" in str(caught.value)
    with pytest.raises(HistoryError, match="no attempt 2"):
        found.step("z").log(2)


def test_the_way_out_is_kept_with_the_reason(store: Store) -> None:
    made, told = run(store, {"a": Script(text=b"so far\n", dies=OutOfMemoryError("too much", fix="--memory 2Gi"))})
    step = history.find(store, made).step("a")
    assert (step.state, step.error, step.fix, step.failure) == ("failed", "too much", "--memory 2Gi", None)
    assert step.log() == "so far\n"
    for events in (told, history.replay(history.find(store, made))):
        (failed,) = (event for event in events if isinstance(event, StepState) and event.state == "failed")
        assert (failed.detail, failed.fix) == ("too much", "--memory 2Gi")


def test_a_record_is_never_overtaken_by_an_older_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "RECORD_PAUSE", 0)
    monkeypatch.setattr(record, "HEARTBEAT", 0)
    one_at_a_time, put = threading.Lock(), store.put
    met: list[str] = []

    def alone(path: str, data: bytes) -> None:
        if not path.endswith("record.json"):
            put(path, data)
        elif one_at_a_time.acquire(blocking=False):
            put(path, data)
            one_at_a_time.release()
        else:
            met.append(path)

    monkeypatch.setattr(store, "put", alone)
    for _ in range(20):
        made, _ = run(store, {"a": Script(), "b": Script()})
        assert history.find(store, made).state == "succeeded"
    assert met == []


def test_a_state_is_in_the_store_while_the_run_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "RECORD_PAUSE", 0)
    written, put = threading.Event(), store.put

    def see(path: str, data: bytes) -> None:
        put(path, data)
        if path.endswith("record.json") and b'"running", "attempt": 1' in data:
            written.set()

    monkeypatch.setattr(store, "put", see)
    engine = Engine(FakeOrchestrator(store, {"a": Script(hangs=True)}), store, scratch=store, stack="fake")
    handle = engine.start(request({"a": set()}), lambda _: None)
    assert written.wait(record.HEARTBEAT / 2)
    found = history.find(store, handle.run)
    assert (found.state, found.step("a").state) == ("running", "running")
    assert 0 <= found.step("a").seconds <= found.seconds + 1
    handle.cancel()
    handle.wait(10)
    assert history.find(store, handle.run).step("a").state == "cancelled"


# --- telling again -------------------------------------------------------------------------------------------------


SCRIPTS = {
    "all went well": ({"a": Script(text=b"1\n"), "b": Script(text=b"\xff2")}, 0),
    "one failed": ({"a": Script(text=b"1\n", fails=True), "b": Script(text=b"2")}, 0),
    "one was tried again": ({"a": Script(text=b"1\n", fails=True), "b": Script()}, 2),
    "one was lost": ({"a": Script(), "b": Script(text=b"2", dies=OutOfMemoryError("too much"))}, 0),
}


@pytest.mark.parametrize("case", SCRIPTS)
def test_a_run_is_told_again_as_it_went(store: Store, case: str) -> None:
    scripts, retries = SCRIPTS[case]
    scripts = {**scripts, "c": Script(text=b"3\n")}
    options = dict.fromkeys(scripts, StepOptions(retries=retries))
    made, live = run(store, scripts, request({"a": set(), "b": set(), "c": {"a"}}, options))
    live = [event for event in live if not isinstance(event, Preparing)]
    told = list(history.replay(history.find(store, made)))
    assert told[-1] == live[-1]
    for step in scripts:
        assert [e for e in told[:-1] if e.step == step] == [e for e in live[:-1] if e.step == step]  # type: ignore[union-attr]
    steps = [e.step for e in told[:-1]]  # type: ignore[union-attr]
    assert steps == sorted(steps)


@pytest.mark.parametrize(
    ("result", "last"),
    [
        (None, StepState("a", "cancelled", past_step.GONE)),
        ("succeeded", StepState("a", "succeeded", past_step.GONE, 2.0)),
        ("died", StepState("a", "failed", past_step.GONE, 2.0)),
    ],
)
def test_a_run_that_was_left_alone_is_told_as_far_as_it_is_known(store: Store, result: Any, last: StepState) -> None:
    made, _ = run(store, {"a": Script(text=b"1\n"), "b": Script()}, request({"a": set(), "b": {"a"}}))
    written = record.read(store, made)
    written.state, written.ended, written.heartbeat = "running", 0.0, time.time() - record.STALE - 1
    written.steps["a"].state, written.steps["b"] = "running", StepRecord()
    store.put(record.path(made), written.dumps())
    key = Key(made, "a")
    store.delete(f"{key.folder}/result.json")
    if result:
        store.put(f"{key.folder}/result.json", Result(key, result, started=1.0, ended=3.0).dumps())
    found = history.find(store, made)
    assert (found.state, found.step("a").state, found.step("b").state) == ("interrupted", "interrupted", "waiting")
    assert list(history.replay(found)) == [
        StepState("a", "starting"),
        StepState("a", "running"),
        Text("a", "stdout", b"1\n"),
        last,
        RunEnded(made, "interrupted"),
    ]


def test_displays_are_those_that_stood_there_in_the_end(store: Store) -> None:
    made, _ = run(store, {"a": Script()})
    key = Key(made, "a")
    nonce = json.loads(store.get(f"{key.folder}/spec.json"))["nonce"]
    shown = [
        encode(nonce, "show", data={"text/plain": "gone"}, meta={}),
        encode(nonce, "clear", wait=True),
        encode(nonce, "show", data={"text/plain": "0%"}, meta={}, id="bar"),
        encode(nonce, "show", blob="deleted"),
        encode(nonce, "show", data={"text/plain": "100%"}, meta={}, id="bar", update=True),
    ]
    store.put(f"{key.folder}/log/000000", b"".join(shown))
    bar, lost = history.find(store, made).step("a").displays
    assert bar == Display("a", {"text/plain": "100%"}, {}, "bar")
    assert bar._repr_mimebundle_() == ({"text/plain": "100%"}, {})
    assert "no longer in the store" in lost.data["text/plain"]
