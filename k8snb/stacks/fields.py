"""What a stack is registered with: the same words for the magic, in a shell and in Python. Imports little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any


def _field(about: str, metavar: str = "", default: Any = None) -> Any:
    return field(default=default, metadata={"help": about, "metavar": metavar})


@dataclass(frozen=True)
class Fields:
    """The fields of a stack; what is None is not written."""

    orchestrator: str | None = _field("where steps run: kubernetes or local", "KIND")
    context: str | None = _field("the kubeconfig's context (default: the current one)", "CONTEXT")
    namespace: str | None = _field("the cluster's namespace (default: the context's)", "NAMESPACE")
    artifact_store: str | None = _field("s3://BUCKET/PREFIX, gs://..., az://... or a folder", "URI")
    endpoint: str | None = _field("of an S3 server that is not Amazon's", "URL")
    region: str | None = _field("of the bucket", "REGION")
    registry: str | None = _field("HOST/REPOSITORY that images are pushed to", "URI")
    insecure: bool = _field("the registry is spoken to without TLS", default=False)
    artifact_store_from_pods: str | None = _field("the store's address for pods, where it is another", "URI")
    endpoint_from_pods: str | None = _field("the endpoint for pods, where it is another", "URL")
    registry_from_pods: str | None = _field("the registry's address for the cluster's nodes", "URI")
    image: str | None = _field("the base image of steps", "IMAGE")
    extends: str | None = _field("another stack, whose parts hold where none are named", "STACK")

    @classmethod
    def of(cls, args: Any, read: Callable[[str], Any] = str) -> Fields:
        """Return the fields that a parsed line has; ``read`` is what its texts mean."""
        told: dict[str, Any] = {f.name: getattr(args, f.name) for f in fields(cls)}
        return cls(**{name: read(value) if isinstance(value, str) else value for name, value in told.items()})

    @property
    def named(self) -> list[str]:
        """The options that were given."""
        return [option(f.name) for f in fields(self) if getattr(self, f.name)]


def options() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each option and what argparse is to know of it."""
    for f in fields(Fields):
        kind = {"metavar": f.metadata["metavar"]} if f.metadata["metavar"] else {"action": "store_true"}
        yield option(f.name), {"help": f.metadata["help"], **kind}


def option(name: str) -> str:
    """Return a field's option."""
    return f"--{name.replace('_', '-')}"
