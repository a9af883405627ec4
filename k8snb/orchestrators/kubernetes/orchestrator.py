"""The orchestrator whose attempts are Jobs of one pod in a Kubernetes cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Self

from k8snb.errors import AttemptError, ConfigError
from k8snb.images.append import append
from k8snb.images.code import Code, code_layer
from k8snb.images.credentials import Credentials, find
from k8snb.images.environment import ensure
from k8snb.images.reference import Repository
from k8snb.images.registry import Registry
from k8snb.orchestrators.base import Attempt, Capability, Environment, Orchestrator, Report, Tell
from k8snb.orchestrators.kubernetes import access, things
from k8snb.orchestrators.kubernetes.attach import Attaching
from k8snb.orchestrators.kubernetes.client import BAD_REQUEST, CONFLICT, FORBIDDEN, INVALID, NOT_FOUND, Api, StatusError
from k8snb.orchestrators.kubernetes.follow import BACKGROUND, Follower
from k8snb.orchestrators.kubernetes.kubeconfig import import_client
from k8snb.orchestrators.kubernetes.manifests import Surroundings, dump_key, job, job_name, load_key, run_selector
from k8snb.orchestrators.kubernetes.reasons import Case, is_over, job_end, refused
from k8snb.orchestrators.kubernetes.settings import Settings, credentials_for_pods, of_stack
from k8snb.orchestrators.kubernetes.watch import Board
from k8snb.pipeline.options import StepOptions
from k8snb.runner.spec import Key
from k8snb.stacks.model import Stack

HANDSHAKE_SECONDS = 2.0


class KubernetesOrchestrator(Orchestrator):
    """Runs each attempt as a Job of one pod.

    Parameters
    ----------
    settings : Settings
    """

    capabilities = frozenset(Capability)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.handshake = HANDSHAKE_SECONDS
        self._api = Api(settings.kubeconfig, settings.context)
        self._registry: Registry | None = None
        self._attaching = Attaching()
        self._events_permitted = True
        self._boards: dict[str, Board] = {}
        self._followers: dict[str, int] = {}
        self._surroundings: Surroundings | None = None
        self._lock = asyncio.Lock()

    @classmethod
    def of_stack(cls, stack: Stack, folder: Path) -> Self:  # noqa: ARG003 - pods see nothing of the folder
        """Return the orchestrator of a stack."""
        return cls(of_stack(stack))

    @classmethod
    def load(cls) -> None:
        """Import the official client."""
        import_client()

    async def look(self) -> str:
        """Look at the cluster and at what the user may do there."""
        credentials = await asyncio.to_thread(credentials_for_pods, self._settings)
        return (await access.look(self._api, self._settings, credentials)).note

    async def check(self) -> None:
        """Find out whether Jobs can be started; make the namespace and Secrets where they are missing.

        The registry comes before anything is made: one that refuses leaves nothing in the cluster.
        """
        await self._checked()

    async def _checked(self) -> Surroundings:
        async with self._lock:
            if self._surroundings is None:
                credentials, login = await asyncio.gather(
                    asyncio.to_thread(credentials_for_pods, self._settings), asyncio.to_thread(self._login)
                )
                found = await access.look(self._api, self._settings, credentials)
                await self._open_registry().check_push(Repository.parse(self._settings.registry))
                surroundings = await access.make(self._api, self._settings, found, credentials, login)
                self.handshake = HANDSHAKE_SECONDS if found.granted.attach else 0.0
                self._attaching.refused = not found.granted.attach
                self._events_permitted = found.granted.events
                self._surroundings = surroundings
            return self._surroundings

    async def check_steps(self, options: Mapping[str, StepOptions]) -> None:
        """Look for the Secrets, volume claims and service accounts that steps name."""
        await self._checked()
        await things.check_steps(self._api, self._settings.namespace, options)

    def _open_registry(self) -> Registry:
        if self._registry is None:
            self._registry = Registry(insecure=self._settings.insecure)
        return self._registry

    def _login(self) -> Credentials | None:
        """Return the login that nodes need; on Amazon's registry they have one of their own."""
        host = Repository.parse(self._settings.registry).host
        return None if host.endswith(".amazonaws.com") else find(host)

    async def prepare(self, code: Code, environments: Mapping[str, Environment], tell: Tell) -> dict[str, str]:
        """Push the environments that are missing and the code on top of each."""
        registry = self._open_registry()
        layer = code_layer(code)
        images: dict[Environment, str] = {}
        told: dict[Environment, str] = {}

        def tell_of(environment: Environment, text: str) -> None:
            told[environment] = text
            tell("; ".join(dict.fromkeys(told.values())))

        async def make(environment: Environment) -> None:
            target = self._settings.registry
            base = await ensure(
                registry,
                target,
                environment.base or self._settings.base,
                environment.requirements,
                environment.constraints,
                cache_dir=self._settings.cache,
                tell=partial(tell_of, environment),
            )
            images[environment] = str(await append(registry, base.reference, Repository.parse(target), [layer]))

        await asyncio.gather(*(make(environment) for environment in set(environments.values())))
        return {step: self._as_pulled(images[environment]) for step, environment in environments.items()}

    def _as_pulled(self, image: str) -> str:
        """Return an image's name as the nodes use it."""
        pulled = self._settings.registry_from_pods
        if not pulled:
            return image
        digest = image.rpartition("@")[2]
        return f"{pulled}@{digest}"

    async def start(self, attempt: Attempt) -> None:
        """Post the attempt's Job; one of its name is adopted."""
        surroundings = await self._checked()
        manifest = job(attempt, self._settings, surroundings)
        await self._forget_idle_runs(attempt.key.run)
        self._board(attempt.key.run).start()
        try:
            await self._api.call("POST", self._jobs, body=manifest)
        except StatusError as error:
            if error.status == CONFLICT:
                await self._adopt(attempt.key)
                return
            raise self._refusal(error, attempt.key) from error

    async def _adopt(self, key: Key) -> None:
        """Make sure that the Job of an attempt's name is the attempt's."""
        found = await self._api.call("GET", f"{self._jobs}/{job_name(key)}")
        if found["metadata"].get("annotations", {}).get("k8snb.io/key") != dump_key(key):
            raise ConfigError(
                f"A Job named {job_name(key)} is there already, and it is not this step's",
                where=f"namespace {self._settings.namespace}",
                fix=f"kubectl -n {self._settings.namespace} delete job {job_name(key)}",
            )

    def _refusal(self, error: StatusError, key: Key) -> StatusError | AttemptError:
        case = Case(key, self._settings.namespace)
        if error.status == FORBIDDEN and " cannot " not in error.what:
            return refused(error.said, case)
        if error.status in {BAD_REQUEST, INVALID}:
            denied = "denied the request" in error.said
            return refused(error.said, case) if denied else ConfigError(error.said, where=case.where)
        return error

    async def follow(self, attempt: Attempt) -> AsyncIterator[Report]:
        """Report what the attempt's pod says and what becomes of it."""
        run = attempt.key.run
        board = self._board(run)
        board.start()
        self._followers[run] = self._followers.get(run, 0) + 1
        try:
            follower = Follower(self._api, self._settings, board, self._attaching, attempt)
            async with aclosing(follower.reports()) as reports:
                async for report in reports:
                    yield report
        finally:
            self._followers[run] -= 1
            if not self._followers[run]:
                del self._followers[run]

    async def cancel(self, keys: Sequence[Key]) -> None:
        """Delete the attempts' Jobs, and with them their pods."""
        await asyncio.gather(*(self._delete(key) for key in keys))

    async def _delete(self, key: Key) -> None:
        try:
            await self._api.call("DELETE", f"{self._jobs}/{job_name(key)}", body=BACKGROUND)
        except StatusError as error:
            if error.status != NOT_FOUND:
                raise

    async def running(self, run: str) -> list[Key]:
        """Return the attempts of a run whose pod is not over, or is not made yet."""
        params = {"labelSelector": run_selector(run)}
        pods_path = f"/api/v1/namespaces/{self._settings.namespace}/pods"
        jobs, pods = await asyncio.gather(
            self._api.call("GET", self._jobs, params=params), self._api.call("GET", pods_path, params=params)
        )
        found = {load_key(pod): not is_over(pod) for pod in pods["items"]}
        for item in jobs["items"]:
            found.setdefault(load_key(item), job_end(item) is None)
        return sorted((key for key, alive in found.items() if alive), key=dump_key)

    async def aclose(self) -> None:
        """Close connections."""
        for board in self._boards.values():
            await board.stop()
        self._boards.clear()
        await self._api.aclose()
        if self._registry is not None:
            await self._registry.aclose()
            self._registry = None

    async def _forget_idle_runs(self, run: str) -> None:
        """Stop watching runs that nobody follows, other than one."""
        for idle in self._boards.keys() - self._followers.keys() - {run}:
            await self._boards.pop(idle).stop()

    @property
    def _jobs(self) -> str:
        return f"/apis/batch/v1/namespaces/{self._settings.namespace}/jobs"

    def _board(self, run: str) -> Board:
        if run not in self._boards:
            namespace = self._settings.namespace
            self._boards[run] = Board(self._api, namespace, run, events_permitted=self._events_permitted)
        return self._boards[run]
