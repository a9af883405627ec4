"""Runs of the past in the notebook."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from inprocess import Notebook
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.lib.pretty import pretty

import k8snb
from k8snb.errors import HistoryError, InputError, StackError, StepFailed, UnpackableError
from k8snb.notebook import past
from k8snb.run import record
from k8snb.ui.mime import MIME


@pytest.fixture
def twice(nb: Notebook) -> Notebook:
    """A notebook whose pipeline has run twice, the second time to a failure."""
    nb.run("%%k8s_step load\nprint('loading')\nprint('careful', err=True)\nscale = 2\ndef f(x):\n    return x * scale")
    nb.run("%%k8s_step train\nprint('score', f(1))\nprint('a figure', shown=True)\nbest = [f(1)]\nsame = best")
    nb.run("%k8s_run")
    nb.run("%%k8s_step load\nprint('loading')\nscale = 3\ndef f(x):\n    return x * scale")
    nb.run("%%k8s_step train\nprint('score', f(1))\nraise ValueError('no luck')")
    with pytest.raises(StepFailed):
        nb.run("%k8s_run")
    nb.seen.clear()
    return nb


def displayed(nb: Notebook) -> str:
    return "\n".join(data["text/plain"] for kind, data, _ in nb.seen if kind in {"display", "update"})


def test_the_table_of_runs(twice: Notebook) -> None:
    twice.run("%k8s_runs")
    first, second, third = displayed(twice).splitlines()
    assert first.startswith("run")
    assert re.search(r"✗ failed +today .* 1 of 2, train failed +\w+ +local", second)
    assert re.search(r"✓ succeeded +today .* 2 of 2", third)
    twice.seen.clear()
    twice.run("%k8s_runs --limit 1")
    assert "the 1 newest; --limit N shows more" in displayed(twice)
    (_, data, _) = twice.seen[-1]
    assert data[MIME] == {"kind": "runs", "runs": [k8snb.runs()[-1].id], "stack": ""}
    assert "succeeded" not in displayed(twice)


def test_a_run_is_opened_as_it_was_and_its_failure_does_not_fail_the_cell(twice: Notebook) -> None:
    twice.run("%k8s_runs -2")
    assert twice.text() == "loading\nscore 2\n"
    assert twice.text("stderr") == "careful\n"
    told = displayed(twice)
    assert "succeeded in" in told.splitlines()[0]
    assert "load ✓ succeeded 2.0 s → train ✓ succeeded 2.0 s" in told
    assert told.index("train: succeeded in 2.0 s") < told.index("a figure")
    twice.seen.clear()
    twice.run("%k8s_runs last\nafter = 1")
    assert twice.text() == "loading\nscore 3\n"
    assert displayed(twice).endswith("step train failed:\nValueError: no luck")
    assert "train: failed in 2.0 s (ValueError: no luck)" in displayed(twice)
    assert twice.ns["after"] == 1


def test_all_displays_with_one_id_are_as_they_were_at_the_end(nb: Notebook) -> None:
    show = "print(1, shown=True, id='x')"
    nb.run(f"%%k8s_step a --run\n{show}\n{show}\nprint(2, shown=True, id='x', update=True)")
    nb.seen.clear()
    nb.run("%k8s_runs last")
    assert displayed(nb).splitlines()[-2:] == ["2", "2"]


def test_of_a_long_log_a_run_shows_the_beginning_and_the_way_to_all(twice: Notebook) -> None:
    twice.run("%config K8sMagics.lines = 0")
    twice.run("%k8s_runs -2")
    assert re.search(r"load has printed 2 more lines, 16 bytes \(all: %k8s_logs load --run \S+\)", displayed(twice))


def test_two_runs_are_compared(twice: Notebook) -> None:
    twice.run("%k8s_runs -2 last")
    told = displayed(twice)
    assert re.search(r"state +✓ succeeded +✗ failed +differs", told)
    assert re.search(r"shows +score 2 +score 3 +differs", told)
    assert re.search(r"shows +careful +only in the first run", told)
    assert re.search(r"shows +a figure +only in the first run", told)
    assert "code differs" in told


def test_what_two_runs_were_given_and_have_drawn_is_compared(nb: Notebook) -> None:
    for value in (1, 2):
        nb.run(f"n = {value}\nsame = 'x'")
        nb.run("%%k8s_step a\nprint('a table', shown=True)\nm = n, same")
        nb.run("%k8s_run")
    nb.seen.clear()
    nb.run("%k8s_runs -2 last")
    told = displayed(nb)
    assert re.search(r"given n +int 1 +int 2 +differs", told)
    assert "same" not in told
    assert "code differs" not in told


def test_a_log_is_of_the_last_run_or_of_the_one_that_is_named(twice: Notebook) -> None:
    twice.run("%k8s_logs train")
    assert twice.text() == "score 3\n"
    assert re.fullmatch(r"train, run \S+, today \d\d:\d\d by \w+: failed", displayed(twice))
    twice.seen.clear()
    twice.run("which = 'load'\n%k8s_logs {which} --run -2")
    assert twice.text() == "loading\ncareful\n"


def test_lines_are_chosen_and_braces_of_an_expression_stay(twice: Notebook) -> None:
    twice.run("%k8s_logs load --run -2 --grep 'ca.{5}$'")
    assert twice.text() == "careful\n"
    twice.run("%k8s_logs load --run -2 --tail 1")
    assert twice.text() == "careful\n" * 2
    twice.seen.clear()
    twice.run("%k8s_logs load --grep nothing")
    assert "no line matches" in displayed(twice)


def test_what_is_too_much_is_left_out_and_the_way_to_it_is_told(
    twice: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "LOG_BYTES", 9)
    twice.run("%k8s_logs load --run -2")
    assert twice.text() == "careful\n"
    assert re.search(r"left out: 1 line before these; .*%k8s_logs load --run \S+ --save load.log", displayed(twice))


def test_a_log_is_written_as_it_was_printed_and_overwrites_nothing(twice: Notebook) -> None:
    twice.run("%k8s_logs load --run -2 --save 'the log.txt'")
    assert Path("the log.txt").read_bytes() == b"loading\ncareful\n"
    assert f"2 lines written to {Path('the log.txt').absolute()}" in displayed(twice)
    with pytest.raises(InputError, match="already"):
        twice.run("%k8s_logs train --save 'the log.txt'")
    twice.run("%k8s_logs train --save 'the log.txt' --force")
    assert Path("the log.txt").read_bytes() == b"score 3\n"


def test_of_a_step_that_runs_elsewhere_what_the_store_has_is_shown(twice: Notebook) -> None:
    store = twice.session.engine().store
    run = k8snb.runs()[-1].id
    written = record.read(store, run)
    written.state, written.ended, written.heartbeat = "running", 0.0, time.time()
    written.steps["train"].state, written.steps["train"].started = "running", time.time() - 3600
    store.put(record.path(run), written.dumps())
    store.delete(f"runs/{run}/train/-/1/result.json")
    twice.run("%k8s_logs train")
    assert twice.text() == "score 3\n"
    assert displayed(twice).endswith(": running; this is what the store has so far")
    twice.run(f"%k8s_runs {run}")
    assert re.search(r"train: running for \d.* \(as far as the store has it\)", displayed(twice))
    written.heartbeat -= record.STALE + 1
    store.put(record.path(run), written.dumps())
    twice.run("%k8s_logs train")
    assert displayed(twice).endswith("the run was interrupted; the step may go on: this is what there is")


def test_a_log_that_the_store_has_not_whole_is_told_so(twice: Notebook) -> None:
    store = twice.session.engine().store
    path = f"runs/{k8snb.runs()[-1].id}/train/-/1/result.json"
    store.put(path, json.dumps({**json.loads(store.get(path)), "log_lines": 7}).encode())
    twice.run("%k8s_logs train")
    assert "failed; the store lacks its last 6 lines" in displayed(twice)


MISTAKES = {
    "%k8s_runs 9": (HistoryError, "there is no run '9'"),
    "%k8s_runs last -9": (HistoryError, "there are only 2 runs"),
    "%k8s_runs --limit 0": (InputError, "--limit 0"),
    "%k8s_runs --stack lokal": (StackError, "did you mean 'local'"),
    "%k8s_logs trian": (HistoryError, "did you mean 'train'"),
    "%k8s_logs trian --run last": (HistoryError, "did you mean 'train'"),
    "%k8s_logs train --attempt 2": (HistoryError, "has no attempt 2"),
    "%k8s_logs train --grep (": (InputError, "--grep '(' is no regular expression"),
    "%k8s_logs train --save nowhere/a.log": (InputError, "make the folder"),
    "%k8s_logs 'train": (UsageError, "No closing quotation"),
    "%k8s_logs": (UsageError, "STEP"),
    "%k8s_logs train --tail few": (UsageError, "--tail"),
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_are_told_and_nothing_is_written(twice: Notebook, line: str) -> None:
    kind, says = MISTAKES[line]
    with pytest.raises(kind) as caught:
        twice.run(line)
    assert says in str(caught.value)
    assert list(Path().iterdir()) == []


def test_in_python(twice: Notebook) -> None:
    runs = twice.run("import k8snb\nk8snb.runs()")
    assert [run.state for run in runs] == ["succeeded", "failed"]
    step = runs[0].step("train")
    assert sorted(step.outputs) == ["best", "same"]
    assert "best (list" in repr(step.outputs)
    assert step.outputs["best"] == [2]
    assert step.outputs["same"] is step.outputs["best"]
    assert runs[0].step("load").outputs["f"](4) == 8
    assert [d.data["text/plain"] for d in step.displays] == ["a figure"]
    assert runs[1].step("train").failure.evalue == "no luck"
    assert pretty(runs[1].step("train").failure).endswith("ValueError: no luck")
    assert k8snb.runs(limit=1)[0].id == runs[1].id
    with pytest.raises(HistoryError) as caught:
        step.outputs["bets"]
    assert "did you mean 'best'" in str(caught.value)
    assert step.outputs.get("bets") is None


def test_keys_of_outputs_are_told_without_loading_and_each_is_loaded_once(
    twice: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = k8snb.runs()[0].step("train")
    read: list[str] = []
    get = step.run.store.get
    monkeypatch.setattr(step.run.store, "get", lambda path: read.append(path) or get(path))
    assert ("best" in step.outputs, len(step.outputs)) == (True, 2)
    assert [path for path in read if "blobs" in path] == []
    assert step.outputs["best"] is step.outputs["best"]


def test_reused_steps_are_shown_as_that_and_their_values_can_be_had(nb: Notebook) -> None:
    nb.run("offset = 100")
    nb.run("%%k8s_step load\nscale = 2\nprint('loading')\ndef f(x):\n    return x * scale")
    nb.run("%%k8s_step shift\ndef g(x):\n    return f(x) + offset\ng(0)")
    nb.run("%%k8s_step train\nbest = g(1)\nprint('score', best)")
    nb.run("%k8s_run")
    nb.run("%k8s_run train --reuse")
    first, again = k8snb.runs()
    assert [step.reused for step in again.steps] == [first.id, first.id, ""]
    nb.seen.clear()
    nb.run("%k8s_runs")
    assert "3 of 3, load, shift reused" in displayed(nb).splitlines()[1]
    assert nb.run("import k8snb\nk8snb.runs()[-1].step('shift').outputs['g'](1)") == 102
    nb.seen.clear()
    nb.run("%k8s_runs last")
    assert f"reused: load, shift from run {first.id}" in displayed(nb)
    assert "load ↺ reused → shift ↺ reused → train ✓ succeeded" in displayed(nb)
    assert nb.text() == "score 102\n"
    nb.seen.clear()
    nb.run("%k8s_logs load --run last")
    assert nb.text() == "loading\n"
    assert f"load, reused from run {first.id}, run {again.id}" in displayed(nb)


def test_fewer_than_one_run_cannot_be_asked_for(nb: Notebook) -> None:
    for limit in (0, -1):
        with pytest.raises(InputError, match="no run would be left"):
            k8snb.runs(limit=limit)


def test_values_of_a_step_that_was_reused_from_another_stack_can_be_had(nb: Notebook) -> None:
    Path("k8snb.toml").write_text('[stacks.other]\nextends = "local"\nartifact_store = { uri = "other" }\n')
    nb.run("%%k8s_step load\nscale = 2\nprint('loading')\ndef f(x):\n    return x * scale")
    nb.run("%%k8s_step shift\ndef g(x):\n    return f(x) + 100\ng(0)")
    nb.run("%k8s_run shift")
    nb.run("%%k8s_step train\nbest = g(1)")
    nb.run("%k8s_run train --reuse --stack other")
    (first,) = k8snb.runs("local")
    assert nb.run("import k8snb\nk8snb.runs('other')[-1].step('shift').outputs['g'](1)") == 102
    nb.seen.clear()
    nb.run("%k8s_runs last --stack other")
    assert f"reused: load, shift from run {first.id} in {first.store.place}" in displayed(nb)
    nb.seen.clear()
    nb.run("%k8s_logs load --stack other")
    assert nb.text() == "loading\n"


def test_a_function_of_a_step_uses_what_came_from_other_steps_and_the_kernel(nb: Notebook) -> None:
    nb.run("offset = 100")
    nb.run("%%k8s_step a\nscale = 2")
    nb.run("%%k8s_step b\ndef f(x):\n    return x * scale\ndef g():\n    return offset\ng()")
    nb.run("%k8s_run")
    nb.run("offset = 0\nscale = 0")
    outputs = k8snb.runs()[-1].step("b").outputs
    assert (outputs["f"](4), outputs["g"]()) == (8, 100)
    assert nb.ns["scale"] == 0


def test_a_value_that_could_not_travel_says_why(nb: Notebook) -> None:
    nb.run("%%k8s_step a --run\nimport threading\nlock = threading.Lock()\nx = 1")
    outputs = k8snb.runs()[-1].step("a").outputs
    assert outputs["x"] == 1
    with pytest.raises(UnpackableError, match="lock cannot travel"):
        outputs["lock"]


def test_outside_of_a_notebook_the_folder_says_which_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("K8SNB_STACK", "K8SNB_NOTEBOOK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "k8snb.toml").write_text('[k8snb]\nstack = "s"\n[stacks.s]\nartifact_store = { uri = "store" }\n')
    monkeypatch.chdir(tmp_path)
    assert k8snb.runs() == []
    with pytest.raises(StackError, match="there is no stack 'x'"):
        k8snb.runs("x")


def offered(nb: Notebook, text: str) -> list[str]:
    with provisionalcompleter():
        return [one.text for one in nb.shell.Completer.completions(text, len(text))]


def test_runs_and_steps_are_offered(twice: Notebook) -> None:
    first, second = (run.id for run in k8snb.runs())
    assert offered(twice, "%k8s_runs ") == ["last", second, first, "--limit", "--stack"]
    assert offered(twice, f"%k8s_runs {first} la") == ["last"]
    assert offered(twice, "%k8s_runs --stack ") == ["local"]
    assert offered(twice, "%k8s_logs ")[:3] == ["load", "train", "--run"]
    assert offered(twice, "%k8s_logs train --run ") == ["last", second, first]
    assert offered(twice, "%k8s_logs train --t") == ["--tail"]
    assert offered(twice, "%k8s_logs train ")[0] == "--run"


def test_steps_of_past_runs_are_offered_before_any_cell_was_executed(twice: Notebook) -> None:
    twice.session.cells.__init__()  # type: ignore[misc]  # as after a restart of the kernel
    assert offered(twice, "%k8s_logs tr") == ["train"]


@pytest.mark.parametrize("magic", ["k8s_runs", "k8s_logs"])
def test_help_has_an_example(nb: Notebook, magic: str) -> None:
    assert f"%{magic}" in nb.shell.find_magic(magic, "line").__doc__.partition("Example::")[2]
