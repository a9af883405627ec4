"""One watch of a run's pods and one of the namespace's events, kept up whatever happens to the connection."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from k8snb.errors import ClusterError, ForbiddenError
from k8snb.orchestrators.kubernetes.client import GONE, NOT_FOUND, Api, StatusError, Unreachable
from k8snb.orchestrators.kubernetes.manifests import PREFIX, job_name, load_key, run_selector
from k8snb.orchestrators.kubernetes.reasons import is_over

_WATCH_SECONDS = 30
"""A watch is ended after that, and pods are listed anew: what a watch may have missed is seen then."""
_FREED_SECONDS = 15.0
"""What a pod gave back is offered to those that wait within that: the scheduler tries them again after up to 10 s."""
_EVENTS_KEPT = 20
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0

Json = dict[str, Any]


class Subject:
    """What is known of one attempt's pod, and a pulse for whoever waits for news."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.pod: Json | None = None
        self.deleted = False
        self.events: deque[Json] = deque(maxlen=_EVENTS_KEPT)
        self._over_since: float | None = None
        self._pulse = asyncio.Event()

    @property
    def over(self) -> bool:
        """Whether the container ended or will never run."""
        return self.deleted or is_over(self.pod)

    def over_for(self, seconds: float) -> bool:
        """Whether that is so for some time."""
        if self.over and self._over_since is None:
            self._over_since = time.monotonic()
        return self._over_since is not None and time.monotonic() - self._over_since > seconds

    @property
    def pulse(self) -> asyncio.Event:
        """Is set at the next news; take it before looking at what there is."""
        return self._pulse

    def beat(self) -> None:
        """Wake whoever waits."""
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds that news can change."""
        while True:
            pulse = self.pulse
            if condition():
                return
            await pulse.wait()


@dataclass
class _Loop:
    """A list and watch of one kind of object."""

    path: str
    on_list: Callable[[list[Json]], None]
    on_change: Callable[[str, Json], None]
    params: dict[str, str] = field(default_factory=dict)
    relist: bool = False
    version: str | None = None


class Board:
    """What the cluster says of the attempts of one run.

    Parameters
    ----------
    api : Api
    namespace, run : str
    events_permitted : bool
    """

    def __init__(self, api: Api, namespace: str, run: str, *, events_permitted: bool = True) -> None:
        self._api = api
        self._subjects: dict[str, Subject] = {}
        self._early_events: deque[Json] = deque(maxlen=10 * _EVENTS_KEPT)
        self._tasks: list[asyncio.Task[None]] = []
        self.listed = False
        self.sees_events = events_permitted
        self.error: ClusterError | None = None
        base = f"/api/v1/namespaces/{namespace}"
        selector = {"labelSelector": run_selector(run)}
        self._pods = _Loop(f"{base}/pods", self._list_pods, self._change_pod, selector, relist=True)
        self._loops = [self._pods]
        if events_permitted:
            self._loops.append(_Loop(f"{base}/events", self._list_events, self._change_event))

    def start(self) -> None:
        """Begin to watch; more than once does nothing."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._keep(loop), name=loop.path) for loop in self._loops]

    async def stop(self) -> None:
        """End the watches."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def subject(self, job: str) -> Subject:
        """Return what is known of a Job's pod, now and later."""
        if job not in self._subjects:
            self._subjects[job] = Subject(job)
            self._subjects[job].events.extend(e for e in self._early_events if _is_about(e, job))
        return self._subjects[job]

    def others_hold_room(self, job: str) -> bool:
        """Whether other attempts of the run hold room that they will give back, or just did."""
        others = (s for s in self._subjects.values() if s.job != job)
        return any(
            s.pod is not None and s.pod["spec"].get("nodeName") and not s.over_for(_FREED_SECONDS) for s in others
        )

    async def _keep(self, loop: _Loop) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                if loop.version is None:
                    listing = await self._api.call("GET", loop.path, params=loop.params, patient=False)
                    loop.on_list(listing["items"])
                    loop.version = listing["metadata"]["resourceVersion"]
                await self._read(loop)
                pause = _FIRST_PAUSE
                if loop.relist:
                    loop.version = None
                continue
            except Unreachable:
                pass
            except ClusterError as error:
                loop.version = None
                if isinstance(error, ForbiddenError) or getattr(error, "status", NOT_FOUND) == NOT_FOUND:
                    self._give_up(loop, error)
                    return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _read(self, loop: _Loop) -> None:
        """Read one watch to its end."""
        params = loop.params | {
            "watch": "true",
            "resourceVersion": str(loop.version),
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        async with self._api.open(loop.path, params=params, silence=_WATCH_SECONDS + 5) as response:
            async for line in response.content:
                change = json.loads(line)
                item = change["object"]
                if change["type"] == "ERROR":
                    error = StatusError(f"The cluster ends a watch: {item.get('message')}", where=self._api.where)
                    error.status = item.get("code", GONE)
                    raise error
                loop.version = item["metadata"]["resourceVersion"]
                if change["type"] != "BOOKMARK":
                    loop.on_change(change["type"], item)

    def _give_up(self, loop: _Loop, error: ClusterError) -> None:
        if loop is self._pods:  # events only explain
            self.error = error
            self._beat_all()
        else:
            self.sees_events = False

    def _list_pods(self, items: list[Json]) -> None:
        found = {job: pod for pod in items if (job := _job_of(pod))}
        for job, subject in self._subjects.items():
            if subject.pod is not None and job not in found:
                subject.deleted = True
        for job, pod in found.items():
            self.subject(job).pod = pod
        self.listed = True
        self._beat_all()

    def _change_pod(self, kind: str, pod: Json) -> None:
        if job := _job_of(pod):
            subject = self.subject(job)
            subject.pod = pod
            subject.deleted = kind == "DELETED"
            subject.beat()

    def _list_events(self, items: list[Json]) -> None:
        for event in sorted(items, key=_when):
            self._change_event("ADDED", event)

    def _change_event(self, kind: str, event: Json) -> None:
        if kind == "DELETED" or not event["involvedObject"].get("name", "").startswith(PREFIX):
            return
        self._early_events.append(event)
        for job, subject in self._subjects.items():
            if _is_about(event, job):
                subject.events.append(event)
                subject.beat()

    def _beat_all(self) -> None:
        for subject in self._subjects.values():
            subject.beat()


def _job_of(pod: Json) -> str | None:
    try:
        return job_name(load_key(pod))
    except (KeyError, ValueError, TypeError):
        return None  # labelled like ours, but not made by us


def _is_about(event: Json, job: str) -> bool:
    """Whether an event is of a Job or its pod, whose name is the Job's and five characters."""
    name = event["involvedObject"]["name"]
    return bool(name == job or name.rpartition("-")[0] == job)


def _when(event: Json) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")
