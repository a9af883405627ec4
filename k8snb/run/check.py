"""Whether a stack works, part by part: looked at side by side from this machine, within seconds; nothing is made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from k8snb.errors import ClusterError, K8snbError, RegistryError, ServiceError, StoreError
from k8snb.images.reference import Repository
from k8snb.images.registry import Registry
from k8snb.orchestrators import kind_of, open_orchestrator
from k8snb.orchestrators.base import Capability
from k8snb.run.record import store_of
from k8snb.stacks.model import ContainerRegistry, Stack

PATIENCE = 15.0
"""Seconds that a part has to answer."""

ORCHESTRATOR, STORE, REGISTRY = "orchestrator", "artifact store", "container registry"


@dataclass(frozen=True)
class Outcome:
    """What was found out about a part of a stack.

    Parameters
    ----------
    stack : str
        The stack's name.
    part : str
        `ORCHESTRATOR`, `STORE` or `REGISTRY`.
    seconds : float
        That it took.
    note : str
        What there is to say of a part that works.
    error : K8snbError or None
        Why it does not work, and the way out.
    """

    stack: str
    part: str
    seconds: float
    note: str = ""
    error: K8snbError | None = None


Tell = Callable[[Outcome], None]


def parts(stack: Stack) -> tuple[str, ...]:
    """Return the names of the parts that are checked: a registry only where steps run in images."""
    return (
        (ORCHESTRATOR, STORE, REGISTRY) if stack.container_registry and _uses_images(stack) else (ORCHESTRATOR, STORE)
    )


def _uses_images(stack: Stack) -> bool:
    try:
        return Capability.IMAGES in kind_of(stack).capabilities
    except K8snbError:  # there is no such kind, which its own check tells
        return True


async def check(stacks: Iterable[Stack], folder: Path, tell: Tell = lambda _: None) -> list[Outcome]:
    """Check all parts of stacks, all at once.

    Parameters
    ----------
    stacks : iterable of Stack
    folder : Path
        The notebook's folder.
    tell : callable
        Called with each outcome as it comes, on the event loop.

    Returns
    -------
    list of Outcome
        Stack by stack, part by part. No part's failure keeps another from being checked.
    """
    stacks = list(stacks)
    imports = asyncio.ensure_future(asyncio.to_thread(_import, stacks))
    threads = ThreadPoolExecutor(max(1, len(stacks)), "k8snb-check")  # its own: none waits for another's to end

    async def told(stack: Stack, part: str) -> Outcome:
        if part == ORCHESTRATOR:
            await imports  # no time of the cluster's
        outcome = await _check(stack, part, folder, threads)
        tell(outcome)
        return outcome

    try:
        return await asyncio.gather(*(told(stack, part) for stack in stacks for part in parts(stack)))
    finally:
        threads.shutdown(wait=False)


def _import(stacks: Iterable[Stack]) -> None:
    for stack in stacks:
        with suppress(K8snbError):  # there is no such kind, which its own check tells
            kind_of(stack).load()


async def _check(stack: Stack, part: str, folder: Path, threads: Executor) -> Outcome:
    started = time.perf_counter()
    note, error = "", None
    try:
        async with asyncio.timeout(PATIENCE):
            note = await _look(stack, part, folder, threads)
    except K8snbError as e:
        error = e
    except TimeoutError:
        error = _silent(stack, part)
    except Exception as e:  # noqa: BLE001 - a defect of one part must not hide the others
        error = ServiceError(f"it cannot be checked: {type(e).__name__}: {e}", where=f"stack {stack.name}, {part}")
    return Outcome(stack.name, part, time.perf_counter() - started, note, error)


async def _look(stack: Stack, part: str, folder: Path, threads: Executor) -> str:
    """Look at a part; return what there is to say of it."""
    if part == ORCHESTRATOR:
        return await _look_at_orchestrator(stack, folder)
    if part == STORE:
        await asyncio.get_running_loop().run_in_executor(threads, _look_at_store, stack)
    elif stack.container_registry is not None:
        await _look_at_registry(stack.container_registry)
    return ""


async def _look_at_orchestrator(stack: Stack, folder: Path) -> str:
    orchestrator = open_orchestrator(stack, folder)
    try:
        return await orchestrator.look()
    finally:
        await orchestrator.aclose()


def _look_at_store(stack: Stack) -> None:
    store_of(stack).check()


async def _look_at_registry(registry: ContainerRegistry) -> None:
    repository = Repository.parse(registry.uri)
    async with Registry(insecure=registry.insecure_hosts) as client:
        await client.check_push(repository)


def _silent(stack: Stack, part: str) -> ServiceError:
    said = f"no answer within {PATIENCE:.0f} s"
    fix = "is it up, and is this machine in its network (VPN, proxy)?"
    if part == ORCHESTRATOR:
        context = stack.orchestrator.settings.get("context")
        return ClusterError(said, where=f"context {context}" if context else f"stack {stack.name}", fix=fix)
    if part == STORE:
        return StoreError(said, where=stack.artifact_store.endpoint or stack.artifact_store.uri, fix=fix)
    assert stack.container_registry is not None
    return RegistryError(said, where=stack.container_registry.uri, fix=fix)
