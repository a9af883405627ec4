"""New stacks in stack files: what is written, what stays, and what is refused."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from k8snb.errors import StackError
from k8snb.stacks.edit import draft, set_active
from k8snb.stacks.fields import Fields, options
from k8snb.stacks.load import load

FULL = Fields(
    orchestrator="kubernetes",
    context="my-eks",
    namespace="ml",
    artifact_store="s3://bucket/k8snb",
    endpoint="http://s3:9000",
    region="eu-central-1",
    registry="registry.example/ml",
    insecure=True,
    artifact_store_from_pods="s3://bucket/k8snb",
    endpoint_from_pods="http://s3.in:9000",
    registry_from_pods="registry.in/ml",
    image="python:3.11-slim",
)
IN_POD = replace(FULL, artifact_store_from_pods=None)
LOCAL = Fields(orchestrator="local")
SECRET = "hunter2"


def refusal(folder: Path, name: str, fields: Fields, **how: bool) -> StackError:
    before = sorted((path, path.read_bytes()) for path in folder.rglob("*.toml"))
    with pytest.raises(StackError) as info:
        draft(folder, name, fields, **how)
    assert info.value.where
    assert info.value.fix
    assert sorted((path, path.read_bytes()) for path in folder.rglob("*.toml")) == before
    return info.value


def test_all_fields_are_written_and_read_again(folder: Path) -> None:
    made = draft(folder, "prod", FULL)
    assert not made.file.exists()
    made.write()
    stack = load(folder).by_name["prod"]
    assert stack == made.stack
    assert stack.orchestrator.settings == {"context": "my-eks", "namespace": "ml"}
    assert stack.artifact_store.endpoint_from_pods == "http://s3.in:9000"
    assert stack.container_registry is not None
    assert stack.container_registry.insecure_hosts == ("registry.example",)
    assert made.file.read_text() == (
        "[stacks.prod]\n"
        'orchestrator       = { kind = "kubernetes", context = "my-eks", namespace = "ml" }\n'
        'artifact_store     = { uri = "s3://bucket/k8snb", endpoint = "http://s3:9000", region = "eu-central-1", '
        'from_pods = { uri = "s3://bucket/k8snb", endpoint = "http://s3.in:9000" } }\n'
        'container_registry = { uri = "registry.example/ml", insecure = true, '
        'from_pods = { uri = "registry.in/ml" } }\n'
        'image              = "python:3.11-slim"\n'
    )


def test_every_field_is_an_option() -> None:
    named = {option for option, _ in options()}
    assert set(replace(FULL, extends="x").named) == named
    assert {"--context", "--artifact-store", "--registry", "--endpoint", "--extends"} <= named


@pytest.mark.parametrize(
    "old",
    [
        b"",
        b"# only a comment",
        b'# mine\r\n[k8snb]\r\nstack = "a"\r\n\r\n[stacks.a]   # odd\r\n  image="x"\r\n',
        "[stacks.a]\nimage = 'ä'\n\n\n[steps.defaults]\nmemory = '1Gi'   ".encode(),
        b'[stacks]\na = { image = "x" }\n[steps.train]\ncpu = "1"\n',
    ],
)
def test_the_rest_of_the_file_stays_byte_for_byte(folder: Path, old: bytes) -> None:
    file = folder / "k8snb.toml"
    file.write_bytes(old)
    draft(folder / "deep", "prod", FULL).write()
    new = file.read_bytes()
    assert new.startswith(old)
    assert (b"\r\n[stacks.prod]\r\n" in new) == (b"\r\n" in old)
    assert b"\n" not in new.replace(b"\r\n", b"") or b"\r" not in old
    assert load(folder).by_name["prod"].image == "python:3.11-slim"


def test_one_that_is_there_is_replaced_only_on_request_and_comments_of_others_stay(folder: Path) -> None:
    before = '# top\n[stacks.a]\nimage = "x"\n\n# of prod, above it\n'
    after = '\n# of b\n[stacks.b]\nextends = "prod"\n# the end\n'
    own = (
        '[ stacks."prod" ]\norchestrator = { kind = "local" }\n# inside\nimage = "y"\n'
        '[stacks.prod.artifact_store]\nuri = "x"\n'
    )
    file = folder / "k8snb.toml"
    file.write_text(before + own + after)
    error = refusal(folder, "prod", LOCAL)
    assert "already" in error.what
    assert error.where == str(file)
    assert "--replace" in str(error.fix)
    draft(folder, "prod", LOCAL, replace=True).write()
    assert file.read_text() == before + after + '\n[stacks.prod]\norchestrator = { kind = "local" }\n'


@pytest.mark.parametrize(
    "text",
    ['[stacks]\nprod = { image = "x" }\n', 'stacks.prod.image = "x"\n', '[stacks]\nprod.image = "x"\n'],
)
def test_one_that_is_no_table_of_its_own_is_not_replaced(folder: Path, text: str) -> None:
    (folder / "k8snb.toml").write_text(text)
    assert "not written as a table of its own" in refusal(folder, "prod", LOCAL, replace=True).what


def test_brackets_in_a_text_of_several_lines_are_no_tables(folder: Path) -> None:
    text = '[stacks.prod]\nimage = """\n[stacks.b]\n"""\n[stacks.c]\nimage = """\n[stacks.prod]\n"""\n'
    (folder / "k8snb.toml").write_text(text)
    assert "not written as a table of its own" in refusal(folder, "prod", LOCAL, replace=True).what


def test_where_a_table_cannot_be_added_it_is_shown(folder: Path) -> None:
    (folder / "k8snb.toml").write_text('stacks = { a = { image = "x" } }\n')
    error = refusal(folder, "prod", LOCAL)
    assert '[stacks.prod]\norchestrator = { kind = "local" }' in str(error.fix)


def test_the_users_own_file(folder: Path, tmp_path: Path) -> None:
    made = draft(folder, "mine", LOCAL, user=True)
    made.write()
    assert made.file == tmp_path / "config" / "k8snb" / "k8snb.toml"
    assert load(tmp_path).by_name["mine"].orchestrator.kind == "local"
    (folder / "k8snb.toml").write_text("[stacks.theirs]\n")
    assert "of its own" in refusal(folder, "theirs", LOCAL, user=True, replace=True).what


def test_a_link_and_who_may_read_it_stay(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "shared.toml"
    target.write_text("")
    target.chmod(0o600)
    (folder / "k8snb.toml").symlink_to(target)
    draft(folder, "prod", LOCAL).write()
    assert (folder / "k8snb.toml").is_symlink()
    assert target.stat().st_mode & 0o777 == 0o600
    assert "prod" in tomllib.loads(target.read_text())["stacks"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_cannot_be_made(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("no folder")
    with pytest.raises(StackError, match="cannot be written") as info:
        draft(folder, "prod", LOCAL, user=True).write()
    assert str(tmp_path / "config") in str(info.value.where)


WRONG = {
    "a name": ("my prod!", LOCAL, "cannot be a stack's name", "my-prod"),
    "a name that looks like an option": ("-x", LOCAL, "cannot be a stack's name", "x"),
    "no kind": ("x", Fields(), "where steps run", "--orchestrator"),
    "an unknown kind": ("x", Fields(orchestrator="kubernets"), "unknown kind", "kubernetes"),
    "no store": ("x", replace(FULL, artifact_store=None), "--artifact-store is missing", "s3://"),
    "no registry": ("x", replace(FULL, registry=None), "--registry is missing", "HOST/REPOSITORY"),
    "an endpoint of no store": ("x", replace(LOCAL, endpoint="http://x"), "--artifact-store is missing", "s3://"),
    "a local stack in a cluster": ("x", replace(LOCAL, context="c"), "no context", "--context"),
    "nothing to extend": ("x", Fields(extends="lcal"), "no stack 'lcal'", "did you mean 'local'"),
    "a folder for pods": ("x", replace(IN_POD, artifact_store="./data"), "pods cannot reach a folder", "s3://"),
    "an image that TOML cannot hold": ("x", replace(FULL, image='a"b\x7f'), "cannot be put into", "by hand"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_refused_with_the_way_out(folder: Path, case: str) -> None:
    name, fields, what, fix = WRONG[case]
    error = refusal(folder, name, fields)
    assert what in error.what
    assert fix in str(error.fix)


@pytest.mark.parametrize(
    "changes",
    [
        {"artifact_store": f"s3://KEY:{SECRET}@bucket/x"},
        {"artifact_store": f"s3://KEY:{SECRET}"},
        {"artifact_store": f"s3://KEY:hunt/{SECRET}@bucket/x"},
        {"artifact_store": f"az://container/x?sig={SECRET}"},
        {"endpoint": f"http://user:{SECRET}@s3:9000"},
        {"endpoint": f"http://user:p/{SECRET}@s3:9000"},
        {"registry": f"user:{SECRET}@registry.example/ml"},
        {"registry": f"https://user:{SECRET}@registry.example/ml"},
        {"registry_from_pods": f"user:{SECRET}@registry.example/ml"},
        {"endpoint_from_pods": f"http://user:{SECRET}@s3:9000"},
        {"artifact_store_from_pods": f"s3://KEY:{SECRET}@bucket"},
    ],
)
def test_a_login_in_an_address_is_refused_and_not_repeated(folder: Path, changes: dict[str, str]) -> None:
    error = refusal(folder, "x", replace(FULL, **changes))
    assert "credential" in error.what
    assert SECRET not in str(error)
    assert not (folder / "k8snb.toml").exists()


def test_a_login_in_a_file_that_was_written_by_hand_is_refused_too(folder: Path) -> None:
    (folder / "k8snb.toml").write_text(
        f'[stacks.x]\ncontainer_registry = {{ uri = "user:{SECRET}@registry.example/ml" }}\n'
    )
    with pytest.raises(StackError, match="credential") as info:
        load(folder)
    assert SECRET not in str(info.value)


def test_to_name_the_active_stack_leaves_the_ends_of_lines(folder: Path) -> None:
    file = folder / "k8snb.toml"
    file.write_bytes(b"# mine\r\n[stacks.prod]\r\n")
    set_active(folder, "prod")
    assert file.read_bytes() == b'[k8snb]\r\nstack = "prod"\r\n\r\n# mine\r\n[stacks.prod]\r\n'
    (folder / "k8snb.toml").write_bytes(b'[k8snb]\r\n\r\nstack = "a"\r\n[stacks.prod]\r\n')
    set_active(folder, "prod")
    assert file.read_bytes() == b'[k8snb]\r\n\r\nstack = "prod"\r\n[stacks.prod]\r\n'
