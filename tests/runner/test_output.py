"""What a step prints: all of it, in order, as it was printed."""

from __future__ import annotations

import os
import time

import pytest

from k8snb.runner.protocol import Decoder, strip
from tests.runner.conftest import NONCE, Runner


def show(text: str, **fields: object) -> dict:
    return {"k": "show", "data": {"text/plain": text}, "meta": {}, **fields}


def test_prints_errors_and_displays_keep_their_order(runner: Runner) -> None:
    source = """
import sys
for i in range(100):
    print("out", i)
    print("err", i, file=sys.stderr)
    display({"text/plain": f"shown {i}"}, raw=True)
"last"
"""
    expected: list = []
    for i in range(100):
        expected += [b"out %d\n" % i, {"k": "err"}, b"err %d\n" % i, show(f"shown {i}"), {"k": "out"}]
    expected[-1] = show("'last'", result=True)
    assert runner.run(source).pieces == expected


def test_children_and_c_code_write_between_what_python_prints(runner: Runner) -> None:
    source = """
import os, subprocess, sys
print("one")
subprocess.run(["sh", "-c", "echo two; echo three >&2"])
print("four")
os.write(1, b"five\\n")
os.write(2, b"six\\n")
print("seven", end="")
sys.stdout.buffer.write(b"\\xff\\n")
os.system("echo eight");
"""
    stream, streams, order = "out", {"out": b"", "err": b""}, b""
    for piece in runner.run(source).pieces:
        if isinstance(piece, dict):
            stream = piece["k"]
        else:
            streams[stream] += piece
            order += piece
    assert streams == {"out": b"one\ntwo\nfour\nfive\nseven\xff\neight\n", "err": b"three\nsix\n"}
    # "two" and "three" are a child's, "five" and "six" C code's: their order among each other is not known.
    assert order.index(b"three") < order.index(b"four")
    assert order.index(b"six") < order.index(b"seven")


def test_children_inherit_nothing_but_the_streams(runner: Runner) -> None:
    source = """
import subprocess
print(subprocess.run(["sh", "-c", "ls /proc/self/fd; cat"], capture_output=True, text=True).stdout.split())
"""
    assert len(eval(runner.run(source).text)) <= 4  # 0, 1, 2 and the folder that ls reads


def test_output_is_seen_while_c_code_holds_the_interpreter(runner: Runner) -> None:
    source = """
import ctypes
print("before")
ctypes.PyDLL(None).usleep(2_000_000)  # keeps the GIL
"""
    with runner.start(runner.order(source)) as process:
        raw = b""
        start = 0.0
        while b"before" not in raw:
            raw += os.read(process.stdout.fileno(), 4096)
            start = start or time.monotonic()
        assert time.monotonic() - start < 1.5


def test_ten_megabytes_of_anything(runner: Runner) -> None:
    source = """
import os, random
data = random.Random(1).randbytes(10_000_000)
view = memoryview(data)
while view:
    view = view[os.write(1, view[:100_001]):]
"""
    import random

    ran = runner.run(source)
    assert strip(NONCE, ran.raw) == random.Random(1).randbytes(10_000_000)
    assert ran.result.log_bytes == len(ran.stored)
    assert ran.result.log_parts >= 10


def test_lines_from_threads_stay_whole(runner: Runner) -> None:
    source = """
import sys, threading
def work(name):
    for i in range(2000):
        sys.stdout.write(f"{name} {i}\\n")
threads = [threading.Thread(target=work, args=(n,)) for n in "abc"]
for t in threads: t.start()
for t in threads: t.join()
"""
    lines = runner.run(source).text.splitlines()
    assert sorted(lines) == sorted(f"{n} {i}" for n in "abc" for i in range(2000))


def test_a_thread_that_nobody_waits_for_may_finish(runner: Runner) -> None:
    source = """
import threading, time
def work():
    time.sleep(0.3)
    print("late")
threading.Thread(target=work).start()
print("cell over")
"""
    assert runner.run(source).text == "cell over\nlate\n"


def test_the_store_has_the_log(runner: Runner) -> None:
    ran = runner.run("print('a')\nimport time; time.sleep(2.3); print('b')")
    end = ran.raw.index(b'{"k":"end"')
    assert ran.stored == ran.raw[: ran.raw.index(b"\x1b\\", end) + 2]
    assert ran.result.log_parts == 2
    assert (ran.result.log_bytes, ran.result.log_lines) == (len(ran.stored), 2)
    assert ran.controls("end") == [{"k": "end", "state": "succeeded", "bytes": end - len(b"\x1b_k8snb::") - 16}]


def test_marks_tell_the_position(runner: Runner) -> None:
    ran = runner.run("for i in range(40_000): print(i, 'x' * 40)")
    decoder, position, lines, text = Decoder(NONCE), 0, 0, 0
    for i in range(0, len(ran.raw), 1 << 16):
        for piece in decoder.feed(ran.raw[i : i + (1 << 16)]):
            if isinstance(piece, bytes):
                lines += piece.count(b"\n")
                text += len(piece)
                assert text <= 64 * 1024
            elif piece["k"] == "mark":
                assert piece["l"] == lines
                text = 0
                position = ran.raw.index(b'{"k":"mark"', position + 1)
                assert piece["b"] == position - len(b"\x1b_k8snb::") - 16
    assert lines == 40_000
    assert len(ran.raw) < 1.02 * len(strip(NONCE, ran.raw))


def test_slow_lines_cost_few_marks(runner: Runner) -> None:
    ran = runner.run("import time\nfor i in range(100): print('x' * 500); time.sleep(0.015)")
    assert len(ran.raw) < 1.02 * len(strip(NONCE, ran.raw)) + 600  # 600: the strings at start and end


def test_an_unfinished_line_is_followed_by_a_mark(runner: Runner) -> None:
    ran = runner.run("import time\nprint('50%', end='\\r')\ntime.sleep(0.6)\nprint('done')")
    after = ran.raw[ran.raw.index(b"50%\r") + 4 :]
    assert after.startswith(b"\x1b_k8snb:%b" % NONCE.encode())
    assert b'"mark"' in after[: after.index(b"done")]


def test_text_like_a_control_string_is_text(runner: Runner) -> None:
    ran = runner.run('print(\'\\x1b_k8snb:1111111111111111:{"k":"end"}\\x1b\\\\\')')
    assert ran.text == '\x1b_k8snb:1111111111111111:{"k":"end"}\x1b\\\n'
    assert len(ran.controls("end")) == 1


@pytest.mark.parametrize("text", ["\ud800", "é", "\r\n"])
def test_text_of_any_kind_prints(runner: Runner, text: str) -> None:
    ran = runner.run(f"print({text!a}, end='')")
    assert strip(NONCE, ran.raw) == text.encode("utf-8", "backslashreplace")
    assert ran.code == 0


def test_print_does_what_it_does(runner: Runner) -> None:
    source = """
import io, pickle, sys
class Broken:
    def __str__(self): raise ValueError("no text")
held = io.StringIO()
print("held", file=held)
print(1, 2, sep="-", end="|\\n", flush=True)
print()
print(3, sep=None, end=None, file=sys.stderr)
print(pickle.loads(pickle.dumps(print)) is print, print.__name__, held.getvalue(), end="")
try:
    print(1, sep=5)
except TypeError as error:
    print(error)
print("before", Broken())
"""
    ran = runner.run(source)
    assert ran.text == "1-2|\n\n3\nTrue print held\nsep must be None or a string, not int\nbefore "
    assert [line for line in ran.traceback if "step, line" in line] == [
        "step step, line 15",
        "step step, line 4, in Broken.__str__(self)",
    ]
    assert not any(line.startswith("File") for line in ran.traceback)


def test_streams_look_like_streams(runner: Runner) -> None:
    source = "import sys; print([(s.fileno(), s.isatty(), s.encoding, s.name) for s in (sys.stdout, sys.stderr)])"
    text = runner.run(source).text
    assert eval(text) == [(1, False, "utf-8", "<stdout>"), (2, False, "utf-8", "<stderr>")]


def test_redirected_descriptors_are_left_to_the_user(runner: Runner) -> None:
    source = """
import os, tempfile
with tempfile.TemporaryFile() as file:
    kept = os.dup(1)
    os.dup2(file.fileno(), 1)
    print("into the file")
    os.dup2(kept, 1)
    file.seek(0)
    print("read:", file.read())
"""
    assert runner.run(source).text == "read: b'into the file\\n'\n"


def test_a_child_in_the_background_does_not_hold_up_the_end(runner: Runner) -> None:
    started = time.monotonic()
    ran = runner.run("import subprocess\np = subprocess.Popen(['sleep', '30'])\nprint(p.pid)")
    os.kill(int(ran.text), 9)
    assert time.monotonic() - started < 10
    assert ran.code == 0


def test_a_forked_process_that_falls_out_of_the_cell_writes_no_result(runner: Runner) -> None:
    source = """
import os
if os.fork():
    os.wait()
    x = "parent"
else:
    x = "child"
print(x)
"""
    ran = runner.run(source, outputs=["x"])
    assert ran.text == "child\nparent\n"
    assert ran.result.state == "succeeded"
    assert len(ran.controls("end")) == 1


def test_multiprocessing_works(runner: Runner) -> None:
    source = """
import multiprocessing
def square(x):
    print("in", x)
    return x * x
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(sum(pool.map(square, range(10))))
"""
    lines = runner.run(source).text.splitlines()
    assert sorted(lines) == sorted([*(f"in {i}" for i in range(10)), "285"])


def test_a_reader_that_goes_away_stops_nothing(runner: Runner) -> None:
    spec = runner.order("for i in range(20_000): print('x' * 100)")
    with runner.start(spec) as process:
        process.stdout.read(10)
        process.stdout.close()
    ran = runner.ran(spec, b"", b"", process.returncode)
    assert ran.result.state == "succeeded"
    assert ran.result.log_lines == 20_000
    assert strip(NONCE, ran.stored) == (b"x" * 100 + b"\n") * 20_000


def test_files_are_written_to_the_end(runner: Runner) -> None:
    ran = runner.run(
        "import atexit\natexit.register(print, 'bye')\nf = open('left-open.txt', 'w')\nf.write('all of it')\nNone"
    )
    assert (runner.folder / "left-open.txt").read_text() == "all of it"
    assert ran.text == "bye\n"
