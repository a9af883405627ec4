"""What the functions of modules beside the notebook do with files: cells that import them do so through them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from functools import lru_cache, reduce
from pathlib import Path
from typing import TypeVar

from k8snb.analysis.facts import CellFacts
from k8snb.analysis.files import Files, files, is_method, name_of_method
from k8snb.analysis.imported import dotted, is_module
from k8snb.images.code import LIMIT, local_modules

_T = TypeVar("_T")


def files_of(facts: CellFacts, folder: Path) -> Files | None:
    """Return what functions of a folder's modules do with files that a cell imports, and these modules; None: nothing.

    They go by their names alone, as methods do: ``helpers.save()``.
    """
    found = local_modules(facts.imports - sys.stdlib_module_names, folder)
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
