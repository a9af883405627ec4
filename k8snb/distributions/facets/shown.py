"""Which form of a view a notebook shows: drawn by what a server has, by what comes along, or the table alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from k8snb.distributions.facets import FORMS
from k8snb.distributions.facets.page import View, file, output
from k8snb.errors import InputError, suggest

_VSCODE = "__vsc_ipynb_file__"
"""What VS Code calls the notebook's path, among the kernel's variables."""


def form(setting: str, names: Mapping[str, Any]) -> Literal["server", "embed", "table"]:
    """Return in which form views are shown.

    A notebook that is executed without a browser (nbclient, papermill, ``k8snb run``) is opened or exported later: its
    views are small and find what draws them then. VS Code has no server to ask.

    Parameters
    ----------
    setting : str
        One of `k8snb.distributions.facets.FORMS`.
    names : mapping
        The kernel's variables.

    Raises
    ------
    InputError
    """
    if setting not in FORMS:
        raise InputError(f"facets = {setting!r}", fix=suggest(setting, FORMS))
    if setting == "auto":
        return "embed" if _VSCODE in names else "server"
    return setting  # type: ignore[return-value]


@dataclass
class Shown:
    """What a kernel has shown.

    Parameters
    ----------
    setting : str
        See `form`.
    carrying : str or None
        The cell whose output brings what draws the others'.
    """

    setting: str = "auto"
    carrying: str | None = field(default=None, init=False)

    def use(self, setting: str) -> None:
        """Show views in another form from now on; the next one that is embedded brings what draws them all.

        Raises
        ------
        InputError
        """
        form(setting, {})
        self.setting, self.carrying = setting, None

    def carries(self, cell: str | None) -> bool:
        """Tell whether the output of a cell is to bring what draws all: that of the first one does, also run again."""
        if self.carrying is None:
            self.carrying = cell
        return cell is None or self.carrying == cell


SHOWN = Shown()
"""Of this kernel."""


def shown(view: Callable[[], View], fallback: str) -> str:
    """Return the HTML of a view's output; where Facets is not installed, the fallback and a word.

    Parameters
    ----------
    view : callable
        Makes the view, if it is needed.
    fallback : str
        HTML without scripts.
    """
    names, cell = _kernel()
    if (how := form(SHOWN.setting, names)) == "table":
        return fallback
    try:
        return output(view(), fallback, carries=how == "embed" and SHOWN.carries(cell))
    except InputError as error:
        return f'{fallback}<div style="opacity: 0.7">without Facets: {error.what}: {error.fix}</div>'


def write(path: str | os.PathLike[str], view: View, fallback: str) -> Path:
    """Write a view as one HTML file that needs nothing else; return its path."""
    target = Path(path).expanduser()
    target.write_text(file(view, fallback), "utf-8")
    return target


def _kernel() -> tuple[Mapping[str, Any], str | None]:
    """Return the kernel's variables, and what tells the cell that runs: its id, or where there is none its code."""
    import sys

    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return {}, None
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return shell.user_ns, parent.get("metadata", {}).get("cellId") or parent.get("content", {}).get("code")
