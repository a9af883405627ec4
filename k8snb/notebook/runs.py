"""Where a plain cell runs the pipeline itself: what it reads before comes first, what it reads after comes after."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from k8snb.analysis.ipython import parse
from k8snb.analysis.syntax import Expansion
from k8snb.errors import AnnotationError

MAGIC = "k8s_run"


@dataclass(frozen=True)
class Part:
    """A stretch of a cell's statements.

    Parameters
    ----------
    source : str
    handles : bool
        It begins with a run whose error the cell may handle.
    """

    source: str
    handles: bool = False


def around_runs(source: str) -> list[Part]:
    r"""Return the parts of a cell before, between and after the statements that surely run the pipeline.

    A ``try`` or ``with`` that begins with a run begins a part: what it reads may be what it has run. A run that may not
    come (``if``, ``for``, in a function) begins none: what the cell reads is there before.

    Examples
    --------
    >>> [part.source for part in around_runs("a = 1\n%k8s_run one\nprint(a)")]
    ['a = 1', '%k8s_run one\nprint(a)']
    """
    try:
        tree, _ = parse(source)
    except AnnotationError:
        return [Part(source)]
    runs = [node for node in tree.body if _surely_runs(node)]
    starts = [node.lineno - 1 for node in runs]
    lines = source.split("\n")
    texts = ["\n".join(lines[start:end]) for start, end in zip([0, *starts], [*starts, len(lines)], strict=True)]
    return [Part(texts[0]), *(Part(t, isinstance(n, ast.Try | ast.With)) for t, n in zip(texts[1:], runs, strict=True))]


def _surely_runs(node: ast.stmt) -> bool:
    match node:
        case ast.Try(body=body) | ast.With(body=body):
            return any(map(_surely_runs, body))
        case ast.Expr() | ast.Assign():
            return any(map(_is_run, ast.walk(node)))
    return False


def _is_run(node: ast.AST) -> bool:
    match node:
        case Expansion(magic=magic):
            return magic == MAGIC
        case ast.Call(func=ast.Attribute(attr="run_line_magic"), args=[ast.Constant(value=magic), *_]):
            return magic == MAGIC
    return False
