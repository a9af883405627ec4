"""Short sequences of cells as notebooks: which of the cells are steps is chosen in several ways.

A file of them holds blocks that begin with ``--- title``; ``...`` stands between cells. Where the title ends in
``[spsp ssss]``, these are the choices (``s`` a step, ``p`` a plain cell); else there are several by the number of
cells.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from unittest.mock import patch

from comparing import Comparison, Difference, comparer
from tally import told
from writing import Cell, Chunk, Notebook

CHOICES = re.compile(r"\s*\[([sp ]+)\]$")
FEW = 3
"""Cells of which every choice is tried."""


@dataclass(frozen=True)
class Sequence:
    """One.

    Parameters
    ----------
    title : str
    cells : tuple of str
    choices : tuple of str
        One letter for each cell.
    """

    title: str
    cells: tuple[str, ...]
    choices: tuple[str, ...]

    @property
    def has_magics(self) -> bool:
        """Whether it has IPython's syntax, which steps execute only in processes of their own."""
        return any(re.search(r"^(\w+ = )?[!%]", cell, flags=re.MULTILINE) for cell in self.cells)

    def notebook(self, choice: str) -> Notebook:
        """Return the cells as a notebook of steps and plain cells."""
        steps = [f"s{place}" if letter == "s" else None for place, letter in enumerate(choice)]
        pairs = zip(self.cells, steps, strict=True)
        return Notebook(tuple(Cell((Chunk(source),), step) for source, step in pairs))


def read(file: Path, *, every_choice: bool = False) -> Iterator[Sequence]:
    """Read a file of sequences.

    Parameters
    ----------
    file : Path
    every_choice : bool
        Leave out none, whatever a title says.
    """
    for block in re.split(r"^--- ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, code = block.partition("\n")
        cells = tuple(re.split(r"\n\.\.\.\n", code.strip("\n")))
        named = CHOICES.search(title)
        choices = tuple(named[1].split()) if named and not every_choice else _choices(len(cells), every=every_choice)
        if wrong := [choice for choice in choices if len(choice) != len(cells)]:
            raise SystemExit(f"{file}: {title}: {len(cells)} cells, but {wrong[0]} is of {len(wrong[0])}")
        yield Sequence(CHOICES.sub("", title), cells, choices)


def _choices(count: int, *, every: bool) -> tuple[str, ...]:
    """Return which cells are steps, in all ways that hold a step; of many cells: all, and every other one."""
    if every or count <= FEW:
        return tuple("".join(letters) for letters in product("sp", repeat=count) if "s" in letters)
    return ("s" * count, ("sp" * count)[:count], ("ps" * count)[:count])


@dataclass(frozen=True)
class Outcome:
    """What became of a sequence.

    Parameters
    ----------
    title, choice : str
    verdict : str
        ``same``; ``warned`` (it differs, as k8snb has said), ``alarm`` (k8snb has said so, and it does not),
        ``silent``, or ``loud`` (it fails where one kernel does not, and nobody has said so before).
    text : str
        The notebook, and in what it differs.
    """

    title: str
    choice: str
    verdict: str
    text: str


def outcomes(sequences: Iterable[Sequence], *, local: bool = False) -> Iterator[Outcome]:
    """Try each sequence with each of its choices, each in a process of its own: what one leaves behind in modules and
    in the working directory reaches no other.
    """
    tasks = [(sequence, choice, local) for sequence in sequences for choice in sequence.choices]
    context = multiprocessing.get_context("forkserver")  # this process has threads, which a fork of it would not have
    context.set_forkserver_preload(["comparing", "tally", "numpy", "pandas", "pytest"])
    path = os.pathsep.join(filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")]))
    with patch.dict(os.environ, PYTHONPATH=path):  # the process that forks the others is not given `sys.path`
        pool = context.Pool(os.cpu_count(), maxtasksperchild=1)
    with pool:
        yield from pool.imap(_outcome, tasks, chunksize=1)


def _outcome(task: tuple[Sequence, str, bool]) -> Outcome:
    sequence, choice, local = task
    notebook = sequence.notebook(choice)
    warnings.simplefilter("ignore")
    with comparer(local=local or sequence.has_magics) as kernels:
        comparison = kernels.compare(notebook)
    return Outcome(sequence.title, choice, _verdict(comparison), told(notebook, comparison))


def _verdict(comparison: Comparison) -> str:
    if comparison.bugs:
        return "loud" if any(_fails(bug) for bug in comparison.bugs) else "silent"
    if comparison.false_alarm:
        return "alarm"
    return "warned" if comparison.words else "same"


def _fails(bug: Difference) -> bool:
    """Whether a cell raises what it does not raise in one kernel, or k8snb fails."""
    return bug.kind == "crash" or (bug.kind == "error" and bug.got is not None)
