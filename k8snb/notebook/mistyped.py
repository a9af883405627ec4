"""Magics that there are not, and that are called nearly like one of k8snb's: the error says which was meant."""

from __future__ import annotations

import ast
import re
from typing import Any

from IPython.core.error import UsageError

from k8snb.errors import meant
from k8snb.notebook import inserted

_CALLS = {"run_line_magic": "line", "run_cell_magic": "cell"}
_SIGNS = {"line": "%", "cell": "%%"}
_PREFIX = "k8s_"
_NEAR = 0.8  # what they all begin with makes them alike
_COMMENT = re.compile(r"#\s*%%(\w+)")


def explain(tree: ast.Module, shell: Any) -> None:
    """Have each call of a magic that is none, but nearly one of k8snb's, say so when the cell comes to it.

    Parameters
    ----------
    tree : ast.Module
        A cell as it is to be executed; is changed.
    shell : IPython.core.interactiveshell.InteractiveShell
    """
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=("run_line_magic" | "run_cell_magic") as attr) as func) if node.args:
                name, kind = getattr(node.args[0], "value", None), _CALLS[attr]
                if isinstance(name, str) and _is_like_ours(name, shell):
                    of = ast.Constant(name), ast.Constant(kind)
                    func.value = inserted.call(__name__, "knowing", func.value, *of, at=func.value)


def knowing(shell: Any, name: str, kind: str) -> Any:
    """Return a shell that knows a magic, or says itself that it exists as another kind.

    Raises
    ------
    UsageError
        It knows none of this name: with the one that was meant.
    """
    if shell.find_line_magic(name) is None and shell.find_cell_magic(name) is None:
        signs = {one: _SIGNS[kind] for kind in _SIGNS for one in _ours(shell, kind)}
        near = meant(name, signs, cutoff=_NEAR)
        way = f"did you mean {signs[near]}{near}?" if near else f"there are: {', '.join(sorted(signs))}"
        raise UsageError(f"there is no magic {_SIGNS[kind]}{name}: {way}")
    return shell


def is_nearly_a_steps_line(line: str) -> bool:
    """Say whether a comment is the line of a step but for its magic's name."""
    comment = _COMMENT.match(line)
    name = comment[1] if comment is not None else ""
    return name != "k8s_step" and meant(name, ["k8s_step"], cutoff=_NEAR) is not None


def _is_like_ours(name: str, shell: Any) -> bool:
    ours = {*_ours(shell, "line"), *_ours(shell, "cell")}
    return name not in ours and (name.startswith(_PREFIX) or meant(name, ours, cutoff=_NEAR) is not None)


def _ours(shell: Any, kind: str) -> list[str]:
    return [name for name in shell.magics_manager.magics[kind] if name.startswith(_PREFIX)]
