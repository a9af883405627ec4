"""Reading an attempt by attach: from the first moment, with the line that its runner waits for."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

import aiohttp

from k8snb.errors import ClusterError, ForbiddenError
from k8snb.orchestrators.kubernetes.client import Api
from k8snb.orchestrators.kubernetes.manifests import CONTAINER
from k8snb.orchestrators.kubernetes.pipe import Pipe
from k8snb.orchestrators.kubernetes.watch import Subject

_STDIN, _STDOUT, _STDERR = range(3)
_HANDSHAKE = bytes([_STDIN]) + b"\n"
_PARAMS = {"container": CONTAINER, "stdin": "true", "stdout": "true", "stderr": "true"}
_PAUSE = 0.015
"""Between tries, for each attempt that tries: a container is met that soon after its start."""
_SLOW_PAUSE = 0.1
_QUICK_SECONDS = 5.0
_CLOSE_SECONDS = 1.0


@dataclass
class Attaching:
    """What the attempts of one orchestrator share.

    Parameters
    ----------
    trying : int
        Attempts that try just now.
    refused : bool
        The cluster does not permit it.
    """

    trying: int = 0
    refused: bool = False


async def read(api: Api, namespace: str, subject: Subject, pipe: Pipe, attaching: Attaching) -> None:
    """Deliver what attach says until the log is as far, the container ends or the connection breaks."""
    await subject.until(lambda: subject.over or bool(subject.pod and subject.pod["spec"].get("nodeName")))
    begun = time.monotonic()
    attaching.trying += 1
    try:
        while not (subject.over or attaching.refused):
            if await _try(api, namespace, subject, pipe, attaching):
                return
            quick = time.monotonic() - begun < _QUICK_SECONDS
            await asyncio.sleep((_PAUSE if quick else _SLOW_PAUSE) * attaching.trying)
    finally:
        if not pipe.attached:
            attaching.trying -= 1


async def _try(api: Api, namespace: str, subject: Subject, pipe: Pipe, attaching: Attaching) -> bool:
    """Attach once; return False where the container does not run yet."""
    assert subject.pod is not None
    path = f"/api/v1/namespaces/{namespace}/pods/{subject.pod['metadata']['name']}/attach"
    try:
        ws = await api.attach(path, _PARAMS)
    except ForbiddenError:
        attaching.refused = True
        return False
    except ClusterError:
        return False
    try:
        await ws.send_bytes(_HANDSHAKE)
        async for message in ws:
            if message.type is not aiohttp.WSMsgType.BINARY:
                continue
            if message.data[0] not in {_STDOUT, _STDERR}:
                break  # a status: the container is over, or does not run yet
            if not pipe.attached:
                pipe.attached = True
                attaching.trying -= 1
                subject.beat()
            if not pipe.from_attach(message.data[1:]):
                break
    except (aiohttp.ClientError, OSError):
        pass  # the log fills what is missing
    finally:
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await ws.close()
    return pipe.attached
