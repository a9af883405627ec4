"""A step that does nothing, run to find out whether steps can run on a stack: also what only a pod can see."""

from __future__ import annotations

from k8snb.analysis import analyse
from k8snb.images.code import Code
from k8snb.orchestrators.base import Environment
from k8snb.pipeline import Cell, build
from k8snb.run import portal
from k8snb.run.engine import Engine
from k8snb.run.request import RunRequest

STEP = "check"


def run(engine: Engine) -> None:
    """Run the step and leave nothing of it behind but the environment that its image is made of.

    Raises
    ------
    K8snbError
        What keeps steps from running: the store or the registry as a pod sees them, room, a policy.
    """
    pipeline = build([Cell("", analyse(""), step=STEP)], name=STEP)
    request = RunRequest(pipeline, {}, Code({f"steps/{STEP}.py": b""}, {}), {STEP: Environment()})
    handle = engine.start(request, lambda _: None)
    try:
        ended = handle.wait()
    except KeyboardInterrupt:
        handle.cancel()
        handle.wait()
        raise
    finally:
        if STEP in handle.results:
            portal.submit(engine.orchestrator.cancel([handle.results[STEP].key])).result()
        engine.store.delete_tree(f"runs/{handle.run}")
    if handle.failed:
        raise handle.error(STEP)
    if ended.error is not None:
        raise ended.error
