"""The stacks and what was found out about their parts, as a table."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from k8snb.errors import ClusterError, K8snbError
from k8snb.run.check import ORCHESTRATOR, REGISTRY, STORE, Outcome
from k8snb.stacks.model import ArtifactStore, ContainerRegistry, OrchestratorSettings, Stack
from k8snb.ui.stacks import CHECKING, INTERRUPTED, Picker, by_part, in_words, outcome_in_words, shown_path

FOLDER = Path("/home/ann/project")
CLUSTER = OrchestratorSettings("kubernetes", {"context": "my-eks", "namespace": "ml"})
PROD = Stack(
    "prod",
    CLUSTER,
    ArtifactStore("s3://bucket/k8snb", endpoint="http://s3"),
    ContainerRegistry("r.example/ml", insecure=True),
    "python:3.11",
    FOLDER / "k8snb.toml",
)
LOCAL = Stack("local", OrchestratorSettings(), ArtifactStore("file:///data"), ContainerRegistry("r/x"))
COMMAND = ClusterError("ann may not create jobs", where="my-eks", fix="someone runs:\nkubectl apply -f - <<'END'\nEND")
FOUND = by_part(
    [
        Outcome("prod", ORCHESTRATOR, 0.2, error=COMMAND),
        Outcome("prod", STORE, 0.05),
        Outcome("local", ORCHESTRATOR, 0.001, note="it is small"),
    ]
)


def rows(markup: str) -> list[list[str]]:
    """Return the cells of a table as a person reads them."""
    found = re.findall(r"<tr>(.*?)</tr>", markup, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found]
    return [[html.unescape(re.sub("<[^>]*>", "", cell)) for cell in row] for row in cells]


def test_text_and_html_say_what_works_and_what_does_not() -> None:
    shown = Picker([LOCAL, PROD], FOLDER, "prod", FOUND, CHECKING, ["active: prod", "choose: so"]).bundle()
    assert shown["text/plain"] == (
        "stack    part                what it is                                check\n"
        "  local  orchestrator        local                                     ✓ works 0.00 s; it is small\n"
        "         artifact store      file:///data                              ◔ checking …\n"
        "         container registry  r/x                                       not used\n"
        "         written in          k8snb itself\n"
        "* prod   orchestrator        kubernetes, context my-eks, namespace ml  ✗ fails 0.20 s\n"
        "         artifact store      s3://bucket/k8snb at http://s3            ✓ works 0.05 s\n"
        "         container registry  r.example/ml without TLS                  ◔ checking …\n"
        "         image               python:3.11\n"
        "         written in          k8snb.toml\n"
        "prod, orchestrator: ann may not create jobs\n"
        "  where: my-eks\n"
        "  way out: someone runs:\n"
        "kubectl apply -f - <<'END'\n"
        "END\n"
        "active: prod\n"
        "choose: so"
    )
    head, *local, first = rows(shown["text/html"])[:6]
    assert head == ["stack", "part", "what it is", "check"]
    assert local[0] == ["local", "orchestrator", "local", "✓ works 0.00 s; it is small"]
    assert first[:3] == ["* prod active", "orchestrator", "kubernetes, context my-eks, namespace ml"]
    command = "kubectl apply -f - <<'END'\nEND"
    assert first[3] == f"✗ fails 0.20 s{COMMAND.what}where: my-eksway out: someone runs:{command}"
    assert (
        f'<summary>way out: someone runs:</summary><div style="font-family: monospace">{html.escape(command)}</div>'
        in (shown["text/html"])
    )
    assert "choose: so" in shown["text/html"]


@pytest.mark.parametrize(("others", "words"), [(INTERRUPTED, "■ interrupted"), ("", "")])
def test_parts_of_which_nothing_is_known(others: str, words: str) -> None:
    shown = Picker([PROD], FOLDER, others=others).bundle()
    assert [row[-1] for row in rows(shown["text/html"])[1:]] == [words] * 3 + ["", ""]
    assert shown["text/plain"].count("interrupted") == (3 if others else 0)


def test_a_draft_is_not_said_to_be_written() -> None:
    text = Picker([PROD], FOLDER, are_written=False).bundle()["text/plain"]
    assert "to be written in" in text


def test_it_is_a_table_for_everybody_without_scripts_or_classes() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    error = K8snbError(hostile, where=hostile, fix=hostile)
    stack = Stack(hostile, OrchestratorSettings(hostile), ArtifactStore(hostile), None, hostile, Path(hostile))
    found = by_part([Outcome(hostile, ORCHESTRATOR, 0, error=error), Outcome(hostile, STORE, 0, note=hostile)])
    markup = Picker([stack], FOLDER, hostile, found, notes=[hostile]).bundle()["text/html"]
    assert "<img" not in markup
    assert markup.count("&lt;img") == 10
    assert not re.search(
        r"<(script|style|svg|iframe|button)| (class|id|on\w+)=", markup.replace(html.escape(hostile), "")
    )
    assert markup.count('<th scope="col"') == 4
    assert markup.count('<th scope="row"') == 4
    assert '<th scope="rowgroup" rowspan="4"' in markup


def test_in_a_line() -> None:
    assert in_words(PROD, FOLDER) == (
        "prod: kubernetes, context my-eks, namespace ml; s3://bucket/k8snb at http://s3; r.example/ml without TLS; "
        "written in k8snb.toml"
    )
    assert outcome_in_words(Outcome("prod", REGISTRY, 2.0)) == "container registry ✓ works 2.0 s"
    assert outcome_in_words(Outcome("prod", STORE, 2.0, error=COMMAND)) == "artifact store     ✗ fails 2.0 s"
    bare = Stack("x", OrchestratorSettings("kubernetes"), ArtifactStore("s3://b"))
    assert in_words(bare, FOLDER).startswith("x: kubernetes, current context, namespace default; s3://b; written in")


def test_where_a_stack_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("USERPROFILE", "/home/ann")
    assert shown_path(None, FOLDER) == "k8snb itself"
    assert shown_path(FOLDER / "k8snb.toml", FOLDER) == "k8snb.toml"
    assert shown_path(Path("/home/ann/.config/k8snb/k8snb.toml"), FOLDER) == "~/.config/k8snb/k8snb.toml"
    assert shown_path(Path("/etc/k8snb.toml"), FOLDER) == "/etc/k8snb.toml"
