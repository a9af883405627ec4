"""Following is over at once when it is cancelled, whatever comes in; without a cluster."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from k8snb.orchestrators.base import Attempt
from k8snb.orchestrators.kubernetes.follow import Follower
from k8snb.orchestrators.kubernetes.watch import Subject
from k8snb.pipeline.options import StepOptions
from k8snb.runner.spec import Key


class Silent(Follower):
    """Follows an attempt of which nothing is known, and whose log says nothing."""

    async def _read_log(self) -> None:
        await asyncio.Event().wait()


async def test_a_cancellation_that_comes_with_news_is_not_forgotten() -> None:
    subject = Subject("job")
    board = SimpleNamespace(subject=lambda job: subject, error=None, listed=False)
    attempt = Attempt(Key("r", "s"), "0" * 16, "p", "image", 0, StepOptions())
    follower = Silent(*cast("list[Any]", [None, SimpleNamespace(namespace="n"), board, None]), attempt)

    async def follow() -> None:
        async for _ in follower.reports():
            pass

    following = asyncio.create_task(follow())
    for _ in range(5):  # until it waits for news
        await asyncio.sleep(0)
    subject.beat()
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await following
    assert following.cancelled()
