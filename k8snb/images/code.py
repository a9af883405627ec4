"""The notebook's own code as a set of files: the steps' cells, local modules, named files."""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath

from k8snb.errors import InputError
from k8snb.images.layer import Layer, from_files
from k8snb.images.layout import CODE

LIMIT = 100 << 20
"""Bytes of code and files at most: they travel with every change."""
_SKIPPED = frozenset({"__pycache__", ".git", ".ipynb_checkpoints", ".mypy_cache", ".ruff_cache", ".pytest_cache"})


@dataclass(frozen=True)
class Code:
    """Files that make up the code, with paths relative to the code's root and ``/`` between their parts.

    Parameters
    ----------
    steps : mapping of str to bytes
        ``steps/<name>.py``: the source of a step's cell, the step's line left blank.
    modules : mapping of str to bytes
        Local modules and packages that the cells import, and files that steps name.
    """

    steps: Mapping[str, bytes]
    modules: Mapping[str, bytes]

    @property
    def files(self) -> dict[str, bytes]:
        """All files, by path."""
        return {**self.modules, **self.steps}

    @property
    def digest(self) -> str:
        """sha256 over paths and contents, hexadecimal."""
        h = hashlib.sha256()
        for path, data in sorted(self.files.items()):
            h.update(f"{path}\0{len(data)}\0".encode())
            h.update(data)
        return h.hexdigest()


def collect(
    steps: Mapping[str, str], modules: Collection[str], root: Path, files: Collection[str], others: Sequence[Path] = ()
) -> Code:
    """Gather the code that steps need.

    Parameters
    ----------
    steps : mapping of str to str
        Source by step name, the step's line left blank.
    modules : collection of str
        Top-level modules that the cells import. Those found in `root` travel, with what they import from there.
    root : Path
        The notebook's folder.
    files : collection of str
        Files and folders that travel besides, relative to `root`.
    others : sequence of Path
        Folders where modules are looked for besides.

    Raises
    ------
    InputError
        A file is not there, lies outside `root`, or all together are too large.
    """
    found: dict[str, Path] = {}
    for name in files:
        found |= _named(name, root)
    for folder in local_modules(modules, [root, *others]).values():
        found |= folder
    _check_size(found, root)
    return Code(
        steps={f"steps/{name}.py": source.encode() for name, source in steps.items()},
        modules={path: file.read_bytes() for path, file in sorted(found.items())},
    )


def code_layer(code: Code) -> Layer:
    """Return the layer that holds the code where the runner looks for it.

    Anyone may write to it: a step may change what travels with it, whatever user its pod runs as.
    """
    folders = {f"{CODE}/{folder}" for path in code.files for folder in PurePosixPath(path).parents if folder.name}
    files = {f"{CODE}/{path}": data for path, data in code.files.items()}
    return from_files(files, dict.fromkeys({CODE, *folders}, 0o777), mode=0o666)


def local_modules(modules: Collection[str], folders: Sequence[Path]) -> dict[str, dict[str, Path]]:
    """Return the modules that are imported from some folders, and from there by them.

    Parameters
    ----------
    modules : collection of str
        Top-level names.
    folders : sequence of Path
        The first that has a module counts.

    Returns
    -------
    dict of str to dict of str to Path
        For each that is found: its files by path relative to its folder; packages whole, data files included.
    """
    found: dict[str, dict[str, Path]] = {}
    seen = {"k8snb"}  # in every image anyway
    waiting = set(modules)
    while waiting := waiting - seen:
        name = waiting.pop()
        seen.add(name)
        if files := next(filter(None, (_module(name, folder) for folder in folders)), None):
            found[name] = files
            waiting |= set().union(*(_imports(file) for file in files.values() if file.suffix == ".py"))
    return found


def imported_by(modules: Mapping[str, Mapping[str, Path]]) -> frozenset[str]:
    """Return the top-level modules that local modules import, themselves included."""
    python = (file for files in modules.values() for file in files.values() if file.suffix == ".py")
    return frozenset(modules).union(*map(_imports, python))


def _module(name: str, root: Path) -> dict[str, Path]:
    """Return a module's files, as Python would find it in a folder: a package before a module."""
    folder, file = root / name, root / f"{name}.py"
    if (folder / "__init__.py").is_file():
        return dict(_walk(folder, root))
    if file.is_file():
        return {file.name: file}
    # A folder without __init__.py is a package too; one without Python in it is just a folder.
    files = dict(_walk(folder, root)) if folder.is_dir() else {}
    return files if any(path.endswith(".py") for path in files) else {}


def _imports(file: Path) -> frozenset[str]:
    """Return the top-level modules that a file imports; none where it is not Python: importing it says so."""
    return _imports_as_of(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _imports_as_of(file: Path, changed: int) -> frozenset[str]:  # noqa: ARG001 - it is read again when it has changed
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return frozenset()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return frozenset(names)


def _named(name: str, root: Path) -> dict[str, Path]:
    """Return the files that a step's ``--file`` stands for."""
    path = PurePosixPath(os.path.normpath(name).replace(os.sep, "/"))
    if path.is_absolute() or PureWindowsPath(name).is_absolute() or path.parts[:1] == ("..",):
        raise InputError(
            f"The file {name!r} lies outside the notebook's folder",
            where=str(root),
            fix="copy or link it into the folder, and name it relative to it",
        )
    file = root / path
    if file.is_dir():
        return dict(_walk(file, root))
    if not file.is_file():
        raise InputError(f"The file {name!r} is not there", where=str(root), fix="name it relative to the notebook")
    return {path.as_posix(): file}


def _walk(folder: Path, root: Path) -> Iterator[tuple[str, Path]]:
    """Yield a folder's files by path relative to root."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _SKIPPED)
        for name in sorted(names):
            file = Path(parent, name)
            if file.is_file() and file.suffix != ".pyc":
                yield file.relative_to(root).as_posix(), file


def _check_size(files: Mapping[str, Path], root: Path) -> None:
    sizes = {path: file.stat().st_size for path, file in files.items()}
    if (total := sum(sizes.values())) > LIMIT:
        path, size = max(sizes.items(), key=lambda item: item[1])
        raise InputError(
            f"The notebook's modules and files are {total >> 20} MiB, more than the {LIMIT >> 20} MiB that may travel; "
            f"the largest is {path} with {size >> 20} MiB",
            where=str(root),
            fix="move data out of the package, read it into a variable in a plain cell, or mount it with --volume",
        )
