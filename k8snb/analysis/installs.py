"""Which packages a command of a cell installs: ``%pip install``, ``!pip install``, ``%conda install`` and the like."""

from __future__ import annotations

import itertools
import re
import shlex
from dataclasses import dataclass

_PIP = frozenset({"pip", "pip3"})
_CONDA = frozenset({"conda", "mamba", "micromamba"})
TOOLS = _PIP | _CONDA | {"uv"}
"""Magics that install packages."""

_ENDS = frozenset({";", "|", "||", "&", "&&", "(", ")"})
_PYTHON = re.compile(r"(\S*/)?(python[\d.]*|\{sys\.executable\}|\$\{?sys\.executable\}?)")
_PIP_VALUES = frozenset({
    "-c", "-t", "-i", "-f", "-C", "--constraint", "--target", "--platform", "--python-version", "--implementation",
    "--abi", "--root", "--prefix", "--src", "--upgrade-strategy", "--config-settings", "--global-option", "--no-binary",
    "--only-binary", "--progress-bar", "--report", "--cache-dir", "--log", "--proxy", "--retries", "--timeout",
    "--exists-action", "--trusted-host", "--cert", "--client-cert", "--python", "-p",
})  # fmt: skip
_CONDA_VALUES = frozenset({"-c", "--channel", "-n", "--name", "-p", "--prefix", "--solver", "--file"})
_INDEX = frozenset({"--index-url", "-i", "--extra-index-url", "--find-links", "-f"})
_CONDA_VERSION = re.compile(r"([A-Za-z0-9_.-]+)=([\d][^=]*)(=.*)?")


@dataclass(frozen=True)
class Install:
    """Packages that a line of a cell installs into the kernel's environment.

    Parameters
    ----------
    line : int
        Line of the cell, from 1.
    command : str
        As the user calls it: ``%pip install``.
    requirements : tuple of str
        As in a requirements file; options of pip that say where packages come from among them.
    files : tuple of str
        Requirements files that it names.
    others : tuple of str
        What no image can have: folders and files of this machine.
    """

    line: int
    command: str
    requirements: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def read(text: str, *, magic: str = "!", line: int = 1) -> Install | None:
    """Return what a command installs; None for one that installs nothing.

    Parameters
    ----------
    text : str
        What follows ``!``, or the name of a magic.
    magic : str
        Its name; ``!`` for a shell command, or for several, joined by ``&&`` or on lines of their own.
    line : int

    Examples
    --------
    >>> read("pip install -q 'polars>=1' && ls").requirements
    ('polars>=1',)
    """
    found = [install for words in _commands(text, magic) if (install := _read(words, magic, line)) is not None]
    if not found:
        return None
    return Install(
        line,
        found[0].command,
        tuple(r for install in found for r in install.requirements),
        tuple(f for install in found for f in install.files),
        tuple(o for install in found for o in install.others),
    )


def only_installs(text: str, *, magic: str = "!") -> bool:
    """Whether a command does nothing but install packages that an image can have."""
    found = [_read(words, magic, 1) for words in _commands(text, magic)]
    return bool(found) and all(install is not None and not install.others for install in found)


def _commands(text: str, magic: str) -> list[list[str]]:
    """Return the words of each command in a text; none of a text that no shell could read."""
    text = text if magic == "!" else f"{magic} {text}"
    commands: list[list[str]] = []
    for line in re.sub(r"\\\n", " ", text).split("\n"):
        lexer = shlex.shlex(re.sub(r"(^|\s)#.*", "", line), posix=True, punctuation_chars=True)
        lexer.commenters, lexer.whitespace_split = "", True
        try:
            words = list(lexer)
        except ValueError:
            return []
        commands += [list(command) for ends, command in itertools.groupby(words, _ENDS.__contains__) if not ends]
    return [_without_redirections(words) for words in commands]


def _without_redirections(words: list[str]) -> list[str]:
    kept: list[str] = []
    left = iter(words)
    for word in left:
        if set(word) <= set("<>&"):
            next(left, None)
            if kept and kept[-1].isdigit():
                del kept[-1]
        else:
            kept.append(word)
    return kept


def _read(words: list[str], magic: str, line: int) -> Install | None:
    found = _split(words)
    if found is None:
        return None
    tool, arguments = found
    name = f"{'!' if magic == '!' else '%'}{tool} install"
    return _conda(arguments, name, line) if tool in _CONDA else _pip(arguments, name, line)


def _split(words: list[str]) -> tuple[str, list[str]] | None:
    """Return the tool that a command installs packages with, and its arguments."""
    match words:
        case ["sudo", *rest]:
            return _split(rest)
        case [python, "-m", *rest] if _PYTHON.fullmatch(python):
            return _split(rest)
        case ["uv", "pip", "install", *arguments]:
            return "uv pip", arguments
        case ["uv", "add", *arguments]:
            return "uv", arguments
        case [path, *rest] if (tool := path.rpartition("/")[2]) in _PIP | _CONDA and "install" in rest:
            return tool, rest[rest.index("install") + 1 :]
    return None


def _pip(arguments: list[str], name: str, line: int) -> Install:
    requirements: list[str] = []
    files: list[str] = []
    others: list[str] = []
    left = iter(arguments)
    for word in left:
        option, _, value = word.partition("=")
        if option in {"-r", "--requirement"}:
            files.append(value or next(left, ""))
        elif word.startswith("-r"):
            files.append(word[2:])
        elif option in {"-e", "--editable"}:
            others.append(value or next(left, ""))
        elif option in _INDEX:
            requirements.append(f"{option} {value or next(left, '')}")
        elif word in _PIP_VALUES:
            next(left, None)
        elif word == "--pre":
            requirements.append(word)
        elif word.startswith("-"):
            continue
        elif _is_not_known(word):
            others.append(word)
        else:
            requirements.append(_of_repository(word))
    return Install(line, name, tuple(requirements), tuple(filter(None, files)), tuple(filter(None, others)))


def _conda(arguments: list[str], name: str, line: int) -> Install:
    requirements: list[str] = []
    left = iter(arguments)
    for word in left:
        if word in _CONDA_VALUES:
            next(left, None)
        elif not word.startswith("-"):
            package = word.rpartition("::")[2]
            match = _CONDA_VERSION.fullmatch(package)
            requirements.append(f"{match[1]}=={match[2]}" if match else package)
    return Install(line, name, tuple(r for r in requirements if r.partition("=")[0] != "python"))


def _is_not_known(word: str) -> bool:
    """Whether a word names something of this machine, or something that only the run of the cell tells."""
    if "{" in word or "$" in word:
        return True
    return word.startswith((".", "/", "~", "file:")) or (word.endswith((".whl", ".tar.gz", ".zip")) and ":" not in word)


def _of_repository(word: str) -> str:
    """Return ``name @ git+https://...`` where the address says the name, as a requirement has it."""
    match = re.fullmatch(r"git\+\S+#egg=([\w.-]+)", word)
    return f"{match[1]} @ {word.partition('#')[0]}" if match else word
