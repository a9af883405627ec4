"""Values to alias groups: which variables share an object, and the pickle of each group.

The unit that is stored is the alias group: variables that share an object, transitively, stay one object when they
are loaded. `save`, `load` and `copy_group` (from `k8snb.artifacts.transfer`) bring groups to a store and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from k8snb.artifacts.marks import is_variable, key_of
from k8snb.errors import UnpackableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from k8snb.artifacts.marks import Known
    from k8snb.artifacts.pickler import Pickler
    from k8snb.artifacts.views import Extent


@dataclass(frozen=True)
class Packed:
    """One alias group, ready to be stored.

    Parameters
    ----------
    names : tuple of str
        The variables, sorted.
    pickle : bytes
        The pickle of ``{name: value}``.
    buffers : tuple of memoryview
        The out-of-band buffers in order: the values' own memory, not copies.
    needs : tuple of str
        Names of the namespace that functions and classes inside use: others of the group too, but not the only one.
    modules : tuple of str
        Top-level modules that loading imports, without the standard library.
    summary : dict of str to str
        For each name its type and size in words.
    marks : dict of str to str
        By key: the marks of the objects, those that no variable stands for too.
    """

    names: tuple[str, ...]
    pickle: bytes
    buffers: tuple[memoryview, ...]
    needs: tuple[str, ...]
    modules: tuple[str, ...]
    summary: dict[str, str]
    marks: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.pickle) + sum(b.nbytes for b in self.buffers)


@dataclass(frozen=True)
class Packing:
    """What became of the values.

    Parameters
    ----------
    packed : list of Packed
    failures : dict of str to str
        For each name that cannot travel: why, and the way out.
    """

    packed: list[Packed] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


def pack(
    values: Mapping[str, object],
    *,
    namespace: dict[str, Any] | None = None,
    strict: bool = False,
    probes: dict[str, Pickler] | None = None,
    known: Known = MappingProxyType({}),
) -> Packing:
    """Pack variables as alias groups.

    Parameters
    ----------
    values : mapping of str to object
    namespace : dict, optional
        The notebook's. Functions with these very globals are packed without them; loaded, they see the loader's.
    strict : bool
        Raise for the first value that cannot travel instead of returning its name in `Packing.failures`.
    probes : dict of str to Pickler, optional
        Each variable packed by itself: those that are known already, and then all.
    known : mapping of int to Marked, optional
        Objects that are to be known again where the values are loaded, and their marks.

    Raises
    ------
    UnpackableError
        Only if `strict`.
    """
    from k8snb.artifacts import describe

    probes = {} if probes is None else probes
    failures: dict[str, str] = {}
    for name in sorted(values.keys() - probes.keys()):
        probe = _dump({name: values[name]}, namespace, {}, failures)
        if probe is not None:
            probes[name] = probe
        elif strict:
            raise UnpackableError(f"{name!r} cannot travel: {failures[name]}", where=f"variable {name!r}")
    packable = {name: probes[name] for name in sorted(values.keys() & probes.keys())}
    summary = {name: describe.words(values[name], _size(probe)) for name, probe in packable.items()}
    variables = {id(values[name]) for name in packable}
    others = {one: marked for one, marked in known.items() if one not in variables}
    packed = []
    for names, bases in _groups(packable):
        pickler: Pickler | None = packable[names[0]]
        together = {name: values[name] for name in names}
        together |= _inside([packable[name] for name in names], others)
        if len(together) > 1 or bases:
            pickler = _dump(together, namespace, bases, failures)
        if pickler is not None:
            marks = {key: known[id(value)].mark for key, value in together.items() if id(value) in known}
            packed.append(_packed(names, pickler, summary, marks))
    return Packing(packed, failures)


def _inside(probes: Iterable[Pickler], known: Known) -> dict[str, object]:
    """Return the known objects that no variable stands for and that were met, by the keys under which they are stored.

    A variable's object that is met elsewhere has brought the variable into the same group already.
    """
    if not known:
        return {}  # going through all that was met can take longer than packing it
    inside = {id(obj) for probe in probes for obj in probe.met() if id(obj) in known}
    return {key_of(known[one].mark): known[one].object for one in sorted(inside, key=lambda one: known[one].mark)}


def _packed(names: list[str], pickler: Pickler, summary: dict[str, str], marks: dict[str, str]) -> Packed:
    return Packed(
        names=tuple(names),
        pickle=b"".join(pickler.chunks),
        buffers=tuple(pickler.buffers),
        needs=tuple(sorted(pickler.needs.difference(names if len(names) == 1 else ()))),
        modules=pickler.imports(),
        summary={name: summary[name] for name in names},
        marks=marks,
    )


def _dump(
    values: dict[str, object], namespace: dict[str, Any] | None, bases: dict[int, Extent], failures: dict[str, str]
) -> Pickler | None:
    """Pickle variables together; None, and the reason for each noted, where that fails."""
    from k8snb.artifacts import describe, singletons
    from k8snb.artifacts.pickler import Pickler

    dicts = {id(value) for value in values.values() if type(value) is dict}
    pickler = Pickler(namespace, bases, dicts)
    try:
        pickler.dump(values)
        with_singletons = singletons.may_be_in(pickler.chunks)
    except Exception:  # noqa: BLE001 - one of them may be what cannot be packed
        with_singletons = True
    try:
        if with_singletons:
            pickler = singletons.PicklerOfSingletons(namespace, bases, dicts)
            pickler.dump(values)
    except Exception as error:  # noqa: BLE001 - the value's own code runs here and may raise anything
        said = {name: value for name, value in values.items() if is_variable(name)}
        failures |= {name: describe.failure(name, value, error, pickler.last) for name, value in said.items()}
        return None
    return pickler


def _size(pickler: Pickler) -> int:
    return sum(map(len, pickler.chunks)) + sum(b.nbytes for b in pickler.buffers)


class _Sets:
    """Disjoint sets of names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._parent = {name: name for name in names}

    def root(self, name: str) -> str:
        while self._parent[name] != name:
            name = self._parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        self._parent[self.root(one)] = self.root(other)


def _groups(probes: dict[str, Pickler]) -> Iterator[tuple[list[str], dict[int, Extent]]]:
    """Find the variables that share an object or memory; for each group the memory of its views, by array."""
    sets = _Sets(probes)
    _join_objects(probes, sets)
    bases = _join_memory(probes, sets)
    groups: dict[str, list[str]] = {}
    for name in probes:
        groups.setdefault(sets.root(name), []).append(name)
    for names in groups.values():
        held = {id(e.array) for name in names for e in probes[name].extents}
        yield names, {key: base for key, base in bases.items() if key in held}


def _join_objects(probes: dict[str, Pickler], sets: _Sets) -> None:
    from k8snb.artifacts import identity

    if len(probes) < 2:  # noqa: PLR2004
        return
    owners: dict[int, str] = {}
    for name, pickler in probes.items():
        for obj in pickler.met():
            if identity.carries(obj, pickler):
                owner = owners.setdefault(id(obj), name)
                if owner != name and not identity.by_name(obj):
                    sets.join(name, owner)


def _join_memory(probes: dict[str, Pickler], sets: _Sets) -> dict[int, Extent]:
    from k8snb.artifacts import views

    names = {id(extent): name for name, pickler in probes.items() for extent in pickler.extents}
    bases: dict[int, Extent] = {}
    for cluster in views.clusters(e for pickler in probes.values() for e in pickler.extents):
        merged = views.merge(cluster)
        for extent in cluster:
            bases[id(extent.array)] = merged
            sets.join(names[id(extent)], names[id(cluster[0])])
    return bases
