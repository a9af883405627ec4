"""Steps in columns by what they wait for, and in words what columns do not tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def levels(after: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return steps in columns: each comes in the first after all that it waits for.

    Parameters
    ----------
    after : mapping of str to iterable of str
        For each step, in an order in which they can run, those that it waits for; others than these do not count.
    """
    depths: dict[str, int] = {}
    for step, others in after.items():
        depths[step] = 1 + max((depths[other] for other in others if other in depths), default=-1)
    found: list[list[str]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for step, depth in depths.items():
        found[depth].append(step)
    return found


def unclear(after: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Return for which steps each step waits of which the columns do not tell it, in the pipeline's order.

    Columns say that a step waits for all that stand left of it. One that another of them waits for is not named.

    Parameters
    ----------
    after : mapping of str to iterable of str
        As `levels` takes it.
    """
    direct: dict[str, set[str]] = {}
    before: dict[str, set[str]] = {}
    for step, others in after.items():
        direct[step] = {other for other in others if other in before}
        before[step] = direct[step].union(*(before[other] for other in direct[step]))
    found: dict[str, tuple[str, ...]] = {}
    left: set[str] = set()
    for column in levels(after):
        for step in column:
            if before[step] != left:
                named = direct[step].difference(*(before[other] for other in direct[step]))
                found[step] = tuple(other for other in after if other in named)
        left |= set(column)
    return found
