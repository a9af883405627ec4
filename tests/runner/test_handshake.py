"""The line on stdin that says that somebody reads."""

from __future__ import annotations

import os
import select
import subprocess
import time

from tests.runner.conftest import Runner


def silent(process: subprocess.Popen[bytes], seconds: float) -> bool:
    return not select.select([process.stdout], [], [], seconds)[0]


def test_nothing_is_printed_before_the_line(runner: Runner) -> None:
    spec = runner.order("print('hi')", handshake=30.0)
    with runner.start(spec, stdin=subprocess.PIPE) as process:
        assert silent(process, 0.7)
        process.stdin.write(b"go\n")
        process.stdin.flush()
        raw = process.stdout.read()
    assert raw.startswith(b'\x1b_k8snb:0123456789abcdef:{"k":"hello"')
    assert runner.ran(spec, raw, b"", process.returncode).text == "hi\n"


def test_without_a_line_it_starts_by_itself(runner: Runner) -> None:
    spec = runner.order("print('hi')", handshake=0.5)
    started = time.monotonic()
    with runner.start(spec, stdin=subprocess.PIPE) as process:
        raw = process.stdout.read()
    assert time.monotonic() - started > 0.5
    assert runner.ran(spec, raw, b"", process.returncode).text == "hi\n"


def test_a_closed_stdin_is_not_waited_for(runner: Runner) -> None:
    spec = runner.order("import sys; print(repr(sys.stdin.read()))", handshake=30.0)
    started = time.monotonic()
    with runner.start(spec, stdin=subprocess.DEVNULL) as process:
        assert runner.finish(spec, process).text == "''\n"
    assert time.monotonic() - started < 10


def test_no_stdin_at_all(runner: Runner) -> None:
    spec = runner.order("import os; print(os.read(0, 10))", handshake=30.0)
    with runner.start(spec, stdin=None, preexec_fn=lambda: os.close(0)) as process:
        assert runner.finish(spec, process).text == "b''\n"
