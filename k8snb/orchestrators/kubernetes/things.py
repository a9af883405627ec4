"""Whether the Secrets, volume claims and service accounts are there that a stack or its steps name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from k8snb.errors import ClusterError, ConfigError
from k8snb.orchestrators.kubernetes.client import NOT_FOUND, Api, StatusError
from k8snb.orchestrators.kubernetes.manifests import read_secret, read_volume
from k8snb.orchestrators.kubernetes.settings import Settings
from k8snb.pipeline.options import StepOptions


@dataclass(frozen=True)
class _Thing:
    """Something of the namespace that a stack or a step names.

    Parameters
    ----------
    resource, name : str
    key : str
        Of a Secret; none where all are meant.
    """

    resource: str
    name: str
    key: str = ""

    @property
    def kind(self) -> str:
        """In words."""
        kinds = {"serviceaccounts": "service account", "persistentvolumeclaims": "volume claim"}
        return kinds.get(self.resource, "Secret")


@dataclass(frozen=True)
class _Lack:
    """A thing that is not there: in words, and what mends that after ``kubectl -n NAMESPACE``."""

    what: str
    way_out: str


async def check_stack(api: Api, settings: Settings) -> None:
    """Look for the Secret and the service account that the stack names; where that is refused, the pod will tell.

    Raises
    ------
    ClusterError
        Something is not there.
    """
    namespace, account, secret = settings.namespace, settings.service_account, settings.store_secret
    things = {_Thing("serviceaccounts", account): f"create serviceaccount {account}"} if account else {}
    if secret:
        things[_Thing("secrets", secret)] = f"create secret generic {secret} --from-env-file=FILE"
    for thing, lack in (await _lacking(api, namespace, things)).items():
        fix = f"kubectl -n {namespace} {things[thing]}"
        raise ClusterError(f"{lack.what}, which the stack names", where=api.where, fix=fix)


async def check_steps(api: Api, namespace: str, options: Mapping[str, StepOptions]) -> None:
    """Look for the Secrets, volume claims and service accounts that steps name; where refused, the pod will tell.

    Raises
    ------
    AnnotationError
        An option that cannot be read.
    ConfigError
        Something is not there.
    """
    named = {step: _things_of(told, f"step {step}") for step, told in options.items()}
    lacking = await _lacking(api, namespace, {thing for things in named.values() for thing in things})
    for step, things in named.items():
        for thing in things:
            if lack := lacking.get(thing):
                where, fix = f"step {step}, namespace {namespace}", f"kubectl -n {namespace} {lack.way_out}"
                raise ConfigError(f"{lack.what}, which the step names", where=where, fix=fix)


def _things_of(options: StepOptions, where: str) -> list[_Thing]:
    secrets = [read_secret(text, where) for text in options.secrets]
    things = [_Thing("secrets", secret.name, secret.key) for secret in secrets]
    things += [_Thing("persistentvolumeclaims", read_volume(text, where)[0]) for text in options.volumes]
    account = options.service_account
    return [*things, _Thing("serviceaccounts", account)] if account else things


async def _lacking(api: Api, namespace: str, things: Collection[_Thing]) -> dict[_Thing, _Lack]:
    """Return those of the things that are not there; those that may not be looked at are taken to be."""
    found = await asyncio.gather(*(_lack(api, namespace, thing) for thing in things))
    return {thing: lack for thing, lack in zip(things, found, strict=True) if lack}


async def _lack(api: Api, namespace: str, thing: _Thing) -> _Lack | None:
    path = f"/api/v1/namespaces/{namespace}/{thing.resource}/{quote(thing.name, safe='')}"
    try:
        found = await api.call("GET", path)
    except StatusError as error:
        what = f"There is no {thing.kind} {thing.name!r} in namespace {namespace}"
        return _Lack(what, _way_out(thing)) if error.status == NOT_FOUND else None
    if not thing.key or thing.key in (found.get("data") or {}):
        return None
    what = f"There is no key {thing.key!r} in {thing.kind} {thing.name!r} of namespace {namespace}"
    patch = json.dumps({"stringData": {thing.key: "VALUE"}})
    return _Lack(what, f"patch secret {thing.name} -p '{patch}', or another key: --secret VARIABLE=NAME/KEY")


def _way_out(thing: _Thing) -> str:
    if thing.resource == "serviceaccounts":
        return f"create serviceaccount {thing.name}, or another --service-account"
    if thing.resource == "persistentvolumeclaims":
        return "get pvc; name one of them: --volume CLAIM:/path"
    return f"create secret generic {thing.name} --from-literal={thing.key or 'KEY'}=VALUE"
