"""What is needed before anything is started: a namespace, permissions, Secrets; made where it may be."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from k8snb.errors import ClusterError, ForbiddenError
from k8snb.images.credentials import Credentials
from k8snb.orchestrators.kubernetes import things
from k8snb.orchestrators.kubernetes.client import CONFLICT, FORBIDDEN, NOT_FOUND, Api, StatusError
from k8snb.orchestrators.kubernetes.manifests import MANAGED_BY, Surroundings
from k8snb.orchestrators.kubernetes.permissions import (
    ATTACH,
    EVENTS,
    GRANTED,
    MAKE_NAMESPACE,
    NEEDED,
    SECRETS,
    Permission,
    how_to_grant,
    short,
)
from k8snb.orchestrators.kubernetes.settings import Settings

_ENFORCE = "pod-security.kubernetes.io/enforce"
_ACCOUNT_SECONDS = 5.0
_NOBODY = "USER"
"""In commands, where the cluster does not tell whom it takes the user for."""


class _Namespace(Enum):
    """What was found out about the namespace."""

    OPEN = "takes any pod"
    RESTRICTED = "takes locked-down pods only"
    UNSEEN = "may not be looked at"
    MISSING = "is not there"


@dataclass(frozen=True)
class Granted:
    """What is permitted besides what is needed."""

    attach: bool
    events: bool


@dataclass(frozen=True)
class Found:
    """What a look at the cluster has shown."""

    namespace: _Namespace
    granted: Granted
    note: str
    """What there is to say of it, in words."""


async def look(api: Api, settings: Settings, credentials: Mapping[str, str]) -> Found:
    """Find out what there is and what is permitted; make nothing.

    Parameters
    ----------
    api : Api
    settings : Settings
    credentials : mapping of str to str
        For the store: a Secret is to be made of them.

    Raises
    ------
    ClusterError
        What keeps Jobs from being started.
    """
    name = settings.namespace
    namespace = await _look(api, name)
    handed_over = SECRETS if credentials else []
    needed = [*NEEDED, *handed_over]
    wanted = [*needed, *ATTACH, *EVENTS, MAKE_NAMESPACE]
    asked = asyncio.gather(*(_allowed(api, name, p) for p in wanted))
    user, answers = await asyncio.gather(whoami(api), asked)
    allowed = dict(zip(wanted, answers, strict=True))
    if missing := [p for p in needed if not allowed[p]]:
        raise _forbidden(api, name, user, missing, [*GRANTED, *handed_over], namespace)
    if namespace is _Namespace.MISSING and not allowed[MAKE_NAMESPACE]:
        raise _no_namespace(api, name, f"{user} may not {MAKE_NAMESPACE.verb} {MAKE_NAMESPACE.name}")
    if namespace is not _Namespace.MISSING:
        await things.check_stack(api, settings)
    granted = Granted(all(allowed[p] for p in ATTACH), all(allowed[p] for p in EVENTS))
    return Found(namespace, granted, "; ".join(_notes(namespace, name, user, granted)))


def _notes(namespace: _Namespace, name: str, user: str, granted: Granted) -> Iterator[str]:
    if user != _NOBODY:
        yield f"as {user}"
    if namespace is _Namespace.MISSING:
        yield f"namespace {name} is not there yet: the first run makes it"
    if not granted.events:
        yield "events may not be read: why a pod does not come cannot be told"


async def make(
    api: Api, settings: Settings, found: Found, credentials: Mapping[str, str], login: Credentials | None
) -> Surroundings:
    """Make what is missing: the namespace, and Secrets.

    Parameters
    ----------
    api : Api
    settings : Settings
    found : Found
    credentials : mapping of str to str
        For the store; a Secret is made of them.
    login : Credentials or None
        For the registry: what the nodes need to pull.

    Raises
    ------
    ClusterError
    """
    if found.namespace is _Namespace.MISSING:
        await _make_namespace(api, settings.namespace)
        await things.check_stack(api, settings)
    store, pull = await asyncio.gather(_store_secret(api, settings, credentials), _pull_secret(api, settings, login))
    # A namespace that may not be looked at may want locked-down pods, and those pass everywhere.
    return Surroundings(store, pull, found.namespace in {_Namespace.RESTRICTED, _Namespace.UNSEEN})


async def _look(api: Api, name: str) -> _Namespace:
    """Look at the namespace."""
    try:
        found = await api.call("GET", f"/api/v1/namespaces/{name}", patient=False)
    except StatusError as error:
        if error.status == FORBIDDEN:
            return _Namespace.UNSEEN
        if error.status == NOT_FOUND:
            return _Namespace.MISSING
        raise
    restricted = (found["metadata"].get("labels") or {}).get(_ENFORCE) == "restricted"
    return _Namespace.RESTRICTED if restricted else _Namespace.OPEN


async def _make_namespace(api: Api, name: str) -> None:
    """Make the namespace, and wait until pods can be made in it."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {MANAGED_BY: "k8snb"}}}
    try:
        await api.call("POST", "/api/v1/namespaces", body=body)
    except StatusError as error:
        if error.status != CONFLICT:
            raise _no_namespace(api, name, error.what) from error
    await _default_account(api, f"/api/v1/namespaces/{name}")


def _no_namespace(api: Api, name: str, why: str) -> ClusterError:
    return ClusterError(
        f"There is no namespace {name!r}, and it may not be made: {why}",
        where=api.where,
        fix=f"someone who may runs: kubectl create namespace {name}",
    )


async def _default_account(api: Api, namespace: str) -> None:
    """Wait for a new namespace's default service account: until it is there, pods are refused."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _ACCOUNT_SECONDS
    while loop.time() < until:
        try:
            await api.call("GET", f"{namespace}/serviceaccounts/default")
        except StatusError as error:
            if error.status != NOT_FOUND:
                return
        else:
            return
        await asyncio.sleep(0.05)


async def _allowed(api: Api, namespace: str, permission: Permission) -> bool:
    attributes = {
        "namespace": "" if permission is MAKE_NAMESPACE else namespace,
        "verb": permission.verb,
        "group": permission.group,
        "resource": permission.resource,
        "subresource": permission.subresource,
    }
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    body = kind | {"spec": {"resourceAttributes": attributes}}
    answer = await api.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=body)
    return bool(answer["status"]["allowed"])


def _forbidden(
    api: Api,
    name: str,
    user: str,
    missing: Sequence[Permission],
    granted: Sequence[Permission],
    namespace: _Namespace,
) -> ForbiddenError:
    refused = ", ".join(f"{p.verb} {p.name}" for p in missing)
    seen = namespace not in {_Namespace.UNSEEN, _Namespace.MISSING}
    return ForbiddenError(
        f"{user} may not {refused} in namespace {name}",
        where=api.where,
        fix=how_to_grant(name, user, granted, seen=seen),
    )


async def whoami(api: Api) -> str:
    """Return the user's name as the cluster knows it; ``USER`` where it does not tell."""
    kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = await api.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body=kind)
    except StatusError:
        return _NOBODY
    return str(answer["status"]["userInfo"]["username"])


async def _store_secret(api: Api, settings: Settings, credentials: Mapping[str, str]) -> str | None:
    if not credentials:
        return settings.store_secret
    return await _make_secret(api, settings.namespace, "store", "Opaque", credentials)


async def _pull_secret(api: Api, settings: Settings, login: Credentials | None) -> str | None:
    """Make a Secret of the registry's login; where that may not be, the nodes may have one of their own."""
    if login is None or not login.username:
        return None
    host = (settings.registry_from_pods or settings.registry).partition("/")[0]
    auth = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    config = {"auths": {host: {"username": login.username, "password": login.password, "auth": auth}}}
    data = {".dockerconfigjson": json.dumps(config)}
    try:
        return await _make_secret(api, settings.namespace, "pull", "kubernetes.io/dockerconfigjson", data)
    except ForbiddenError:
        return None


async def _make_secret(api: Api, namespace: str, purpose: str, kind: str, data: Mapping[str, str]) -> str:
    """Make a Secret that is named by what it holds: one that is there is the same."""
    name = f"k8snb-{purpose}-{short(json.dumps([sorted(data.items()), kind]))}"
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {MANAGED_BY: "k8snb"}},
        "type": kind,
        "immutable": True,
        "stringData": dict(data),
    }
    try:
        await api.call("POST", f"/api/v1/namespaces/{namespace}/secrets", body=body)
    except StatusError as error:
        if error.status != CONFLICT:
            raise
    return name
