"""Runs a notebook in a plain kernel and as a pipeline, and says where the two differ.

The plain kernel stops at the first cell that raises. A pipeline learns later that a step has failed: plain cells below
it that do not need it have been executed by then. So the plain kernel goes on with those cells that the other has
executed, and with no others.

A difference is *named* where something that k8snb has said before (a warning on a step's card, a line on the screen,
the text of one of its errors) mentions

- the variable that differs, or a variable that occurs in the cell that told something else;
- or a cell (by its number, or by standing on its card) that is the one that told something else, or in which the
  variable occurs;
- or where the variable, or the cell, occurs together with a variable whose difference is named: it comes from it.

All that is not named is a bug. Where k8snb ends the notebook with an error of its own, that is said loudly enough:
nothing more is compared.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from floor import Kernel, Told, floor
from piped import Executed, Piped, Word
from pods import Pods
from rendering import first_difference, render
from writing import Notebook

from k8snb.run.engine import Engine

WORD = re.compile(r"[A-Za-z_]\w*")
NUMBER = re.compile(r"\bcell \[(\d+)\]")
OWN = re.compile(r"_+|_i+|_i?\d+|_dh|_ih|_oh|In|Out|__\w+__")

WORST_FIRST = ("crash", "error", "not run", "missing", "superfluous", "output", "value", "sharing")
"""Kinds of differences."""


@dataclass(frozen=True)
class Difference:
    """One.

    Parameters
    ----------
    what : str
        The variable's name, or ``cell 3``.
    kind : str
        One of `WORST_FIRST`; ``sharing``: all that differs is with which other variables it shares objects.
    expected, got : object
    """

    what: str
    kind: str
    expected: Any = None
    got: Any = None

    def __str__(self) -> str:
        expected, got = first_difference(self.expected, self.got)
        return f"{self.kind} of {self.what}:\n  expected {_short(expected)}\n  got      {_short(got)}"


@dataclass(frozen=True)
class Comparison:
    """How the two compare.

    Parameters
    ----------
    differences : tuple of Difference
    named : frozenset of str
        What k8snb has said may differ, of what does.
    words : tuple of Word
    raised : bool
        The plain kernel has seen an error.
    crash : str
        k8snb, or this machine, has failed in a way that is not an error of a notebook.
    """

    differences: tuple[Difference, ...] = ()
    named: frozenset[str] = frozenset()
    words: tuple[Word, ...] = ()
    raised: bool = False
    crash: str = ""

    @property
    def refused(self) -> bool:
        """Whether k8snb has ended the notebook with an error of its own."""
        return any(word.refuses for word in self.words)

    @property
    def false_alarm(self) -> bool:
        """Whether k8snb has warned of a notebook that does not differ, or refused one that runs in a plain kernel."""
        return bool(self.words) and not self.differences and not (self.refused and self.raised)

    @property
    def bugs(self) -> tuple[Difference, ...]:
        """Differences that nobody has spoken of."""
        if self.crash:
            return (Difference("k8snb", "crash", "", self.crash),)
        return tuple(d for d in self.differences if d.what not in self.named)

    @property
    def signature(self) -> str:
        """What is worst of what is wrong, without names: what must stay when the notebook is made smaller."""
        worst = min(self.bugs, key=lambda d: WORST_FIRST.index(d.kind), default=None)
        return "" if worst is None else f"{worst.kind} {_sort_of(worst)}"


class Comparer:
    """Two kernels that are used for one notebook after the other.

    Parameters
    ----------
    floor : Kernel
    piped : Piped
    """

    def __init__(self, floor: Kernel, piped: Piped) -> None:
        self._floor, self._piped = floor, piped
        self._folder = Path.cwd()

    def compare(self, notebook: Notebook) -> Comparison:
        """Run a notebook both ways, each time in an empty folder."""
        self._start_anew()
        try:
            got = self._piped.notebook(notebook)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not the notebook's
            return Comparison(crash=f"{type(error).__name__}: {error}")
        self._start_anew()
        expected = self._run_floor(notebook, got)
        raised = any(told.error for told in expected.values())
        if got.refused:
            return Comparison(words=tuple(got.words), raised=raised)
        differences = tuple(_of_cells(expected, got)) + tuple(self._of_variables(got.unread))
        return Comparison(differences, _named(notebook, differences, got.words), tuple(got.words), raised)

    def _start_anew(self) -> None:
        """Remove the files that a run has left, and the modules among them."""
        os.chdir(self._folder)
        for path in self._folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(f"{self._folder}/"):
                del sys.modules[name]
        importlib.invalidate_caches()

    def _run_floor(self, notebook: Notebook, got: Executed) -> dict[int, Told]:
        self._floor.clear()
        expected: dict[int, Told] = {}
        failed = False
        for place, cell in enumerate(notebook.cells):
            if not failed or place in got.told:
                expected[place] = floor(self._floor, cell.code)
                failed = failed or expected[place].error is not None
        return expected

    def _of_variables(self, unread: set[str]) -> Iterator[Difference]:
        ours, theirs = (
            {n: v for n, v in kernel.variables.items() if not OWN.fullmatch(n) and n not in unread}
            for kernel in (self._floor, self._piped)
        )
        both = sorted(ours.keys() & theirs.keys())
        for name in sorted(ours.keys() - theirs.keys()):
            yield Difference(name, "missing", ours[name])
        for name in sorted(theirs.keys() - ours.keys()):
            yield Difference(name, "superfluous", None, theirs[name])
        expected = render(self._floor.shell.user_ns, both)
        got = render(self._piped.shell.user_ns, both)
        for name in expected:
            if expected[name] != got[name]:
                kind = "sharing" if name.startswith("*") or self._alike(name) else "value"
                yield Difference(name, kind, expected[name], got[name])

    def _alike(self, name: str) -> bool:
        """Say whether a variable alone is the same: then what differs is which others share its objects."""
        one, other = (render(k.shell.user_ns, [name])[name] for k in (self._floor, self._piped))
        return one == other


def _of_cells(expected: dict[int, Told], got: Executed) -> Iterator[Difference]:
    for place, told in expected.items():
        other = got.told.get(place)
        if other is None:
            yield Difference(f"cell {place}", "not run", told)
            continue
        if told.error != other.error:
            yield Difference(f"cell {place}", "error", told.error, other.error)
        if told.shown != other.shown:
            yield Difference(f"cell {place}", "output", told.shown, other.shown)


def _named(notebook: Notebook, differences: tuple[Difference, ...], words: list[Word]) -> frozenset[str]:
    """Return those of what differs that k8snb has spoken of."""
    occurs = {f"cell {place}": frozenset(WORD.findall(cell.code)) for place, cell in enumerate(notebook.cells)}
    spoken = {name for word in words for name in WORD.findall(word.text)}
    cells = {f"cell {word.cell}" for word in words if word.cell is not None}
    cells |= {f"cell {int(number) - 1}" for word in words for number in NUMBER.findall(word.text)} & occurs.keys()
    spoken |= cells.union(*(occurs[cell] for cell in cells))
    open_ = {d.what for d in differences}
    named: set[str] = set()
    while found := {what for what in open_ if what in spoken or occurs.get(what, frozenset()) & spoken}:
        named |= found
        open_ -= found
        spoken |= {n for what in found if what in occurs for n in occurs[what] & {d.what for d in differences}}
        spoken |= {n for names in occurs.values() if names & found for n in names & open_}
    return frozenset(named)


def _sort_of(difference: Difference) -> str:
    if difference.what.startswith("cell ") and difference.kind == "error":
        return str([e and e[0] for e in (difference.expected, difference.got)])
    if difference.kind == "crash":
        return str(difference.got)[:30]
    return "cell" if difference.what.startswith("cell ") else "variable"


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, Told) else repr(value)
    return text if len(text) < 500 else f"{text[:300]} ... {text[-190:]}"


@contextmanager
def comparer(*, local: bool = False) -> Iterator[Comparer]:
    """Open the two kernels.

    Parameters
    ----------
    local : bool
        Steps run as processes of the local stack.
    """
    shared = Path("/dev/shm")
    home = Path(tempfile.mkdtemp(prefix="k8snb-differential-", dir=shared if shared.is_dir() else None))
    before = dict(os.environ), Path.cwd()
    for name in ("K8SNB_STACK", "K8SNB_NOTEBOOK", "JPY_SESSION_NAME", "K8SNB_PARAMETERS"):
        os.environ.pop(name, None)
    os.environ |= {"K8SNB_HOME": str(home / "home"), "XDG_CONFIG_HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
    (home / "project").mkdir()
    os.chdir(home / "project")
    try:
        plain = Kernel()

        def open_engine(stack: Any, *, folder: Path, scratch: Any) -> Engine:
            pods = Pods(scratch, home / "code", plain.shell.display_formatter)
            return Engine(pods, scratch, scratch=scratch, stack=stack.name)

        piped = Piped(Engine.open if local else open_engine)
        yield Comparer(plain, piped)
        piped.close()
    finally:
        os.chdir(before[1])
        os.environ.clear()
        os.environ.update(before[0])
        shutil.rmtree(home, ignore_errors=True)
