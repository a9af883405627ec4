"""A stack: where a pipeline runs. Frozen data, as `k8snb.stacks.load` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from k8snb.errors import StackError, suggest


@dataclass(frozen=True)
class OrchestratorSettings:
    """Which orchestrator, and its own settings.

    Parameters
    ----------
    kind : str
        ``"local"``, ``"kubernetes"``, or the name of an entry point in the group ``k8snb.orchestrators``.
    settings : mapping
        What else stands in the table.
    """

    kind: str = "local"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Credentials:
    """How pods get at the artifact store: references, never the credentials themselves.

    Parameters
    ----------
    secret : str or None
        A Kubernetes Secret of the namespace whose keys are the usual variables (``AWS_ACCESS_KEY_ID`` ...).
    service_account : str or None
        A service account that the cloud trusts.

    With neither, the notebook's own credentials go to a Secret that k8snb makes for the stack.
    """

    secret: str | None = None
    service_account: str | None = None


@dataclass(frozen=True)
class FromPods:
    """The address of a store or a registry as seen from inside the cluster, where that is another one."""

    uri: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True)
class ArtifactStore:
    """Where values, logs and records are kept.

    Parameters
    ----------
    uri : str
        ``s3://bucket/prefix``, ``gs://...``, ``az://...`` or ``file:///folder``.
    endpoint, region : str or None
        Of an S3 server that is not Amazon's.
    credentials : Credentials
    from_pods : FromPods
    """

    uri: str
    endpoint: str | None = None
    region: str | None = None
    credentials: Credentials = Credentials()
    from_pods: FromPods = FromPods()

    @property
    def uri_from_pods(self) -> str:
        """The URI that pods use."""
        return self.from_pods.uri or self.uri

    @property
    def endpoint_from_pods(self) -> str | None:
        """The endpoint that pods use."""
        return self.from_pods.endpoint or self.endpoint


@dataclass(frozen=True)
class ContainerRegistry:
    """Where images are kept.

    Parameters
    ----------
    uri : str
        ``host[:port]/repository``, without a tag.
    from_pods : FromPods
    insecure : bool
        It is spoken to without TLS, as those on this machine are anyway.
    """

    uri: str
    from_pods: FromPods = FromPods()
    insecure: bool = False

    @property
    def insecure_hosts(self) -> tuple[str, ...]:
        """Its host, where that is to be spoken to without TLS."""
        return (self.uri.partition("/")[0],) if self.insecure else ()

    @property
    def uri_from_pods(self) -> str:
        """The address that the cluster's nodes pull from."""
        return self.from_pods.uri or self.uri


@dataclass(frozen=True)
class Stack:
    """Where a pipeline runs.

    Parameters
    ----------
    name : str
    orchestrator : OrchestratorSettings
    artifact_store : ArtifactStore
    container_registry : ContainerRegistry or None
        None only for orchestrators without images.
    image : str or None
        Base image of the steps' environments; None: k8snb's default for the kernel's Python.
    file : Path or None
        Where it is written; None: embedded.
    """

    name: str
    orchestrator: OrchestratorSettings
    artifact_store: ArtifactStore
    container_registry: ContainerRegistry | None = None
    image: str | None = None
    file: Path | None = None


@dataclass(frozen=True)
class Stacks:
    """All stacks that a notebook can run on.

    Parameters
    ----------
    by_name : mapping of str to Stack
    default : str
        The one that the environment or the files name.
    because : str
        What names it: ``K8SNB_STACK``, a file, or ``"embedded"``.
    steps : mapping of str to mapping
        The tables ``[steps.defaults]`` and ``[steps.NAME]`` as they are written.
    files : tuple of Path
        What was read, the nearest first.
    captured_limit : int
        Bytes: a value of the kernel that is larger is told of where a step captures it.
    """

    by_name: Mapping[str, Stack]
    default: str
    because: str
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    captured_limit: int = 100_000_000

    def pick(self, name: str | None = None) -> Stack:
        """Return a stack by its name; without one the active stack.

        Raises
        ------
        StackError
            There is none of that name.
        """
        wanted = name or self.default
        if wanted not in self.by_name:
            others = f"one of: {', '.join(sorted(self.by_name))} (or add [stacks.{wanted}] to k8snb.toml)"
            raise StackError(
                f"there is no stack {wanted!r}",
                where=None if name else self.because,
                fix=suggest(wanted, self.by_name, others),
            )
        return self.by_name[wanted]
