"""How a step ends, and what is said of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.runner.conftest import Runner


def test_success(runner: Runner) -> None:
    before = time.time()
    ran = runner.run("print('hi')")
    assert (ran.code, ran.result.state, ran.result.code, ran.stderr) == (0, "succeeded", 0, b"")
    assert before < ran.result.started < ran.result.ended < time.time()


@pytest.mark.parametrize(
    ("end", "number"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", signal.SIGKILL),
        ("os.abort()", signal.SIGABRT),
        ("ctypes.string_at(0)", signal.SIGSEGV),
    ],
)
def test_a_signal(runner: Runner, end: str, number: int) -> None:
    ran = runner.run(f"import ctypes, os, signal\nx = 1\nprint('alive')\n{end}", outputs=["x"])
    assert ran.text.startswith("alive\n")
    assert (ran.code, ran.result.state, ran.result.code) == (128 + number, "died", -number)
    assert ran.result.groups == []
    assert ran.controls("end")[0]["state"] == "died"
    assert ran.stored == ran.raw[: len(ran.stored)]
    if number == signal.SIGSEGV:
        assert 'File "step step", line 4' in ran.text  # faulthandler says where


@pytest.mark.parametrize(("code", "exit_code"), [(3, 3), (0, 1)])
def test_an_exit_without_a_word(runner: Runner, code: int, exit_code: int) -> None:
    ran = runner.run(f"import os\nprint('alive')\nos._exit({code})")
    assert ran.text == "alive\n"
    assert (ran.code, ran.result.state, ran.result.code) == (exit_code, "died", code)


@pytest.mark.parametrize(
    ("source", "ename", "evalue"),
    [
        ("import sys\nsys.exit(5)", "SystemExit", "5"),
        ("exit()", "SystemExit", "None"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", ""),
        ("1 / 0", "ZeroDivisionError", "division by zero"),
    ],
)
def test_an_exception(runner: Runner, source: str, ename: str, evalue: str) -> None:
    ran = runner.run(source)
    assert (ran.code, ran.result.state, ran.result.code) == (1, "failed", 1)
    assert (ran.result.failure.ename, ran.result.failure.evalue) == (ename, evalue)
    assert ran.controls("end")[0]["state"] == "failed"


def until_ready(process: subprocess.Popen[bytes]) -> bytes:
    seen = b""
    while b"ready" not in seen:
        seen += os.read(process.stdout.fileno(), 4096)
    return seen


def test_sigterm_is_handed_on(runner: Runner) -> None:
    source = """
import signal, sys, time
def stop(*_):
    print("stopping")
    sys.exit(7)
signal.signal(signal.SIGTERM, stop)
print("ready")
time.sleep(60)
"""
    spec = runner.order(source)
    with runner.start(spec) as process:
        seen = until_ready(process)
        process.terminate()
        ran = runner.finish(spec, process, seen)
    assert ran.text == "ready\nstopping\n"
    assert ran.result.failure.ename == "SystemExit"


def test_a_step_that_ignores_sigterm_is_killed(runner: Runner) -> None:
    source = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready')\ntime.sleep(60)"
    spec = runner.order(source)
    with runner.start(spec) as process:
        seen = until_ready(process)
        started = time.monotonic()
        process.terminate()
        ran = runner.finish(spec, process, seen)
    assert time.monotonic() - started < 3
    assert (ran.result.state, ran.result.code, ran.code) == ("died", -signal.SIGKILL, 128 + signal.SIGKILL)


def test_input_fails_at_once_and_says_why(runner: Runner) -> None:
    failure = runner.run("input('Name? ')").result.failure
    assert failure.ename == "EOFError"
    assert "Name? " in failure.evalue


def test_a_child_that_reads_stdin_does_not_hang(runner: Runner) -> None:
    spec = runner.order("import subprocess\nsubprocess.run(['cat'], check=True)\nprint('through')")
    with runner.start(spec, stdin=subprocess.PIPE) as process:
        raw = process.stdout.read()
    assert runner.ran(spec, raw, b"", process.returncode).text == "through\n"


def test_a_store_without_the_spec(runner: Runner) -> None:
    runner.store.put("other", b"")
    spec = runner.order("print(1)")
    runner.store.delete(f"{spec.key.folder}/spec.json")
    with runner.start(spec) as process:
        raw, stderr = process.communicate(timeout=20)
    assert (process.returncode, raw) == (1, b"")
    assert b"spec.json" in stderr
    assert b"from_pods" in stderr


def test_code_of_another_run_is_refused(runner: Runner) -> None:
    ran = runner.run("print('never')", source_digest="0" * 64)
    assert ran.text == ""
    assert (ran.result.state, ran.result.failure.ename) == ("failed", "ConfigError")


def test_another_python_is_refused(runner: Runner) -> None:
    ran = runner.run("x = 1", outputs=["x"], python="3.8")
    assert ran.result.failure.ename == "ConfigError"
    assert "3.8" in ran.result.failure.evalue


def test_a_step_that_takes_too_long_is_ended(runner: Runner) -> None:
    ran = runner.run("import time\nprint('begun')\ntime.sleep(60)", timeout=0.3)
    assert ran.text == "begun\n"
    assert ran.result.state == "timed out"
    assert ran.result.code == -signal.SIGTERM


def test_the_timeout_is_that_of_the_cell(runner: Runner) -> None:
    ran = runner.run("import atexit, time\natexit.register(time.sleep, 2.5)", timeout=2)
    assert ran.result.state == "succeeded"
