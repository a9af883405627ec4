"""Run annotated notebook cells as Kubernetes pods."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def load_ipython_extension(shell: Any) -> None:
    """Register the magics: what ``%load_ext k8snb`` calls."""
    from k8snb.notebook import extension

    extension.load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away again: what ``%unload_ext k8snb`` calls."""
    from k8snb.notebook import extension

    extension.unload(shell)
