"""Two streams of one log, cut and repeated in any way, give each byte once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snb.orchestrators.kubernetes.client import NOT_FOUND, StatusError
from k8snb.orchestrators.kubernetes.logs import read
from k8snb.orchestrators.kubernetes.pipe import Pipe
from k8snb.orchestrators.kubernetes.stream import Assembler, finished
from k8snb.orchestrators.kubernetes.watch import Subject
from k8snb.runner.protocol import encode

NONCE = "0123456789abcdef"


@dataclass
class Log:
    """A raw log as a runner writes it; `preamble` is printed before the runner begins to count."""

    preamble: bytes
    raw: bytes
    marks: list[int]
    """Where marks end, in the whole of it."""

    @property
    def whole(self) -> bytes:
        return self.preamble + self.raw


def write(preamble: bytes, texts: list[bytes]) -> Log:
    raw, marks = encode(NONCE, "hello", python="3.11"), []
    for i, text in enumerate([b"", *texts, b""]):
        raw += text
        raw += encode(NONCE, "mark", b=len(raw), l=i)
        marks.append(len(preamble) + len(raw))
    return Log(preamble, raw + encode(NONCE, "end", state="succeeded"), marks)


text = st.one_of(
    st.binary(max_size=40), st.sampled_from([b"line\n", b"\r50%", b"\x1b_k8snb:", encode("f" * 16, "mark", b=7)])
)
logs = st.builds(write, st.sampled_from([b"", b"ERROR: ld.so\n"]), st.lists(text, max_size=12))


def pieces(draw: st.DrawFn, data: bytes) -> list[bytes]:
    cuts = sorted({0, len(data), *draw(st.lists(st.integers(0, len(data)), max_size=6))})
    return [data[a:b] for a, b in pairwise(cuts)]


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Log, list[tuple[str, object]]]:
    """A log, and what the two streams bring in which order; the log is read to its end at last."""
    log = draw(logs)
    begin = draw(st.integers(0, len(log.whole)))
    begin = draw(st.sampled_from([0, len(log.preamble), begin]))
    attach = [("attach", p) for p in pieces(draw, log.whole[begin : draw(st.integers(begin, len(log.whole)))])]
    reads: list[tuple[str, object]] = [
        ("log", p) for p in pieces(draw, log.whole[: draw(st.integers(0, len(log.whole)))])
    ]
    for _ in range(draw(st.integers(0, 3))):
        reads.append(("reread", draw(st.integers(0, 10**6))))
        reads.append(("pieces", draw(st.lists(st.integers(1, 60), max_size=8))))
    reads.append(("last", 0))
    order = draw(st.permutations([0] * len(attach) + [1] * len(reads)))
    queues = [iter(attach), iter(reads)]
    return log, [next(queues[i]) for i in order]


def play(log: Log, schedule: list[tuple[str, object]]) -> bytes:
    """Do as the follower does: reread from somewhere at or before the position, and whole after a gap."""
    assembler, out = Assembler(NONCE), b""
    source = log.whole
    for kind, value in schedule:
        match kind:
            case "attach":
                out += assembler.attach(value)
            case "log":
                out += assembler.log(value)
            case "reread":
                begin = value % (len(source) + 1) if assembler.marked else 0
                assembler.reread(whole=not begin)
                rest = source[begin:]
            case "pieces":
                for length in value:
                    out += assembler.log(rest[:length])
                    rest = rest[length:]
                    if assembler.gap:
                        assembler.reread(whole=True)
                        rest = source
            case "last":
                assembler.reread(whole=True)
                out += assembler.log(source)
                out += assembler.finish()
    return out


@given(schedules())
def test_each_byte_once_in_order(case: tuple[Log, list[tuple[str, object]]]) -> None:
    log, schedule = case
    out = play(log, schedule)
    # Of what stood before the runner's first word, what attach came too late for may be missing.
    assert log.whole.endswith(out)
    assert out.endswith(log.raw)


def test_attach_is_delivered_before_the_log_says_anything() -> None:
    log = write(b"", [b"first\n"])
    assembler = Assembler(NONCE)
    assert assembler.attach(log.raw) == log.raw
    assert not assembler.log_leads
    assert assembler.log(log.raw) == b""
    assert assembler.log_leads


def test_attach_waits_for_the_log_to_fill_what_it_missed() -> None:
    log = write(b"", [b"first\n", b"second\n"])
    assembler = Assembler(NONCE)
    assert assembler.attach(log.raw[30:]) == b""
    assert assembler.log(log.raw[: log.marks[0]]) == log.raw


def test_text_that_never_has_a_mark() -> None:
    assembler = Assembler(NONCE)
    assert assembler.attach(b"Traceback") == b""
    assert assembler.log(b"Traceback\nSyn") == b"Traceback\nSyn"
    assembler.reread(whole=True)
    assert assembler.log(b"Traceback\nSyntaxError\n") == b"taxError\n"
    assert assembler.finish() == b""


def test_what_was_rotated_away_is_passed_over() -> None:
    log = write(b"", [b"%04d\n" % i for i in range(50)])
    assembler = Assembler(NONCE)
    assembler.log(log.raw[:200])
    assembler.reread(whole=True)
    late = log.marks[30]
    assert assembler.log(log.raw[late:]) == log.raw[late:]
    assert assembler.log_leads


def test_a_gap_asks_for_the_whole_log() -> None:
    log = write(b"", [b"%04d\n" % i for i in range(50)])
    assembler = Assembler(NONCE)
    out = assembler.log(log.raw[: log.marks[2]])
    assembler.reread(whole=False)
    assert assembler.log(log.raw[log.marks[5] :]) == b""
    assert assembler.gap
    assembler.reread(whole=True)
    assert out + assembler.log(log.raw) == log.raw


@given(st.binary(max_size=20), st.integers(1, 60))
def test_a_control_string_is_not_cut(before: bytes, length: int) -> None:
    string = encode(NONCE, "mark", b=12345, l=67)
    before = before.replace(b"\x1b", b"")
    cut = before + string[:length]
    assert finished(cut, NONCE) == (len(before) if length < len(string) else len(cut))


def test_escapes_of_the_program_are_not_held_back() -> None:
    for text in (b"\x1b[31mred", b"a\x1b_other\x1b\\", encode("f" * 16, "mark")[:-3], b"\x1b[0m\r"):
        assert finished(text, NONCE) == len(text)


def test_attach_that_nobody_can_place_is_given_up() -> None:
    assembler = Assembler(NONCE)
    assembler.attach(b"x" * (2 << 20))
    assert assembler.stuck


def test_an_empty_stream_from_somewhere_is_not_the_end_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("k8snb.orchestrators.kubernetes.pipe._WHOLE", 10)
    pipe = Pipe(NONCE, lambda: None)
    log = write(b"", [b"first\n", b"second\n"])
    assert pipe.open_log() is None
    asyncio.run(pipe.from_log(log.raw[: log.marks[1]]))
    assert pipe.open_log() is not None
    assert not pipe.finish()
    assert pipe.open_log() is None
    asyncio.run(pipe.from_log(log.raw))
    assert pipe.finish()
    assert pipe.take() == log.raw


def test_a_whole_log_without_its_marks_is_not_the_log() -> None:
    pipe = Pipe(NONCE, lambda: None)
    log = write(b"", [b"first\n"])
    pipe.open_log()
    asyncio.run(pipe.from_log(log.raw[: log.marks[1]]))
    pipe.open_log()
    asyncio.run(pipe.from_log(b"some word of a server in place of the log " * 10))
    assert not pipe.finish()
    pipe.open_log()
    asyncio.run(pipe.from_log(log.raw))
    assert pipe.finish()
    assert pipe.take() == log.raw


class Answers:
    """Stands in for the API; answers with one text of a list each time that a log is opened, then "not found"."""

    def __init__(self, *texts: bytes) -> None:
        self.texts = list(texts)

    @asynccontextmanager
    async def open(self, _path: str, **_how: object) -> AsyncIterator[Answers]:
        if not self.texts:
            error = StatusError("not found")
            error.status = NOT_FOUND
            raise error
        yield self

    @property
    def content(self) -> Answers:
        return self

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self.texts.pop(0)


@pytest.mark.parametrize(
    "refusal",
    [
        b"unable to retrieve container logs for containerd://55c5c6d04c8c",
        b'failed to try resolving symlinks in path "/var/log/pods/n_p_u/step/0.log": lstat /var/log/pods/n_p_u: gone',
    ],
)
def test_the_word_of_a_kubelet_that_has_removed_the_log_is_no_log(refusal: bytes) -> None:
    pipe, subject = Pipe(NONCE, lambda: None), Subject("job")
    subject.pod = {"metadata": {"name": "pod"}, "status": {"phase": "Failed"}}
    asyncio.run(read(Answers(refusal, b"Traceback\n"), "namespace", subject, pipe))
    assert pipe.take(last=True) == b"Traceback\n"
    asyncio.run(read(Answers(refusal), "namespace", subject, pipe))
    assert pipe.take(last=True) == b""


def test_a_log_that_a_server_breaks_off_without_a_word_is_read_on() -> None:
    pipe, subject = Pipe(NONCE, lambda: None), Subject("job")
    subject.pod = {"metadata": {"name": "pod"}, "status": {"phase": "Succeeded"}}
    log = write(b"", [b"first\n", b"second\n"]).raw + encode(NONCE, "end", state="succeeded")
    cut = log.index(b"second")
    asyncio.run(read(Answers(log[:cut], log), "namespace", subject, pipe))
    assert pipe.take(last=True) == log


def test_a_log_whose_end_the_runner_has_told_is_read_once() -> None:
    pipe, subject = Pipe(NONCE, lambda: None), Subject("job")
    subject.pod = {"metadata": {"name": "pod"}, "status": {"phase": "Succeeded"}}
    log = write(b"", [b"first\n"]).raw + encode(NONCE, "end", state="succeeded")
    answers = Answers(log, b"not asked for")
    asyncio.run(read(answers, "namespace", subject, pipe))
    assert (pipe.take(last=True), len(answers.texts)) == (log, 1)
