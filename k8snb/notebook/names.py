"""The names of the notebook that stand for results of steps: fetched when a cell first uses them, never stale."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from k8snb.artifacts import marks
from k8snb.artifacts.changes import changed
from k8snb.artifacts.graft import graft
from k8snb.artifacts.groups import Group
from k8snb.artifacts.store import Store
from k8snb.artifacts.transfer import Loaded, load_whole
from k8snb.errors import K8snbError, UnpackableError, not_loaded


@dataclass(frozen=True)
class NotRun:
    """The step that makes it has not run."""

    step: str


@dataclass(frozen=True)
class Broken:
    """The step has run, but what it made cannot travel."""

    step: str
    why: str

    def error(self, name: str) -> UnpackableError:
        """Return the error for reading it."""
        return UnpackableError(
            f"{name} was made by step {self.step}, but cannot travel: {self.why}",
            where=f"step {self.step}",
            fix="put what can travel into a variable of the step (the data, not the connection), "
            "or use it inside the step",
        )


@dataclass
class Made:
    """A stored alias group of a step; its members are shared by all names that stand for it.

    Parameters
    ----------
    step : str
    group : Group
    store : Store
    """

    step: str
    group: Group
    store: Store
    loaded: Loaded | None = field(default=None, repr=False)

    def not_loaded(self, key: str, error: Exception) -> K8snbError:
        """Return the error for reading what its own code, or a package here, cannot make again."""
        name = key if marks.is_variable(key) else ", ".join(self.group.names)
        return not_loaded(
            f"{name} was made by step {self.step}, but cannot be loaded here",
            error,
            where=f"step {self.step}",
            missing="install the package of {} in the kernel too",
            fix="let the step put plain data into a variable, or use it inside the step; "
            "else see that kernel and step have the same versions of its packages",
        )


Pending = NotRun | Broken | Made


class Names:
    """What the notebook's names stand for besides what is in its namespace.

    Parameters
    ----------
    namespace : dict
        The shell's ``user_ns``. A pending name is not in it: reading it unforeseen is a ``NameError``, never an old
        value.
    originals : callable
        Returns the kernel's objects by their marks.
    stored : callable
        Returns the groups of all results.

    Attributes
    ----------
    pending : dict of str to Pending
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        originals: Callable[[], Mapping[str, object]],
        stored: Callable[[], Iterable[Made]],
    ) -> None:
        self.namespace, self._originals, self._stored = namespace, originals, stored
        self.pending: dict[str, Pending] = {}
        self._hidden: dict[str, Any] = {}
        self._fetched: dict[str, tuple[Any, Made]] = {}

    def hold(self, name: str, pending: Pending) -> None:
        """Let a name stand for a step's result; the kernel's own value is kept for steps that read it."""
        self._hide(name)
        self.pending[name] = pending

    def unbind(self, name: str) -> None:
        """Leave a name unbound: a step has deleted it."""
        self._hide(name)
        self.pending.pop(name, None)

    def forget(self, names: Iterable[str]) -> None:
        """Let go of the kernel's own values of names that a cell has deleted."""
        for name in names:
            self._hidden.pop(name, None)

    def restore(self, name: str) -> None:
        """Give a name back to the kernel's own value, where there is one."""
        if self.pending.pop(name, None) is not None and name in self._hidden:
            self.namespace[name] = self._hidden[name]

    def reconcile(self) -> None:
        """Notice what a cell has bound: such names are the kernel's from now on."""
        for name in [n for n in self.pending if n in self.namespace]:
            del self.pending[name]
            self._hidden.pop(name, None)
        for name in [n for n in self._fetched if self.fetched_from(n) is None]:
            del self._fetched[name]

    def keep(self, names: Iterable[str]) -> None:
        """Let fetched results be the kernel's own from now on: a cell has changed them."""
        for name in names:
            self._fetched.pop(name, None)

    def of_kernel(self, name: str, *, changed_from: Collection[str] = ()) -> tuple[bool, Any]:
        """Return whether the kernel has a value of its own for a name, and the value.

        Parameters
        ----------
        name : str
        changed_from : collection of str
            Steps whose result a plain cell may have changed: then it is the kernel's.
        """
        step = self.fetched_from(name)
        if name in self.namespace and (step is None or step in changed_from):
            return True, self.namespace[name]
        return name in self._hidden, self._hidden.get(name)

    def fetched(self) -> set[str]:
        """Return the names that are bound to results."""
        return {name for name in self._fetched if self.fetched_from(name) is not None}

    def fetched_from(self, name: str) -> str | None:
        """Return the step whose result the name is bound to; None for a value of the kernel."""
        made = self._fetched_group(name)
        return made.step if made is not None else None

    def changed(self, name: str) -> frozenset[str]:
        """Return the names that stand for objects of a fetched result where cells have changed one of these.

        All of them are bound then: they are the kernel's.
        """
        pending = self.pending.get(name)
        made = pending if isinstance(pending, Made) else self._fetched_group(name)
        if made is None or made.loaded is None or not changed(made.store, made.group, made.loaded, self.namespace):
            return frozenset()
        names = [n for n in made.group.names if self._fetched_group(n) is made or self.pending.get(n) is made]
        self.bind(n for n in names if n in self.pending)
        return frozenset(names)

    def needs(self, name: str) -> tuple[str, ...]:
        """Return the names that functions inside a fetched result use."""
        made = self._fetched_group(name)
        return made.group.needs if made is not None else ()

    def _fetched_group(self, name: str) -> Made | None:
        value, made = self._fetched.get(name, (None, None))
        return made if self.namespace.get(name, self) is value else None

    def known(self) -> set[str]:
        """Names that the kernel has a value for."""
        return set(self.namespace) | set(self._hidden)

    def bind(self, names: Iterable[str]) -> None:
        """Fetch pending results and bind them; the other members of their groups stay pending."""
        left = dict.fromkeys(names)
        while left:
            self._bind(next(iter(left)), left)

    def _bind(self, name: str, left: dict[str, None]) -> None:
        """Bind one of the names that are left, after those that its code uses: loading may run that."""
        del left[name]
        made = self.pending[name]
        assert isinstance(made, Made)
        for need in made.group.needs:
            if need in left:
                self._bind(need, left)
        value = self._value(made, name)
        self.namespace[name] = value
        self._fetched[name] = value, made
        del self.pending[name]

    def _load(self, made: Made, key: str) -> None:
        """Load a group for one of its values; its copies give way to what the kernel has, or take its place."""
        if "matplotlib" in made.group.modules:
            _show_figures()
        there, later = self._originals(), self._later(made)
        originals = {key: there[mark] for key, mark in made.group.marks.items() if mark in there and key not in later}
        try:
            made.loaded = load_whole(made.store, made.group, namespace=self.namespace)
        except K8snbError:
            raise
        except Exception as error:
            raise made.not_loaded(key, error) from error
        copies = made.loaded.values
        successors = {key: self._value(*place) for key, place in later.items()}
        if (originals or successors) and not graft(copies, originals, successors):
            stay = {id(original): copies[key] for key, original in originals.items()}
            self.namespace.update({name: stay[id(v)] for name, v in self.namespace.items() if id(v) in stay})

    def _later(self, made: Made) -> dict[str, tuple[Made, str]]:
        """Return for keys of a group whose objects steps have changed since: the group of the last version, its key."""
        last = {marks.first(mark): (mark, made, key) for key, mark in made.group.marks.items()}
        for other in self._stored():
            for key, mark in other.group.marks.items():
                if (known := last.get(marks.first(mark))) and marks.is_later(mark, known[0]):
                    last[marks.first(mark)] = mark, other, key
        found = {key: last[marks.first(mark)] for key, mark in made.group.marks.items()}
        return {key: (other, place) for key, (_, other, place) in found.items() if other is not made}

    def _value(self, made: Made, key: str) -> object:
        if made.loaded is None:
            self._load(made, key)
        assert made.loaded is not None
        return made.loaded.values[key]

    def _hide(self, name: str) -> None:
        if name in self.namespace:
            if self.fetched_from(name) is None:
                self._hidden[name] = self.namespace[name]
            self._fetched.pop(name, None)
            del self.namespace[name]


def _show_figures() -> None:
    """Let figures be shown as pictures, as in a kernel that has made some itself."""
    with suppress(ImportError):
        importlib.import_module("matplotlib_inline.backend_inline")
