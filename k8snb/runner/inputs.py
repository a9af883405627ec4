"""Binds a step's inputs in its namespace: values of the steps before it, by their result records, and of the kernel."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from k8snb.artifacts import marks
from k8snb.artifacts.graft import graft
from k8snb.artifacts.transfer import digest, load_whole
from k8snb.errors import K8snbError, UnpackableError, not_loaded
from k8snb.runner.spec import KERNEL, Key, Ref, Result, Spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from k8snb.artifacts.groups import Group
    from k8snb.artifacts.store import Store
    from k8snb.artifacts.transfer import Loaded


@dataclass
class Came:
    """A group that came in.

    Parameters
    ----------
    ref : Ref
        Where from.
    group : Group
    loaded : Loaded
    bound : set of str
        Its names that the namespace has from it.
    united : set of str
        Keys of objects that are those of other groups, which are the same or later versions.
    alone : bool
        It shares no object with another group.
    """

    ref: Ref
    group: Group
    loaded: Loaded
    bound: set[str] = field(default_factory=set)
    united: set[str] = field(default_factory=set)
    alone: bool = True


KEPT = 1 << 20
"""Bytes of a group up to which what it holds is kept until the step ends, though the cell binds all its names anew."""


def bind(spec: Spec, store: Store, namespace: dict[str, Any]) -> list[Came]:
    """Bind what the spec's inputs refer to, and what the functions among them use.

    Returns
    -------
    list of Came
        Groups with names that the spec's outputs do not have: what the cell has made of these has to be told. And
        small ones whose names are all bound anew: what they are may go on inside something else.

    Raises
    ------
    K8snbError
        A value is not there, or cannot be loaded here.
    """
    search = _Search(spec, store, namespace)
    for name, refs in sorted(spec.inputs.items()):
        search.bind(name, refs)
    search.unite()
    import_submodules(spec.submodules, namespace.values())
    outputs = set(spec.outputs)
    return [c for c in search.came.values() if c.group.size <= KEPT or not outputs.issuperset(c.group.names)]


def import_submodules(names: Iterable[str], values: Iterable[object]) -> None:
    """Import the modules ``a.b`` among names where the module ``a`` is among values; they may be optional ones."""
    there = {value.__name__.partition(".")[0] for value in values if isinstance(value, ModuleType)}
    for name in names:
        if name.partition(".")[0] in there:
            with suppress(ImportError):
                import_module(name)


class _Search:
    """Looks names up; each record is read once, each group loaded once, so that what was one object stays one."""

    def __init__(self, spec: Spec, store: Store, namespace: dict[str, Any]) -> None:
        self._spec, self._store, self._namespace = spec, store, namespace
        self._sought: set[str] = set()
        self._results: dict[Ref, Result] = {}
        self.came: dict[str, Came] = {}  # by the groups' digests
        self._all = list(dict.fromkeys(ref for refs in spec.inputs.values() for ref in refs))

    def bind(self, name: str, refs: Iterable[Ref]) -> None:
        """Bind a name to the value of the first reference that has one; then the names that its functions use."""
        if name in self._sought:
            return
        self._sought.add(name)
        for ref in refs:
            group = self._group(name, ref)
            if group is not None:
                for need in group.needs:  # first: loading may run the notebook's code
                    self.bind(need, self._spec.inputs.get(need, [ref, KERNEL, *self._all]))
                came = self._load(ref, group, name)
                self._namespace[name] = came.loaded.values[name]
                came.bound.add(name)
                return
            if self._ends_search(name, ref):
                return

    def unite(self) -> None:
        """Let what is one object be one again, where groups have copies of it: the last of its versions."""
        latest: dict[str, tuple[str, Came, str]] = {}
        for one in self.came.values():
            for key, mark in one.group.marks.items():
                there = latest.get(marks.first(mark))
                if there is None or marks.is_later(mark, there[0]):
                    latest[marks.first(mark)] = mark, one, key
        last = {one: (mark, came, came.loaded.values[key]) for one, (mark, came, key) in latest.items()}
        for one in self.came.values():
            self._unite(one, last)

    def _unite(self, one: Came, last: Mapping[str, tuple[str, Came, object]]) -> None:
        values = one.loaded.values
        same: dict[str, object] = {}
        later: dict[str, object] = {}
        owners: list[Came] = []
        for key, mark in one.group.marks.items():
            newest, owner, value = last[marks.first(mark)]
            if value is not values[key] and (mark == newest or marks.is_later(newest, mark)):
                (same if mark == newest else later)[key] = value
                owners.append(owner)
        if owners and graft(values, same, later):
            one.united.update(same, later)
            self._namespace.update({name: values[name] for name in one.bound})
            for came in (one, *owners):
                came.alone = False

    def _group(self, name: str, ref: Ref) -> Group | None:
        groups = self._spec.captured if ref.step is None else self._result(ref).groups
        return next((group for group in groups if name in group.names), None)

    def _ends_search(self, name: str, ref: Ref) -> bool:
        if ref.step is None:
            return False
        result = self._result(ref)
        if name in result.unpackable:
            raise UnpackableError(
                f"{name!r} cannot travel from the step {ref.step}: {result.unpackable[name]}",
                where=f"step {self._spec.key.step}",
            )
        return name in result.deleted

    def _result(self, ref: Ref) -> Result:
        assert ref.step is not None
        if ref not in self._results:
            key = Key(self._spec.key.run, ref.step, ref.index, ref.attempt)
            self._results[ref] = Result.loads(self._store.get(f"{key.folder}/result.json"))
        return self._results[ref]

    def _load(self, ref: Ref, group: Group, name: str) -> Came:
        key = digest(group)
        if key not in self.came:
            try:
                watched = not self._spec.looked_at.keys() >= {*group.names}
                loaded = load_whole(self._store, group, namespace=self._namespace, watched=watched)
                self.came[key] = Came(ref, group, loaded)
            except K8snbError:
                raise
            except Exception as error:
                raise self._not_loaded(name, error) from error
        return self.came[key]

    def _not_loaded(self, name: str, error: Exception) -> K8snbError:
        return not_loaded(
            f"the input {name!r} cannot be loaded",
            error,
            where=f"step {self._spec.key.step}",
            missing="give the step the package of {}: --requirements",
            fix="read or make the value in the step itself",
        )
