"""What the orchestrator is told: the cluster, the store and the registry as pods see them, and its patience."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from k8snb.artifacts.aws_profile import read_profile
from k8snb.errors import StackError
from k8snb.stacks.model import Stack
from k8snb.stacks.places import data_dir

_LABEL, _LABEL_LENGTH = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"), 63

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True)
class Settings:
    """Where and how attempts run.

    Parameters
    ----------
    store : str
        The artifact store's URI as pods use it.
    registry : str
        ``host[:port]/repository`` that images are pushed to.
    base : str
        Base image of environments that name none.
    namespace : str
    context, kubeconfig : str or None
        None: the current context of ``$KUBECONFIG``, else of ``~/.kube/config``, else the pod's own service account.
    endpoint, region : str or None
        Of the store, as pods use them.
    store_credentials : mapping of str to str or None
        Environment variables (``AWS_ACCESS_KEY_ID`` ...) that go to pods by a Secret that is made of them. None: those
        that this process has, unless a Secret or a service account is named.
    store_secret : str or None
        An existing Secret in their place.
    service_account : str or None
        Of the pods; one that the cloud trusts needs no Secret. Its token is mounted, which costs 0.3 s.
    registry_from_pods : str or None
        The registry's ``host[:port]/repository`` as the nodes use it, where that is another one.
    insecure : tuple of str
        Registries' hosts that are spoken to without TLS, besides those on this machine.
    cache : Path
        Folder for image layers that were made.
    wait_for_room : float
        Seconds to wait for a node with room; 0: to have none is an error, unless steps of the same run will make room.
    ttl : int
        Seconds after which a finished Job is deleted.
    deadline : int
        Seconds after which the cluster ends any step, its wait for a node included.
    """

    store: str
    registry: str
    base: str
    namespace: str = "default"
    context: str | None = None
    kubeconfig: str | None = None
    endpoint: str | None = None
    region: str | None = None
    store_credentials: Mapping[str, str] | None = field(default=None, repr=False)
    store_secret: str | None = None
    service_account: str | None = None
    registry_from_pods: str | None = None
    insecure: tuple[str, ...] = ()
    cache: Path = field(default_factory=lambda: data_dir() / "images")
    wait_for_room: float = 0.0
    ttl: int = HOUR
    deadline: int = 7 * DAY


def of_stack(stack: Stack) -> Settings:
    """Return the settings that a stack's tables say.

    Raises
    ------
    StackError
        No registry, or a namespace whose name cannot be one.
    """
    store, registry = stack.artifact_store, stack.container_registry
    if registry is None:
        raise StackError(
            "a stack of kind kubernetes needs a container registry",
            where=f"stack {stack.name}",
            fix='container_registry = { uri = "HOST/REPOSITORY" }',
        )
    told: Mapping[str, Any] = stack.orchestrator.settings
    return Settings(
        store=store.uri_from_pods,
        registry=registry.uri,
        base=stack.image or f"python:{sys.version_info.major}.{sys.version_info.minor}-slim",
        namespace=_namespace(told.get("namespace", "default"), stack.name),
        context=told.get("context"),
        kubeconfig=told.get("kubeconfig"),
        endpoint=store.endpoint_from_pods,
        region=store.region,
        store_secret=store.credentials.secret,
        service_account=store.credentials.service_account or told.get("service_account"),
        registry_from_pods=registry.from_pods.uri,
        insecure=registry.insecure_hosts,
        wait_for_room=told.get("wait_for_room", 0),
        ttl=told.get("ttl", HOUR),
        deadline=told.get("deadline", 7 * DAY),
    )


def _namespace(name: str, stack: str) -> str:
    """Return a namespace's name if it can be one."""
    if _LABEL.fullmatch(name) and len(name) <= _LABEL_LENGTH:
        return name
    better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LABEL_LENGTH].rstrip("-") or "k8snb"
    raise StackError(
        f"{name!r} cannot be the name of a namespace: small letters, digits and - only, at most {_LABEL_LENGTH}",
        where=f"stack {stack}, orchestrator namespace",
        fix=f'namespace = "{better}"',
    )


_PASSED_ON = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    "gs": ("GOOGLE_SERVICE_ACCOUNT_KEY",),
    "az": ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN"),
}


def credentials_for_pods(settings: Settings) -> dict[str, str]:
    """Return what pods need to open the store: as told, else this process's own; may read files.

    Raises
    ------
    StoreError
        The AWS profile's credentials cannot be passed on.
    """
    if settings.store_credentials is not None:
        return dict(settings.store_credentials)
    if settings.store_secret or settings.service_account:
        return {}
    scheme = settings.store.partition("://")[0]
    found = {name: os.environ[name] for name in _PASSED_ON.get(scheme, ()) if name in os.environ}
    if found or scheme != "s3":
        return found
    credentials, region = read_profile(os.environ)
    known = dict(credentials or {})
    return known | {"AWS_REGION": region} if known and region and not settings.region else known
