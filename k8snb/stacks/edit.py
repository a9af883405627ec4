"""Writes ``k8snb.toml``: which stack is the active one, and new stacks; the rest of a file stays byte for byte."""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k8snb.errors import StackError, suggest
from k8snb.stacks import schema
from k8snb.stacks.fields import Fields, option
from k8snb.stacks.load import load, project_file, text_of
from k8snb.stacks.model import Stack
from k8snb.stacks.places import config_file

_NAME = re.compile(r"\w[\w-]*", re.ASCII)


def set_active(folder: Path, name: str) -> Path:
    """Write ``[k8snb] stack = "NAME"`` to the project's file, else to the user's.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    StackError
        There is no such stack, or the file cannot be written.
    """
    load(folder, name=name).pick()
    project = project_file(folder)
    file = project if project.is_file() else config_file()
    new = with_active(text_of(file) if file.exists() else "", name)
    if tomllib.loads(new).get("k8snb", {}).get("stack") != name:
        raise StackError("the line could not be changed", where=str(file), fix=f'write [k8snb] stack = "{name}"')
    _write(file, new, fix="or set K8SNB_STACK")
    return file


def with_active(text: str, name: str) -> str:
    """Return a stack file's text with another active stack."""
    line = f"stack = {json.dumps(name)}"
    newline = _newline(text)
    header = re.search(r"^[ \t]*\[[ \t]*k8snb[ \t]*\][^\r\n]*", text, re.MULTILINE)
    if header is None:
        return f"[k8snb]{newline}{line}{newline}" + (f"{newline}{text}" if text else "")
    rest = text[header.end() :]
    table = re.search(r"^[ \t]*\[", rest, re.MULTILINE)
    end = table.start() if table else len(rest)
    key = re.compile(r"^([ \t]*)stack[ \t]*=[ \t]*(?:\"[^\"\n]*\"|'[^'\n]*')", re.MULTILINE)
    body, changed = key.subn(lambda m: m[1] + line, rest[:end], count=1)
    return text[: header.end()] + (body if changed else f"{newline}{line}{body}") + rest[end:]


@dataclass(frozen=True)
class Draft:
    """A stack that is about to be registered.

    Parameters
    ----------
    file : Path
        The file that it will stand in.
    text : str
        The file's text with it.
    stack : Stack
        What it will be.
    """

    file: Path
    text: str
    stack: Stack

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises
        ------
        StackError
            It cannot be written.
        """
        _write(self.file, self.text, fix="check the folder's permissions, or --user writes to your own file")


def draft(folder: Path, name: str, fields: Fields, *, replace: bool = False, user: bool = False) -> Draft:
    """Return a stack as it would be registered; writes nothing.

    Parameters
    ----------
    folder : Path
        The project's: its nearest ``k8snb.toml``, else a new one in it, is the file.
    name : str
    fields : Fields
    replace : bool
        It takes the place of one of the name.
    user : bool
        The user's file in place of the project's.

    Raises
    ------
    StackError
        What of it cannot be.
    """
    _refuse_what_cannot_be(name, fields)
    known = load(folder)
    if name in known.by_name and not replace:
        where = known.by_name[name].file or "k8snb itself"
        raise StackError(f"there is a stack {name!r} already", where=str(where), fix="--replace, or another name")
    if fields.extends is not None and fields.extends not in known.by_name:
        fix = suggest(fields.extends, known.by_name)
        raise StackError(f"there is no stack {fields.extends!r}", where="--extends", fix=fix)
    file = config_file() if user else project_file(folder)
    old = text_of(file) if file.exists() else ""
    values = _values(fields)
    text = _with(_without(old, name, file), name, values)
    expected = tomllib.loads(old)
    expected["stacks"] = {**expected.get("stacks", {}), name: values}
    if _content(text) != expected:
        raise StackError(
            f"the file is written in a way that [stacks.{name}] cannot be put into by itself",
            where=str(file),
            fix="write it by hand:\n" + _with("", name, values),
        )
    stack = load(folder, name=name, drafts={file: text}).pick()
    if stack.file != file:
        what = f"the project has a stack {name!r} of its own, which would hold"
        raise StackError(what, where=str(stack.file), fix="another name, or without --user")
    return Draft(file, text, stack)


def _refuse_what_cannot_be(name: str, fields: Fields) -> None:
    """Refuse what is wrong with the words alone, in the words of the options."""
    if not _NAME.fullmatch(name):
        better = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") or "prod"
        fix = f"letters, digits, - and _ only: {better}"
        raise StackError(f"{name!r} cannot be a stack's name", where="the name given", fix=fix)
    for key in ("artifact_store", "endpoint", "registry", *_ONLY_WITH):
        address = getattr(fields, key)
        if isinstance(address, str) and (key != "artifact_store" or "://" in address):
            schema.no_login(address, option(key))
    if fields.extends is None:
        _refuse_missing(fields)
    if fields.orchestrator not in {None, *(kinds := schema.kinds())}:
        fix = suggest(str(fields.orchestrator), kinds)
        raise StackError(f"unknown kind {fields.orchestrator!r}", where="--orchestrator", fix=fix)
    if fields.orchestrator == "local" and (fields.context or fields.namespace):
        raise StackError(
            "a local stack has no context and no namespace",
            where="--orchestrator local",
            fix="leave --context and --namespace away, or --orchestrator kubernetes",
        )


_ONLY_WITH = {
    "endpoint": "artifact_store",
    "region": "artifact_store",
    "artifact_store_from_pods": "artifact_store",
    "endpoint_from_pods": "artifact_store",
    "insecure": "registry",
    "registry_from_pods": "registry",
}
"""Fields that mean nothing without another."""

_EXAMPLES = {"artifact_store": "s3://BUCKET/PREFIX", "registry": "HOST/REPOSITORY"}


def _refuse_missing(fields: Fields) -> None:
    """Refuse a stack that lacks a part; one that extends another has that one's."""
    if fields.orchestrator is None:
        raise StackError(
            "it is not said where steps run",
            where="the options given",
            fix=f"--orchestrator KIND, one of: {', '.join(schema.kinds())}; or --extends STACK",
        )
    needed = {key: "--orchestrator kubernetes" for key in _EXAMPLES if fields.orchestrator == "kubernetes"}
    needed |= {key: option(given) for given, key in _ONLY_WITH.items() if getattr(fields, given)}
    for key, where in needed.items():
        if not getattr(fields, key):
            raise StackError(f"{option(key)} is missing", where=where, fix=f"add {option(key)} {_EXAMPLES[key]}")


def _values(fields: Fields) -> dict[str, Any]:
    """Return the table of a stack."""
    table = {
        "extends": fields.extends,
        "orchestrator": {"kind": fields.orchestrator, "context": fields.context, "namespace": fields.namespace},
        "artifact_store": {
            "uri": fields.artifact_store,
            "endpoint": fields.endpoint,
            "region": fields.region,
            "from_pods": {"uri": fields.artifact_store_from_pods, "endpoint": fields.endpoint_from_pods},
        },
        "container_registry": {
            "uri": fields.registry,
            "insecure": fields.insecure or None,
            "from_pods": {"uri": fields.registry_from_pods},
        },
        "image": fields.image,
    }
    return _filled(table)


def _filled(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table without what is not said."""
    told = {key: _filled(value) if isinstance(value, Mapping) else value for key, value in table.items()}
    return {key: value for key, value in told.items() if value is not None and value != {}}


# --- text ----------------------------------------------------------------------------------------------------------


def _content(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _with(text: str, name: str, values: Mapping[str, Any]) -> str:
    """Return a file's text with a stack at its end."""
    newline = _newline(text)
    width = max(map(len, values), default=0)
    lines = [f"[stacks.{name}]", *(f"{key:<{width}} = {_toml(value)}" for key, value in values.items())]
    space = "" if not text else newline if text.endswith("\n") else newline * 2
    return text + space + newline.join(lines) + newline


def _without(text: str, name: str, file: Path) -> str:
    """Return a file's text without the tables of a stack; comments above the next table stay."""
    if name not in tomllib.loads(text).get("stacks", {}):
        return text
    key = rf"""(?:{name}|"{name}"|'{name}')"""
    own = re.compile(rf"[ \t]*\[[ \t]*stacks[ \t]*\.[ \t]*{key}[ \t]*[\].]")
    kept, tail, inside = list[str](), list[str](), False
    for line in text.splitlines(keepends=True):
        if re.match(r"[ \t]*\[", line):
            inside = own.match(line) is not None
            kept += [] if inside else tail
            tail = []
        if not inside:
            kept.append(line)
        elif not line.strip() or line.lstrip().startswith("#"):
            tail.append(line)
        else:
            tail = []
    without = "".join(kept)
    expected = tomllib.loads(text)
    del expected["stacks"][name]
    found = _content(without)
    if found is None or _filled({"stacks": {}, **found}) != _filled(expected):
        fix = f"take {name} out of the file by hand, or register it under another name"
        raise StackError(f"stack {name!r} is not written as a table of its own", where=str(file), fix=fix)
    return without


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _newline(text: str) -> str:
    """Return how lines end in a text."""
    return "\r\n" if "\r\n" in text else "\n"


def _write(file: Path, text: str, *, fix: str) -> None:
    """Write a file whole or not at all; what it is a link to, and who may read it, stays."""
    target = file.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as partial:
            partial.write(text.encode())
        made = Path(partial.name)
        try:
            made.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
            made.replace(target)
        finally:
            with suppress(FileNotFoundError):
                made.unlink()
    except OSError as e:
        raise StackError(f"cannot be written: {e.strerror}", where=str(file), fix=fix) from None
