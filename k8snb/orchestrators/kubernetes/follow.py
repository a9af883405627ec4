"""Following one attempt: attach, log and watch become one stream of reports."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from typing import Any

from k8snb.orchestrators.base import Attempt, Gone, Output, Report, Waiting
from k8snb.orchestrators.kubernetes import attach, logs
from k8snb.orchestrators.kubernetes.access import whoami
from k8snb.orchestrators.kubernetes.attach import Attaching
from k8snb.orchestrators.kubernetes.client import NOT_FOUND, Api, StatusError, Unreachable
from k8snb.orchestrators.kubernetes.manifests import job_name
from k8snb.orchestrators.kubernetes.permissions import GRANTED, how_to_grant
from k8snb.orchestrators.kubernetes.pipe import Pipe
from k8snb.orchestrators.kubernetes.reasons import Case, Sighting, judge, unexplained
from k8snb.orchestrators.kubernetes.settings import Settings
from k8snb.orchestrators.kubernetes.watch import Board

BACKGROUND = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
_LOOK_SECONDS = 1.0
"""What no watch tells is looked at that often."""
_HUNG_SECONDS = 3.0
_LOST_SECONDS = 15.0
"""How long a pod that is being deleted may take: on a node that is lost it takes for ever."""
_UNEXPLAINED_SECONDS = 30.0
"""How long a Job may be without a pod where the events that tell why may not be read."""


class Follower:
    """Follows one attempt.

    Parameters
    ----------
    api : Api
    settings : Settings
    board : Board
    attaching : Attaching
    attempt : Attempt
    """

    def __init__(self, api: Api, settings: Settings, board: Board, attaching: Attaching, attempt: Attempt) -> None:
        self._api, self._settings, self._board, self._attempt = api, settings, board, attempt
        self._attaching = attaching
        self._job_path = f"/apis/batch/v1/namespaces/{settings.namespace}/jobs/{job_name(attempt.key)}"
        self._subject = board.subject(job_name(attempt.key))
        self._pipe = Pipe(attempt.nonce, self._subject.beat)
        self._tasks: list[asyncio.Task[None]] = []
        self._begun = time.monotonic()
        self._deleting_since: float | None = None
        self._over_since: float | None = None
        self._job: dict[str, Any] | None = None
        self._job_missing = False
        self._job_read = -_LOOK_SECONDS

    async def reports(self) -> AsyncGenerator[Report, None]:
        """Report until the attempt is gone."""
        self._log = self._task(self._read_log())
        if self._attempt.handshake > 0 and not self._attaching.refused:
            reading = attach.read(self._api, self._settings.namespace, self._subject, self._pipe, self._attaching)
            self._pipe.end_attach = self._task(reading).cancel
        told: Report | None = None
        try:
            while True:
                pulse = self._subject.pulse
                if data := self._pipe.take():
                    yield Output(data)
                report = await self._report()
                if isinstance(report, Gone):
                    if data := self._pipe.take(last=True):
                        yield Output(data)
                    yield report
                    return
                if report is not None and report != told and not self._pipe.begun:
                    yield report
                    told = report
                with suppress(TimeoutError):  # `wait_for` of Python 3.11 forgets a cancellation that comes with a pulse
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await pulse.wait()
        finally:
            await self._stop()

    async def _report(self) -> Waiting | Gone | None:
        """Return what is to be said; `Gone` once the log was read to its end, or there will be none."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error
        if self._board.error:
            raise self._board.error
        if not self._board.listed:
            return None
        report = judge(await self._look(), case := self._case())
        if isinstance(report, Waiting) and self._unexplained(case):
            granting = how_to_grant(case.namespace, await whoami(self._api), GRANTED)
            report = Gone(None, unexplained(self._subject.job, case, granting))
        if not isinstance(report, Gone):
            return report
        if not self._subject.over:
            await self._give_up()
        elif not self._log.done():
            self._hurry()
            return None
        return report

    async def _look(self) -> Sighting:
        """Gather what is known; the Job is read where its pod is missing or on its way out."""
        subject, now = self._subject, time.monotonic()
        pod = subject.pod
        deleting = pod is not None and "deletionTimestamp" in pod["metadata"]
        if deleting and self._deleting_since is None:
            self._deleting_since = now
        if deleting and now - (self._deleting_since or now) > _LOST_SECONDS:
            subject.deleted = True
        no_pod = pod is None and now - self._begun > _LOOK_SECONDS
        if (no_pod or deleting or subject.deleted) and now - self._job_read >= _LOOK_SECONDS:
            await self._read_job()
            self._job_read = now
        return Sighting(pod, subject.deleted, list(subject.events), self._job, self._job_missing)

    async def _read_job(self) -> None:
        try:
            self._job = await self._api.call("GET", self._job_path, patient=False)
        except StatusError as error:
            self._job_missing = error.status == NOT_FOUND
        except Unreachable:
            pass  # looked at again soon

    def _case(self) -> Case:
        waited = time.monotonic() - self._begun
        wait = waited < self._settings.wait_for_room or self._board.others_hold_room(self._subject.job)
        return Case(self._attempt.key, self._settings.namespace, wait)

    def _unexplained(self, case: Case) -> bool:
        """Whether there has been no pod for long, and nothing will tell why."""
        late = time.monotonic() - self._begun > _UNEXPLAINED_SECONDS
        suspended = (self._job or {}).get("spec", {}).get("suspend")  # by a queue, which will let it go
        return late and not (case.wait or suspended or self._board.sees_events or self._subject.pod)

    async def _give_up(self) -> None:
        """Delete what cannot start, before it does after all."""
        with suppress(StatusError):
            await self._api.call("DELETE", self._job_path, body=BACKGROUND)

    def _hurry(self) -> None:
        """Open a log anew that says nothing though its container is over: a dead connection."""
        self._over_since = self._over_since or time.monotonic()
        if min(self._pipe.silence, time.monotonic() - self._over_since) > _HUNG_SECONDS:
            self._log.cancel()
            self._over_since = None
            self._log = self._task(self._read_log())

    def _read_log(self) -> Coroutine[Any, Any, None]:
        return logs.read(self._api, self._settings.namespace, self._subject, self._pipe)

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._subject.beat())
        self._tasks.append(task)
        return task

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
