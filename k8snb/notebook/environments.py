"""Which packages the steps' images need: what the user names, else what the cells import."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Sequence
from pathlib import Path

from k8snb.analysis.installs import Install
from k8snb.errors import RequirementsError
from k8snb.images import requirements
from k8snb.orchestrators.base import Environment
from k8snb.pipeline.model import Step


def environments(
    steps: Sequence[Step],
    folder: Path,
    modules: Collection[str],
    local: Collection[str],
    installs: Sequence[Install] = (),
) -> dict[str, Environment]:
    """Return the environment of each step.

    Parameters
    ----------
    steps : sequence of Step
    folder : Path
        The notebook's.
    modules : collection of str
        Top-level modules that steps, local modules and captured values import. All steps share them: a value that one
        makes is unpacked by others.
    local : collection of str
        Modules that travel as code.
    installs : sequence of Install
        What the notebook's cells install, in their order: every step gets it, whatever else its packages come from.

    Raises
    ------
    RequirementsError
        A module that no package index has, or a requirements file that is wrong.
    """
    common = _common(folder, modules, local)
    pins = requirements.constraints()
    return {step.name: _environment(step, folder, common, installs, pins) for step in steps}


def _environment(
    step: Step, folder: Path, common: tuple[str, ...], installs: Sequence[Install], pins: tuple[str, ...]
) -> Environment:
    options = step.cell.options
    named = requirements.from_file(folder / options.requirements) if options.requirements else common
    needed = requirements.with_installed(named, installs, folder)
    return Environment(options.image, tuple(sorted(needed)), requirements.relevant(needed, pins))


def _common(folder: Path, modules: Collection[str], local: Collection[str]) -> tuple[str, ...]:
    """Return the requirements of steps that name none: of the folder's files, else of the imports."""
    if named := requirements.from_pyproject(folder / "pyproject.toml"):
        return named
    if (file := folder / "requirements.txt").is_file():
        return requirements.from_file(file)
    imported = requirements.from_imports(modules, local)
    if missing := [module for module in imported.unknown if importlib.util.find_spec(module) is not None]:
        raise RequirementsError(
            f"no installed package that an index could have provides {', '.join(missing)}",
            where="imports of the steps",
            fix="put the code beside the notebook, or name the packages: [tool.k8snb] requirements in pyproject.toml",
        )
    return imported.requirements
