"""Makes a stack the active one by changing one line of ``k8snb.toml``; the rest of the file stays as it is."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from k8snb.errors import StackError
from k8snb.stacks.load import load, project_file
from k8snb.stacks.places import config_file


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
    file = project_file(folder) or config_file()
    old = file.read_text(encoding="utf-8") if file.exists() else ""
    new = with_active(old, name)
    if tomllib.loads(new).get("k8snb", {}).get("stack") != name:
        raise StackError("the line could not be changed", where=str(file), fix=f'write [k8snb] stack = "{name}"')
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(new, encoding="utf-8")
    except OSError as e:
        raise StackError(f"cannot be written: {e.strerror}", where=str(file), fix="or set K8SNB_STACK") from None
    return file


def with_active(text: str, name: str) -> str:
    """Return a stack file's text with another active stack."""
    line = f"stack = {json.dumps(name)}"
    header = re.search(r"^[ \t]*\[[ \t]*k8snb[ \t]*\][^\n]*$", text, re.MULTILINE)
    if header is None:
        return f"[k8snb]\n{line}\n" + (f"\n{text}" if text else "")
    rest = text[header.end() :]
    table = re.search(r"^[ \t]*\[", rest, re.MULTILINE)
    end = table.start() if table else len(rest)
    key = re.compile(r"^([ \t]*)stack[ \t]*=[ \t]*(?:\"[^\"\n]*\"|'[^'\n]*')", re.MULTILINE)
    body, changed = key.subn(lambda m: m[1] + line, rest[:end], count=1)
    return text[: header.end()] + (body if changed else f"\n{line}{body}") + rest[end:]
