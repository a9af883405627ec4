"""Which packages the steps need, as pinned requirements: from their imports, a file, or pyproject.toml."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from k8snb.analysis.installs import TOOLS, Install
from k8snb.errors import RequirementsError

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
OWN = "k8snb"

_NEEDS = frozenset({"numpy"})
"""What steps need that import k8snb themselves: to compare data."""


@dataclass(frozen=True)
class Imported:
    """What imports ask for.

    Parameters
    ----------
    requirements : tuple of str
        ``name==version``, sorted.
    unknown : tuple of str
        Modules that no installed distribution provides, or one that cannot be installed elsewhere (from a local
        folder or a repository).
    """

    requirements: tuple[str, ...]
    unknown: tuple[str, ...]


def from_imports(modules: Collection[str], local: Collection[str] = ()) -> Imported:
    """Return the distributions installed in this Python that provide modules.

    Parameters
    ----------
    modules : collection of str
        Top-level names.
    local : collection of str
        Modules of the notebook's folder: they travel as code.
    """
    names = set(modules) - set(local) - sys.stdlib_module_names - {OWN, "__main__"}
    names |= _NEEDS if OWN in modules else frozenset()
    providers = _providers(_state()) if names else {}
    requirements: set[str] = set()
    unknown: set[str] = set()
    for name in names:
        pins = {_pin(metadata.distribution(provider)) for provider in providers.get(name, ())}
        found = {pin for pin in pins if pin}
        requirements |= found
        if not found:
            unknown.add(name)
    return Imported(tuple(sorted(requirements)), tuple(sorted(unknown)))


def from_file(path: Path) -> tuple[str, ...]:
    """Read a requirements file; ``-r`` is followed, options of pip are kept as they are.

    Raises
    ------
    RequirementsError
        The file is not there, or names something that is not in a package index.
    """
    return tuple(dict.fromkeys(_lines(path, ())))


def from_pyproject(path: Path) -> tuple[str, ...]:
    """Read ``requirements`` in ``[tool.k8snb]`` of a pyproject.toml; empty where there is none.

    Raises
    ------
    RequirementsError
        It is no TOML, or no list of strings.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequirementsError(f"It cannot be read: {error}", where=str(path)) from error
    found = table.get("tool", {}).get("k8snb", {}).get("requirements", [])
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise RequirementsError(
            "[tool.k8snb] requirements must be a list of strings",
            where=str(path),
            fix='requirements = ["scikit-learn==1.7.2"]',
        )
    return tuple(found)


def constraints() -> tuple[str, ...]:
    """Return what is installed in this Python as ``name==version``, sorted; not what came from a local folder."""
    return _installed(_state())


def relevant(requirements: Collection[str], pins: Collection[str]) -> tuple[str, ...]:
    """Return the constraints that can matter for requirements: those on what they depend on, as installed here.

    All of them where a requirement is not installed here, as its dependencies are not known then. None on the
    requirements themselves: they say which version they want.
    """
    waiting = {line for line in requirements if not line.startswith("-")}
    asked = {name_of(line) for line in waiting}
    seen: dict[str, bool] = {}  # name: with its extras
    while waiting:
        line = waiting.pop()
        name, extras = name_of(line), "[" in line.partition(";")[0]
        if seen.get(name, False) >= extras and name in seen:
            continue
        seen[name] = extras
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            if name in asked:
                return tuple(sorted(pin for pin in pins if name_of(pin) not in asked))
            continue  # another platform's
        waiting |= {need for need in needs if extras or "extra ==" not in need}
    return tuple(sorted(pin for pin in pins if name_of(pin) in seen.keys() - asked))


def with_installed(requirements: Collection[str], installs: Collection[Install], folder: Path) -> tuple[str, ...]:
    """Add what cells install to requirements.

    A requirement without a version is the version that is installed in this Python, or the one that is required
    already; one with a version takes the place of another on the same package, as it did in the kernel.

    Parameters
    ----------
    requirements : collection of str
    installs : collection of Install
        In the order of the cells.
    folder : Path
        That requirements files in them are relative to.
    """
    needed = list(requirements)
    for install in installs:
        files = (folder / name for name in install.files)
        for entry in (*install.requirements, *(e for file in files if file.is_file() for e in from_file(file))):
            name = name_of(entry)
            if name in {OWN, *TOOLS} or entry in needed:
                continue
            if entry.startswith("-"):
                needed.append(entry)
            elif entry.partition("[")[0] != entry or not _NAME.fullmatch(entry):
                needed = [*(other for other in needed if name_of(other) != name), entry]
            elif name not in map(name_of, needed):
                needed.append(_as_installed(entry))
    return tuple(needed)


def _as_installed(name: str) -> str:
    try:
        return _pin(metadata.distribution(name)) or name
    except metadata.PackageNotFoundError:
        return name


def name_of(requirement: str) -> str:
    """Return a requirement's distribution, normalised."""
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""


def _state() -> tuple[tuple[str, int], ...]:
    """Return what changes when something is installed."""
    folders = (Path(entry) for entry in sys.path)
    return tuple((str(folder), folder.stat().st_mtime_ns) for folder in folders if folder.is_dir())


@lru_cache(maxsize=1)
def _providers(_: tuple[tuple[str, int], ...]) -> Mapping[str, list[str]]:
    """Return the distributions by module; slow (0.1 s), so kept until something is installed."""
    return metadata.packages_distributions()


@lru_cache(maxsize=1)
def _installed(_: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    pins = {_pin(distribution) for distribution in metadata.distributions()}
    return tuple(sorted(pin for pin in pins if pin))


def _pin(distribution: metadata.Distribution) -> str | None:
    """Return ``name==version``, or None for what no index has in that form."""
    name = distribution.name
    if not name or name_of(name) == OWN:
        return None
    by_conda = (distribution.read_text("INSTALLER") or "").strip() == "conda"
    if distribution.read_text("direct_url.json") and not by_conda:  # conda's tell of the folder they were built in
        return None
    # An index may offer 2.9.0+cu130 as 2.9.0 only; == takes either.
    return f"{name_of(name)}=={distribution.version.partition('+')[0]}"


def _lines(path: Path, above: tuple[Path, ...]) -> Iterator[str]:
    """Yield the requirements of a file, and of those that it includes."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        where = str(above[-1]) if above else str(path)
        reason = error.strerror if isinstance(error, OSError) else error
        raise RequirementsError(
            f"The requirements file {path.name} cannot be read: {reason}",
            where=where,
            fix="name it relative to the notebook: --requirements FILE",
        ) from error
    for number, line in enumerate(re.sub(r"\s*\\\n\s*", " ", text).splitlines(), 1):
        entry = re.sub(r"(^|\s)#.*$", "", line).strip()
        option, _, rest = entry.replace("=", " ", entry.startswith("--")).partition(" ")
        if option in {"-r", "--requirement"}:
            included = path.parent / shlex.split(rest)[0]
            if included not in above and included != path:
                yield from _lines(included, (*above, path))
        elif option in {"-e", "--editable", "-c", "--constraint"} or _is_path(entry):
            raise RequirementsError(
                f"{entry!r} cannot be installed into an image",
                where=f"{path}, line {number}",
                fix="put the code beside the notebook: what a step imports from there travels",
            )
        elif entry and not (not entry.startswith("-") and name_of(entry) == OWN):
            yield entry


def _is_path(entry: str) -> bool:
    return entry.startswith((".", "/", "~", "file:")) or "@ file:" in entry or "@file:" in entry
