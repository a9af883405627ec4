"""Logins are found where docker login keeps them."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

from k8snb.errors import RegistryError
from k8snb.images.credentials import Credentials, find


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return lambda **content: (tmp_path / "config.json").write_text(json.dumps(content))


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a credential helper with a given body on the PATH."""

    def install(name: str, body: str) -> None:
        file = tmp_path / f"docker-credential-{name}"
        file.write_text(f"#!{sys.executable}\nimport json, sys\nserver = sys.stdin.read()\n{body}\n")
        file.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path))
    return install


def auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_none_without_a_configuration(config) -> None:
    assert find("ghcr.io") is None
    config()
    assert find("ghcr.io") is None


@pytest.mark.parametrize("key", ["ghcr.io", "https://ghcr.io", "https://ghcr.io/v2/", "http://ghcr.io/v1/"])
def test_auths(config, key: str) -> None:
    config(auths={"other.io": auth("x", "y"), key: auth("me", "pass:word")})
    assert find("ghcr.io") == Credentials("me", "pass:word")


def test_docker_hub_has_a_key_of_its_own(config) -> None:
    config(auths={"https://index.docker.io/v1/": auth("me", "p")})
    assert find("docker.io") == Credentials("me", "p")


def test_identity_token(config) -> None:
    config(auths={"r.io": {**auth("00000000-0000-0000-0000-000000000000", ""), "identitytoken": "t"}})
    assert find("r.io") == Credentials(identity="t")


def test_helper_of_a_host_is_asked_first(config, helper) -> None:
    helper("one", 'print(json.dumps({"Username": "u", "Secret": "for " + server}))')
    config(auths={"r.io": auth("x", "y")}, credHelpers={"r.io": "one"}, credsStore="two")
    assert find("r.io") == Credentials("u", "for r.io")


def test_store_gives_tokens_and_knows_docker_hub(config, helper) -> None:
    helper("two", 'print(json.dumps({"Username": "<token>", "Secret": server}))')
    config(credsStore="two")
    assert find("docker.io") == Credentials(identity="https://index.docker.io/v1/")


def test_helper_that_knows_nothing_leaves_it_to_auths(config, helper) -> None:
    helper("two", 'print("credentials not found in native keychain"); sys.exit(1)')
    config(credsStore="two", auths={"r.io": auth("x", "y")})
    assert find("r.io") == Credentials("x", "y")
    assert find("other.io") is None


def test_helper_that_fails_says_why(config, helper) -> None:
    helper("two", 'sys.exit("the keychain is locked")')
    config(credsStore="two")
    with pytest.raises(RegistryError, match="keychain is locked"):
        find("r.io")


def test_helper_that_is_not_installed(config, helper) -> None:
    config(credHelpers={"r.io": "absent"})
    with pytest.raises(RegistryError, match="docker-credential-absent cannot be run") as caught:
        find("r.io")
    assert "docker login r.io" in caught.value.fix


def test_configuration_that_is_no_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(RegistryError, match="cannot be read"):
        find("r.io")


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Credentials("me", "secret"))
