"""What every orchestrator must do, said once; it names none of them.

A case is skipped only for a named capability.
"""

from __future__ import annotations

import asyncio
import re
import signal

import pytest

from k8snb.errors import OutOfMemoryError
from k8snb.orchestrators.base import Capability
from k8snb.pipeline.options import StepOptions
from tests.orchestrators.benches import Bench, Seen


def require(bench: Bench, capability: Capability) -> None:
    if capability not in bench.orchestrator.capabilities:
        pytest.skip(f"no capability {capability.name}")


def everything(seen: Seen) -> bool:
    """Follow until the attempt is gone."""
    return seen.gone is not None


async def test_output_arrives_whole_and_in_order(bench: Bench) -> None:
    attempt = await bench.start("for i in range(1000): print('line', i)\nx = 1")
    seen = await bench.follow(attempt)
    assert seen.text == b"".join(b"line %d\n" % i for i in range(1000))
    assert bench.result(attempt).state == "succeeded"
    assert [g.names for g in bench.result(attempt).groups] == [("x",)]


async def test_stderr_is_marked(bench: Bench) -> None:
    attempt = await bench.start("import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')")
    seen = await bench.follow(attempt)
    assert seen.text == b"a\nb\nc\n"
    assert [c["k"] for c in seen.controls if c["k"] in {"out", "err"}][:2] == ["err", "out"]


async def test_ten_megabytes_lose_nothing(bench: Bench) -> None:
    attempt = await bench.start("for i in range(100_000): print(f'{i:07d} ' + 'x' * 91)")
    seen = await bench.follow(attempt)
    lines = seen.text.splitlines()
    assert [int(line[:7]) for line in lines] == list(range(100_000))
    result = bench.result(attempt)
    assert result.log_lines == 100_000
    stored = b"".join(bench.store.get(f"{attempt.key.folder}/log/{i:06d}") for i in range(result.log_parts))
    assert stored == seen.raw[: len(stored)]
    assert len(stored) == result.log_bytes


async def test_output_without_a_newline_at_the_end(bench: Bench) -> None:
    attempt = await bench.start("print('no newline', end='')")
    assert (await bench.follow(attempt)).text == b"no newline"


async def test_bytes_that_are_no_text(bench: Bench) -> None:
    attempt = await bench.start("import os\nos.write(1, bytes(range(1, 256)) + b'\\n')\nNone")
    assert (await bench.follow(attempt)).text == bytes(range(1, 256)) + b"\n"


async def test_output_of_a_child_process(bench: Bench) -> None:
    source = (
        "import subprocess, sys\nprint('before')\n"
        "_ = subprocess.run([sys.executable, '-c', 'print(\"child\")'])\nprint('after')"
    )
    attempt = await bench.start(source)
    assert (await bench.follow(attempt)).text == b"before\nchild\nafter\n"


async def test_a_step_that_raises(bench: Bench) -> None:
    attempt = await bench.start("x = 7\n\nraise ValueError('no luck')")
    await bench.follow(attempt)
    result = bench.result(attempt)
    assert result.state == "failed"
    assert result.failure is not None
    assert (result.failure.ename, result.failure.evalue) == ("ValueError", "no luck")
    assert re.search(r"line 3\b", "\n".join(result.failure.traceback))
    assert [g.names for g in result.groups] == [("x",)]


async def test_a_step_that_is_killed(bench: Bench) -> None:
    attempt = await bench.start("import os, signal\nprint('alive')\nos.kill(os.getpid(), signal.SIGKILL)")
    seen = await bench.follow(attempt)
    assert seen.text == b"alive\n"
    result = bench.result(attempt)
    assert (result.state, result.code) == ("died", -signal.SIGKILL)


async def test_a_step_whose_supervisor_is_told_to_end(bench: Bench) -> None:
    source = "import os, signal, time\nprint('alive')\nos.kill(os.getppid(), signal.SIGTERM)\ntime.sleep(60)"
    attempt = await bench.start(source)
    seen = await bench.follow(attempt)
    assert seen.ended
    assert seen.text.startswith(b"alive\n")
    assert bench.result(attempt).state == "died"


async def test_the_end_without_a_word_is_told(bench: Bench) -> None:
    attempt = await bench.start("import os\nprint('alive')\nos._exit(3)")
    seen = await bench.follow(attempt)
    assert seen.text == b"alive\n"
    assert bench.result(attempt).code == 3


async def test_gone_is_told_where_nobody_stops_reading(bench: Bench) -> None:
    attempt = await bench.start("print('x')")
    seen = await bench.follow(attempt, until=everything)
    assert seen.text == b"x\n"
    assert seen.gone is not None
    assert seen.gone.code in {0, None}


async def test_cancel_ends_what_runs(bench: Bench) -> None:
    attempt = await bench.start("import time\nprint('begun')\ntime.sleep(300)")
    await bench.follow(attempt, until=lambda seen: b"begun" in seen.text)
    assert await bench.orchestrator.running(attempt.key.run) == [attempt.key]
    await bench.orchestrator.cancel([attempt.key])
    async with asyncio.timeout(30):
        while await bench.orchestrator.running(attempt.key.run):
            await asyncio.sleep(0.05)
    await bench.orchestrator.cancel([attempt.key])


async def test_starting_twice_is_adopted(bench: Bench) -> None:
    attempt = await bench.start("print('once')")
    await bench.orchestrator.start(attempt)
    assert (await bench.follow(attempt, until=everything)).text == b"once\n"


async def test_another_object_takes_over(bench: Bench) -> None:
    source = "import time\nfor i in range(40):\n    print(i)\n    time.sleep(0.05)"
    attempt = await bench.start(source)
    first = await bench.follow(attempt, until=lambda seen: b"\n5\n" in seen.text)
    assert not first.ended
    await bench.orchestrator.aclose()
    other = bench.another()
    await other.check()
    assert await other.running(attempt.key.run) == [attempt.key]
    seen = await bench.follow(attempt, by=other)
    assert seen.text == b"".join(b"%d\n" % i for i in range(40))
    await other.aclose()


async def test_a_reader_that_does_not_read_stops_nothing(bench: Bench) -> None:
    attempt = await bench.start("for i in range(200_000): print('x' * 99)\nprint('done')")
    await bench.follow(attempt, until=lambda seen: bool(seen.raw))
    async with asyncio.timeout(120):
        while not bench.store.exists(f"{attempt.key.folder}/result.json"):
            await asyncio.sleep(0.1)
    assert bench.result(attempt).log_lines == 200_001


async def test_environment_variables_are_given(bench: Bench) -> None:
    attempt = await bench.start("import os\nprint(os.environ['GREETING'])", StepOptions(env={"GREETING": "hi"}))
    assert (await bench.follow(attempt)).text == b"hi\n"


async def test_sets_of_texts_have_one_order_in_all_steps(bench: Bench) -> None:
    attempts = [await bench.start("print(hash('a'))") for _ in range(2)]
    first, second = [(await bench.follow(attempt)).text for attempt in attempts]
    assert first == second


async def test_reading_stdin_fails_at_once(bench: Bench) -> None:
    attempt = await bench.start("import sys\nprint(repr(sys.stdin.read()))\ninput()")
    assert (await bench.follow(attempt)).text == b"''\n"
    assert bench.result(attempt).state == "failed"


async def test_preparing_again_gives_the_same(bench: Bench) -> None:
    one, two = await bench.order("print(1)"), await bench.order("print(1)")
    assert one.image == two.image
    assert (await bench.order("print(2)")).image != one.image


async def test_a_timeout(bench: Bench) -> None:
    attempt = await bench.start("import time\nprint('begun')\ntime.sleep(300)", StepOptions(timeout=0.5))
    seen = await bench.follow(attempt)
    assert seen.text == b"begun\n"
    assert bench.result(attempt).state == "timed out"


async def test_a_memory_limit(bench: Bench) -> None:
    require(bench, Capability.MEMORY_LIMIT)
    attempt = await bench.start("print('begun')\nx = b'x' * (1 << 30)", StepOptions(memory="100Mi"))
    seen = await bench.follow(attempt, until=lambda seen: seen.gone is not None)
    assert seen.gone is not None
    assert isinstance(seen.gone.error, OutOfMemoryError)
