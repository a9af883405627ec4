"""Which functions and instances of the notebook's classes are inside what calls have made of them.

``pipe = make_pipeline(Log())``: whoever reads `pipe` needs what `Log` uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from k8snb.analysis.facts import CellFacts
from k8snb.pipeline.library import Library


class Inside:
    """Knows which names bring code along, after some cells."""

    def __init__(self) -> None:
        self._code: set[str] = set()
        self._bound: set[str] = set()

    def copy(self) -> Inside:
        """Return one that goes on on its own."""
        new = Inside()
        new._code, new._bound = set(self._code), set(self._bound)
        return new

    def add(self, facts: CellFacts, library: Library, kernel_uses: Mapping[str, frozenset[str]]) -> CellFacts:
        """Take in one more cell; return its facts with what is inside of what it makes."""
        self._bound |= facts.binds
        came = self._code - facts.binds
        code = came | facts.uses.keys() | facts.lambdas.keys()
        code |= {name for name, kinds in facts.instances.items() if not kinds.isdisjoint(self._code | code)}
        given = {name: {one for callee, one in pairs if _keeps(callee, library)} for name, pairs in facts.given.items()}
        reads = set[str]().union(*given.values()) - self._bound
        code |= {name for name in reads if kernel_uses.get(name)}
        linked = [(name, others) for relation in (facts.same, facts.holds, given) for name, others in relation.items()]
        while more := {name for name, others in linked if name not in code and not code.isdisjoint(others)}:
            code |= more
        self._code = code
        inside = {name: frozenset(others & code) - {name} for name, others in given.items()}
        return replace(facts, inside={name: others for name, others in inside.items() if others}) if inside else facts


def _keeps(callee: str, library: Library) -> bool:
    """Say whether what a call returns may hold what it is given."""
    code = library.codes.get(callee)
    return code is None or code.is_class or bool(code.returns) or any(one.returned for one in code.passes)
