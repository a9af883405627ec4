"""What a step finds in the kernel's environment and not in an image: files beside the notebook, packages installed."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePath

from k8snb.analysis.facts import CellFacts
from k8snb.analysis.files import gaps
from k8snb.analysis.files.search import looks_like_file
from k8snb.analysis.source import quiet_lines
from k8snb.errors import InputError
from k8snb.images.code import LIMIT
from k8snb.pipeline import paths
from k8snb.pipeline.file import gathered
from k8snb.pipeline.model import Cell, Step
from k8snb.ui.words import size_in_words

_ALSO_IN_IMAGES = ("/dev", "/proc", "/sys", "/etc", "/usr", "/bin", "/sbin", "/lib", "/opt", "/var", "/run", "/k8snb")
_SLIGHT = 10_000
"""Files of a folder at most that are looked at for its size."""


def files(step: Step, above: Sequence[Cell], folder: Path, values: Mapping[str, object]) -> list[str]:
    """Tell of files that a step reads and that its pod will not have.

    Parameters
    ----------
    step : Step
    above : sequence of Cell
        Those above the step's.
    folder : Path
        The notebook's.
    values : mapping of str to object
        Of the kernel, what the step reads of them.
    """
    options = step.cell.options
    mounted = tuple(PurePath(volume.partition(":")[2]) for volume in options.volumes)
    quiet = quiet_lines(step.cell.source)
    told: list[str] = []
    named: set[str] = set()
    read, [*writes, own] = paths.of_last([*above, step.cell])
    for name, value in values.items():
        if isinstance(value, str | PurePath) and looks_like_file(str(value)) and str(value) not in read:
            read[os.path.normpath(value)] = f"through {name}: "
    for path, where in read.items():
        is_quiet = step.cell.facts.files.reads.get(path) in quiet
        if is_quiet or (path in own and "line" not in where) or gaps.folder(path) in named:
            continue
        place = folder / os.path.expanduser(gaps.folder(path))  # noqa: PTH111 - it is told as it stands in the code
        if any(place.is_relative_to(mount) for mount in mounted) or _travels(path, options.files):
            continue
        there = is_there(path, folder)
        if makers := paths.known_writers(path, above, writes, there=there):
            told.append(in_pod_of(makers[0], path, where))
        elif gaps.is_whole(gaps.folder(path)) and place.exists():
            told += _missing(gaps.folder(path), place, folder, where)
            named.add(gaps.folder(path))
    return told


def is_there(path: str, folder: Path) -> bool:
    """Say whether the notebook's folder has a file that a path, or a pattern, may mean."""
    text = os.path.expanduser(gaps.pattern(path))  # noqa: PTH111 - it may be a pattern
    return next(glob.iglob(text, root_dir=folder, recursive=True), None) is not None  # noqa: PTH207


def in_pod_of(step: str, path: str, where: str) -> str:
    """Tell of a file that a step writes and that others do not have."""
    name = gaps.shown(path)
    return f"{where}reads {name}, which step {step} writes into its own pod: hand the data over as a variable"


def scripts(facts: CellFacts) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the files that a cell executes with ``%run``, where they are there, and the sources of their cells."""
    found = []
    for name in facts.scripts:
        with suppress(OSError, ValueError, InputError):
            path = Path(name).expanduser()
            if path.suffix == ".ipynb":
                found.append((name, tuple(piece.source for piece in gathered(path)[0])))
            elif path.suffix in {".py", ".ipy"}:
                found.append((name, (path.read_text("utf-8"),)))
    return tuple(found)


def packages(cells: Iterable[Cell]) -> Iterator[str]:
    """Tell of what cells install, in images for the steps too."""
    for number, cell in enumerate(cells, 1):
        for install in cell.facts.installs:
            where = f"{install.command} in code cell {number}"
            named = [*(r for r in install.requirements if not r.startswith("-")), *install.files]
            if named:
                verb = "is" if len(named) == 1 else "are"
                yield f"{where}: {', '.join(named)} {verb} installed for the steps"
            if install.others:
                yield (
                    f"warning: {where}: {', '.join(install.others)} cannot be installed for the steps: "
                    "put the code beside the notebook, or name a requirements file with --requirements"
                )


def _travels(path: str, named: Iterable[str]) -> bool:
    return any(PurePath(os.path.normpath(path)).is_relative_to(os.path.normpath(name)) for name in named)


def _missing(path: str, place: Path, folder: Path, where: str) -> Iterator[str]:
    size = _size(place)
    if place.is_absolute() and str(place).startswith(_ALSO_IN_IMAGES) and not place.is_relative_to(folder):
        return
    said = f"{where}reads {path} ({size_in_words(size)}), which"
    if os.path.isabs(os.path.expanduser(path)) or ".." in PurePath(path).parts:  # noqa: PTH111, PTH117
        yield f"{said} pods do not have: copy it into the notebook's folder and name it with --file, or use a volume"
    elif size > LIMIT:
        yield f"{said} is too large to travel with the code: read it in a plain cell above, or use a volume"
    else:
        yield f"{said} does not travel by itself: add --file {path}"


def _size(place: Path) -> int:
    """Return the size of a file, or of what of a folder may be read, in bytes."""
    if place.is_file():
        return place.stat().st_size
    inside = (Path(parent, name) for parent, _, names in os.walk(place) for name in names)
    size = 0
    for _, file in zip(range(_SLIGHT), inside, strict=False):
        with suppress(OSError):
            size += file.stat().st_size if file.is_file() else 0
    return size
