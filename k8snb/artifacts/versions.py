"""Which version of a class this process has: its attributes may change, and all its instances see that.

In one kernel a class is one object, whatever names stand for it, or for none at all any more. So a pickle says of each
class how often its attributes had changed, and whoever loads it takes over what is newer than what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable


class Version(NamedTuple):
    """A version of a class.

    Parameters
    ----------
    changes : int
        How often it had changed.
    contents : str
        Tells two from each other that have changed as often, in different processes.
    """

    changes: int = 0
    contents: str = ""


_seen: WeakKeyDictionary[type, tuple[Version, str]] = WeakKeyDictionary()
"""The version of each class, and a digest of its attributes in this process when it was that."""


def of(kind: type, digest: Callable[[type], str]) -> Version:
    """Return the version of a class: the next one where it has changed since this was last asked, or it was loaded.

    Parameters
    ----------
    kind : type
    digest : callable
        Returns a digest of a class's attributes, which is another when they have changed.
    """
    now = digest(kind)
    version, before = _seen.get(kind, (Version(), now))
    if now != before:
        version = Version(version.changes + 1, now)
    _seen[kind] = version, now
    return version


def loaded(kind: type, version: Version, digest: Callable[[type], str]) -> None:
    """Remember that a class has been loaded, or that its attributes have."""
    _seen[kind] = version, digest(kind)


def is_news(kind: type, version: Version) -> bool:
    """Say whether a class of this process has not come to a version, nor to a later one."""
    there, _ = _seen.get(kind, (Version(), ""))
    return version.changes >= there.changes and version != there
