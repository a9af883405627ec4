"""Whether a loaded value has been changed in place since.

What is as its snapshot has it is the same, and so is what packs to the same bytes as before. Where the bytes differ
that means little: reading alone changes a frame's pickle, and sets differ between processes. Then the stored value is
loaded once more and the two are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blake3 import blake3

from k8snb.artifacts.compare import alike
from k8snb.artifacts.marks import Marked, is_variable, mark_of
from k8snb.artifacts.packing import pack
from k8snb.artifacts.transfer import load_copy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from k8snb.artifacts.buffers import Buffer
    from k8snb.artifacts.groups import Group
    from k8snb.artifacts.pickler import Pickler
    from k8snb.artifacts.store import Store
    from k8snb.artifacts.transfer import Loaded


def changed(
    store: Store,
    group: Group,
    loaded: Loaded,
    namespace: dict[str, Any],
    probes: dict[str, Pickler] | None = None,
) -> bool:
    """Say whether a group's values are others than those that were stored.

    Parameters
    ----------
    store : Store
        Has the group.
    group : Group
    loaded : Loaded
        What the group was loaded as.
    namespace : dict
        The one that it was loaded into.
    probes : dict of str to Pickler, optional
        Gets what `k8snb.artifacts.packing.pack` can use again as long as nothing changes, where it comes to packing.

    Raises
    ------
    StoreError
    """
    if loaded.snapshot is not None and loaded.snapshot.is_same():
        return False
    variables = {key: value for key, value in loaded.values.items() if is_variable(key)}
    others = {id(v): Marked(v, mark_of(key)) for key, v in loaded.values.items() if not is_variable(key)}
    packing = pack(variables, namespace=namespace, probes=probes, known=others)
    if packing.failures or len(packing.packed) != 1:
        return True  # it holds what cannot travel now, or its variables share nothing any more
    [packed] = packing.packed
    if blake3(packed.pickle).hexdigest() == group.pickle.digest:
        return not _same_memory(packed.buffers, loaded.buffers)
    return not alike(load_copy(store, group, namespace=dict(namespace)), loaded.values)


def unaltered(store: Store, group: Group, loaded: Loaded, namespace: dict[str, Any], names: Iterable[str]) -> set[str]:
    """Return those of a changed group's names whose objects, and all that is in these, are what was stored.

    Raises
    ------
    StoreError
    """
    copy = load_copy(store, group, namespace=dict(namespace))
    return {name for name in names if alike(copy[name], loaded.values[name])}


def _same_memory(packed: Sequence[memoryview], loaded: Sequence[Buffer]) -> bool:
    return len(packed) == len(loaded) and all(
        buffer.is_in(memory) for memory, buffer in zip(packed, loaded, strict=True)
    )
