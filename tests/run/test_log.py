"""A raw log as events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from k8snb.artifacts.store import open_store
from k8snb.run.events import Clear, Display, Event, StepState, Text
from k8snb.run.log import RawLog, Stored
from k8snb.runner.protocol import encode

NONCE = "0123456789abcdef"


def say(kind: str, **fields: object) -> bytes:
    return encode(NONCE, kind, **fields)


LOG = b"".join(
    [
        say("hello"),
        say("mark", b=1, l=0),
        say("start", t=1.0),
        b"one\n",
        say("err"),
        b"careful\n",
        say("out"),
        encode("f" * 16, "end", state="succeeded"),  # printed by a program that knows how these look
        say("show", data={"text/plain": "6"}, meta={}, result=True),
        say("clear", wait=True),
        b"two",
        say("end", state="failed"),
    ]
)


def joined(events: list[Event | Stored]) -> list[Event | Stored]:
    """Join neighbouring pieces of one text: where they are cut is nobody's business."""
    found: list[Event | Stored] = []
    for event in events:
        if isinstance(event, Text) and found and isinstance(found[-1], Text) and found[-1].stream == event.stream:
            found[-1] = Text(event.step, event.stream, found[-1].data + event.data)
        else:
            found.append(event)
    return found


@pytest.mark.parametrize("size", [1, 7, 64, len(LOG)])
def test_events_are_the_same_however_the_log_is_cut(size: int) -> None:
    log = RawLog("a", NONCE)
    events = [event for i in range(0, len(LOG), size) for event in log.feed(LOG[i : i + size])]
    assert joined([*events, *log.flush()]) == [
        StepState("a", "running"),
        Text("a", "stdout", b"one\n"),
        Text("a", "stderr", b"careful\n"),
        Text("a", "stdout", encode("f" * 16, "end", state="succeeded")),
        Display("a", {"text/plain": "6"}, {}, result=True),
        Clear("a", wait=True),
        Text("a", "stdout", b"two"),
    ]
    assert (log.state, log.begun, log.bytes, log.lines) == ("failed", True, len(LOG), 2)


def test_what_may_have_become_a_control_string_is_text_in_the_end() -> None:
    log = RawLog("a", NONCE)
    assert list(log.feed(b"x\x1b_k8s")) == [Text("a", "stdout", b"x")]
    assert list(log.flush()) == [Text("a", "stdout", b"\x1b_k8s")]
    assert (log.state, log.begun) == (None, False)


def test_a_large_display_is_fetched_from_the_store(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.put("blobs/d1", json.dumps({"data": {"image/png": "..."}, "meta": {"w": 1}, "id": "x"}).encode())
    (stored,) = RawLog("a", NONCE).feed(say("show", blob="d1"))
    assert isinstance(stored, Stored)
    assert stored.fetch(store) == Display("a", {"image/png": "..."}, {"w": 1}, "x")
