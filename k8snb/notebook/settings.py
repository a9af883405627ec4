"""What ``%config K8sMagics`` sets. IPython tells errors of settings and goes on: these fail the cell at once."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError

from k8snb.distributions.facets import FORMS
from k8snb.errors import meant, suggest
from k8snb.notebook import inserted

CLASS = "K8sMagics"
_NEAR = 0.8
_SET = re.compile(r"\s*(\w+)\.(\w+)\s*=(?!=)")
_WHAT = {"lines": "a number of lines", "stack": "the name of a stack", "facets": f"one of {', '.join(FORMS)}"}
EXAMPLES = {"lines": "200", "stack": "'local'", "facets": "'embed'"}


def refusal(name: str, value: object) -> str | None:
    """Say why a setting cannot have a value, with one that it can; None where it can."""
    if name == "lines":
        is_right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    elif name == "facets":
        is_right = value in FORMS
    else:
        is_right = isinstance(value, str | None)
    if is_right:
        return None
    return f"{CLASS}.{name} is {_WHAT[name]}, and cannot be {value!r}: %config {CLASS}.{name} = {EXAMPLES[name]}"


def check(tree: ast.Module) -> None:
    """Have the calls of ``%config`` in a cell that set something of k8snb's fail where that cannot be."""
    _Checking().visit(tree)


class _Checking(ast.NodeTransformer):
    """Puts a function around calls of ``%config``: one that is asked before, and returns what is asked after."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(
                func=ast.Attribute(value=shell, attr="run_line_magic"),
                args=[ast.Constant(value="config"), ast.Constant(value=str() as line)],
            ) if _is_ours(line):
                checked = inserted.call(__name__, "checking", copy.deepcopy(shell), ast.Constant(line), at=node)
                return ast.copy_location(ast.Call(checked, [node], []), node)
        return node


def _is_ours(line: str) -> bool:
    found = _SET.match(line)
    return found is not None and (found[1] == CLASS or meant(found[1], [CLASS], cutoff=_NEAR) is not None)


def checking(shell: Any, line: str) -> Callable[[object], None]:
    """Refuse a setting that there is not; return what refuses its value when it has been set.

    Raises
    ------
    UsageError
    """
    found = _SET.match(line)
    assert found is not None
    name = found[2]
    if found[1] != CLASS:
        raise UsageError(f"there is no {found[1]}.{name}: did you mean {CLASS}.{meant(name, _WHAT) or name}?")
    if name not in _WHAT:
        raise UsageError(f"there is no setting {CLASS}.{name}: {suggest(name, _WHAT)}")
    return lambda _: shell.magics_manager.registry[CLASS].check_setting(name)
