"""A home for k8snb that a test has for itself."""

from __future__ import annotations

from pathlib import Path

import pytest


def own_home(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let k8snb keep its files in a folder, and know of no stack and no notebook."""
    for name in ("K8SNB_STACK", "K8SNB_NOTEBOOK"):
        patch.delenv(name, raising=False)
    patch.setenv("K8SNB_HOME", str(folder / "home"))
    patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
