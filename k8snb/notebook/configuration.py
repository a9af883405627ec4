"""What holds for the notebook: where it is, its stacks, what ``%config K8sMagics`` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from k8snb.artifacts.store import Store, open_store
from k8snb.errors import InputError
from k8snb.notebook.document import notebook_file
from k8snb.notebook.settings import CLASS, EXAMPLES, refusal
from k8snb.orchestrators import kind_of
from k8snb.orchestrators.base import Capability
from k8snb.stacks.load import load
from k8snb.stacks.model import Stacks
from k8snb.ui.parts import LINES

_BUCKET = 3
"""Parts of an address between slashes that name the bucket: ``s3:``, nothing, its name."""


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
        return load(self.folder, name=self._configured("stack"), because="%config K8sMagics.stack")

    def runs_images(self, stack: str | None = None) -> bool:
        """Whether a stack, the active one without a name, runs steps in images: these have folders of their own."""
        return Capability.IMAGES in kind_of(self.stacks.pick(stack)).capabilities

    def open_in_bucket(self, folder: str) -> Store | None:
        """Open a folder in the bucket of the active stack's artifact store as this is; None: it is elsewhere."""
        where = self.stacks.pick(None).artifact_store
        if where.uri.split("/")[:_BUCKET] != folder.split("/")[:_BUCKET]:
            return None
        return open_store(folder, endpoint=where.endpoint, region=where.region)

    @property
    def lines(self) -> int:
        """Lines of a step's text that are shown as they come."""
        lines: int | None = self._configured("lines")
        return LINES if lines is None else lines

    def _configured(self, name: str) -> Any:
        """Return what ``%config K8sMagics.NAME``, or a file of IPython's, says; None where nothing does."""
        value = getattr(self._shell.magics_manager.registry.get(CLASS), name, None)
        if value is not None and refusal(name, value):
            fix = f"%config {CLASS}.{name} = {EXAMPLES[name]}"
            raise InputError(f"{CLASS}.{name} is {value!r}", where="%config", fix=fix)
        return value
