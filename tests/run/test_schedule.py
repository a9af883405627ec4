"""The order of steps in time: what began on an object that was changed after all runs again, and nothing else does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from k8snb.analysis.facts import CellFacts
from k8snb.artifacts.groups import Group, Part
from k8snb.artifacts.store import open_store
from k8snb.images.code import Code
from k8snb.orchestrators.base import Attempt, Environment, Output, Report
from k8snb.pipeline.model import Cell, Pipeline, Step
from k8snb.run.attempt import Outcome
from k8snb.run.engine import Engine
from k8snb.run.events import Again, Event, StepState
from k8snb.run.given import Given
from k8snb.run.history import find, replay
from k8snb.run.request import RunRequest
from k8snb.run.schedule import Schedule
from k8snb.runner.protocol import encode
from k8snb.runner.spec import KERNEL, Failure, Key, Ref, Result
from tests.run.fakes import FakeOrchestrator

A1 = Ref("a")


def group(*names: str) -> Group:
    return Group(names, Part("digest", 0))


def make(
    name: str,
    reads: Mapping[str, Iterable[str | None]] | None = None,
    *,
    after: Iterable[str] = (),
    outputs: Iterable[str] = (),
    changes: Iterable[str] = (),
) -> Step:
    """Return a step that waits for whatever makes what it reads."""
    inputs = {variable: tuple(sources) for variable, sources in (reads or {}).items()}
    makers = {source for sources in inputs.values() for source in sources if source is not None}
    facts = CellFacts(changes=dict.fromkeys(changes, 1))
    return Step(name, Cell("", facts, step=name), inputs, frozenset({*after, *makers}), tuple(sorted(outputs)))


@dataclass
class Does:
    """What a step turns out to do: the groups that it puts out, and those of them that it has not bound itself."""

    groups: tuple[tuple[str, ...], ...] = ()
    changed: Mapping[str, Ref] = field(default_factory=dict)
    shared: Mapping[str, Ref] = field(default_factory=dict)
    fails_on: Ref | None = None

    def result(self, key: Key, given: Mapping[str, list[Ref]]) -> Result:
        refs = [refs[0] for refs in given.values()]
        failed = self.fails_on in refs
        return Result(
            key,
            "failed" if failed else "succeeded",
            groups=[group(*names) for names in self.groups],
            failure=Failure("ValueError", "no luck", []) if failed else None,
            changed={name: given.get(name, [ref])[0] for name, ref in self.changed.items()},
            shared=dict(self.shared),
        )


def request(steps: Iterable[Step], captured: Mapping[str, Mapping[str, Group]] | None = None) -> RunRequest:
    steps = tuple(steps)
    return RunRequest(
        Pipeline("nb", steps),
        captured=captured or {},
        code=Code({f"steps/{step.name}.py": b"" for step in steps}, {}),
        environments={step.name: Environment() for step in steps},
    )


class Rehearsal:
    """Drives a schedule whose steps end when the test says so; notes what happens, as words."""

    def __init__(self, wanted: RunRequest, does: Mapping[str, Does]) -> None:
        self.given, self.does, self.told = Given(wanted), does, list[str]()
        self.got: dict[str, list[dict[str, list[Ref]]]] = {}
        self._ending: dict[str, list[asyncio.Future[None]]] = {}
        self.schedule = Schedule(
            wanted.pipeline.steps,
            self.given,
            run=self._run,
            ended=self._ended,
            skipped=self._skipped,
            again=self._again,
        )

    async def _run(self, step: Step) -> Outcome:
        number = self.given.attempts[step.name] = self.given.attempts.get(step.name, 0) + 1
        inputs = self.given.inputs(step)
        self.got.setdefault(step.name, []).append(inputs)
        self.told.append(f"{step.name}{number} starts")
        self._ending.setdefault(step.name, []).append(end := asyncio.get_running_loop().create_future())
        await end
        return Outcome(self.does.get(step.name, Does()).result(Key("r", step.name, attempt=number), inputs))

    def _ended(self, step: Step, outcome: Outcome) -> None:
        self.told.append(f"{step.name}{self.given.attempts[step.name]} {outcome.result.state}")

    def _skipped(self, step: Step, reasons: Sequence[str]) -> None:
        self.told.append(f"{step.name} skipped: {' '.join(reasons)}")

    def _again(self, step: Step, why: str) -> None:
        self.told.append(f"{step.name} again")

    def play(self, ends: str) -> list[str]:
        """End steps in an order, each the oldest of its attempts that still runs, and return what was told."""

        async def run() -> None:
            driving = asyncio.ensure_future(self.schedule.drive())
            for name in ends.split():
                await settle()
                self._ending[name].pop(0).set_result(None)
            await asyncio.wait_for(driving, 10)

        asyncio.run(run())
        return self.told


async def settle() -> None:
    """Let all that can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


A, X = {"x": ("a",)}, ("x",)
MAKER = make("a", outputs=X)
MAKES = Does(groups=(X,))
CHANGES = Does(groups=(X,), changed={"x": A1})


def test_steps_that_only_read_run_side_by_side():
    play = Rehearsal(request([MAKER, make("b", A), make("c", A)]), {"a": MAKES})
    assert play.play("a c b")[2:] == ["b1 starts", "c1 starts", "c1 succeeded", "b1 succeeded"]
    assert play.got["c"] == [{"x": [A1]}]


def test_one_that_runs_beside_an_unforeseen_change_runs_again():
    play = Rehearsal(request([MAKER, make("b", A), make("c", A)]), {"a": MAKES, "b": CHANGES})
    told = play.play("a b c c")
    assert told[4:] == ["c again", "b1 succeeded", "c2 starts", "c2 succeeded"]  # the first c ends, and is not told
    assert play.got["c"] == [{"x": [A1]}, {"x": [Ref("b"), A1]}]


def test_one_that_has_ended_already_runs_again_with_what_was_made_of_it():
    steps = [MAKER, make("b", A), make("c", A, outputs="y"), make("d", {"y": ("c",)})]
    does = {"a": MAKES, "b": CHANGES, "c": Does(groups=(("y",),))}
    play = Rehearsal(request(steps), does)
    told = play.play("a c d b c d")
    assert told[2:7] == ["b1 starts", "c1 starts", "c1 succeeded", "d1 starts", "d1 succeeded"]
    assert told[7:10] == ["c again", "d again", "b1 succeeded"]
    assert told[10:] == ["c2 starts", "c2 succeeded", "d2 starts", "d2 succeeded"]
    assert play.got["d"] == [{"y": [Ref("c")]}, {"y": [Ref("c", attempt=2)]}]


def test_what_runs_on_the_result_of_one_that_runs_again_is_ended():
    steps = [MAKER, make("b", A), make("c", A, outputs="y"), make("d", {"y": ("c",)})]
    play = Rehearsal(request(steps), {"a": MAKES, "b": CHANGES, "c": Does(groups=(("y",),))})
    told = play.play("a c b c d d")  # the first d ends late
    assert told[5:] == [
        "d1 starts", "c again", "d again", "b1 succeeded", "c2 starts", "c2 succeeded", "d2 starts", "d2 succeeded",
    ]  # fmt: skip


def test_what_got_the_object_from_one_that_runs_again_runs_again_too():
    play = Rehearsal(
        request([MAKER, make("b", A), make("c", A), make("d", A)]), {"a": MAKES, "b": CHANGES, "c": CHANGES}
    )
    told = play.play("a c d b c d d")
    assert told[5:9] == ["d again", "c1 succeeded", "d2 starts", "c again"]
    assert told[9:] == ["d again", "b1 succeeded", "c2 starts", "c2 succeeded", "d3 starts", "d3 succeeded"]
    c1, c2, b = Ref("c"), Ref("c", attempt=2), Ref("b")
    assert [given["x"] for given in play.got["d"]] == [[A1], [c1, A1], [c2, b, A1]]


def test_a_failure_on_the_old_value_is_forgotten_and_what_it_kept_from_starting_starts():
    steps = [MAKER, make("b", A), make("c", A, outputs="y"), make("d", {"y": ("c",)})]
    does = {"a": MAKES, "b": CHANGES, "c": Does(groups=(("y",),), fails_on=A1)}
    told = Rehearsal(request(steps), does).play("a c b c d")
    assert told[4:6] == ["c1 failed", "d skipped: c"]
    assert told[6:8] == ["c again", "d again"]
    assert told[8:] == ["b1 succeeded", "c2 starts", "c2 succeeded", "d1 starts", "d1 succeeded"]


def test_what_cannot_run_is_told_with_the_failed_steps_that_are_the_reason():
    uses = {"x": ("a",), "y": ("b",)}
    steps = [make("a"), make("b", outputs="y"), make("c", uses, outputs="z"), make("d", {"z": ("c",)})]
    failing = Does(fails_on=KERNEL)
    play = Rehearsal(
        request([replace(s, inputs=s.inputs or {"n": (None,)}) for s in steps]), {"a": failing, "b": failing}
    )
    told = play.play("a b")
    assert told[2:] == ["a1 failed", "c skipped: a", "d skipped: a", "b1 failed"]


def test_a_failure_that_has_nothing_to_do_with_the_change_stays():
    steps = [MAKER, make("b", A), make("c", {"n": (None,)}, outputs="y"), make("d", {"y": ("c",)})]
    does = {"a": MAKES, "b": CHANGES, "c": Does(fails_on=KERNEL)}
    told = Rehearsal(request(steps), does).play("a c b")
    assert {"c1 failed", "d skipped: c", "b1 succeeded"} <= set(told)
    assert not [words for words in told if "again" in words]


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([make("c", A), make("b", A)], id="it stands above"),
        pytest.param([make("b", A), make("c", A, after="b")], id="it waits anyway"),
        pytest.param([make("b", A), make("c", {"z": ("a",)})], id="it reads something else"),
    ],
)
def test_what_does_not_read_the_old_value_runs_once(steps):
    maker = make("a", outputs=("x", "z"))
    told = Rehearsal(request([maker, *steps]), {"a": Does(groups=(X, ("z",))), "b": CHANGES}).play(
        "a b c" if steps[0].name == "b" else "a c b"
    )
    assert not [words for words in told if "again" in words]


def test_a_change_of_a_kernels_object_counts_where_both_mean_the_same_object():
    for version, wanted in ((0, True), (1, False)):
        reads = {"x": (None,)}
        steps = [make("b", reads), make("c", reads)]
        steps[0] = Step(**{**vars(steps[0]), "versions": {"x": 0}})
        steps[1] = Step(**{**vars(steps[1]), "versions": {"x": version}})
        captured = {name: {"x": group("x")} for name in "bc"}
        play = Rehearsal(request(steps, captured), {"b": Does(groups=(X,), changed={"x": KERNEL})})
        told = play.play("b c c" if wanted else "b c")
        assert ("c again" in told) is wanted
        assert play.got["c"][-1]["x"] == ([Ref("b"), KERNEL] if wanted else [KERNEL])


@pytest.mark.parametrize("together", [True, False])
def test_one_that_reads_an_object_waits_for_what_changes_it_under_another_name(together):
    steps = [
        make("a", outputs=("x", "y")),
        make("b", {"y": ("a",)}, outputs="y", changes="y"),
        make("c", A),
    ]
    does = {
        "a": Does(groups=(("x", "y"),) if together else (X, ("y",))),
        "b": Does(groups=(("x", "y"),) if together else (("y",),), changed={"x": A1, "y": A1} if together else {}),
    }
    play = Rehearsal(request(steps), does)
    told = play.play("a b c")
    assert (told.index("c1 starts") > told.index("b1 succeeded")) is together
    assert not [words for words in told if "again" in words]
    assert play.got["c"] == [{"x": [Ref("b"), A1] if together else [A1]}]


def test_a_name_that_shares_a_changed_object_is_taken_from_the_step_that_has_both():
    steps = [MAKER, make("b", A, outputs="y"), make("c", {"x": ("a",), "y": ("b",)})]
    does = {"a": MAKES, "b": Does(groups=(("x", "y"),), shared={"x": A1})}
    play = Rehearsal(request(steps), does)
    play.play("a b c")
    assert play.got["c"] == [{"x": [Ref("b"), A1], "y": [Ref("b")]}]


def test_an_error_of_an_attempt_ends_the_rest():
    ended: list[str] = []

    async def run(step: Step) -> Outcome:
        if step.name == "b":
            raise OSError("gone")
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            ended.append(step.name)

    wanted = request([make("a"), make("b")])
    told = dict.fromkeys(("ended", "skipped", "again"), lambda *_: None)
    schedule = Schedule(wanted.pipeline.steps, Given(wanted), run=run, **told)
    with pytest.raises(OSError, match="gone"):
        asyncio.run(schedule.drive())
    assert ended == ["a"]


class Acting(FakeOrchestrator):
    """Lets step b end only when step c has failed on what it was given first."""

    does: Mapping[str, Does]
    c_failed: threading.Event

    async def follow(self, attempt: Attempt) -> AsyncIterator[Report]:
        key, nonce = attempt.key, attempt.nonce
        yield Output(encode(nonce, "start", t=0))
        if key.step == "b":
            await asyncio.to_thread(self.c_failed.wait, 10)
        result = self.does[key.step].result(key, self.spec(key).inputs)
        self.store.put(f"{key.folder}/result.json", result.dumps())
        yield Output(encode(nonce, "end", state=result.state))


def test_the_engine_tells_that_what_was_told_before_does_not_count(tmp_path: Path):
    store = open_store(str(tmp_path))
    orchestrator = Acting(store, {})
    orchestrator.c_failed = threading.Event()
    orchestrator.does = {"a": MAKES, "b": CHANGES, "c": Does(fails_on=A1)}
    events: list[Event] = []

    def listen(event: Event) -> None:
        events.append(event)
        if isinstance(event, StepState) and (event.step, event.state) == ("c", "failed"):
            orchestrator.c_failed.set()

    wanted = request([MAKER, make("b", A), make("c", A)])
    handle = Engine(orchestrator, store, scratch=store, stack="fake").start(wanted, listen)
    assert handle.wait(20).state == "succeeded"
    assert (handle.failed, handle.lost, handle.results["c"].key.attempt) == ([], {}, 2)
    of_c = [event for event in events if getattr(event, "step", None) == "c"]
    again = Again("c", "step b has changed 'x' in place, which its code does not tell")
    place = of_c.index(again)
    assert [e.state for e in of_c[:place]] == ["starting", "running", "failed"]
    assert [e.state for e in of_c[place + 1 :]] == ["waiting", "starting", "running", "succeeded"]
    told = [event for event in replay(find(store, handle.run)) if getattr(event, "step", None) == "c"]
    assert told == [again, StepState("c", "starting"), StepState("c", "succeeded")]
