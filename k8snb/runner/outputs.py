"""What a step puts out: the variables that it makes, and those whose objects it has changed or shares with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from k8snb.artifacts.changes import changed
from k8snb.artifacts.packing import Packing, pack
from k8snb.artifacts.plain import are_apart, copies_on_write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from k8snb.artifacts.pickler import Pickler
    from k8snb.artifacts.store import Store
    from k8snb.runner.inputs import Came
    from k8snb.runner.spec import Ref, Spec


@dataclass(frozen=True)
class Outputs:
    """What a step puts out.

    Parameters
    ----------
    packing : Packing
    changed, shared : dict of str to Ref
        As in `k8snb.runner.spec.Result`.
    """

    packing: Packing
    changed: dict[str, Ref] = field(default_factory=dict)
    shared: dict[str, Ref] = field(default_factory=dict)


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
    there: dict[str, object] = {}  # what came in and is not among the outputs
    refs: dict[str, Ref] = {}
    altered: set[str] = set()
    probes: dict[str, Pickler] = {}
    for one in came:
        if only_looked_at(one, spec, used, namespace):
            continue
        names = [n for n in one.group.names if n not in spec.outputs and (n in one.bound or n not in spec.inputs)]
        now = {n: namespace.get(n) if n in one.bound else one.loaded.values[n] for n in names}
        now = {n: value for n, value in now.items() if n not in one.bound or n in namespace}
        rebound = {n for n, value in now.items() if value is not one.loaded.values[n]}
        if rebound != now.keys() and changed(store, one.group, one.loaded, namespace, probes):
            altered |= now.keys()
        altered |= rebound
        there |= now
        refs |= dict.fromkeys(now, one.ref)
    values = {**there, **made}
    if not values:
        return Outputs(Packing())
    packing = pack(values, namespace=namespace, probes={n: p for n, p in probes.items() if n not in made})
    packed = [group for group in packing.packed if not altered.union(made).isdisjoint(group.names)]
    out = {name for group in packed for name in group.names} | (packing.failures.keys() & altered)
    return Outputs(
        Packing(packed, {n: why for n, why in packing.failures.items() if n in made or n in altered}),
        {name: refs[name] for name in sorted(out & altered - made.keys())},
        {name: refs[name] for name in sorted(out - altered - made.keys())},
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
    values = [one.loaded.values[name] for name in one.bound]
    into = {name for name in one.bound for name in spec.looked_at[name]} & namespace.keys()
    return (
        all(namespace.get(name) is one.loaded.values[name] for name in one.bound)
        and all(are_apart(namespace[name], values) for name in into - one.bound)
        and all(buffer.is_as_stored() for buffer in one.loaded.buffers)
    )
