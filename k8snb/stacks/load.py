"""Reads ``k8snb.toml`` files: the project's, the user's, and the embedded default."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k8snb.errors import StackError, suggest
from k8snb.pipeline.options import StepOptions
from k8snb.pipeline.parse import merge
from k8snb.stacks import schema
from k8snb.stacks.model import (
    ArtifactStore,
    ContainerRegistry,
    Credentials,
    FromPods,
    OrchestratorSettings,
    Stack,
    Stacks,
)
from k8snb.stacks.places import config_file, data_dir

FILE = "k8snb.toml"
_LIMIT = "captured_limit"
LOCAL = "local"
"""The embedded stack: processes of this machine, files in the user's data folder."""


@dataclass(frozen=True)
class _Table:
    """One ``[stacks.NAME]`` as written, and in which file."""

    file: Path
    values: Mapping[str, Any]


def load(
    folder: Path, *, name: str | None = None, because: str = "--stack", drafts: Mapping[Path, str] | None = None
) -> Stacks:
    """Read the stacks that hold in a folder.

    Parameters
    ----------
    folder : Path
        The notebook's; ``k8snb.toml`` is looked for in it and in its parents, then in the user's configuration folder.
    name : str, optional
        The stack asked for; else ``K8SNB_STACK``, ``[k8snb] stack`` of the nearest file, ``local``.
    because : str
        What asks for it.
    drafts : mapping of Path to str, optional
        Texts that files are to have: read in place of what is there.

    Returns
    -------
    Stacks

    Raises
    ------
    StackError
        What is wrong in which file, table and key.
    """
    drafts = drafts or {}
    files = [file for file in (project_file(folder), config_file()) if file in drafts or file.is_file()]
    contents = {file: parse(drafts[file], file) if file in drafts else read(file) for file in files}
    tables: dict[str, _Table] = {}
    for file in reversed(files):
        tables |= {key: _Table(file, value) for key, value in contents[file].get("stacks", {}).items()}
    stacks = {LOCAL: embedded()} | {key: _stack(key, tables) for key in tables}
    steps: dict[str, Mapping[str, Any]] = {}
    for file in reversed(files):
        steps |= contents[file].get("steps", {})
    default, because = _active(name, because, contents)
    limits = [schema.size(c["k8snb"][_LIMIT], f"{f}: [k8snb] {_LIMIT}") for f, c in contents.items() if _limited(c)]
    return Stacks(stacks, default, because, steps, tuple(files), *limits[:1])


def _limited(content: Mapping[str, Any]) -> bool:
    return _LIMIT in content.get("k8snb", {})


def project_file(folder: Path) -> Path:
    """Return the nearest ``k8snb.toml`` in a folder or its parents; without any, the one that the folder would have."""
    folder = folder.absolute()
    return next((d / FILE for d in (folder, *folder.parents) if (d / FILE).is_file()), folder / FILE)


def embedded() -> Stack:
    """Return the default stack, which needs nothing."""
    store = ArtifactStore((data_dir() / "artifacts").as_uri())
    return Stack(LOCAL, OrchestratorSettings(LOCAL), store)


def read(file: Path) -> dict[str, Any]:
    """Read one file and check its tables' shapes.

    Raises
    ------
    StackError
        Broken TOML, unknown keys, wrong types, credentials.
    """
    return parse(text_of(file), file)


def text_of(file: Path) -> str:
    """Return a file's text as it is, with the ends of lines that it has.

    Raises
    ------
    StackError
        It cannot be read.
    """
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError as e:
        raise _broken(file, e) from None
    except OSError as e:
        raise StackError(f"cannot be read: {e.strerror}", where=str(file), fix="check the file's permissions") from None


def _broken(file: Path, error: Exception) -> StackError:
    line = re.search(r"line (\d+)", str(error))
    where = f"{file}, line {line[1]}" if line else str(file)
    return StackError(f"this is not TOML: {error}", where=where, fix="correct the line; see https://toml.io")


def parse(text: str, file: Path) -> dict[str, Any]:
    """Return what a file's text says, its tables' shapes checked; raises what `read` does."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise _broken(file, e) from None
    schema.no_secrets(content, str(file))
    schema.table(content, schema.TOP, f"{file}:")
    schema.table(content.get("k8snb", {}), schema.K8SNB, f"{file}: [k8snb]")
    for key, value in content.get("stacks", {}).items():
        schema.table(value, schema.STACK, f"{file}: [stacks.{key}]")
    for key, value in content.get("steps", {}).items():
        schema.typed(value, dict, f"{file}: [steps] {key}")
        _check_options(file, key, value)
    return content


def _check_options(file: Path, name: str, table: Mapping[str, Any]) -> None:
    """Refuse what is no option of a step, naming the file."""
    try:
        merge({name: table}, name, StepOptions())
    except StackError as error:
        raise StackError(error.what, where=f"{file}: {error.where}", fix=error.fix) from None


def _active(name: str | None, because_of: str, contents: Mapping[Path, Mapping[str, Any]]) -> tuple[str, str]:
    """Return the active stack's name and what names it."""
    if name:
        return name, because_of
    if environment := os.environ.get("K8SNB_STACK"):
        return environment, "the environment variable K8SNB_STACK"
    for file, content in contents.items():
        if stack := content.get("k8snb", {}).get("stack"):
            return stack, f"{file}: [k8snb] stack"
    return LOCAL, "embedded"


def _stack(name: str, tables: Mapping[str, _Table]) -> Stack:
    """Put a stack together from its table and those that it extends."""
    file = tables[name].file
    where = f"{file}: [stacks.{name}]"
    values = _extended(name, tables, ())
    orchestrator = _orchestrator(values.get("orchestrator", {"kind": LOCAL}), f"{where} orchestrator")
    store = _store(values.get("artifact_store"), file, f"{where} artifact_store")
    registry = _registry(values.get("container_registry"), f"{where} container_registry")
    if orchestrator.kind == "kubernetes":
        _needs(where, "artifact_store", 'artifact_store = { uri = "s3://BUCKET/PREFIX" }', there=store is not None)
        _needs(
            where, "container_registry", 'container_registry = { uri = "HOST/REPOSITORY" }', there=registry is not None
        )
        if store is not None and store.uri_from_pods.startswith("file:"):
            raise StackError(
                "pods cannot reach a folder of this machine",
                where=f"{where} artifact_store uri",
                fix="use a store that the cluster reaches: s3://, gs:// or az://",
            )
    return Stack(name, orchestrator, store or embedded().artifact_store, registry, values.get("image"), file)


def _extended(name: str, tables: Mapping[str, _Table], seen: tuple[str, ...]) -> dict[str, Any]:
    """Return a stack's keys over those of the stack that it extends."""
    table = tables[name]
    where = f"{table.file}: [stacks.{name}] extends"
    if name in seen:
        chain = " -> ".join((*seen, name))
        raise StackError(f"stacks extend each other in a circle: {chain}", where=where, fix="take one extends away")
    values = dict(table.values)
    base = values.pop("extends", None)
    if base is None:
        return values
    if base == LOCAL and base not in tables:
        return {"orchestrator": {"kind": LOCAL}, **values}
    if base not in tables:
        raise StackError(f"there is no stack {base!r}", where=where, fix=suggest(base, tables))
    inherited = _extended(base, tables, (*seen, name))
    return inherited | {key: _over(inherited.get(key), value, _NAMES_ITSELF.get(key)) for key, value in values.items()}


_NAMES_ITSELF = {"orchestrator": "kind", "artifact_store": "uri", "container_registry": "uri"}


def _over(inherited: Any, value: Any, own: str | None) -> Any:
    """Return a table that extends the inherited one; one that says what it is takes its place."""
    if own is None or own in value or not isinstance(inherited, dict):
        return value
    return inherited | value


def _orchestrator(value: Any, where: str) -> OrchestratorSettings:
    settings = dict(value)
    if "kind" not in settings:
        raise StackError("no kind of orchestrator is named", where=where, fix=f"kind = one of: {_list(schema.kinds())}")
    kind = schema.typed(settings.pop("kind"), str, f"{where} kind")
    if kind in schema.ORCHESTRATORS:
        schema.table(settings, schema.ORCHESTRATORS[kind], where)
    elif kind not in (known := schema.kinds()):
        raise StackError(f"unknown kind {kind!r}", where=f"{where} kind", fix=suggest(kind, known))
    return OrchestratorSettings(kind, settings)


def _list(names: list[str]) -> str:
    return ", ".join(names)


def _store(value: Any, file: Path, where: str) -> ArtifactStore | None:
    if value is None:
        return None
    t = schema.table(value, schema.ARTIFACT_STORE, where)
    credentials = Credentials(**schema.table(t.get("credentials", {}), schema.CREDENTIALS, f"{where} credentials"))
    from_pods = FromPods(**schema.table(t.get("from_pods", {}), schema.FROM_PODS, f"{where} from_pods"))
    _needs(where, "uri", 'uri = "s3://BUCKET/PREFIX"', there="uri" in t)
    uri = t["uri"]
    is_folder = "://" not in uri
    for key, address in {
        "uri": None if is_folder else uri,
        "endpoint": t.get("endpoint"),
        **_of_pods(from_pods),
    }.items():
        schema.no_login(address, f"{where} {key}")
    if is_folder:  # a folder, relative to the file that names it
        uri = (file.parent / Path(uri).expanduser()).absolute().as_uri()
    return ArtifactStore(uri, t.get("endpoint"), t.get("region"), credentials, from_pods)


def _registry(value: Any, where: str) -> ContainerRegistry | None:
    if value is None:
        return None
    t = schema.table(value, schema.CONTAINER_REGISTRY, where)
    _needs(where, "uri", 'uri = "HOST/REPOSITORY"', there="uri" in t)
    from_pods = FromPods(**schema.table(t.get("from_pods", {}), {"uri": str}, f"{where} from_pods"))
    for key, address in {"uri": t["uri"], **_of_pods(from_pods)}.items():
        schema.no_login(address, f"{where} {key}")
    return ContainerRegistry(t["uri"].removeprefix("https://").rstrip("/"), from_pods, t.get("insecure", False))


def _of_pods(told: FromPods) -> dict[str, str | None]:
    return {"from_pods uri": told.uri, "from_pods endpoint": told.endpoint}


def _needs(where: str, key: str, example: str, *, there: bool) -> None:
    if not there:
        raise StackError(f"{key} is missing", where=where, fix=f"add {example}")
