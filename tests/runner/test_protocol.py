"""Control strings: whatever the pieces and whatever the text, the log is what the program printed."""

from __future__ import annotations

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from k8snb.runner.protocol import LIMIT, Decoder, encode, strip

NONCE = "00000000deadbeef"
OTHER = "1111111111111111"

# Text that looks like control strings, and parts of them, is likelier than in any real log.
fragments = st.sampled_from(
    [
        b"\x1b",
        b"\x1b_",
        b"\x1b\\",
        b"\x1b_k8snb:",
        b"\x1b_k8snb:0000",
        b"\n",
        b"\r",
        b"{}",
        encode(OTHER, "mark", b=1, l=1),
    ]
)
texts = st.lists(st.binary(max_size=20) | fragments, max_size=6).map(b"".join)
controls = st.builds(
    lambda kind, text: (kind, {"text": text}), st.sampled_from(["mark", "show", "err", "end"]), st.text(max_size=30)
)
logs = st.lists(texts | controls, max_size=8)
cuts = st.lists(st.integers(0, 400), max_size=12)


def raw(log: list) -> bytes:
    return b"".join(p if isinstance(p, bytes) else encode(NONCE, p[0], **p[1]) for p in log)


def fed(decoder: Decoder, data: bytes, at: list[int]) -> list:
    edges = [0, *sorted(min(c, len(data)) for c in at), len(data)]
    pieces = [p for a, b in itertools.pairwise(edges) for p in decoder.feed(data[a:b])]
    return joined([*pieces, decoder.flush()])


def joined(pieces: list) -> list:
    """Text between two control strings as one piece."""
    out: list = []
    for piece in pieces:
        if isinstance(piece, bytes) and out and isinstance(out[-1], bytes):
            out[-1] += piece
        elif piece:
            out.append(piece)
    return out


def expected(log: list) -> list:
    return joined([p if isinstance(p, bytes) else {"k": p[0], **p[1]} for p in log])


@given(logs, cuts)
def test_pieces_do_not_matter(log: list, at: list[int]) -> None:
    assert fed(Decoder(NONCE), raw(log), at) == expected(log)


@given(logs)
def test_stripped_is_what_was_printed(log: list) -> None:
    assert strip(NONCE, raw(log)) == b"".join(p for p in log if isinstance(p, bytes))


@given(texts)
def test_text_is_not_held_back_for_long(text: bytes) -> None:
    decoder = Decoder(NONCE)
    seen = b"".join(p for p in decoder.feed(text + b"x" * LIMIT) if isinstance(p, bytes))
    assert seen == text + b"x" * LIMIT


@given(st.text(), st.text())
def test_a_control_string_holds_no_escape_and_one_newline_at_most(kind: str, text: str) -> None:
    string = encode(NONCE, kind, text=text)
    assert string.count(b"\x1b") == 2
    assert string.count(b"\n") == (kind == "mark")
    assert string.isascii()


def test_text_that_only_looks_like_ours_is_text() -> None:
    text = b"\x1b_k8snb:" + NONCE.encode() + b":{not json}\x1b\\"
    assert Decoder(NONCE).feed(text) == [text]
    assert json.loads(encode(NONCE, "err")[len(b"\x1b_k8snb:") + 17 : -2]) == {"k": "err"}
