"""Names of images are read as Docker reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snb.errors import InputError
from k8snb.images.reference import Reference, Repository, is_loopback

SHA = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "host", "name", "tag", "digest"),
    [
        ("python", "docker.io", "library/python", None, None),
        ("python:3.11-slim", "docker.io", "library/python", "3.11-slim", None),
        ("someone/image", "docker.io", "someone/image", None, None),
        ("index.docker.io/someone/image:1", "docker.io", "someone/image", "1", None),
        ("localhost/a", "localhost", "a", None, None),
        ("127.0.0.1:5000/a/b:c", "127.0.0.1:5000", "a/b", "c", None),
        ("[::1]:5000/a", "[::1]:5000", "a", None, None),
        (f"ghcr.io/a/b@{SHA}", "ghcr.io", "a/b", None, SHA),
        (f"host:1/a__b/c-d.e:V_1@{SHA}", "host:1", "a__b/c-d.e", "V_1", SHA),
        (
            "1234.dkr.ecr.eu-central-1.amazonaws.com/ml/x:t",
            "1234.dkr.ecr.eu-central-1.amazonaws.com",
            "ml/x",
            "t",
            None,
        ),
    ],
)
def test_parse(text: str, host: str, name: str, tag: str | None, digest: str | None) -> None:
    assert Reference.parse(text) == Reference(Repository(host, name), tag, digest)


@pytest.mark.parametrize(
    "text", ["", "Python", "a b", "a:", "a@sha256:12", "a//b", "host:1/A", "-a", "a/-b", ".x/a", "a:t\n"]
)
def test_what_is_no_image(text: str) -> None:
    with pytest.raises(InputError, match="not the name of an image"):
        Reference.parse(text)


def test_capital_letters_are_pointed_out() -> None:
    with pytest.raises(InputError) as caught:
        Reference.parse("ghcr.io/Team/image")
    assert caught.value.fix == "did you mean 'ghcr.io/team/image'?"


NAMES = st.from_regex(r"[a-z0-9]{1,5}([._-][a-z0-9]{1,5}){0,2}", fullmatch=True)


@given(
    host=st.sampled_from(["docker.io", "ghcr.io", "localhost:5000", "127.0.0.1", "h:1"]),
    name=st.lists(NAMES, min_size=2, max_size=3).map("/".join),
    tag=st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}", fullmatch=True),
    digest=st.none() | st.just(SHA),
)
def test_what_is_written_is_read_again(host: str, name: str, tag: str | None, digest: str | None) -> None:
    reference = Reference(Repository(host, name), tag, digest)
    again = Reference.parse(str(reference))
    assert (again.repository, again.name) == (reference.repository, reference.name)
    assert Repository.parse(str(reference.repository)) == reference.repository


def test_repository_with_a_tag() -> None:
    with pytest.raises(InputError) as caught:
        Repository.parse("ghcr.io/a/b:latest")
    assert caught.value.fix.endswith("ghcr.io/a/b")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True), ("localhost:5000", True), ("127.0.0.1:5000", True), ("127.1.2.3", True), ("[::1]:5", True),
        ("[::1]", True), ("a.localhost:1", True), ("10.0.0.1:5000", False), ("ghcr.io", False), ("notlocalhost", False),
    ],
)  # fmt: skip
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
