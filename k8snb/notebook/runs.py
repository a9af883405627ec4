"""Where a plain cell runs the pipeline itself: what it reads before comes first, what it reads after comes after."""

from __future__ import annotations

import ast

from k8snb.analysis.ipython import parse
from k8snb.analysis.syntax import Expansion
from k8snb.errors import AnnotationError

MAGIC = "k8s_run"


def around_runs(source: str) -> list[str]:
    r"""Return the parts of a cell before, between and after the statements that run the pipeline.

    A statement that has a run somewhere inside (``try``, ``for``) begins a part: what it reads may be what it has run.

    Examples
    --------
    >>> around_runs("a = 1\n%k8s_run one\nprint(a)")
    ['a = 1', '%k8s_run one\nprint(a)']
    """
    try:
        tree, _ = parse(source)
    except AnnotationError:
        return [source]
    starts = [node.lineno - 1 for node in tree.body if any(map(_runs, ast.walk(node)))]
    lines = source.split("\n")
    return ["\n".join(lines[start:end]) for start, end in zip([0, *starts], [*starts, len(lines)], strict=True)]


def _runs(node: ast.AST) -> bool:
    match node:
        case Expansion(magic=magic):
            return magic == MAGIC
        case ast.Call(func=ast.Attribute(attr="run_line_magic"), args=[ast.Constant(value=magic), *_]):
            return magic == MAGIC
    return False
