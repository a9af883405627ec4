"""What commands of a shell read and write."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse
from k8snb.analysis.files import gaps


def of(line: str) -> tuple[set[str], set[str]]:
    files = analyse(f"!{line}").files
    return {gaps.shown(path) for path in files.reads}, {gaps.shown(path) for path in files.writes}


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("echo a > t.txt", "t.txt"),
        ("echo a >> t.txt 2>/dev/null", "t.txt"),
        ("mkdir -p d && echo x > d/t.csv; touch e f", "d/ d/t.csv e f"),
        ("cat a.txt | tee -a log.txt", "log.txt"),
        ("cp a.txt d/", "d d/a.txt"),
        ("mv a.txt b.txt", "a.txt b.txt b.txt/a.txt"),
        ("tar czf x.tgz a b", "x.tgz"),
        ("zip -q x.zip a", "x.zip"),
        ("tar xzf x.tgz", "{...}"),
        ("unzip -q x.zip -d out", "out"),
        ("sort a.txt -o b.txt", "b.txt"),
        ("curl -sL https://example.org/a.csv -o b.csv", "b.csv"),
        ("curl -LO https://example.org/a.csv", "a.csv"),
        ("wget -q https://example.org/a.csv?x=1", "a.csv"),
        ("wget -O b.csv https://example.org/a.csv", "b.csv"),
        ("git clone https://example.org/repo.git", "repo"),
        ("cd out && echo a > b.txt", "out/b.txt"),
        ("echo a > {name}", "{name}"),
        ("echo a > $name", "{name}"),
        ("python make.py", "{...}"),
        (
            "python --version; python -m pip install a; pip install a; ls -la; cat a.txt | wc -l; git status",
            "",
        ),
    ],
)
def test_what_is_written(line: str, written: str) -> None:
    assert of(line)[1] == set(written.split())


def test_a_command_that_is_not_known_may_read_anything() -> None:
    assert of("python use.py")[0] == {"use.py", "{...}"}
    assert of("wc -l < a.txt")[0] == {"a.txt"}
    assert of("python -m pip install a; python --version") == (set(), set())
    assert of("ls *.txt")[0] == {"*.txt"}
