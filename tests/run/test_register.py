"""Stacks that are registered: their context, and the check before they are saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8snb.errors import RegistryError, StackError, StoreError
from k8snb.run.check import REGISTRY, STORE, Outcome
from k8snb.run.register import register
from k8snb.stacks.fields import Fields
from k8snb.stacks.load import load
from k8snb.stacks.model import Stack
from tests.kubeconfig import write_kubeconfig


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("K8SNB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("K8SNB_STACK", raising=False)
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", "my-eks", "dev", current="dev", namespace="ml")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def cluster(**fields: str) -> Fields:
    return Fields(**{"artifact_store": "s3://bucket/k8snb", "registry": "registry.example/ml", **fields})


def settings(folder: Path, name: str) -> dict[str, str]:
    return dict(load(folder).by_name[name].orchestrator.settings)


def test_a_mistyped_context_is_refused_with_a_close_one(folder: Path) -> None:
    with pytest.raises(StackError, match="no context 'my-esk'") as info:
        register(folder, "prod", cluster(context="my-esk"), check=None)
    assert info.value.fix == "did you mean 'my-eks'?"
    assert list(folder.iterdir()) == []


def test_without_a_kubeconfig_it_is_said_how_to_get_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "none")
    with pytest.raises(StackError, match="no context 'my-eks'") as info:
        register(folder, "prod", cluster(context="my-eks"), check=None)
    assert "aws eks update-kubeconfig" in str(info.value.fix)


def test_a_context_says_the_kind_and_the_namespace(folder: Path) -> None:
    register(folder, "prod", cluster(context="my-eks"), check=None)
    assert settings(folder, "prod") == {"context": "my-eks", "namespace": "ml"}
    register(folder, "other", cluster(context="my-eks", namespace="mine"), check=None)
    assert settings(folder, "other") == {"context": "my-eks", "namespace": "mine"}


def test_the_current_context_is_written_down(folder: Path) -> None:
    register(folder, "prod", cluster(orchestrator="kubernetes"), check=None)
    assert settings(folder, "prod") == {"context": "dev", "namespace": "ml"}


def test_without_a_kubeconfig_none_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(folder / "none"))
    register(folder, "prod", cluster(orchestrator="kubernetes"), check=None)
    assert settings(folder, "prod") == {}


def test_one_that_extends_another_has_its_context_unless_it_names_one(folder: Path) -> None:
    register(folder, "prod", cluster(context="my-eks"), check=None)
    register(folder, "big", Fields(extends="prod", namespace="big"), check=None)
    register(folder, "dev", Fields(extends="prod", context="dev"), check=None)
    assert settings(folder, "big") == {"context": "my-eks", "namespace": "big"}
    assert settings(folder, "dev") == {"context": "dev", "namespace": "ml"}


def test_a_check_that_fails_refuses_to_save_and_names_the_parts(folder: Path) -> None:
    seen: list[Stack] = []

    def failing(stack: Stack) -> list[Outcome]:
        seen.append(stack)
        refused = RegistryError("The registry asks for a login", where="r", fix="docker login r")
        lost = StoreError("there is no such bucket", where="s", fix="create it\nlike that")
        return [
            Outcome("prod", "orchestrator", 0.1),
            Outcome("prod", STORE, 0.1, error=lost),
            Outcome("prod", REGISTRY, 0.1, error=refused),
        ]

    with pytest.raises(StackError) as info:
        register(folder, "prod", cluster(context="my-eks"), check=failing)
    assert info.value.what == (
        "prod is not saved: the artifact store fails: there is no such bucket; "
        "the container registry fails: The registry asks for a login"
    )
    assert info.value.where == "s; r"
    assert info.value.fix == "docker login r; --no-check saves it as it is; create it\nlike that"
    assert [stack.name for stack in seen] == ["prod"]
    assert list(folder.iterdir()) == []


def test_a_check_that_finds_nothing_wrong_lets_it_be_saved(folder: Path) -> None:
    made = register(folder, "prod", cluster(context="my-eks"), check=lambda stack: [Outcome(stack.name, STORE, 0.1)])
    assert made.stack == load(folder).by_name["prod"]


def test_contexts_are_listed_without_a_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from k8snb.errors import ClusterError
    from k8snb.orchestrators.kubernetes.kubeconfig import contexts

    one = write_kubeconfig(tmp_path / "one", "b", namespace="ml")
    two = write_kubeconfig(tmp_path / "two", "a", current="a")
    monkeypatch.setenv("KUBECONFIG", f"{one}:{tmp_path / 'none'}")
    assert [(c.name, c.cluster, c.namespace, c.is_current) for c in contexts()] == [("b", "c", "ml", False)]
    assert [(c.name, c.is_current) for c in contexts(f"{one}:{two}")] == [("a", True), ("b", False)]
    assert contexts(str(tmp_path / "none")) == []
    for text in ("", "[", "clusters: 3"):
        one.write_text(text)
        with pytest.raises(ClusterError, match="cannot be used") as info:
            contexts()
        assert "\n" not in info.value.what
