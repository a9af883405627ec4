"""Packages for an image's platform, resolved and installed into a folder by uv; nothing is built from source."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from k8snb.errors import RequirementsError, ServiceError
from k8snb.images.requirements import name_of

_TAGS = {"linux/amd64": "x86_64-manylinux_2_28", "linux/arm64": "aarch64-manylinux_2_28"}
_MISSING = re.compile(
    r"(?:no version of ([\w.-]+)==([\w.!+-]*\w))|(?:([\w.-]+)==([\w.!+-]*\w) has no (?:usable )?wheels)"
)


@dataclass(frozen=True)
class Platform:
    """What packages are installed for.

    Parameters
    ----------
    name : str
        ``linux/amd64``
    python : str
        ``3.11``
    """

    name: str
    python: str

    @property
    def options(self) -> list[str]:
        """Options of uv for it."""
        if self.name not in _TAGS:
            raise RequirementsError(
                f"Packages cannot be installed for {self.name}", fix=f"use an image for {' or '.join(_TAGS)}"
            )
        return ["--python-version", self.python, "--python-platform", _TAGS[self.name], "--only-binary", ":all:"]


def install(requirements: Sequence[str], constraints: Sequence[str], platform: Platform, folder: Path) -> None:
    """Install requirements and what they depend on into a folder.

    Raises
    ------
    RequirementsError
        Some cannot be had for the platform: with the reason and the nearest versions.
    ServiceError
        The package index does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="k8snb-") as temporary:
        asked, bounds = Path(temporary, "requirements.txt"), Path(temporary, "constraints.txt")
        asked.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        bounds.write_text("\n".join(constraints) + "\n", encoding="utf-8")
        code, said = _uv("install", "--target", str(folder), *platform.options, "-r", str(asked), "-c", str(bounds))
    if code:
        raise _failure(said, platform)
    _tidy(folder)


def compile_bytecode(folder: Path, under: str) -> None:
    """Write ``.pyc`` files that stay valid whatever the files' times.

    Parameters
    ----------
    folder : Path
    under : str
        Where its content will be in the image: shown in tracebacks.
    """
    tests = rf"^{re.escape(str(folder))}.*[\\/]tests?[\\/]"  # half of what there is, and never imported
    options = [
        "-q",
        "-q",
        "--invalidation-mode",
        "unchecked-hash",
        "-j",
        "0",
        "-x",
        tests,
        "-s",
        str(folder),
        "-p",
        under,
    ]
    # Files that are no valid Python (templates) make it return 1; importing them would say so.
    _run(sys.executable, "-m", "compileall", *options, str(folder), env={"PYTHONHASHSEED": "0"})


def _failure(said: str, platform: Platform) -> RequirementsError | ServiceError:
    """Turn what uv said into an error."""
    cause = re.search(r"Because (?P<reason>.*?)(?:\n\s*\n|\nhint|\Z)", said, re.DOTALL)
    if not cause:
        what = " ".join(said.replace("error:", "").split())
        if re.search(r"[Ff]ailed to (fetch|download)|[Rr]equest failed|dns error|[Cc]onnect", said):
            return ServiceError(
                f"The package index does not answer: {what}", fix="check the network, and uv's index settings"
            )
        return RequirementsError(f"uv cannot install the packages: {what}")
    reason = " ".join(cause["reason"].split()).partition(", we can conclude")[0]
    where = f"Python {platform.python} on {platform.name}"
    missing = _MISSING.search(cause[0])
    if not missing:
        return RequirementsError(f"The packages cannot be had together: {reason}", where=where)
    name, version = missing[1] or missing[3], missing[2] or missing[4]
    near = [
        found
        for sign, way in (("<", "highest"), (">", "lowest-direct"))
        if (found := _near(name, sign + version, way, platform))
    ]
    if near:
        fix = f"the nearest with a wheel for it: {' and '.join(near)}; in the kernel: %pip install {name}=={near[-1]}"
    else:
        fix = "no version has a wheel for it: build the base image with it, and name that with --image"
    return RequirementsError(f"{name} {version} cannot be had for the image: {reason}", where=where, fix=fix)


def _near(name: str, bound: str, resolution: str, platform: Platform) -> str | None:
    """Return the version nearest to a bound that has a wheel for the platform."""
    with tempfile.TemporaryDirectory(prefix="k8snb-") as temporary:
        asked, answer = Path(temporary, "asked.in"), Path(temporary, "answer.txt")
        asked.write_text(f"{name}{bound}\n")
        code, _ = _uv(
            "compile", "--no-deps", "--resolution", resolution, *platform.options, str(asked), "-o", str(answer)
        )
        lines = answer.read_text().splitlines() if code == 0 else []
    return next((line.partition("==")[2].split()[0] for line in lines if name_of(line) == name_of(name)), None)


def _tidy(folder: Path) -> None:
    """Remove what belongs to this machine: uv's lock, and scripts that name its Python."""
    (folder / ".lock").unlink(missing_ok=True)
    for script in (folder / "bin").glob("*"):
        with script.open("rb") as file:
            names_python = file.read(2) == b"#!"
        if names_python:
            script.unlink()


def _uv(command: str, *options: str) -> tuple[int, str]:
    env = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    for pip, uv in (("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), ("PIP_EXTRA_INDEX_URL", "UV_INDEX")):
        if pip in os.environ and uv not in os.environ:
            env[uv] = os.environ[pip]  # uv does not read pip's settings
    return _run(find_uv_bin(), "pip", command, "--python", sys.executable, *options, env=env)


def _run(*command: str, env: dict[str, str]) -> tuple[int, str]:
    """Run a program to its end; return its exit code and what it said."""
    done = subprocess.run(  # noqa: S603 - uv and this Python
        command, stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **env}, check=False
    )
    return done.returncode, done.stderr.decode(errors="replace").strip()
