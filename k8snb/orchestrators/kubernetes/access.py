"""What is needed before anything is started: a namespace, permissions, Secrets; made where it may be."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from k8snb.errors import ClusterError, ForbiddenError
from k8snb.images.credentials import Credentials
from k8snb.orchestrators.kubernetes.client import CONFLICT, FORBIDDEN, NOT_FOUND, Api, StatusError
from k8snb.orchestrators.kubernetes.manifests import MANAGED_BY, Surroundings
from k8snb.orchestrators.kubernetes.settings import Settings

_ENFORCE = "pod-security.kubernetes.io/enforce"
_ACCOUNT_SECONDS = 5.0


@dataclass(frozen=True)
class Permission:
    """A verb on a resource of the namespace."""

    verb: str
    resource: str
    subresource: str = ""
    group: str = ""

    @property
    def name(self) -> str:
        """The resource as kubectl names it."""
        group = f".{self.group}" if self.group else ""
        return f"{self.resource}{group}" + (f"/{self.subresource}" if self.subresource else "")


_JOBS = [Permission(verb, "jobs", group="batch") for verb in ("create", "get", "list", "delete")]
_PODS = [Permission(verb, "pods") for verb in ("get", "list", "watch")]
NEEDED = [*_JOBS, *_PODS, Permission("get", "pods", "log")]
ATTACH = [Permission(verb, "pods", "attach") for verb in ("create", "get")]  # which of them depends on the version
EVENTS = [Permission(verb, "events") for verb in ("list", "watch")]
SECRETS = [Permission("create", "secrets")]


@dataclass(frozen=True)
class Granted:
    """What is permitted besides what is needed."""

    attach: bool
    events: bool


async def check(
    api: Api, settings: Settings, credentials: Mapping[str, str], login: Credentials | None
) -> tuple[Surroundings, Granted]:
    """Find out what there is, and make what is missing.

    Parameters
    ----------
    api : Api
    settings : Settings
    credentials : mapping of str to str
        For the store; a Secret is made of them.
    login : Credentials or None
        For the registry: what the nodes need to pull.

    Raises
    ------
    ClusterError
        Nothing was made but a namespace and Secrets.
    """
    restricted = await _namespace(api, settings.namespace)
    needed = NEEDED + (SECRETS if credentials else [])
    wanted = [*needed, *ATTACH, *EVENTS]
    allowed = dict(
        zip(wanted, await asyncio.gather(*(_allowed(api, settings.namespace, p) for p in wanted)), strict=True)
    )
    if missing := [p for p in needed if not allowed[p]]:
        raise await _forbidden(api, settings.namespace, missing)
    store, pull, _ = await asyncio.gather(
        _store_secret(api, settings, credentials), _pull_secret(api, settings, login), _named_things(api, settings)
    )
    granted = Granted(all(allowed[p] for p in ATTACH), all(allowed[p] for p in EVENTS))
    return Surroundings(store, pull, restricted), granted


async def _namespace(api: Api, name: str) -> bool:
    """Make sure of the namespace; return whether it takes locked-down pods only."""
    path = f"/api/v1/namespaces/{name}"
    try:
        found = await api.call("GET", path, patient=False)
    except StatusError as error:
        if error.status == FORBIDDEN:
            return True  # not to be known: a locked-down pod passes everywhere
        if error.status != NOT_FOUND:
            raise
    else:
        return bool((found["metadata"].get("labels") or {}).get(_ENFORCE) == "restricted")
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {MANAGED_BY: "k8snb"}}}
    try:
        await api.call("POST", "/api/v1/namespaces", body=body)
    except StatusError as error:
        if error.status != CONFLICT:
            raise ClusterError(
                f"There is no namespace {name!r}, and it may not be made: {error.what}",
                where=api.where,
                fix=f"kubectl create namespace {name}",
            ) from error
    await _default_account(api, path)
    return False


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
        "namespace": namespace,
        "verb": permission.verb,
        "group": permission.group,
        "resource": permission.resource,
        "subresource": permission.subresource,
    }
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    body = kind | {"spec": {"resourceAttributes": attributes}}
    answer = await api.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=body)
    return bool(answer["status"]["allowed"])


async def _forbidden(api: Api, namespace: str, missing: Sequence[Permission]) -> ForbiddenError:
    kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = await api.call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body=kind)
        user = answer["status"]["userInfo"]["username"]
    except StatusError:
        user = "USER"
    refused = ", ".join(f"{p.verb} {p.name}" for p in missing)
    return ForbiddenError(
        f"{user} may not {refused} in namespace {namespace}",
        where=api.where,
        fix="someone who may grant it runs:\n" + grant(namespace, user, missing),
    )


def grant(namespace: str, user: str, permissions: Sequence[Permission]) -> str:
    """Return the commands that grant permissions, and no more, to a user."""
    verbs: dict[str, list[str]] = {}
    for permission in permissions:
        verbs.setdefault(permission.name, []).append(permission.verb)
    account = user.removeprefix("system:serviceaccount:")
    subject = f"--serviceaccount={account}" if account != user else f"--user={user}"
    lines = []
    for resource, names in verbs.items():
        role = "k8snb-" + resource.replace("/", "-").replace(".", "-")
        lines += [
            f"kubectl -n {namespace} create role {role} --verb={','.join(names)} --resource={resource}",
            f"kubectl -n {namespace} create rolebinding {role}-{_short(user)} --role={role} {subject}",
        ]
    return "\n".join(lines)


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
    name = f"k8snb-{purpose}-{_short(json.dumps([sorted(data.items()), kind]))}"
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


async def _named_things(api: Api, settings: Settings) -> None:
    """Look for the Secret and the service account that the stack names; where that is refused, the pod will tell."""
    things = [
        ("secrets", "Secret", settings.store_secret, "secret generic {} --from-env-file=FILE"),
        ("serviceaccounts", "service account", settings.service_account, "serviceaccount {}"),
    ]
    for resource, kind, name, make in things:
        if not name:
            continue
        try:
            await api.call("GET", f"/api/v1/namespaces/{settings.namespace}/{resource}/{name}")
        except StatusError as error:
            if error.status != NOT_FOUND:
                continue
            raise ClusterError(
                f"There is no {kind} {name!r} in namespace {settings.namespace}, which the stack names",
                where=api.where,
                fix=f"kubectl -n {settings.namespace} create {make.format(name)}",
            ) from error


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
