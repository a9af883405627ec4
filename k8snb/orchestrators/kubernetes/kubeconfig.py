"""Which cluster, and as whom: kubeconfig files, exec plugins, a pod's own service account."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import shlex
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k8snb.errors import ClusterError, suggest

_TOKEN = "BearerToken"  # noqa: S105 - the client's name for it


WRITE_ONE = "set KUBECONFIG, or write one; for Amazon EKS: aws eks update-kubeconfig --name CLUSTER"
"""What to do where there is no kubeconfig."""

_importing = threading.Lock()


def import_client() -> None:
    """Import the official client, 0.6 s; from several threads, one after the other.

    Its packages import each other in a circle: threads that begin at different ends of it would wait for each other.
    """
    with _importing:
        importlib.import_module("kubernetes.aio.config")


@dataclass(frozen=True)
class Access:
    """A cluster and how to speak to it.

    Parameters
    ----------
    configuration : kubernetes.aio.client.Configuration
    where : str
        For messages: the context, its file and the server.
    """

    configuration: Any
    where: str

    @property
    def identity(self) -> tuple[str, str | None]:
        """What a connection depends on: the server and the client's certificate."""
        return self.configuration.host, self.configuration.cert_file

    async def authorization(self) -> str | None:
        """Return the value of the Authorization header; a client certificate needs none."""
        header: str | None = await self.configuration.get_api_key_with_prefix(_TOKEN)
        return header


@dataclass(frozen=True)
class Context:
    """One of a kubeconfig: a cluster, a user and a namespace under a name."""

    name: str
    cluster: str
    namespace: str | None
    is_current: bool


def contexts(kubeconfig: str | None = None) -> list[Context]:
    """Return the contexts that there are, sorted by their names; contacts no cluster.

    Parameters
    ----------
    kubeconfig : str or None
        None: ``$KUBECONFIG``, else ``~/.kube/config``.

    Returns
    -------
    list of Context
        Empty where there is no file.

    Raises
    ------
    ClusterError
        A file is broken.
    """
    files = _files(kubeconfig)
    existing = _existing(files)
    if not existing:
        return []
    import_client()
    from kubernetes.aio.config.kube_config import KubeConfigMerger

    merger: Any = KubeConfigMerger  # it has no types
    try:
        merged = merger(os.pathsep.join(existing)).config.value
        current = merged.get("current-context")
        found = [(node.value["name"], node.value.get("context") or {}) for node in merged["contexts"]]
        made = [Context(n, c.get("cluster") or "", c.get("namespace") or None, n == current) for n, c in found]
    except Exception as error:
        what = f"The kubeconfig cannot be used: {' '.join(str(error).split())}"
        raise ClusterError(what, where=files, fix="kubectl config view") from error
    return sorted(made, key=lambda context: context.name)


async def load(kubeconfig: str | None, context: str | None) -> Access:
    """Read the configuration anew: what an exec plugin or a login issued is fetched again where it has expired.

    Raises
    ------
    ClusterError
        No file, no such context, a plugin that fails.
    """
    await asyncio.to_thread(import_client)
    from kubernetes.aio.client import Configuration

    configuration = Configuration()
    # Clusters' own authorities often lack extensions that Python 3.13 insists on and kubectl does not.
    configuration.disable_strict_ssl_verification = True
    files = _files(kubeconfig)
    existing = _existing(files)
    if not existing and not kubeconfig and "KUBERNETES_SERVICE_HOST" in os.environ:
        return _in_cluster(configuration)
    if not existing:
        raise ClusterError(
            "There is no kubeconfig, which says where the cluster is",
            where=files,
            fix=WRITE_ONE,
        )
    where = f"context {context or '(current)'} of {files}"
    loader = await _load(configuration, os.pathsep.join(existing), context, where)
    name = loader.current_context["name"]
    where = f"context {name} of {files}, {re.sub(r'//[^/@]*@', '//', configuration.host)}"
    if not (configuration.api_key.get(_TOKEN) or configuration.cert_file):
        await _explain_login(loader, where, name)
    return Access(configuration, where)


def _files(kubeconfig: str | None) -> str:
    return kubeconfig or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")


def _existing(files: str) -> list[str]:
    return [p for p in files.split(os.pathsep) if p and Path(p).expanduser().exists()]


def _in_cluster(configuration: Any) -> Access:
    from kubernetes.aio import config

    client: Any = config  # its functions have no types
    try:
        client.load_incluster_config(configuration)
    except client.ConfigException as error:
        raise ClusterError(
            f"This pod has no service account to speak to its cluster: {error}",
            fix="give the pod a service account with automountServiceAccountToken, or set KUBECONFIG",
        ) from error
    return Access(configuration, f"the cluster of this pod, {configuration.host}")


async def _load(configuration: Any, files: str, context: str | None, where: str) -> Any:
    from kubernetes.aio import config

    client: Any = config  # its functions have no types
    try:
        return await client.load_kube_config(files, context, configuration, persist_config=False)
    except Exception as error:  # noqa: BLE001 - a file that is broken in any way
        problem = error
    fix = "kubectl config view"
    try:
        names = sorted(c["name"] for c in client.list_kube_config_contexts(files)[0])
    except Exception:  # noqa: BLE001 - only to help
        names = []
    if context and context not in names:
        what = f"There is no context {context!r}"
        fix = suggest(context, names) if names else fix
    else:
        what = f"The kubeconfig cannot be used: {problem}"
    raise ClusterError(what, where=where, fix=fix) from problem


async def _explain_login(loader: Any, where: str, context: str) -> None:
    """Raise what an exec plugin says; the client only logs it and would go on as nobody.

    The arguments of the plugin's command are not repeated: a client's secret may be among them.
    """
    from kubernetes.aio.config import ConfigException
    from kubernetes.aio.config.exec_provider import ExecProvider

    plugin = (loader._user or {}) and loader._user.safe_get("exec")  # noqa: SLF001 - nothing public tells
    if not plugin:
        return
    try:
        provider: Any = ExecProvider
        await provider(loader._user["exec"]).run()  # noqa: SLF001
    except (ConfigException, OSError) as error:
        raise ClusterError(
            f"The kubeconfig's login command fails: {plugin['command']}: {error}",
            where=where,
            fix=f"run it by hand until it works: kubectl --context {shlex.quote(context)} auth whoami",
        ) from error
    raise ClusterError("The kubeconfig's login command gives no credentials", where=where, fix="kubectl get pods")
