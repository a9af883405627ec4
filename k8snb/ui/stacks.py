"""The stacks with their parts and what was found out about each; as HTML without scripts and as text."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from k8snb.errors import K8snbError
from k8snb.run.check import ORCHESTRATOR, REGISTRY, STORE, Outcome, parts
from k8snb.stacks.model import Stack
from k8snb.ui.colours import QUIET
from k8snb.ui.states import badge_of, sign
from k8snb.ui.words import time_in_words

CHECKING, NOT_CHECKED, INTERRUPTED = "checking …", "", "interrupted"
"""What is said of parts of which nothing was found out yet."""

_STATES = {CHECKING: "starting", INTERRUPTED: "cancelled"}
_HEADS = ("stack", "part", "what it is", "check")


@dataclass(frozen=True)
class Picker:
    """What is shown.

    Parameters
    ----------
    stacks : sequence of Stack
    folder : Path
        Files in it are named without it.
    active : str or None
        The active one's name.
    found : mapping of (str, str) to Outcome
        By stack and part.
    others : str
        What is said of the parts that are not in there.
    notes : sequence of str
        What is to be said below the table.
    are_written : bool
        False: they are to be.
    """

    stacks: Sequence[Stack]
    folder: Path
    active: str | None = None
    found: Mapping[tuple[str, str], Outcome] = field(default_factory=dict)
    others: str = NOT_CHECKED
    notes: Sequence[str] = ()
    are_written: bool = True

    def bundle(self) -> dict[str, str]:
        """Return it as text and as HTML."""
        return {"text/plain": "\n".join(self._text()), "text/html": self._html()}

    def _rows(self, stack: Stack) -> list[_Row]:
        checked = parts(stack)
        rows = [_Row(part, words, self._check(stack, part, checked)) for part, words in _parts(stack)]
        rows += [_Row("image", stack.image)] if stack.image else []
        return [
            *rows,
            _Row("written in" if self.are_written else "to be written in", shown_path(stack.file, self.folder)),
        ]

    def _check(self, stack: Stack, part: str, checked: Sequence[str]) -> _Check:
        outcome = self.found.get((stack.name, part))
        if outcome is not None:
            return _check(outcome)
        if part not in checked:
            return _Check("", "not used")
        return _Check(_STATES.get(self.others, ""), self.others)

    def _text(self) -> Iterator[str]:
        rows: list[Sequence[str]] = [_HEADS]
        below: list[str] = []
        for stack in self.stacks:
            mark = "*" if stack.name == self.active else " "
            for i, row in enumerate(self._rows(stack)):
                rows.append((f"{mark} {stack.name}" if i == 0 else "", row.part, row.words, row.check.text))
                if row.check.error is not None:
                    below.append(f"{stack.name}, {row.part}: {row.check.error}")
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row_ in rows:
            yield "  ".join(text.ljust(width) for text, width in zip(row_, widths, strict=True)).rstrip()
        yield from below
        yield from self.notes

    def _html(self) -> str:
        head = "".join(f'<th scope="col" style="{_CELL}; {QUIET}">{text}</th>' for text in _HEADS)
        bodies = "".join(f"<tbody>{''.join(self._html_rows(stack))}</tbody>" for stack in self.stacks)
        notes = "".join(f'<div style="{QUIET}">{html.escape(note)}</div>' for note in self.notes)
        table = f'<table style="border: none"><thead><tr>{head}</tr></thead>{bodies}</table>'
        return f'<div style="font-size: smaller; line-height: 1.5">{table}{notes}</div>'

    def _html_rows(self, stack: Stack) -> Iterator[str]:
        rows = self._rows(stack)
        is_active = stack.name == self.active
        name = html.escape(stack.name)
        title = f'<b>* {name}</b> <span style="{QUIET}">active</span>' if is_active else name
        style = f"{_CELL}; {_LINE}"
        first = f'<th scope="rowgroup" rowspan="{len(rows)}" style="{style}; white-space: nowrap">{title}</th>'
        for row in rows:
            part = f'<th scope="row" style="{style}; white-space: nowrap; {QUIET}">{html.escape(row.part)}</th>'
            words = f'<td style="{style}">{html.escape(row.words)}</td>'
            yield f'<tr>{first}{part}{words}<td style="{style}">{_html_check(row.check)}</td></tr>'
            first, style = "", _CELL


_CELL = "text-align: left; vertical-align: top; padding: 1px 14px 1px 0; white-space: pre-wrap; font-weight: normal"

_LINE = "border-top: 1px solid #88888866"
"""Between two stacks."""


@dataclass(frozen=True)
class _Check:
    """What is said of a part's check."""

    state: str = ""
    words: str = ""
    error: K8snbError | None = None

    @property
    def text(self) -> str:
        return f"{sign(self.state)} {self.words}" if self.state else self.words


@dataclass(frozen=True)
class _Row:
    part: str
    words: str
    check: _Check = _Check()


def _check(outcome: Outcome) -> _Check:
    took = time_in_words(outcome.seconds)
    if outcome.error is not None:
        return _Check("failed", f"fails {took}", outcome.error)
    return _Check("succeeded", f"works {took}" + (f"; {outcome.note}" if outcome.note else ""))


def _html_check(check: _Check) -> str:
    words = html.escape(check.words)
    said = f"{badge_of(check.state)} {words}" if check.state else words
    if (error := check.error) is None:
        return said
    told = [f"<div>{html.escape(error.what)}</div>"]
    if error.where:
        told.append(f'<div style="{QUIET}">where: {html.escape(error.where)}</div>')
    if error.fix:
        told.append(_way_out(*html.escape(error.fix).split("\n", 1)))
    return said + "".join(told)


def _way_out(first: str, command: str = "") -> str:
    """Return the way out; a command of several lines folded."""
    if not command:
        return f"<div>way out: {first}</div>"
    return f'<details><summary>way out: {first}</summary><div style="font-family: monospace">{command}</div></details>'


def by_part(found: Iterable[Outcome]) -> dict[tuple[str, str], Outcome]:
    """Return outcomes by stack and part."""
    return {(outcome.stack, outcome.part): outcome for outcome in found}


def outcome_in_words(outcome: Outcome) -> str:
    """Return in a line whether a part works."""
    return f"{outcome.part:<18} {_check(outcome).text}"


def in_words(stack: Stack, folder: Path) -> str:
    """Return a stack in a line: its parts, and where it is written."""
    told = [words for _, words in _parts(stack)]
    return f"{stack.name}: {'; '.join(told)}; written in {shown_path(stack.file, folder)}"


def _parts(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield a stack's parts by name, and what each is."""
    yield ORCHESTRATOR, _orchestrator(stack)
    store = stack.artifact_store
    yield STORE, store.uri + (f" at {store.endpoint}" if store.endpoint else "")
    if stack.container_registry is not None:
        registry = stack.container_registry
        yield REGISTRY, registry.uri + (" without TLS" if registry.insecure else "")


def _orchestrator(stack: Stack) -> str:
    told = stack.orchestrator.settings
    if stack.orchestrator.kind != "kubernetes":
        return ", ".join([stack.orchestrator.kind, *(f"{key} {value}" for key, value in told.items())])
    context = told.get("context")
    return f"kubernetes, {f'context {context}' if context else 'current context'}, namespace {_namespace(stack)}"


def _namespace(stack: Stack) -> str:
    return str(stack.orchestrator.settings.get("namespace", "default"))


def shown_path(file: Path | None, folder: Path) -> str:
    """Return where a stack is written, as short as it can be told."""
    if file is None:
        return "k8snb itself"
    for start, mark in ((folder.absolute(), ""), (Path.home(), "~/")):
        if file.is_relative_to(start):
            return f"{mark}{file.relative_to(start).as_posix()}"
    return str(file)
