"""What a step puts out: the variables that it makes, and those whose objects it has changed or shares with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from k8snb.artifacts import marks
from k8snb.artifacts.changes import changed, unaltered
from k8snb.artifacts.marks import Marked
from k8snb.artifacts.packing import Packing, pack
from k8snb.artifacts.plain import are_apart, copies_on_write
from k8snb.artifacts.transfer import save

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from k8snb.artifacts.groups import Group
    from k8snb.artifacts.marks import Known
    from k8snb.artifacts.pickler import Pickler
    from k8snb.artifacts.store import Store
    from k8snb.runner.inputs import Came
    from k8snb.runner.spec import Key, Ref, Spec


@dataclass(frozen=True)
class Outputs:
    """What a step puts out.

    Parameters
    ----------
    packing : Packing
    changed, shared : dict of str to Ref
        As in `k8snb.runner.spec.Result`.
    came : sequence of Came
        What the step was given.
    step : str
        The step's folder, by which marks say that it has changed something.
    """

    packing: Packing
    changed: dict[str, Ref]
    shared: dict[str, Ref]
    came: Sequence[Came]
    step: str

    def save(self, store: Store) -> list[Group]:
        """Bring the groups to the store.

        What the code may change, but is stored just as it came, keeps its marks: it has not been changed.

        Raises
        ------
        StoreError
        """
        return [self._as_it_came(save(store, packed)) for packed in self.packing.packed]

    def _as_it_came(self, group: Group) -> Group:
        for one in (one.group for one in self.came if one.group.names == group.names):
            after = {key: marks.after(mark, self.step) for key, mark in one.marks.items()}
            if (group.pickle, group.buffers, group.marks) == (one.pickle, one.buffers, after):
                return replace(group, marks=one.marks)
        return group


def put_out(spec: Spec, came: Sequence[Came], namespace: dict[str, Any], store: Store) -> Outputs:
    """Pack what a cell has made.

    Parameters
    ----------
    spec : Spec
    came : sequence of Came
        As `k8snb.runner.inputs.bind` returned them.
    namespace : dict
        As the cell has left it.
    store : Store
    """
    used = {name for one in came for name in one.group.needs}
    made: dict[str, object] = {name: namespace[name] for name in spec.outputs if name in namespace}
    looked_at = [
        _look_at(one, spec, namespace, store) for one in came if not only_looked_at(one, spec, used, namespace)
    ]
    refs = {name: one.came.ref for one in looked_at for name in one.there}
    altered = {name for one in looked_at for name in one.altered}
    probes = {name: probe for one in looked_at for name, probe in one.probes.items() if name not in made}

    def packing_with(some: Sequence[_LookedAt]) -> tuple[dict[str, object], Packing]:
        values = {name: value for one in some for name, value in one.there.items()} | made
        known = _marks_of(values, _known(some, spec.key), spec.key)
        return values, pack(values, namespace=namespace, probes=probes, known=known)

    values, packing = packing_with([one for one in looked_at if not one.is_same])
    if any(one.is_met_in(values, probes) for one in looked_at if one.is_same):
        _, packing = packing_with(looked_at)
    packed = [group for group in packing.packed if not altered.union(made).isdisjoint(group.names)]
    out = {name for group in packed for name in group.names} | (packing.failures.keys() & altered)
    return Outputs(
        Packing(packed, {n: why for n, why in packing.failures.items() if n in made or n in altered}),
        {name: refs[name] for name in sorted(out & altered - made.keys())},
        {name: refs[name] for name in sorted(out - altered - made.keys())},
        came,
        spec.key.folder,
    )


def only_looked_at(one: Came, spec: Spec, used: AbstractSet[str], namespace: dict[str, Any]) -> bool:
    """Say whether a group surely is as it came, and apart from all that the cell has made.

    Parameters
    ----------
    one : Came
    spec : Spec
    used : set of str
        Names that functions among the inputs use.
    namespace : dict
    """
    if not one.loaded.plain or not one.bound <= spec.looked_at.keys() - used or not copies_on_write():
        return False
    if not one.alone or not one.bound.isdisjoint(spec.outputs):  # it may be put out itself
        return False
    values = [one.loaded.values[name] for name in one.bound]
    into = {name for name in one.bound for name in spec.looked_at[name]} & namespace.keys()
    return (
        all(namespace.get(name) is one.loaded.values[name] for name in one.bound)
        and all(are_apart(namespace[name], values) for name in into - one.bound)
        and all(buffer.is_as_stored() for buffer in one.loaded.buffers)
    )


@dataclass(frozen=True)
class _LookedAt:
    """A group that came in, at the end of the step.

    Parameters
    ----------
    came : Came
    there : dict of str to object
        What its names stand for that are not among the outputs.
    altered : set of str
        Those of these names whose objects are others now.
    is_changed : bool
        Objects of it are not what they were.
    is_same : bool
        It is as it came, and apart from all that it is not met in.
    probes : dict of str to Pickler
        As `k8snb.artifacts.packing.pack` takes them, of `there`.
    """

    came: Came
    there: dict[str, object]
    altered: set[str]
    is_changed: bool
    is_same: bool
    probes: dict[str, Pickler]

    def is_met_in(self, values: Mapping[str, object], probes: Mapping[str, Pickler]) -> bool:
        """Say whether values, which were packed, may share something with it."""
        snapshot = self.came.loaded.snapshot
        return snapshot is not None and snapshot.is_met_in(values.values(), probes.values())


def _look_at(one: Came, spec: Spec, namespace: dict[str, Any], store: Store) -> _LookedAt:
    loaded = one.loaded.values
    touched = {*spec.inputs, *spec.deletes, *namespace}
    made = {n for n in spec.outputs if n in touched}  # another that the cell only may bind, it has left alone
    names = [n for n in one.group.names if n not in made and (n in one.bound or n not in spec.inputs)]
    there = {n: namespace.get(n) if n in one.bound else loaded[n] for n in names}
    there = {n: value for n, value in there.items() if n not in one.bound or n in namespace}
    rebound = {n for n, value in there.items() if value is not loaded[n]}
    probes: dict[str, Pickler] = {}
    if rebound == there.keys() and not one.bound.isdisjoint(spec.changes):
        return _LookedAt(one, there, rebound, is_changed=True, is_same=False, probes={})
    is_changed = changed(store, one.group, one.loaded, namespace, probes)
    left = there.keys() - rebound
    altered = rebound
    if is_changed:
        several = left and len(one.group.names) > 1  # of one object it is known already
        altered = there.keys() - (unaltered(store, one.group, one.loaded, namespace, left) if several else set())
    is_same = not is_changed and not probes and not rebound and one.alone
    return _LookedAt(one, there, altered, is_changed, is_same, {name: probes[name] for name in left & probes.keys()})


def _known(looked_at: Sequence[_LookedAt], step: Key) -> dict[int, Marked]:
    """Return the objects that came in, with the marks that they have now."""
    known: dict[int, Marked] = {}
    for one in looked_at:
        for key, mark in one.came.group.marks.items():
            value = one.came.loaded.values[key]
            if key not in one.came.united:
                is_other = one.is_changed and (key not in one.there or key in one.altered)
                known[id(value)] = Marked(value, marks.after(mark, step.folder) if is_other else mark)
    return known


def _marks_of(values: Mapping[str, object], known: Known, step: Key) -> Known:
    """Return known objects and those of variables that the step has made, which get marks of their own."""
    found = dict(known)
    for name, value in values.items():
        if id(value) not in found and marks.is_marked(value):
            found[id(value)] = Marked(value, f"{step.folder}#{name}")
    return found
