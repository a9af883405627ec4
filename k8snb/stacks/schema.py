"""What may stand in ``k8snb.toml``: every key, its type, and nothing secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from k8snb.errors import StackError, suggest

FROM_PODS = {"uri": str, "endpoint": str}
STACK = {"extends": str, "orchestrator": dict, "artifact_store": dict, "container_registry": dict, "image": str}
ARTIFACT_STORE = {"uri": str, "endpoint": str, "region": str, "credentials": dict, "from_pods": dict}
CREDENTIALS = {"secret": str, "service_account": str}
CONTAINER_REGISTRY = {"uri": str, "insecure": bool, "from_pods": dict}
TOP = {"k8snb": dict, "stacks": dict, "steps": dict}
K8SNB = {"stack": str, "captured_limit": str}
ORCHESTRATORS: dict[str, dict[str, type]] = {
    "local": {},
    "kubernetes": {
        "context": str,
        "namespace": str,
        "kubeconfig": str,
        "service_account": str,
        "wait_for_room": int,
        "ttl": int,
        "deadline": int,
    },
}
"""Settings of the built-in kinds; those of other kinds are checked by themselves."""

_SECRET = re.compile(r"(?:^|_)(?:password|passwd|token|secret_key|access_key|access_key_id|api_key|private_key)$")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kMGT]?)B")
_PLAIN = re.compile(r"true|false|[\d.]*", re.IGNORECASE)
_NAMES = {str: "text in quotes", dict: "a table", int: "a number", bool: "true or false"}


def table(value: Any, keys: Mapping[str, type], where: str) -> dict[str, Any]:
    """Return a table whose keys and types are as they may be.

    Raises
    ------
    StackError
        An unknown key, or a value of another type.
    """
    checked = typed(value, dict, where)
    for key, item in checked.items():
        if key not in keys:
            raise StackError(f"unknown key {key!r}", where=where, fix=suggest(key, keys))
        typed(item, keys[key], f"{where} {key}")
    return checked  # type: ignore[no-any-return]  # checked to be one


def typed(value: Any, wanted: type, where: str) -> Any:
    """Return the value, which must be of a type."""
    if not isinstance(value, wanted):
        what = f"{value!r} should be {_NAMES[wanted]}" if not isinstance(value, dict) else f"not {_NAMES[wanted]}"
        raise StackError(what, where=where, fix=f"write {_NAMES[wanted]}")
    return value


def size(text: str, where: str) -> int:
    """Read a number of bytes (``"100 MB"``).

    Raises
    ------
    StackError
        It is none.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise StackError(f"{text!r} is no size", where=where, fix='write "100 MB" or "2 GB"')
    return int(float(match[1]) * 1000 ** ("", "k", "M", "G", "T").index(match[2]))


def kinds() -> list[str]:
    """Return the names of all orchestrators that there are."""
    return sorted({*ORCHESTRATORS, *(e.name for e in entry_points(group="k8snb.orchestrators"))})


def no_secrets(value: Any, file: str, path: tuple[str, ...] = ()) -> None:
    """Refuse credentials: the file is meant for version control. Their values are not repeated."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            name = key.lower().replace("-", "_")
            if isinstance(item, str) and _SECRET.search(name) and not _PLAIN.fullmatch(item):
                raise _secret(f"{file}: [{'.'.join(path)}] {key}", key)
            no_secrets(item, file, (*path, key))
    elif isinstance(value, str) and re.search(r"://[^/@\s]+:[^/@\s]+@", value):
        raise _secret(f"{file}: [{'.'.join(path[:-1])}] {path[-1]}", "a password in the address")


def no_login(address: str | None, where: str) -> None:
    """Refuse an address that holds a login, also one that its own slashes or a forgotten end make hard to see.

    What follows ``?`` is a signature (``az://container/prefix?sig=...``), and never a part of such an address.
    """
    scheme, separator, rest = (address or "").rpartition("://")
    if separator and scheme in {"s3", "gs", "az"}:
        found = re.search("[:@]", rest.partition("/")[0])  # what stands there is the bucket's name
    else:
        found = None if scheme == "file" else re.search("@", rest)
    if found:
        raise _secret(where, "a login in the address")
    if scheme != "file" and "?" in rest:
        raise _secret(where, "what follows ? in the address")


def _secret(where: str, key: str) -> StackError:
    return StackError(
        f"{key} is a credential, and none may stand in this file",
        where=where,
        fix="set it in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or the cloud's own configuration; "
        'for pods name a Kubernetes Secret: credentials = { secret = "NAME" }; for a step: --secret NAME',
    )
