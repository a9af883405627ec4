"""Reading an attempt's log through the API, opened again as often as it breaks off."""

from __future__ import annotations

import asyncio

from k8snb.errors import ForbiddenError
from k8snb.orchestrators.kubernetes.client import NOT_FOUND, Api, StatusError, Unreachable
from k8snb.orchestrators.kubernetes.manifests import CONTAINER
from k8snb.orchestrators.kubernetes.pipe import Pipe
from k8snb.orchestrators.kubernetes.reasons import container_state
from k8snb.orchestrators.kubernetes.watch import Subject

_PAUSE = 0.1
_LONGEST_PAUSE = 3.0
_SILENCE = 60.0
"""Seconds without a byte after which a log is opened anew: a dead connection looks like a quiet step."""
_LAST_TRIES = 8
"""Of reading the rest of a log whose container is over."""
_REFUSALS = (b"unable to retrieve container logs for ", b"failed to try resolving symlinks in path ")
"""How the kubelet's word begins that comes, with status 200, in place of a log just removed (as of Kubernetes 1.34)."""


async def read(api: Api, namespace: str, subject: Subject, pipe: Pipe) -> None:
    """Deliver the log; return when the container is over and its log was read to the end.

    The API server hides where a node breaks off: the stream just ends. So an end without the runner's word of it is
    believed when the log, read again, has nothing more.

    Raises
    ------
    ForbiddenError
        Reading logs is not permitted.
    """
    await subject.until(lambda: subject.over or pipe.attached or container_state(subject.pod)[0] == "running")
    pause, tries, ended_at = _PAUSE, 0, -1
    while tries < _LAST_TRIES and subject.pod is not None:
        over, before = subject.over, pipe.position
        try:
            ended = await _read(api, namespace, subject.pod["metadata"]["name"], pipe, follow=not over)
            if over and ended and pipe.finish():
                if pipe.said_end or pipe.position == ended_at:
                    return
                ended_at = pipe.position
                pipe.doubt()
        except ForbiddenError:
            raise
        except StatusError as error:
            if over and error.status == NOT_FOUND:
                break  # with its pod
        except Unreachable:
            pause = min(2 * pause, _LONGEST_PAUSE)
        if pipe.position > before:
            pause, tries = _PAUSE, 0
        tries += over
        await asyncio.sleep(pause)
    pipe.finish()


async def _read(api: Api, namespace: str, pod: str, pipe: Pipe, *, follow: bool) -> bool:
    """Read one stream; return whether to its end."""
    params = {"container": CONTAINER, "follow": "true" if follow else "false"}
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
    since = pipe.open_log()
    if since is not None:
        params["sinceSeconds"] = str(since)
    async with api.open(path, params=params, silence=_SILENCE) as response:
        first = True
        async for chunk in response.content.iter_any():
            if first and chunk.startswith(_REFUSALS):
                return False
            first = False
            if not await pipe.from_log(chunk):
                return False
    return True
