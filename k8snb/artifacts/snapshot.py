"""What plain data are as they have been loaded, noted at little cost: by this it is known later that they are the same.

Of each object that can be changed it is noted which objects it holds: one that cannot be changed and is still there is
still the same. Where something differs that need not be a change. Where there is anything whose form is not known here
there is no snapshot. In both cases `k8snb.artifacts.changes` compares with what was stored.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from k8snb.artifacts import crowds, identity, views
from k8snb.artifacts.forms import UnknownFormError, changeable, form_of, is_array_of_numbers, is_of_python

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from k8snb.artifacts.buffers import Buffer
    from k8snb.artifacts.crowds import Crowd
    from k8snb.artifacts.forms import Form
    from k8snb.artifacts.pickler import Pickler
    from k8snb.artifacts.rebuild import Unpickler

_FEW, _BYTES_EACH = 1000, 1024
"""Lists and the like that are looked into: so many, and one for each so many bytes. Packing more takes no longer."""

_FEW_MET, _BYTES_MET = 1000, 512
"""The same for all objects that a loader has met, by the room that it has for them."""

_POINTER = 8  # bytes


def take(values: Mapping[str, object], buffers: Sequence[Buffer], loader: Unpickler, size: int) -> Snapshot | None:
    """Return a snapshot of what a loader has just loaded; None where that is not known, or too dear.

    Parameters
    ----------
    values : mapping of str to object
    buffers : sequence of Buffer
        The memory under them that was loaded out of band: its digests say what it was.
    loader : Unpickler
    size : int
        Bytes of the pickle.
    """
    if not loader.plain:
        return None
    room = _FEW_MET + size // _BYTES_MET
    are_few = sys.getsizeof(loader) // _POINTER <= room

    def of_all_met() -> Snapshot:
        if not are_few and not crowds.are_told():
            raise UnknownFormError
        many, rest = crowds.part(loader.met(), room)
        return Snapshot(values, buffers, rest, size, many)

    def of_what_is_inside() -> Snapshot:
        return Snapshot(values, buffers, None, _FEW + size // _BYTES_EACH)

    ways = [of_all_met, of_what_is_inside]
    if not are_few and "pandas" in loader.modules:
        ways.reverse()  # frames say faster what they hold
    for way in ways:
        with suppress(UnknownFormError):
            return way()
    return None


class Snapshot:
    """What values are when this is made.

    Parameters
    ----------
    values, buffers
        As `take` has them.
    met : iterable of object, optional
        All that the pickle has made but for numbers, truth values and None: what lists and the like hold is among it.
    limit : int
        How many objects may be looked into where `met` is not known.
    many : sequence of Crowd
        What the pickle has made and is not in `met`.

    Raises
    ------
    UnknownFormError
    """

    def __init__(
        self,
        values: Mapping[str, object],
        buffers: Sequence[Buffer],
        met: Iterable[object] | None,
        limit: int,
        many: Sequence[Crowd] = (),
    ) -> None:
        self._buffers = buffers
        self._all_met = met is not None
        self._many = many
        self._limit = limit
        self._noted: list[tuple[Form, Any, Any]] = []
        self._ids = self._look_into([*values.values(), *(met or ())]).union(map(id, values.values()))

    def is_same(self) -> bool:
        """Say whether the values surely are what they were."""
        return (
            all(crowd.is_same() for crowd in self._many)
            and all(form.is_as(value, note) for form, value, note in self._noted)
            and all(buffer.is_as_stored() for buffer in self._buffers)
        )

    def is_met_in(self, others: Iterable[object], picklers: Collection[Pickler]) -> bool:
        """Say whether others, which were pickled by these, may share an object or memory with the values."""
        ids = [*map(id, chain(others, *(pickler.met() for pickler in picklers)))]
        if not self._ids.isdisjoint(ids) or crowds.has_any(self._many, ids):
            return True
        theirs = [extent for pickler in picklers for extent in pickler.extents]
        if not theirs:
            return False
        arrays = [a for _, a, _ in self._noted if is_array_of_numbers(a) and a.size]
        mine = [views.extent(array, of_frame=id(array) not in self._ids) for array in arrays]
        mine += [one for crowd in self._many for one in crowd.extents(theirs)]
        known = set(map(id, mine))
        return any(len({id(one) in known for one in cluster}) > 1 for cluster in views.clusters([*mine, *theirs]))

    def _look_into(self, roots: Collection[object]) -> set[int]:
        """Note all that can be changed; return the ids of what cannot be shared without anyone noticing."""
        seen: dict[int, Any] = {id(buffer.memory): buffer.memory for buffer in self._buffers}
        hidden: set[int] = set()
        todo = [(root, True) for root in changeable(roots, self._limit)]
        while todo:
            value, is_shown = todo.pop()
            kind: Any = type(value)
            form = form_of(kind)
            assert form is not None
            if not is_shown or identity.is_atomic(kind):
                hidden.add(id(value))
            if id(value) in seen:
                continue
            seen[id(value)] = value
            if not (form.is_of_pickle and self._all_met):
                parts = changeable(form.parts(value), self._limit)
                self._limit -= sum(map(is_of_python, parts)) if form.is_of_pickle else 0
                todo += [(part, form.shows) for part in parts]
            if form.note is not None:
                self._noted.append((form, value, form.note(value)))
        return seen.keys() - hidden
