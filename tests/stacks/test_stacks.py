"""Stack files: what they mean, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8snb.errors import StackError
from k8snb.stacks.edit import set_active, with_active
from k8snb.stacks.load import load

PROD = """
[stacks.prod]
orchestrator       = { kind = "kubernetes", context = "my-eks", namespace = "ml" }
artifact_store     = { uri = "s3://bucket/k8snb", endpoint = "http://s3", from_pods = { endpoint = "http://s3.in" } }
container_registry = { uri = "https://registry.example/ml/" }
"""


def refusal(folder: Path, text: str, name: str | None = None) -> StackError:
    (folder / "k8snb.toml").write_text(text)
    with pytest.raises(StackError) as info:
        load(folder, name=name).pick()
    assert info.value.where
    assert info.value.fix
    return info.value


def test_without_any_file_the_local_stack_is_active(folder: Path, tmp_path: Path) -> None:
    stack = load(folder).pick()
    assert (stack.name, stack.orchestrator.kind, stack.container_registry) == ("local", "local", None)
    assert stack.artifact_store.uri == (tmp_path / "home" / "artifacts").as_uri()


def test_a_whole_stack_is_read_from_a_parent_folder(folder: Path) -> None:
    (folder / "k8snb.toml").write_text('[k8snb]\nstack = "prod"\n' + PROD + '[steps.defaults]\nmemory = "1Gi"\n')
    stacks = load(folder / "deep")
    stack = stacks.pick()
    assert stack.orchestrator.settings == {"context": "my-eks", "namespace": "ml"}
    assert stack.artifact_store.endpoint_from_pods == "http://s3.in"
    assert stack.artifact_store.uri_from_pods == "s3://bucket/k8snb"
    assert stack.container_registry is not None
    assert stack.container_registry.uri == "registry.example/ml"
    assert stacks.steps == {"defaults": {"memory": "1Gi"}}
    assert str(folder / "k8snb.toml") in stacks.because


def test_argument_then_environment_then_project_then_user_name_the_active_stack(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = tmp_path / "config" / "k8snb" / "k8snb.toml"
    user.parent.mkdir(parents=True)
    names = "".join(f"[stacks.{n}]\n" for n in ("user", "project", "environment", "argument"))
    user.write_text('[k8snb]\nstack = "user"\n' + names)
    assert load(folder).pick().name == "user"
    (folder / "k8snb.toml").write_text('[k8snb]\nstack = "project"\n')
    assert load(folder).pick().name == "project"
    monkeypatch.setenv("K8SNB_STACK", "environment")
    assert load(folder).pick().name == "environment"
    assert load(folder, name="argument").pick().name == "argument"


def test_extends_takes_what_is_not_named_again(folder: Path) -> None:
    (folder / "k8snb.toml").write_text(
        PROD + '[stacks.dev]\nextends = "prod"\norchestrator = { kind = "kubernetes", namespace = "dev" }\n'
    )
    stack = load(folder, name="dev").pick()
    assert stack.orchestrator.settings == {"namespace": "dev"}
    assert stack.artifact_store.uri == "s3://bucket/k8snb"


def test_a_folder_as_store_is_relative_to_the_file(folder: Path) -> None:
    (folder / "k8snb.toml").write_text('[stacks.here]\nartifact_store = { uri = "artifacts" }\n')
    assert load(folder / "deep", name="here").pick().artifact_store.uri == (folder / "artifacts").as_uri()


@pytest.mark.parametrize(
    ("text", "what", "where", "fix"),
    [
        ("[k8snb]\nstack =\n", "not TOML", "k8snb.toml, line 2", "toml.io"),
        ('[k8snb]\nstakc = "x"\n', "'stakc'", "[k8snb]", "'stack'"),
        ("[stack.x]\n", "'stack'", "k8snb.toml:", "'stacks'"),
        ("[stacks.x]\nimage = 3\n", "3 should be text", "[stacks.x] image", "text"),
        ("[stacks]\nx = 3\n", "3 should be a table", "[stacks.x]", "table"),
        ("[stacks.x.orchestrator]\n", "no kind", "[stacks.x] orchestrator", "kubernetes"),
        ('[stacks.x]\norchestrator = { kind = "kubernets" }', "'kubernets'", "orchestrator kind", "'kubernetes'"),
        (
            '[stacks.x]\norchestrator = { kind = "local", context = "c" }',
            "'context'",
            "[stacks.x] orchestrator",
            "none",
        ),
        (PROD.replace("namespace", "namespac"), "'namespac'", "[stacks.prod] orchestrator", "'namespace'"),
        (PROD.replace("container_registry", "image = 'x' #"), "container_registry is missing", "prod", "HOST"),
        (PROD.replace("artifact_store ", "image = 'x' #"), "artifact_store is missing", "prod", "s3://"),
        (PROD.replace("s3://bucket/k8snb", "/data"), "pods cannot reach", "artifact_store uri", "s3://"),
        ('[stacks.x]\nextends = "y"\n[stacks.y]\nextends = "x"\n', "x -> y -> x", "extends", "away"),
        ('[stacks.x]\nextends = "prd"\n' + PROD, "'prd'", "[stacks.x] extends", "'prod'"),
        ('[k8snb]\nstack = "prd"\n' + PROD, "'prd'", "[k8snb] stack", "prod"),
        ("[steps]\ntrainer = 3\n", "3 should be a table", "[steps] trainer", "table"),
    ],
)
def test_what_is_wrong_is_said_with_place_and_way_out(folder: Path, text: str, what: str, where: str, fix: str) -> None:
    error = refusal(folder, text)
    assert what in error.what
    assert where in str(error.where)
    assert fix in str(error.fix)


@pytest.mark.parametrize(
    "text",
    [
        '[stacks.x]\nartifact_store = { uri = "s3://b", secret_key = "hunter2" }',
        '[stacks.x]\nartifact_store = { uri = "s3://b", AWS-ACCESS-KEY-ID = "hunter2" }',
        '[stacks.x]\ncontainer_registry = { uri = "https://me:hunter2@registry" }',
        '[stacks.x]\nartifact_store = { uri = "az://container/prefix?sig=hunter2" }',
        '[stacks.x]\nartifact_store = { uri = "s3://b", endpoint = "https://s3.example?key=hunter2" }',
        '[steps.trainer]\nenv = { HF_TOKEN = "hunter2" }',
    ],
)
def test_credentials_are_refused_and_not_repeated(folder: Path, text: str) -> None:
    error = refusal(folder, text)
    assert "credential" in error.what
    assert "Secret" in str(error.fix)
    assert "hunter2" not in str(error)


def test_what_only_looks_like_a_credential_may_stand(folder: Path) -> None:
    text = '[steps.x]\nenv = { TOKENIZERS_PARALLELISM = "false", MAX_TOKEN = "100" }\nsecret = ["hf"]\n'
    (folder / "k8snb.toml").write_text(text)
    assert load(folder).steps["x"]["secret"] == ["hf"]


def test_what_is_no_option_of_a_step_is_told_with_the_file(folder: Path) -> None:
    (folder / "k8snb.toml").write_text('[steps.x]\nmemroy = "1Gi"\n')
    with pytest.raises(StackError, match="memroy") as caught:
        load(folder)
    assert str(folder / "k8snb.toml") in str(caught.value.where)


def test_an_unknown_stack_is_named_with_the_nearest_or_those_there_are(folder: Path) -> None:
    assert "did you mean 'prod'?" in str(refusal(folder, PROD, name="prd").fix)
    assert "local, prod" in str(refusal(folder, PROD, name="x").fix)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[k8snb]\nstack = "prod"\n'),
        ("# mine\n[stacks.prod]\n", '[k8snb]\nstack = "prod"\n\n# mine\n[stacks.prod]\n'),
        ("[k8snb]  # x\n[stacks.a]\n", '[k8snb]  # x\nstack = "prod"\n[stacks.a]\n'),
        ("[k8snb]\nstack = 'a' # why\n[x]\nstack = 'b'\n", "[k8snb]\nstack = \"prod\" # why\n[x]\nstack = 'b'\n"),
    ],
)
def test_only_the_active_stacks_line_changes(before: str, after: str) -> None:
    assert with_active(before, "prod") == after


def test_setting_the_active_stack_writes_the_projects_file(folder: Path) -> None:
    (folder / "k8snb.toml").write_text(PROD)
    assert set_active(folder / "deep", "prod") == folder / "k8snb.toml"
    assert load(folder).pick().name == "prod"
    with pytest.raises(StackError):
        set_active(folder, "nowhere")


def test_a_table_that_does_not_say_what_it_is_adds_to_the_extended_one(folder: Path) -> None:
    more = '\n[stacks.b]\nextends = "prod"\norchestrator = { namespace = "b" }\nartifact_store = { region = "eu" }\n'
    (folder / "k8snb.toml").write_text(PROD + more)
    prod, b = (load(folder).pick(name) for name in ("prod", "b"))
    assert b.orchestrator.settings == {**prod.orchestrator.settings, "namespace": "b"}
    assert (b.artifact_store.uri, b.artifact_store.region) == (prod.artifact_store.uri, "eu")
