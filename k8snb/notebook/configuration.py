"""What holds for the notebook: where it is, its stacks, what ``%config K8sMagics`` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from k8snb.errors import InputError
from k8snb.notebook.document import notebook_file
from k8snb.orchestrators import kind_of
from k8snb.orchestrators.base import Capability
from k8snb.stacks.load import load
from k8snb.stacks.model import Stacks
from k8snb.ui.parts import LINES


class Configuration:
    """What holds for a notebook, read anew each time: files, environment and ``%config`` may have changed.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell

    Attributes
    ----------
    stack_name : str or None
        The stack that was chosen in the notebook; None: what files and environment say.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self.stack_name: str | None = None

    @property
    def file(self) -> Path | None:
        """The notebook's file, where it is known and there."""
        return notebook_file(self._shell.user_ns)

    @property
    def folder(self) -> Path:
        """The notebook's folder."""
        file = self.file
        return file.parent if file else Path.cwd()

    @property
    def stacks(self) -> Stacks:
        """The stacks that hold for the notebook."""
        if self.stack_name is not None:
            return load(self.folder, name=self.stack_name, because="%k8s_stack")
        configured = self._configured("stack")
        if not isinstance(configured, str | None):
            raise _wrong("stack", configured, "'local'")
        return load(self.folder, name=configured, because="%config K8sMagics.stack")

    def runs_images(self, stack: str | None = None) -> bool:
        """Whether a stack, the active one without a name, runs steps in images: these have folders of their own."""
        return Capability.IMAGES in kind_of(self.stacks.pick(stack)).capabilities

    @property
    def lines(self) -> int:
        """Lines of a step's text that are shown as they come."""
        lines = self._configured("lines")
        if lines is None:
            return LINES
        if not isinstance(lines, int) or lines < 0:
            raise _wrong("lines", lines, str(LINES))
        return lines

    def _configured(self, name: str) -> Any:
        """Return what ``%config K8sMagics.NAME`` says."""
        return getattr(self._shell.magics_manager.registry.get("K8sMagics"), name, None)


def _wrong(name: str, value: object, example: str) -> InputError:
    return InputError(f"K8sMagics.{name} is {value!r}", where="%config", fix=f"%config K8sMagics.{name} = {example}")
