"""Reads a step's line and the tables of ``k8snb.toml`` into the options of a step."""

from __future__ import annotations

import argparse
import re
import shlex
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from k8snb.errors import AnnotationError, StackError, suggest
from k8snb.pipeline import values
from k8snb.pipeline.options import StepOptions

NAME = re.compile(r"[a-z0-9]([-_a-z0-9]*[a-z0-9])?")
NAME_LIMIT = 40
DEFAULTS = "defaults"
"""The table of ``k8snb.toml`` for all steps."""


class _Wrong(ValueError):
    """What is wrong with a line, in a sentence."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Wrong(message)


_SCALARS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--in": ("inputs", values.variables),
    "--out": ("outputs", values.variables),
    "--image": ("image", str),
    "--requirements": ("requirements", str),
    "--cpu": ("cpu", values.cpu),
    "--memory": ("memory", values.memory),
    "--gpu": ("gpu", values.count),
    "--shm": ("shm", values.memory),
    "--retries": ("retries", values.count),
    "--timeout": ("timeout", values.duration),
    "--service-account": ("service_account", str),
    "--max-psi": ("max_psi", values.limit),
    "--max-js": ("max_js", values.limit),
    "--max-l-infinity": ("max_l_infinity", values.limit),
    "--max-ks": ("max_ks", values.limit),
    "--skew-alpha": ("skew_alpha", values.limit),
}
_LISTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--after": ("after", str),
    "--file": ("files", str),
    "--secret": ("secrets", values.secret),
    "--toleration": ("tolerations", values.toleration),
    "--volume": ("volumes", values.volume),
    "--skew": ("skew", values.data_set),
}
_WORDS = frozenset({"--skew"})
"""Options that take several words at once."""

_MAPPINGS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--env": ("env", values.variable),
    "--node-selector": ("node_selector", values.label),
}


def _parser() -> _Parser:
    parser = _Parser(prog="%%k8s_step", add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    parser.add_argument("name")
    for option, (field, kind) in _SCALARS.items():
        parser.add_argument(option, dest=field, type=kind)
    for option, (field, kind) in (*_LISTS.items(), *_MAPPINGS.items()):
        if option in _WORDS:
            parser.add_argument(option, dest=field, action="extend", nargs="+", type=kind)
        else:
            parser.add_argument(option, dest=field, action="append", type=kind)
    parser.add_argument("--cache", dest="cache", action=argparse.BooleanOptionalAction)
    parser.add_argument("--run", action="store_true")
    return parser


FLAGS = ("--cache", "--no-cache", "--run")
SEVERAL = (*_LISTS, *_MAPPINGS)
OPTIONS = (*_SCALARS, *SEVERAL, *FLAGS)


def parse_options(line: str, *, where: str) -> tuple[str, StepOptions, bool]:
    """Read a step's line.

    Parameters
    ----------
    line : str
        What follows ``%%k8s_step``.
    where : str
        For errors.

    Returns
    -------
    name : str
    options : StepOptions
    run : bool
        ``--run`` was given.

    Raises
    ------
    AnnotationError
    """
    try:
        words = shlex.split(line, comments=True)
        found, unknown = _parser().parse_known_args(words)
    except (ValueError, argparse.ArgumentError) as error:
        what, fix = _advice(str(error))
        raise AnnotationError(f"the step's line is wrong: {what}", where=where, fix=fix) from None
    if unknown and unknown[0].startswith("-"):
        name = unknown[0].partition("=")[0]
        place = None if where.endswith(line) else where  # the line itself is before the eyes of who has typed it
        raise AnnotationError(f"there is no option {name}", where=place, fix=suggest(name, OPTIONS))
    if unknown:
        fix = f"a name is one word: {_better(' '.join(words))}"
        raise AnnotationError(f"the step's line has an unknown {unknown[0]!r}", where=where, fix=fix)
    given = vars(found)
    name, run = given.pop("name"), given.pop("run", False)
    check_name(name, where=where)
    for fields, kind in ((_LISTS, tuple), (_MAPPINGS, dict)):
        given |= {field: kind(given[field]) for field, _ in fields.values() if field in given}
    return name, StepOptions(**given, given=frozenset(given)), run


def check_name(name: str, *, where: str) -> None:
    """Refuse what cannot be a step's name, with one that can."""
    if NAME.fullmatch(name) and len(name) <= NAME_LIMIT and name != DEFAULTS:
        return
    if name == DEFAULTS:
        raise AnnotationError(
            "a step cannot be called 'defaults'", where=where, fix="[steps.defaults] is for all steps"
        )
    raise AnnotationError(
        f"{name!r} cannot be a step's name: up to {NAME_LIMIT} of a-z, 0-9, - and _, a letter or digit at both ends",
        where=where,
        fix=f"call it {_better(name)}",
    )


def _better(name: str) -> str:
    words = re.split(r"\s-", unicodedata.normalize("NFKD", name.lower()))[0]
    words = "".join(letter for letter in words if not unicodedata.combining(letter))
    return re.sub(r"[^-_a-z0-9]+", "-", words)[:NAME_LIMIT].strip("-_") or "step"


def _advice(message: str) -> tuple[str, str]:
    """Split what is wrong from what to write."""
    what, _, examples = message.partition(": write ")
    if examples:
        return what, f"write {examples}"
    if "required: name" in message:
        return "it has no name", "%%k8s_step NAME [options]"
    return what, f"options: {' '.join(OPTIONS)}"


_KEYS = {
    **{option.lstrip("-").replace("-", "_"): option for option in (*_SCALARS, *_LISTS, *_MAPPINGS)},
    "cache": "--cache",
}


def merge(tables: Mapping[str, Mapping[str, Any]], name: str, options: StepOptions) -> StepOptions:
    """Add what ``[steps.defaults]`` and ``[steps.NAME]`` say to the options of a step; its own line wins.

    Parameters
    ----------
    tables : mapping of str to mapping
        The tables under ``[steps]``, with the options' names as keys (``-`` or ``_``).
    name : str
        The step's.
    options : StepOptions
        Of its line.

    Raises
    ------
    StackError
        A key that is no option, or a value that is not what it takes.
    """
    said: dict[str, Any] = {}
    for table in (DEFAULTS, name):
        for key, value in tables.get(table, {}).items():
            field, read = _read(f"[steps.{table}] {key}", key.replace("-", "_"), value)
            said[field] = said.get(field, {}) | read if isinstance(read, dict) else read
    for field in options.given & said.keys():
        own = getattr(options, field)
        said[field] = said[field] | own if isinstance(own, dict) else own
    return replace(options, **said)


def _read(where: str, key: str, value: Any) -> tuple[str, Any]:
    """Read one key of a table as the option of its name would be read on a step's line."""
    if key not in _KEYS:
        raise StackError(f"{key!r} is no option of a step", where=where, fix=suggest(key, _KEYS))
    option = _KEYS[key]
    if key == "cache":
        if not isinstance(value, bool):
            raise StackError(f"{value!r} is not true or false", where=where, fix="write true or false")
        return "cache", value
    field, kind = (_SCALARS | _LISTS | _MAPPINGS)[option]
    try:
        read = [kind(word) for word in _words(where, option, value)]
    except argparse.ArgumentTypeError as error:
        what, fix = _advice(str(error))
        raise StackError(what, where=where, fix=fix) from None
    if option in _SCALARS:
        return field, read[0]
    return field, dict(read) if option in _MAPPINGS else tuple(read)


def _words(where: str, option: str, value: Any) -> list[str]:
    """Return a value of a table as the words that stand after its option on a step's line, one per occurrence."""
    if option in _MAPPINGS and isinstance(value, dict):
        return [f"{k}={v}" for k, v in value.items()]
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        if option in {"--in", "--out"}:
            return [",".join(value)]
        if option not in _SCALARS:
            return value
    elif isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return [str(value)]
    raise StackError(
        f"{value!r} is not what {option} takes", where=where, fix=f"write it as on a step's line after {option}"
    )
