"""Code that calls code: what running a function comes to, through all functions of the cell that it may reach."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from k8snb.analysis.flow import INCOMING, Call, Deferred, State
from k8snb.analysis.scopes import Key

Definitions = Mapping[Key, Sequence[Deferred]]

NOWHERE = State()


def close(cell: Deferred, functions: Collection[Deferred], definitions: Definitions, rebound: Definitions) -> None:
    """Add to what each piece of code does what the code does that it may run.

    Parameters
    ----------
    cell : Deferred
        The cell's own code.
    functions : collection of Deferred
        All deferred code of the cell.
    definitions : mapping of Key to sequence of Deferred
        For each name all code that it may stand for: when a function runs, any of them.
    rebound : mapping of Key to sequence of Deferred
        Those of `definitions` that functions bind.
    """
    pieces = [cell, *functions]
    grown = True
    while grown:
        grown = False
        for piece in pieces:
            runs = [(call.state, code) for call in piece.calls for code in _code(call, rebound)]
            if piece is not cell:
                runs += [(NOWHERE, code) for key in list(piece.reads) for code in definitions.get(key, ())]
            for state, code in runs:
                grown |= _absorb(piece, code, state)


def _code(call: Call, rebound: Definitions) -> Iterator[Deferred]:
    yield from call.code
    if call.key is not None:
        yield from rebound.get(call.key, ())


def _absorb(piece: Deferred, code: Deferred, state: State) -> bool:
    """Add what running `code` in a state does; say whether anything was new."""
    if piece is code:
        return False
    before = _size(piece)
    born = code.born or NOWHERE
    for mine, other in ((piece.reads, code.reads), (piece.changes, code.changes)):
        for key, line in other.items():
            if state.flag(key) & born.flag(key) & INCOMING:
                mine.setdefault(key, line)
    piece.deep |= code.deep & piece.changes.keys()
    for key, flag in code.binds.items():
        piece.binds[key] = piece.binds.get(key, 0) | flag
    return before != _size(piece)


def _size(piece: Deferred) -> tuple[int, int, int, int]:
    return len(piece.reads), len(piece.changes), len(piece.deep), sum(piece.binds.values())
