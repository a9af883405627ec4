"""Credentials and region of the user's AWS profile (``~/.aws``), which obstore does not read."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

from k8snb.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_profile(environment: Mapping[str, str]) -> tuple[dict[str, str] | None, str | None]:
    """Return the profile's credentials by their names in the environment, and its region; None where there are none.

    Parameters
    ----------
    environment : mapping
        ``AWS_PROFILE``, ``AWS_SHARED_CREDENTIALS_FILE`` and ``AWS_CONFIG_FILE`` are followed.

    Raises
    ------
    StoreError
        The profile gets its credentials by a log-in, a role or a program, which needs the AWS tools.
    """
    profile = environment.get("AWS_PROFILE", "default")
    folder = Path.home() / ".aws"
    files = ConfigParser(interpolation=None, default_section="")
    settings: dict[str, str] = {}
    for variable, name, section in (
        ("AWS_CONFIG_FILE", "config", profile if profile == "default" else f"profile {profile}"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile),
    ):
        files.clear()
        files.read(environment.get(variable) or folder / name, encoding="utf-8")
        settings |= dict(files[section]) if section in files else {}
    region = settings.get("region")
    if "aws_access_key_id" in settings:
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        return {name.upper(): settings[name] for name in names if name in settings}, region
    if settings.keys() & {"sso_session", "sso_start_url", "role_arn", "credential_process", "source_profile"}:
        raise StoreError(
            "the AWS profile gets its credentials by a log-in, a role or a program",
            where=f"AWS profile {profile!r}",
            fix=f'eval "$(aws configure export-credentials --profile {profile} --format env)", then start Jupyter',
        )
    return None, region
