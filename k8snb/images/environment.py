"""Environments: a base image with the runner and a set of packages on it, built once and found again."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import metadata
from pathlib import Path

from k8snb.errors import InputError, RequirementsError
from k8snb.images import packages
from k8snb.images.append import append
from k8snb.images.interpreter import python_of
from k8snb.images.layer import Layer, from_files
from k8snb.images.layout import PACKAGES, RUNTIME, WORK
from k8snb.images.packages import Platform
from k8snb.images.recipe import Recipe, make
from k8snb.images.reference import Reference, Repository
from k8snb.images.registry import Image, Registry
from k8snb.images.requirements import relevant

_NEEDED = ("blake3", "cloudpickle", "obstore", "ipython")
_OWN = Path(__file__).parents[1]
_Fill = Callable[[Sequence[str], Sequence[str], Platform, Path], None]


@dataclass(frozen=True)
class EnvironmentImage:
    """An environment in a registry.

    Parameters
    ----------
    reference : Reference
        Pinned by digest.
    python : str
        ``3.11``
    platform : str
        ``linux/amd64``
    """

    reference: Reference
    python: str
    platform: str


async def ensure(
    registry: Registry,
    repository: str,
    base: str,
    requirements: Sequence[str],
    constraints: Sequence[str],
    *,
    cache_dir: Path,
    platform: str = "linux/amd64",
    tell: Callable[[str], None] = lambda _: None,
) -> EnvironmentImage:
    """Return the environment's image; make and push it where the registry does not have it yet.

    Parameters
    ----------
    registry : Registry
    repository : str
        ``host[:port]/name`` that the image is, or will be, in.
    base : str
        An image; may be in another repository or registry.
    requirements, constraints : sequence of str
        As in `orchestrators.base.Environment`.
    cache_dir : Path
        A local folder for layers.
    platform : str
        Which to take where the base is for several.
    tell : callable
        Told in words what is done where that may take long.

    Raises
    ------
    InputError, RequirementsError
        The base has another Python than this process, or a package cannot be had; nothing was written.
    RegistryError
    """
    target = Repository.parse(repository)
    tell(f"looking at the base image {base}")
    image = await registry.image(Reference.parse(base), platform)
    async with registry.lock(f"python {image.reference.digest}"):
        python = await python_of(registry, image, cache_dir)
    _check_python(python, image)
    recipes = _recipes(Platform(image.platform, python), requirements, constraints)
    inputs = " ".join([str(image.reference.digest), *(recipe.key for recipe in recipes)])
    named = Reference(target, f"env-{hashlib.sha256(inputs.encode()).hexdigest()[:32]}")
    async with registry.lock(str(named)):
        digest = await registry.digest(named)
        if digest is None:
            await registry.check_push(target)  # before minutes are spent on making it
            several = f"{len(requirements)} package{'s' * (len(requirements) > 1)}" if requirements else "k8snb"
            tell(f"making an image with {several}; the next run finds it")
            layers = [await _layer(registry, recipe, cache_dir / "layers") for recipe in recipes]
            tell(f"pushing the image: {sum(layer.size for layer in layers) / 1e6:.3g} MB")
            work = from_files({}, {WORK: 0o1777})
            digest = (await append(registry, image, target, [work, *layers], tag=named.tag)).digest
            assert digest
    return EnvironmentImage(named.at(digest), python, image.platform)


async def _layer(registry: Registry, recipe: Recipe, cache: Path) -> Layer:
    """Make a layer, once even where several environments that share it are asked for together."""
    async with registry.lock(recipe.key):
        return await asyncio.to_thread(make, recipe, cache)


def _check_python(python: str, image: Image) -> None:
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    if python != ours:
        raise InputError(
            f"The base image has Python {python} and the notebook {ours}: values would not be the same in both",
            where=str(image.reference),
            fix=f"use an image with Python {ours} (python:{ours}-slim), or a kernel with Python {python}",
        )


def _recipes(platform: Platform, requirements: Sequence[str], constraints: Sequence[str]) -> list[Recipe]:
    """Return the layers of an environment; what is most likely to fail comes first."""
    recipes = []
    if requirements:
        as_here = set(requirements) <= set(constraints)
        fill = packages.install if as_here else _install_anyhow
        recipes.append(_installed(PACKAGES, fill, requirements, relevant(requirements, constraints), platform))
    pins = [f"{name}=={metadata.version(name).partition('+')[0]}" for name in _NEEDED]
    recipes.append(_installed(RUNTIME, _install_runtime, pins, relevant(pins, constraints), platform))
    recipes.append(Recipe(_own_digest(), RUNTIME, _copy_own))
    return recipes


def _installed(
    under: str, fill: _Fill, requirements: Sequence[str], constraints: Sequence[str], platform: Platform
) -> Recipe:
    inputs = [platform.name, platform.python, sorted(requirements), sorted(constraints)]
    return Recipe(inputs, under, partial(fill, requirements, constraints, platform))


def _install_anyhow(requirements: Sequence[str], constraints: Sequence[str], platform: Platform, folder: Path) -> None:
    """Install requirements that differ from what the kernel has: what they need may have to differ too."""
    try:
        packages.install(requirements, constraints, platform, folder)
    except RequirementsError:
        packages.install(requirements, (), platform, folder)


def _install_runtime(requirements: Sequence[str], constraints: Sequence[str], platform: Platform, folder: Path) -> None:
    """Install what the runner needs: as in the kernel, or where that cannot be had, what there is."""
    try:
        packages.install(requirements, constraints, platform, folder)
    except RequirementsError:
        packages.install(_NEEDED, (), platform, folder)


def _copy_own(folder: Path) -> None:
    shutil.copytree(_OWN, folder / _OWN.name, ignore=shutil.ignore_patterns("__pycache__"))


@cache
def _own_digest() -> str:
    h = hashlib.sha256(f"{sys.version_info[:2]}".encode())  # its .pyc files are for one version
    for file in sorted(_OWN.rglob("*")):
        if file.is_file() and file.parent.name != "__pycache__":
            h.update(f"{file.relative_to(_OWN).as_posix()}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return h.hexdigest()
