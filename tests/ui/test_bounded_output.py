"""What is shown of a step's output: all of little, the beginning and the end of much, no markup, little room."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snb.run.events import Display
from k8snb.run.terminal import drawn
from k8snb.ui import output
from k8snb.ui.output import Output, Remark, Written
from k8snb.ui.parts import ENDS, LAST_LINES, LINES, RUN, STEP, End, Room
from k8snb.ui.words import size_in_words

TEXT = st.text(st.characters(exclude_characters="\r\x1b", exclude_categories=["Cs"]), max_size=30)
UP = "\x1b[A"
PIECES = st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), TEXT), max_size=30)


def written(*pieces: str, room: Room | None = None) -> Output:
    made = Output("train", room or Room("r1"))
    for piece in pieces:
        made.write("stdout", piece)
    return made


def streams(made: Output) -> str:
    return "".join(item.text for item in made.items if isinstance(item, Written))


def in_place(made: Output) -> list[str]:
    return [part.bundle()["text/plain"] for part in made.parts.values()]


def size(made: Output) -> int:
    """Bytes of what a notebook has of an output."""
    bundles = [part.bundle() for part in made.parts.values()]
    return len(json.dumps([streams(made), bundles], ensure_ascii=False).encode())


@given(PIECES)
def test_little_text_is_written_as_it_came(pieces: list[tuple[str, str]]) -> None:
    made = Output("train", Room())
    for stream, text in pieces:
        made.write(stream, text)
    assert [(item.stream, item.text) for item in made.items] == [piece for piece in pieces if piece[1]]


@pytest.mark.parametrize(
    "piece",
    [
        "x" * 1_000_000,
        "\0" * 300_000,
        "€\n" * 100_000,
        "<b>\n" * 100_000,
        "\x1b]0;",
        "a\r\n" * 50_000,
        "\r10%" * 50_000,
        "\n\rinner\x1b[A\router",
        "a\n\x1b[99A",
        "<\n" * 30 + "\r\x1b[30A",
    ],
)
@pytest.mark.parametrize("cut", [7, 5000, 10_000_000])
def test_of_much_text_little_is_shown(piece: str, cut: int) -> None:
    text = (piece * 50_000)[:200_000] if len(piece) < 10 else piece[:300_000]
    made = written(*(text[i : i + cut] for i in range(0, len(text), cut)))
    assert size(made) < STEP + 20_000
    assert streams(made).count("\n") <= LINES


def test_the_beginning_is_written_and_the_rest_counted_with_its_last_lines() -> None:
    text = "".join(f"line {i}\n" for i in range(10_000))
    made = written(text[:50_000], text[50_000:])
    shown = streams(made)
    assert text.startswith(shown)
    assert shown.endswith("\n")
    rest = text[len(shown) :]
    title, *last = in_place(made)[0].splitlines()
    size = size_in_words(len(rest))
    assert (
        title
        == f"… train has printed {rest.count(chr(10)):,} more lines, {size} (all: %k8s_logs train --run r1); the last:"
    )
    assert last == rest.splitlines()[-len(last) :]
    assert len(last) == LAST_LINES


def test_a_run_of_many_steps_that_print_much_stays_small() -> None:
    room, steps = Room(), []
    for i in range(200):
        steps.append(Output(f"step_{i}", room))
        steps[-1].write("stdout", f"{i} is a long line of a log\n" * 2000)
        steps[-1].end(well=True)
    assert sum(len(streams(step)) for step in steps) <= RUN
    assert sum(map(size, steps)) < RUN + ENDS + 200 * 400
    failed = Output("failed", room)
    failed.write("stdout", "some\n" * 5000 + "the last words\n")
    failed.end(well=False)
    assert "the last words" in in_place(failed)[0]
    assert "<details open>" in failed.parts[max(failed.parts)].bundle()["text/html"]


def test_what_is_cleared_gives_its_room_back() -> None:
    room = Room()
    made = written("x\n" * 150, room=room)
    made.clear()
    assert (made.items, room.left) == ([], RUN)
    made.write("stdout", "y\n" * 150)
    assert streams(made) == "y\n" * 150


def test_a_progress_bar_is_shown_in_its_place() -> None:
    made = written("before\n")
    for i in range(2000):
        made.write("stderr", f"\r{i / 20:.0f}%|{'#' * (i // 100):<20}| {i}/2000")
    made.write("stderr", "\r100%|done\nafter\n")
    assert in_place(made) == [f"100%|done{'#' * 15} | 1999/2000"]
    assert streams(made) == "before\nafter\n"


def test_bars_that_pile_up_go_on_in_one_place() -> None:
    made = written(*(f"\r{i} 10%\n\r{i} 20%\n" for i in range(100)))
    told, *shown = in_place(made)[0].splitlines()
    assert told == "… train has drawn more lines above (all: %k8s_logs train --run r1)"
    assert shown == [line for i in range(80, 100) for line in (f"{i} 10%", f"{i} 20%")]
    assert streams(made) == ""


def test_bars_below_each_other_are_drawn_where_they_stand() -> None:
    made = Output("train", Room())
    made.write("stderr", "before\n\router 0%")
    for i in range(3):
        for j in range(3):
            for piece in ("\n", f"\rinner {j}", UP, f"\router {i}{j}"):
                made.write("stderr", piece)
            made.write("stdout", f"epoch {i}.{j}\n")
    made.write("stderr", f"\n\r       \r{UP}\router all\nafter\n")
    assert streams(made) == "before\n" + "".join(f"epoch {i}.{j}\n" for i in range(3) for j in range(3))
    assert in_place(made) == ["outer all\nafter"]


def test_a_bar_goes_on_in_its_place_while_the_other_stream_and_displays_go_on() -> None:
    made = Output("train", Room())
    for i in range(3):
        made.write("stderr", f"\r{i}0%")
        made.write("stdout", f"loss {i}\n")
        made.show(Display("train", {"text/plain": "figure"}, {}))
    assert [type(item).__name__ for item in made.items] == ["Redrawn", *["Written", "Display"] * 3]
    assert in_place(made) == ["20%"]


def test_a_bar_after_what_follows_a_finished_one_stands_below_it() -> None:
    made = Output("train", Room())
    for i in range(2):
        made.write("stderr", f"\r{i} 10%\r{i} 100%\n")
        made.write("stdout", f"loss {i}\n")
    assert [type(item).__name__ for item in made.items] == ["Redrawn", "Written"] * 2


def test_each_stream_has_its_bar() -> None:
    made = Output("train", Room())
    for i in range(3):
        made.write("stdout", f"\rout {i}")
        made.write("stderr", f"\rerr {i}")
    assert in_place(made) == ["out 2", "err 2"]


def test_lines_that_are_drawn_on_later_move_from_the_stream_to_a_place() -> None:
    made = written("before\none 0%\nt", "wo 0%\n")
    assert streams(made) == "before\none 0%\ntwo 0%\n"
    made.write("stderr", "aside\n")
    made.write("stdout", f"{UP}{UP}\rone 5%\n")
    assert made.has_taken_back
    assert [item.text for item in made.items if isinstance(item, Written) and item.text] == ["before\n", "aside\n"]
    assert in_place(made) == ["one 5%\ntwo 0%"]
    made.write("stdout", f"\rtwo 9%\nthe end\n{UP}{UP}{UP}\rone 9%")
    assert in_place(made) == ["one 9%\ntwo 9%\nthe end"]


def test_a_place_that_is_drawn_on_after_ordinary_text_takes_that_in() -> None:
    made = written("\r10%\n", "text\n", "text", f"\r{UP}{UP}\r20%")
    assert made.has_taken_back
    assert streams(made).strip() == ""
    assert in_place(made) == ["20%\ntext\ntext"]


def test_another_attempt_draws_nothing_on() -> None:
    made = written("\r50%")
    made.show(Remark("attempt 1 failed"))
    made.write("stdout", "\r0%")
    assert in_place(made) == ["50%", "0%"]


MOVES = [UP, "\x1b[2A", "\x1b[K", "\x1b[2K\r", "\x1b[J", "\x1b[31m"]
DRAWN = st.sampled_from(["a", "bc", "def\n", "\n", "\r", "\r\n", *MOVES])


@given(st.lists(DRAWN, max_size=30))
def test_all_together_is_what_a_terminal_shows(pieces: list[str]) -> None:
    made = written(*pieces)
    made.end(well=True)
    shown = [
        item.text if isinstance(item, Written) else item.bundle()["text/plain"] + "\n"
        for item in made.items
        if not isinstance(item, Remark | Display)
    ]
    assert told("".join(shown)) == told("".join(pieces))


def told(text: str) -> list[str]:
    return [line.rstrip() for line in drawn(text).split("\n") if line.strip()]


@pytest.mark.parametrize("cut", [1, 2, 3, 7])
def test_it_does_not_matter_where_text_is_cut(cut: int) -> None:
    text = f"a\r\nb\r\n\r10%\r20%\n\rinner{UP}\r30%\n\n\nafter\nmore"
    whole = written(text)
    parts = written(*(text[i : i + cut] for i in range(0, len(text), cut)))
    assert (streams(parts), in_place(parts)) == (streams(whole), in_place(whole))


def test_the_last_line() -> None:
    assert written("").last_line == ""
    assert written("one\n", "two\n", "  \n").last_line == "two"
    assert written("one\n", "\r10%", "\r20%").last_line == "20%"
    assert len(written("x" * 10_000).last_line) <= 100


def test_what_stands_before_a_bar_on_its_line_is_taken_over() -> None:
    made = written("Epoch 1", "\n", "loss", " 0.5", "\rloss 0.4", "\r\nEpoch 2\r\n")
    assert streams(made) == "Epoch 1\nloss 0.5\r        \rEpoch 2\r\n"
    assert in_place(made) == ["loss 0.4"]


def test_text_before_a_bar_in_the_same_piece_stays_a_stream() -> None:
    made = written("zeroth\r\nfirst\nsecond 1%\r2%", "\r3%")
    assert streams(made) == "zeroth\r\nfirst\n"
    assert in_place(made) == ["3%cond 1%"]


def test_a_display_is_kept_as_it_is_now() -> None:
    made = Output("train", Room())
    first = Display("train", {"text/plain": "1"}, {}, "x")
    for item in (first, Remark("a word"), first):
        assert made.show(item) == []
    assert made.show(Display("train", {"text/plain": "2"}, {}, "x", update=True)) == [0, 2]
    now = Display("train", {"text/plain": "2"}, {}, "x")
    assert made.items == [now, Remark("a word"), now]
    other = Display("train", {"text/plain": "3"}, {}, "of another step", update=True)
    assert made.show(other) == []
    assert made.items[-1] == other


def test_widgets_get_a_word_once() -> None:
    made = Output("train", Room())
    for i in range(2):
        made.show(Display("train", {"text/plain": f"Slider({i})", output.WIDGET: {"model_id": "x"}}, {}))
    remark, *sliders = made.items
    assert isinstance(remark, Remark)
    assert remark.text.startswith("train: a widget works only where")
    assert [item.data for item in sliders] == [{"text/plain": "Slider(0)"}, {"text/plain": "Slider(1)"}]
    made.clear()
    made.show(Display("train", {"text/plain": "Slider(2)", output.WIDGET: {"model_id": "x"}}, {}))
    assert made.items[0] == remark


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</pre><b>", "\x1b[31m<i>"]
)
def test_no_text_becomes_markup(hostile: str) -> None:
    made = written("x\n" * LINES, f"{hostile}\n" * 10)
    html = next(part.bundle()["text/html"] for part in made.parts.values())
    assert hostile.removeprefix("\x1b[31m") not in html
    assert isinstance(next(iter(made.parts.values())), End)
