"""Everything that the engine is told about a run: steps, captured values, code, environments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from k8snb.analysis.installs import Install
from k8snb.analysis.source import body
from k8snb.images.code import collect, imported_by, local_modules
from k8snb.images.requirements import from_file
from k8snb.notebook.environments import environments
from k8snb.notebook.modules import folders
from k8snb.notebook.plan import Plan
from k8snb.orchestrators.base import Capability, Environment
from k8snb.pipeline.model import Step
from k8snb.run.request import RunRequest


def make_request(
    plan: Plan,
    *,
    imports: Collection[str],
    installs: Sequence[Install],
    folder: Path,
    capabilities: AbstractSet[Capability],
    parameters: Mapping[str, Any],
) -> RunRequest:
    """Put the request for a run together.

    Parameters
    ----------
    plan : Plan
    imports : collection of str
        Top-level modules that the notebook's steps import, also those that do not run.
    installs : sequence of Install
        What the notebook's cells install.
    folder : Path
        The notebook's.
    capabilities : set of Capability
        Of the orchestrator: without images there is no need to know packages.
    parameters : mapping
        For the record.
    """
    pipeline = replace(plan.pipeline, steps=tuple(map(_without_what_failed, plan.pipeline.steps)))
    steps = pipeline.steps
    modules = set(imports)
    for groups in plan.captured.values():
        modules |= {module for group in groups.values() for module in group.modules}
    for step in steps:
        modules |= {need for carried in step.carried if modules.issuperset(carried.modules) for need in carried.needs}
    files = {file for step in steps for file in step.cell.options.files}
    _check_requirements(steps, folder)
    others = folders()
    local = local_modules(modules, [folder, *others])
    if Capability.IMAGES in capabilities:
        needs = environments(steps, folder, modules | imported_by(local), local, installs)
    else:
        needs = {step.name: Environment() for step in steps}
    code = collect({step.name: body(step.cell.source) for step in steps}, modules, folder, files, others)
    return RunRequest(pipeline, plan.captured, code, needs, parameters, plan.after, plan.reused)


def _without_what_failed(step: Step) -> Step:
    """Leave out settings of cells above that cannot have been executed: their modules are not installed."""
    carried = tuple(c for c in step.carried if all(find_spec(need) is not None for need in c.needs))
    return step if carried == tuple(step.carried) else replace(step, carried=carried)


def _check_requirements(steps: Iterable[Step], folder: Path) -> None:
    """Refuse a requirements file that cannot be read also where steps run without images: it is wrong all the same."""
    for step in steps:
        if step.cell.options.requirements is not None:
            from_file(folder / step.cell.options.requirements)
