"""What is left of a pipeline when some of its steps have run already."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from k8snb.artifacts.groups import Group
from k8snb.artifacts.store import Store
from k8snb.artifacts.transfer import copy_group
from k8snb.notebook import imports
from k8snb.notebook.cells import UNBOUND, Cells, Entry
from k8snb.notebook.names import Broken, Made
from k8snb.pipeline.model import Pipeline, Step
from k8snb.pipeline.sources import find
from k8snb.run.record import Reused


@dataclass(frozen=True)
class Plan:
    """Steps to run, and the values that they get besides those that they make for each other.

    Parameters
    ----------
    pipeline : Pipeline
    captured : mapping of str to mapping of str to Group
        By step and name; all in the scratch store.
    after : mapping of str to set of str
        For all steps that were asked for or are needed, those that each waits for.
    reused : mapping of str to Reused
        Those among them that do not run: what is used of them.
    """

    pipeline: Pipeline
    captured: Mapping[str, Mapping[str, Group]]
    after: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    reused: Mapping[str, Reused] = field(default_factory=dict)


def make(pipeline: Pipeline, cells: Cells, *, whole: Pipeline, done: AbstractSet[str], scratch: Store) -> Plan:
    """Decide what to run.

    Parameters
    ----------
    pipeline : Pipeline
        The steps asked for and what they need.
    cells : Cells
        All of the session.
    whole : Pipeline
        All steps.
    done : set of str
        Steps that do not run again: their results are used.
    scratch : Store
        Gets the results that are used again.

    Raises
    ------
    UnpackableError
        A result that is to be used again could not be kept.
    """
    steps = []
    entries = {entry.step: entry for entry in cells if entry.step is not None}
    captured: dict[str, Mapping[str, Group]] = {}
    for step in pipeline.steps:
        if step.name not in done:
            groups = {**entries[step.name].capture.groups}
            inputs: dict[str, tuple[str | None, ...]] = {}
            for name in step.inputs:
                inputs[name], made = _from_done(name, step, entries, done)
                if made is not None:
                    meant = _still_meant(step, whole[made.step], made.group, cells)
                    groups[name] = copy_group(made.store, scratch, meant)
            for name, made in _needed(step, groups, entries, done).items():
                groups[name] = copy_group(made.store, scratch, replace(made.group, names=(name,)))
            steps.append(replace(step, inputs=inputs, after=step.after - done))
            captured[step.name] = _each_name_once(groups)
    after = {step.name: step.after for step in pipeline.steps}
    kept = {name: entries[name].kept for name in after if name in done}
    reused = {name: one for name, one in kept.items() if one is not None}
    return Plan(replace(pipeline, steps=tuple(steps)), captured, after, reused)


def _needed(
    step: Step, groups: Mapping[str, Group], entries: Mapping[str, Entry], done: AbstractSet[str]
) -> dict[str, Made]:
    """Return what functions in the groups use, as far as steps have made it that do not run again, and so on."""
    above = list(itertools.takewhile(lambda name: name != step.name, entries))
    found: dict[str, Made] = {}
    left = {need for group in groups.values() for need in group.needs}
    while left:
        name = left.pop()
        makers = [made for one in above if one in done and (made := entries[one].group(name)) is not None]
        if makers and not {name} & (groups.keys() | step.inputs.keys() | found.keys()):
            found[name] = makers[-1]
            left |= set(makers[-1].group.needs)
    return found


def _each_name_once(groups: Mapping[str, Group]) -> dict[str, Group]:
    """Return the groups so that each name is found in the one it stands for only."""
    return {
        name: replace(group, names=tuple(n for n in group.names if groups.get(n, group) == group))
        for name, group in groups.items()
    }


def _still_meant(step: Step, maker: Step, group: Group, cells: Cells) -> Group:
    """Return a group without the names that mean something else by now."""
    there = {n for n in group.names if step.means(n, maker) and not cells.have_bound(n, maker.name, step.name)}
    return replace(group, names=tuple(n for n in group.names if n in step.inputs or n in there))


def _from_done(
    name: str, step: Step, entries: Mapping[str, Entry], done: AbstractSet[str]
) -> tuple[tuple[str | None, ...], Made | None]:
    """Return where an input comes from when the results of done steps are given like values of the kernel."""
    left: list[str | None] = []
    for source in step.inputs[name]:
        if source is None or source not in done:
            left.append(source)
        elif made := entries[source].group(name):
            return (*left, None), _last_version(name, made, step, entries, done)
        elif isinstance(leaves := entries[source].leaves(name), Broken):
            if name not in step.perhaps:
                raise leaves.error(name)
        elif leaves is UNBOUND:
            return tuple(left), None
    return tuple(left), None


def _last_version(name: str, made: Made, step: Step, entries: Mapping[str, Entry], done: AbstractSet[str]) -> Made:
    """Return what steps between a name's maker and a step have made of its object, or the object as it was made."""
    names = list(entries)
    between = (entries[n] for n in names[names.index(made.step) + 1 : names.index(step.name)] if n in done)
    versions = [group for entry in between if name in entry.taken_over and (group := entry.group(name)) is not None]
    return versions[-1] if versions else made


def stale(plan: Plan, cells: Cells) -> list[str]:
    """Say which captured values plain cells have made of results that this run makes anew."""
    found = []
    for step in plan.pipeline.steps:
        entry = cells.step(step.name)
        assert entry is not None
        for name in sorted(step.from_kernel & plan.captured[step.name].keys()):
            maker = cells.plain_maker(name, above=entry)
            sources = sorted(_makers(maker, cells) & {s.name for s in plan.pipeline.steps}) if maker is not None else []
            if sources:
                found.append(
                    f"step {step.name} gets {name} as a cell made it of earlier results of {', '.join(sources)}"
                )
    return found


def _makers(reader: Entry, cells: Cells) -> set[str]:
    """Return the steps above a plain cell whose results it has read; what one only imports is the same each time."""
    above = list(itertools.takewhile(lambda entry: entry is not reader, cells))
    sources = {entry.step: entry.source for entry in above if entry.step is not None}
    found = ((name, step) for name in reader.facts.reads for step in find(name, [e.cell for e in above]).steps)
    return {step for name, step in found if imports.binding(sources[step], name) is None}
