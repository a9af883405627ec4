"""Which cells of a notebook file are steps by their tags: k8snb's and Kale's."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from k8snb.analysis.source import NEXT_CELL, step_line
from k8snb.errors import AnnotationError

_STEP, _PREVIOUS, _IMAGE, _LIMIT = ("step:", "block:"), "prev:", "image:", "limit:"
_PLAIN = frozenset({"imports", "functions", "pipeline-parameters", "pipeline-metrics"})
_NOTEBOOK = "notebook:"
_LIMITS = {"cpu": "--cpu", "memory": "--memory", "gpu": "--gpu"}
SKIP = "skip"
"""Tag of cells that are no part of the pipeline."""
PARAMETERS = frozenset({"parameters", "pipeline-parameters"})
"""Tags of cells whose variables ``k8snb run -p`` sets."""

KALES = "kubeflow_notebook"
"""Key that Kale writes into a notebook's metadata."""


@dataclass(frozen=True)
class Piece:
    """A code cell as it stands in a file.

    Parameters
    ----------
    source : str
    tags : tuple of str
    cell_id : str or None
        Files before format 4.5 have none.
    """

    source: str
    tags: tuple[str, ...] = ()
    cell_id: str | None = None


@dataclass(frozen=True)
class Gathered:
    """One cell of the pipeline, of one code cell of the file or of several.

    Parameters
    ----------
    places : tuple of int
        Of its code cells among all, from 0.
    source : str
    line : str or None
        What would stand behind ``%%k8s_step``; None for a plain cell.
    """

    places: tuple[int, ...]
    source: str
    line: str | None = None


def is_kales(pieces: Sequence[Piece], metadata: object) -> bool:
    """Whether a notebook speaks Kale's language: then cells without a tag belong to the one above."""
    tags = {tag for piece in pieces for tag in piece.tags}
    known = isinstance(metadata, dict) and KALES in metadata
    return known or not tags.isdisjoint(_PLAIN) or any(tag.startswith(_STEP[1]) for tag in tags)


def defaults(metadata: object) -> tuple[str, ...]:
    """Return the tags that Kale's settings in a notebook's metadata give to each step: those that name resources."""
    settings = metadata.get(KALES) if isinstance(metadata, dict) else None
    given = settings.get("steps_defaults") if isinstance(settings, dict) else None
    tags = given if isinstance(given, list) else []
    return tuple(tag for tag in tags if isinstance(tag, str) and tag.startswith((_LIMIT, _IMAGE)))


def left_out(metadata: object) -> Iterator[str]:
    """Tell of what a notebook's metadata asks Kale for and steps here do not get by it, with the way out."""
    settings = metadata.get(KALES) if isinstance(metadata, dict) else None
    if not isinstance(settings, dict):
        return
    if image := settings.get("base_image") or settings.get("docker_image"):
        yield f"the image that the notebook names for Kale is not used: --image {image}"
    for volume in settings.get("volumes") or ():
        name, place = volume.get("name"), volume.get("mount_point")
        yield f"the volume {name} that the notebook names for Kale is not mounted: --volume {name}:{place}"


def gather(pieces: Sequence[Piece], *, kale: bool, given: Sequence[str] = ()) -> list[Gathered]:
    """Return the cells of a notebook as they make up its pipeline.

    Parameters
    ----------
    pieces : sequence of Piece
    kale : bool
        A cell without a tag of Kale's below one that is tagged as a step belongs to that step, and so do cells that
        follow with the same step's tag.
    given : sequence of str
        Tags that each step has besides; its own say more.

    Raises
    ------
    AnnotationError
        Tags that say nothing together, or a cell that cannot be a part of a step.
    """
    found: list[tuple[str | None, list[int]]] = []
    open_step: str | None = None
    for place, piece in enumerate(pieces):
        if SKIP in piece.tags:
            continue
        name = _step(piece, place)
        if step_line(piece.source) is not None:
            open_step = name = None
        elif kale and open_step and name in {None, open_step} and _PLAIN.isdisjoint(piece.tags):
            found[-1][1].append(place)
            continue
        open_step = name
        found.append((name, [place]))
    return [_gathered(name, places, pieces, given) for name, places in found]


def _gathered(name: str | None, places: list[int], pieces: Sequence[Piece], given: Sequence[str]) -> Gathered:
    first = pieces[places[0]]
    if name is None:
        return Gathered(tuple(places), first.source, step_line(first.source))
    tags = [*given, *(tag for place in places for tag in pieces[place].tags)]
    return Gathered(tuple(places), joined(places, pieces), _line(name, tags))


def joined(places: Sequence[int], pieces: Sequence[Piece]) -> str:
    """Return the source of a step that one cell is, or several."""
    if len(places) == 1:
        return pieces[places[0]].source
    return f"\n{NEXT_CELL}\n".join(_joinable(place, pieces[place].source) for place in places)


def _step(piece: Piece, place: int) -> str | None:
    if not _PLAIN.isdisjoint(piece.tags):  # these say more than a step's, as with Kale
        return None
    names = [tag.partition(":")[2] for tag in piece.tags if tag.startswith(_STEP)]
    named = [name for name in names if name]
    if other := next((tag for tag in piece.tags if tag.startswith(_NOTEBOOK)), None):
        raise AnnotationError(
            f"the tag {other} stands for the steps of another notebook, and a pipeline is one notebook's",
            where=f"code cell {place + 1}",
            fix="copy the cells of that notebook in its place, or give the cell the tag skip and run each by itself",
        )
    if not named and any(tag.startswith(_PREVIOUS) and tag != _PREVIOUS for tag in piece.tags):
        raise AnnotationError(
            "the tag prev: says what a step comes after, and the cell is no step",
            where=f"code cell {place + 1}",
            fix="give it a tag step:NAME too",
        )
    if len(set(named)) > 1:
        raise AnnotationError(
            f"the cell has tags of more than one step: {', '.join(named)}",
            where=f"code cell {place + 1}",
            fix="leave it one",
        )
    return named[0] if named else None


def _line(name: str, tags: Sequence[str]) -> str:
    """Return the words of a step that tags mean; those that are about other things are left alone."""
    words = [name]
    for tag in dict.fromkeys(tags):
        key, _, value = tag.removeprefix(_LIMIT).rpartition(":")
        if tag.startswith(_PREVIOUS) and tag != _PREVIOUS:
            words += ["--after", tag.removeprefix(_PREVIOUS)]
        elif tag.startswith(_IMAGE):
            words += ["--image", tag.removeprefix(_IMAGE)]
        elif tag.startswith(_LIMIT) and (option := _LIMITS.get(key.rpartition("/")[2])):
            words += [option, value]
    return shlex.join(words)


def _joinable(place: int, source: str) -> str:
    """Return a cell's source as it can stand among others'; ``%%time`` is about the cell alone."""
    first, _, rest = source.lstrip("\n").partition("\n")
    if not first.startswith("%%"):
        return source
    if first.split()[0] == "%%time":
        return f"# {first}\n{rest}"
    raise AnnotationError(
        f"the cell begins with {first.split()[0]} and is one of several cells of a step",
        where=f"code cell {place + 1}",
        fix="give it a tag step:NAME of its own, or write it as Python",
    )
