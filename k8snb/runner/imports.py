"""Does something once a module has been imported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def on_import(name: str, then: Callable[[], object]) -> None:
    """Call a function once a module has been imported for the first time."""
    sys.meta_path.insert(0, _OnImport(name, then))


class _OnImport:
    def __init__(self, name: str, then: Callable[[], object]) -> None:
        self._name, self._then = name, then

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find the package as usual; what is done after it is added to its loader."""
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = _found(name, path, target)
        if spec is not None and spec.loader is not None and not isinstance(spec.loader, type):  # one of its own
            load = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                load(module)
                self._then()

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _found(name: str, path: Any, target: Any) -> ModuleSpec | None:
    """Ask those who find modules besides."""
    for finder in sys.meta_path:
        if (spec := finder.find_spec(name, path, target)) is not None:
            return spec
    return None
