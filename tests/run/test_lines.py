"""Lines of a log: chosen, bounded, written to a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from k8snb.errors import InputError
from k8snb.run.lines import Counted, bounded, chooser, lines_of, new_file

TEXT = b"one\rtwo\n\n\xffthree\r\nlast"


@pytest.mark.parametrize("size", [1, 2, 5, len(TEXT)])
def test_lines_are_whole_however_the_text_is_cut_and_nothing_is_lost(size: int) -> None:
    lines = list(lines_of(TEXT[i : i + size] for i in range(0, len(TEXT), size)))
    assert lines == [b"one\rtwo\n", b"\n", b"\xffthree\r\n", b"last"]
    assert b"".join(lines) == TEXT
    assert list(lines_of([])) == []


def test_lines_are_chosen() -> None:
    lines = [b"\x1b[31mloss: 3\x1b[0m\n", b"accuracy\n", b"loss: 2\n", b"loss: 1"]
    assert list(chooser()(lines)) == lines
    assert list(chooser(r"^loss: \d$")(lines)) == [lines[0], lines[2], lines[3]]
    assert list(chooser("loss", tail=2)(lines)) == lines[2:]
    assert list(chooser(tail=9)(lines)) == lines


@pytest.mark.parametrize(("choice", "says"), [({"grep": "a("}, "no regular expression"), ({"tail": 0}, "--tail 0")])
def test_what_chooses_nothing_is_refused(choice: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        chooser(**choice)  # type: ignore[arg-type]


def test_what_can_be_shown_is_the_end() -> None:
    lines = [b"%03d\n" % i for i in range(100)]
    end = bounded(lines, 10)
    assert (end.data, end.lines, end.left_out, end.is_cut) == (b"098\n099\n", 100, 98, False)
    end = bounded(lines, 1000)
    assert (end.data, end.left_out, end.is_cut) == (b"".join(lines), 0, False)
    end = bounded([b"short\n", b"0123456789"], 4)
    assert (end.data, end.left_out, end.is_cut) == (b"6789", 1, True)
    assert bounded([], 10).lines == 0


def test_lines_are_counted_on_their_way() -> None:
    lines = Counted([b"a\n", b"b"])
    assert (list(lines), lines.ended, lines.any) == ([b"a\n", b"b"], 1, True)


def test_a_file_is_there_when_all_is_and_no_other_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.log"

    def breaks() -> Iterator[bytes]:
        yield b"x\n"
        raise RuntimeError

    with pytest.raises(RuntimeError), new_file(path) as write:
        write(breaks())
    assert list(tmp_path.iterdir()) == []
    with new_file(path) as write:
        assert write([b"a\n", b"b"]) == 2
    assert path.read_bytes() == b"a\nb"
    with pytest.raises(InputError, match="already"), new_file(path):
        pass
    with pytest.raises(RuntimeError), new_file(path, force=True) as write:
        write(breaks())
    assert path.read_bytes() == b"a\nb"
    with new_file(path, force=True) as write:
        write([b"c"])
    assert path.read_bytes() == b"c"


@pytest.mark.parametrize(("name", "says"), [("", "is a folder"), ("none/a.log", "make the folder")])
def test_a_file_that_cannot_be_written(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(InputError) as caught, new_file(tmp_path / name):
        pass
    assert says in str(caught.value)
