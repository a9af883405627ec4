"""The record of a stored alias group: which names it holds and the blobs that it is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """One blob: ``blobs/<digest>``.

    Parameters
    ----------
    digest : str
        BLAKE3 of its bytes, hexadecimal: as strong as SHA-256 and five times as fast.
    size : int
        Bytes.
    """

    digest: str
    size: int


@dataclass(frozen=True)
class Group:
    """Variables that share an object (transitively), stored as one pickle with its buffers out of band.

    Parameters
    ----------
    names : tuple of str
        The variables, sorted.
    pickle : Part
        The pickle stream of ``{name: value}``.
    buffers : tuple of tuple of Part
        The out-of-band buffers in order, each cut into parts.
    needs : tuple of str
        Names of the notebook's namespace that functions and classes inside use.
    modules : tuple of str
        Top-level modules that unpickling imports.
    summary : dict of str to str
        For each name its type and size in words, for people.
    marks : dict of str to str
        By key of the pickle: the marks of the objects in it (`k8snb.artifacts.marks`), those of no variable too.
    """

    names: tuple[str, ...]
    pickle: Part
    buffers: tuple[tuple[Part, ...], ...] = ()
    needs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    summary: dict[str, str] | None = None
    marks: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all its parts."""
        return self.pickle.size + sum(p.size for parts in self.buffers for p in parts)

    def dump(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def load(cls, d: dict[str, Any]) -> Group:
        """Read the JSON form."""
        return cls(
            names=tuple(d["names"]),
            pickle=Part(**d["pickle"]),
            buffers=tuple(tuple(Part(**p) for p in parts) for parts in d["buffers"]),
            needs=tuple(d["needs"]),
            modules=tuple(d["modules"]),
            summary=d["summary"],
            marks=d.get("marks", {}),
        )
