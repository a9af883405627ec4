"""Layers that take long to make: each made once from its recipe and kept in a local folder."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k8snb.images.layer import Layer, from_directory
from k8snb.images.packages import compile_bytecode

KEPT_BYTES = 10 << 30
"""Size of the local folder of layers at most; those longest unused go first."""
_VERSION = 1  # of what is made from the same inputs


@dataclass(frozen=True)
class Recipe:
    """How a layer is made, and what decides on its content.

    Parameters
    ----------
    inputs
        Anything that is JSON: the same inputs make the same layer.
    under : str
        Where the content is in the image.
    fill : callable
        Writes the content into an empty folder.
    """

    inputs: Any
    under: str
    fill: Callable[[Path], None]

    @property
    def key(self) -> str:
        """Digest of all that decides on the layer."""
        return hashlib.sha256(json.dumps([_VERSION, self.under, self.inputs]).encode()).hexdigest()


def make(recipe: Recipe, cache: Path) -> Layer:
    """Return a recipe's layer from the local folder, or make it."""
    packed, told = cache / f"{recipe.key}.tar.gz", cache / f"{recipe.key}.json"
    if told.is_file() and packed.is_file():
        os.utime(packed)
        return Layer(**json.loads(told.read_text()), content=packed)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="making-") as temporary:
        folder, file, description = (Path(temporary, name) for name in ("content", "layer", "told"))
        folder.mkdir()
        recipe.fill(folder)
        compile_bytecode(folder, recipe.under)
        layer = from_directory(folder, recipe.under, file)
        description.write_text(json.dumps({"digest": layer.digest, "diff_id": layer.diff_id, "size": layer.size}))
        file.replace(packed)
        description.replace(told)  # last: a layer is there once it is described
    _trim(cache, keep=packed)
    return Layer(layer.digest, layer.diff_id, layer.size, packed)


def _trim(cache: Path, keep: Path) -> None:
    """Delete the layers longest unused, down to the folder's limit."""
    layers = sorted(cache.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)
    total = sum(file.stat().st_size for file in layers)
    for file in layers:
        if total <= KEPT_BYTES:
            return
        if file != keep:
            total -= file.stat().st_size
            file.with_name(file.name.removesuffix(".tar.gz") + ".json").unlink(missing_ok=True)
            file.unlink(missing_ok=True)
