"""The engine on an orchestrator without processes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from k8snb.artifacts.store import Store, open_store
from k8snb.errors import (
    ClusterError,
    ConfigError,
    DiedError,
    DisruptedError,
    OutOfMemoryError,
    PipelineError,
    StepFailed,
)
from k8snb.pipeline.model import Step
from k8snb.pipeline.options import StepOptions
from k8snb.run import record
from k8snb.run.attempt import died
from k8snb.run.engine import DISRUPTIONS, Engine
from k8snb.run.events import Event, Note, Preparing, RunEnded, StepState, Text
from k8snb.run.given import Given
from k8snb.run.request import RunHandle, RunRequest
from k8snb.runner.protocol import Decoder
from k8snb.runner.spec import Key
from tests.run.fakes import FakeOrchestrator, Script, request

CHAIN = {"a": set[str](), "b": {"a"}, "c": {"b"}, "side": {"a"}}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path))


def run(
    store: Store, scripts: Mapping[str, Script], wanted: RunRequest | None = None, **how: object
) -> tuple[FakeOrchestrator, RunHandle, list[Event], RunEnded]:
    orchestrator = FakeOrchestrator(store, scripts, **how)
    events: list[Event] = []
    engine = Engine(orchestrator, store, scratch=store, stack="fake")
    handle = engine.start(wanted or request({name: set() for name in scripts}), events.append)
    return orchestrator, handle, events, handle.wait(10)


def states(events: list[Event], step: str) -> list[str]:
    return [e.state for e in events if isinstance(e, StepState) and e.step == step]


def test_steps_start_when_what_they_need_has_ended(store: Store) -> None:
    scripts = dict.fromkeys(CHAIN, Script())
    orchestrator, handle, events, ended = run(store, scripts, request(CHAIN))
    assert ended.state == "succeeded"
    order = [key.step for key in orchestrator.started]
    assert order[0] == "a"
    assert order.index("b") < order.index("c")
    assert sorted(order) == sorted(CHAIN)
    assert sorted(handle.results) == sorted(CHAIN)
    assert states(events, "c") == ["starting", "running", "succeeded"]
    assert events[-1] == ended


def test_inputs_refer_to_the_attempt_that_succeeded(store: Store) -> None:
    scripts = {"a": Script(dies=DisruptedError("evicted"), disrupted=1), "b": Script()}
    orchestrator, handle, _, ended = run(store, scripts, request({"a": set(), "b": {"a"}}))
    assert ended.state == "succeeded"
    spec = orchestrator.spec(next(key for key in orchestrator.started if key.step == "b"))
    assert [(ref.step, ref.attempt) for ref in spec.inputs["x"]] == [("a", 2), (None, 1)]
    assert handle.results["a"].key.attempt == 2


def test_what_depends_on_a_failed_step_is_skipped_and_the_rest_finishes(store: Store) -> None:
    scripts = {**dict.fromkeys(CHAIN, Script()), "b": Script(fails=True)}
    orchestrator, handle, events, ended = run(store, scripts, request(CHAIN))
    assert ended.state == "failed"
    assert handle.failed == ["b"]
    assert states(events, "c") == ["skipped"]
    assert StepState("c", "skipped", "not run: b failed") in events
    assert states(events, "side")[-1] == "succeeded"
    assert "c" not in {key.step for key in orchestrator.started}
    error = handle.error("b")
    assert isinstance(error, StepFailed)
    assert (type(error).__name__, str(error)) == ("ValueError", "no luck")


def test_retries_are_for_failures(store: Store) -> None:
    wanted = request({"a": set()}, {"a": StepOptions(retries=2)})
    orchestrator, _, _, ended = run(store, {"a": Script(fails=True)}, wanted)
    assert ended.state == "failed"
    assert [key.attempt for key in orchestrator.started] == [1, 2, 3]


def test_another_attempt_is_told_with_the_reason(store: Store) -> None:
    wanted = request({"a": set()}, {"a": StepOptions(retries=1)})
    _, _, events, _ = run(store, {"a": Script(fails=True)}, wanted)
    assert [e for e in events if isinstance(e, Note)] == [
        Note("a", "attempt 1 failed, another begins: ValueError: no luck")
    ]


def test_what_the_platform_refuses_is_not_tried_again(store: Store) -> None:
    wanted = request({"a": set()}, {"a": StepOptions(retries=2)})
    orchestrator, _, _, _ = run(store, {"a": Script(dies=OutOfMemoryError("too much"))}, wanted)
    assert len(orchestrator.started) == 1


def test_disruptions_do_not_use_up_retries(store: Store) -> None:
    orchestrator, handle, _, ended = run(store, {"a": Script(dies=DisruptedError("evicted"))})
    assert ended.state == "failed"
    assert len(orchestrator.started) == 1 + DISRUPTIONS
    assert isinstance(handle.error("a"), DisruptedError)


def test_a_death_without_a_word_keeps_the_log_and_the_reason(store: Store) -> None:
    orchestrator, handle, events, _ = run(store, {"a": Script(text=b"so far\n", dies=OutOfMemoryError("killed"))})
    assert b"".join(e.data for e in events if isinstance(e, Text)) == b"so far\n"
    result = handle.results["a"]
    assert (result.state, result.code, result.log_lines) == ("died", 137, 1)
    key = orchestrator.started[0]
    decoder = Decoder(orchestrator.spec(key).nonce)
    *_, text, mark = decoder.feed(store.get(f"{key.folder}/log/000000"))
    assert text == b"so far\n"
    assert (mark["k"], mark["lines"]) == ("end", 1)
    assert isinstance(handle.error("a"), OutOfMemoryError)
    assert not isinstance(handle.error("a"), DiedError)


def test_a_runner_that_cannot_begin_says_why(store: Store) -> None:
    said = b"a library warns\nk8snb: the store cannot be reached\n  way out: another address\n"
    _, handle, _, _ = run(store, {"a": Script(unable=said)})
    error = handle.error("a")
    assert isinstance(error, ConfigError)
    assert error.what == "step a could not begin: the store cannot be reached\n  way out: another address"


def test_of_a_process_that_was_killed_without_a_word_memory_is_named() -> None:
    key = Key("r", "a")
    assert "use less of it" in (died(key, -9).fix or "")
    assert "a crash in compiled code" in (died(key, -11).fix or "")


def test_the_platform_says_why_a_step_was_killed(store: Store) -> None:
    _, handle, _, _ = run(store, {"a": Script(killed=OutOfMemoryError("too much"))})
    assert (handle.results["a"].state, handle.results["a"].code) == ("died", -9)
    assert isinstance(handle.error("a"), OutOfMemoryError)


def test_what_is_found_wrong_before_starts_nothing(store: Store) -> None:
    broken = ClusterError("unreachable", fix="start it")
    orchestrator, handle, events, ended = run(store, {"a": Script()}, broken=broken)
    assert events[1:-1] == [StepState("a", "skipped", "not run: the run could not begin")]
    assert ended.error is broken
    assert ended.state == "failed"
    assert orchestrator.started == []
    assert orchestrator.prepared == 0
    assert not store.list(f"runs/{handle.run}")


def test_what_is_done_before_steps_start_is_told(store: Store) -> None:
    _, _, events, _ = run(store, {"a": Script()})
    told = [(event.what, event.text) for event in events if isinstance(event, Preparing)]
    assert told == [
        ("checks", "looking whether runs are possible"),
        ("checks", ""),
        ("image", "making it"),
        ("values", ""),
    ]


def test_secrets_need_an_orchestrator_that_has_them(store: Store) -> None:
    wanted = request({"a": set()}, {"a": StepOptions(secrets=("db",))})
    orchestrator, _, _, ended = run(store, {"a": Script()}, wanted)
    assert isinstance(ended.error, PipelineError)
    assert orchestrator.prepared == 0


def test_a_run_that_cannot_go_on_leaves_nothing_running(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object, step: Step) -> list[str]:
        if step.name == "b":
            raise RuntimeError("a defect")
        return []

    monkeypatch.setattr(Given, "changers", broken)
    scripts = {"long": Script(hangs=True), "a": Script(), "b": Script()}
    orchestrator, _, events, ended = run(store, scripts, request({"long": set(), "a": set(), "b": {"a"}}))
    assert ended.error is not None
    assert ended.error.what == "k8snb failed: RuntimeError: a defect"
    assert [key.step for key in orchestrator.cancelled] == ["long"]
    last = {event.step: event.state for event in events if isinstance(event, StepState)}
    assert last == {"long": "cancelled", "a": "succeeded", "b": "skipped"}


def test_cancel_ends_what_runs_and_says_so(store: Store) -> None:
    begun = threading.Event()
    scripts = {"a": Script(hangs=True), "b": Script()}
    orchestrator = FakeOrchestrator(store, scripts, on_start=lambda key: begun.set())
    engine = Engine(orchestrator, store, scratch=store, stack="fake")
    handle = engine.start(request({"a": set(), "b": {"a"}}), lambda event: None)
    assert begun.wait(10)
    handle.cancel()
    ended = handle.wait(10)
    assert ended.state == "cancelled"
    assert [key.step for key in orchestrator.cancelled] == ["a"]
    assert record.read(store, handle.run).steps["b"].state == "cancelled"


def test_the_record_tells_how_it_went(store: Store) -> None:
    _, handle, _, _ = run(store, {"a": Script(), "b": Script(fails=True)})
    written = record.read(store, handle.run)
    assert (written.state, written.pipeline, written.stack) == ("failed", "fake", "fake")
    assert written.steps["a"].state == "succeeded"
    assert written.steps["b"].error == "ValueError: no luck"
    assert list(written.steps) == ["a", "b"]


def test_a_record_without_a_heartbeat_is_interrupted(store: Store) -> None:
    _, handle, _, _ = run(store, {"a": Script()})
    written = record.read(store, handle.run)
    written.state = "running"
    assert written.shown_state == "running"
    written.heartbeat -= record.STALE + 1
    assert written.shown_state == "interrupted"


def test_a_listener_that_raises_ends_the_run_as_an_error(store: Store) -> None:
    def listener(event: Event) -> None:
        if isinstance(event, Text):
            raise RuntimeError("a defect")  # noqa: TRY004 - stands for any defect

    engine = Engine(FakeOrchestrator(store, {"a": Script(text=b"x")}), store, scratch=store, stack="fake")
    ended = engine.start(request({"a": set()}), listener).wait(10)
    assert ended.state == "failed"
    assert "a defect" in str(ended.error)


def test_ids_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [0.0, 0.25, 0.999, 1.0, 59.5, 3600.0, 9e8]
    ids = []
    for moment in moments:
        monkeypatch.setattr(record.time, "time", lambda moment=moment: moment)
        ids.append(record.new_run_id())
    assert sorted(ids) == ids
    assert {len(one) for one in ids} == {20}
    assert ids[2].startswith("700101-000000-ff")
