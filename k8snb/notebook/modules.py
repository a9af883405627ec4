"""Modules of the notebook's own: where they are, and what their functions do with files."""

from __future__ import annotations

import ast
import os
import site
import sys
import sysconfig
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache, reduce
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from k8snb.analysis.facts import CellFacts
from k8snb.analysis.files import Files, files, is_method, name_of_method
from k8snb.analysis.imported import dotted, is_module
from k8snb.images.code import LIMIT, local_modules

_T = TypeVar("_T")


def folders() -> list[Path]:
    """Return the folders on ``sys.path`` where nothing is installed: modules there are the notebook's own."""
    installed = {*map(os.path.realpath, sysconfig.get_paths().values()), *_named_in_site()}
    found = dict.fromkeys(os.path.realpath(entry) for entry in sys.path if isinstance(entry, str))
    return [Path(path) for path in found if Path(path).is_dir() and not _is_installed(path, installed)]


def _is_installed(path: str, installed: Collection[str]) -> bool:
    parts = Path(path).parts
    return path in installed or not {"site-packages", "dist-packages", "lib-dynload"}.isdisjoint(parts)


@lru_cache(maxsize=1)
def _named_in_site() -> frozenset[str]:
    """Return the folders of packages that are installed where they are edited (``pip install -e``)."""
    places = [Path(place) for place in (*site.getsitepackages(), site.getusersitepackages())]
    lines = (line for place in places for file in place.glob("*.pth") for line in file.read_text("utf-8").splitlines())
    return frozenset(os.path.realpath(line) for line in lines if line and not line.startswith(("import", "#")))


def are_found(modules: Iterable[str]) -> bool:
    """Say whether the kernel can import some modules."""
    return all(name in sys.modules or find_spec(name) is not None for name in modules)


def files_of(facts: CellFacts, folder: Path) -> Files | None:
    """Return what functions of the modules do with files that a cell imports, and these modules; None: nothing.

    They go by their names alone, as methods do: ``helpers.save()``.
    """
    wanted = facts.imports - sys.stdlib_module_names
    if not wanted:
        return None  # looking for the folders would take its time, at each cell
    found = local_modules(wanted, [folder, *folders()])
    paths = {path for module in found.values() for path in module.values() if path.suffix == ".py"}
    parts = [_files(path, stat.st_mtime_ns) for path in sorted(paths) if (stat := path.stat()).st_size < LIMIT]
    code = reduce(Files.with_code, parts, Files())
    if not code.in_code and not code.written_in_code:
        return None
    names = {name: dotted(path).rpartition(".")[2] for name, path in facts.imported.items() if not is_module(path)}
    imported = {name: frozenset({name_of_method(original)}) for name, original in names.items()}
    return code.with_code(Files(used_in_code=imported))


@lru_cache(maxsize=256)
def _files(path: Path, changed: int) -> Files:  # noqa: ARG001 - it is read again when it has changed
    """Return what the functions of a module do."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return Files()
    own = files(tree, list(ast.walk(tree)))
    uses = {name: frozenset(map(_as_method, names)) for name, names in own.used_in_code.items()}
    calls = {
        n: frozenset(c._replace(name=_as_method(c.name)) for c in called) for n, called in own.calls_in_code.items()
    }
    return Files(
        in_code=_methods(own.in_code),
        written_in_code=_methods(own.written_in_code),
        used_in_code=_methods(uses),
        calls_in_code=_methods(calls),
        parameters=_methods(own.parameters),
    )


def _methods(found: Mapping[str, _T]) -> dict[str, _T]:
    return {_as_method(name): of_function for name, of_function in found.items()}


def _as_method(name: str) -> str:
    return name if is_method(name) else name_of_method(name)
