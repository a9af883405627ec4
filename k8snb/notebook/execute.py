"""Executes a notebook file from first to last cell, as ``k8snb run`` does."""

# ruff: noqa: T201 - it prints for a shell
# mypy: disable-error-code="no-untyped-call"
# nbformat has no types.

from __future__ import annotations

import ast
import asyncio
import json
import keyword
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from k8snb.errors import InputError, suggest
from k8snb.notebook.cards import CARD
from k8snb.notebook.document import NOTEBOOK, PARAMETERS, refuse_twins
from k8snb.notebook.inject import inject
from k8snb.notebook.printed import Printer
from k8snb.pipeline.file import gathered
from k8snb.pipeline.tags import SKIP
from k8snb.stacks.load import load

OK, FAILED, INTERRUPTED = 0, 1, 130
REST = "%k8s_run --rest"
"""The last cell: it runs the steps that no cell has run."""

_WORDS = {"true": True, "false": False, "none": None, "null": None}


def parameter(text: str) -> tuple[str, Any]:
    """Read ``NAME=VALUE``: a Python literal, ``true``, ``false``, or else text.

    Raises
    ------
    InputError
        The name is not one of a variable.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier() or keyword.iskeyword(name):
        raise InputError(f"{text!r} is not NAME=VALUE", where="-p", fix="for example: -p lr=0.1")
    if value.lower() in _WORDS:
        return name, _WORDS[value.lower()]
    try:
        return name, ast.literal_eval(repr(ast.literal_eval(value)))  # 1e999 is no literal
    except (ValueError, SyntaxError):
        return name, value


def run(notebook: Path, *, stack: str | None, parameters: Mapping[str, Any], output: Path | None) -> int:
    """Execute a notebook and write the executed one, also where a cell failed.

    Parameters
    ----------
    notebook : Path
    stack : str or None
        None: the active one.
    parameters : mapping
        Variables that are set below the cells tagged ``parameters``, or at the top.
    output : Path or None
        None: beside the notebook.

    Returns
    -------
    int
        Exit code; 0 only where every cell and step succeeded.
    """
    notebook = notebook.absolute()
    target = output or notebook.with_name(f"{notebook.stem}.executed.ipynb")
    content = _read(notebook)
    load(notebook.parent, name=stack).pick()  # what is wrong is said before a kernel starts
    gathered(notebook)
    refuse_twins(notebook)
    _check_target(target)
    for text in inject(content, parameters):
        print(f"k8snb: {text}", file=sys.stderr)
    content.cells.append(nbformat.v4.new_code_cell(REST))
    environment = {**os.environ, NOTEBOOK: str(notebook), PARAMETERS: json.dumps(parameters, default=repr)}
    environment |= {"K8SNB_STACK": stack} if stack else {}
    try:
        code = asyncio.run(_execute(content, notebook.parent, environment))
    finally:
        if content.cells[-1].source == REST and not content.cells[-1].get("outputs"):
            content.cells.pop()
        nbformat.write(content, target)
        print(f"written: {target}", file=sys.stderr)
    return code


async def _execute(content: Any, folder: Path, environment: Mapping[str, str]) -> int:
    client = _Client(
        content,
        timeout=None,
        skip_cells_with_tag=SKIP,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.extra_arguments = ["--log-level=ERROR"]  # ipykernel's hints on transports are nothing to the user
    lines = [line.strip() for cell in content.cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    if not any(line.startswith("%load_ext k8snb") for line in lines):
        client.extra_arguments += ["--ext=k8snb"]
    try:
        await client.async_execute(env=dict(environment))
    except (CellExecutionError, DeadKernelError, asyncio.CancelledError) as e:
        client.printer.close()
        if client.interrupts:
            print("k8snb: interrupted", file=sys.stderr)
            return INTERRUPTED
        what = f"{e.ename}: {e.evalue}" if isinstance(e, CellExecutionError) else "the kernel died"
        print(f"k8snb: failed: {what.splitlines()[0]}", file=sys.stderr)  # the rest was said with the traceback
        return FAILED
    return OK


class _Client(NotebookClient):
    """Shows output as it comes, and interrupts the kernel where nbclient would kill it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.interrupts = 0
        self.printer = Printer(sys.stdout, sys.stderr)
        self._starting: asyncio.Task[Any] | None = None

    async def async_start_new_kernel(self, **kwargs: Any) -> None:
        """Start the kernel; from then on Ctrl-C is the kernel's, a second one is its end."""
        loop = asyncio.get_running_loop()
        self._starting = asyncio.current_task()
        with suppress(NotImplementedError):  # Windows: Ctrl-C reaches the kernel by itself
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                loop.add_signal_handler(getattr(signal, name), self._interrupt)
        await super().async_start_new_kernel(**kwargs)

    async def async_start_new_kernel_client(self) -> Any:
        """Connect to the kernel."""
        kc = await super().async_start_new_kernel_client()
        self._starting = None
        return kc

    def _interrupt(self) -> None:
        self.interrupts += 1
        if self._starting is not None:  # nothing runs yet
            self._starting.cancel()
            return
        self._stopping = asyncio.ensure_future(self._stop())

    async def _stop(self) -> None:
        assert self.km is not None
        stop = self.km.interrupt_kernel() if self.interrupts == 1 else self.km.shutdown_kernel(now=True)
        await ensure_async(stop)

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take a message of the kernel, and show what it brings."""
        content = msg["content"]
        match msg["msg_type"]:
            case "execute_input":
                self.printer.begin()
            case "clear_output":
                self.printer.clear()
            case "stream":
                self.printer.stream(content["name"], content["text"])
            case "error":
                self.printer.error(content["traceback"])
            case "update_display_data" if CARD in content["metadata"]:
                pass  # what it warns of has been told
            case "display_data" | "update_display_data" | "execute_result":
                self.printer.display(content)
        return super().process_message(msg, cell, cell_index)


def _read(notebook: Path) -> Any:
    try:
        return nbformat.read(notebook, as_version=4)
    except FileNotFoundError:
        others = [path.name for path in notebook.parent.glob("*.ipynb")]
        what = f"there is no such notebook: {notebook.name}"
        raise InputError(
            what, where=str(notebook.parent), fix=suggest(notebook.name, others, "check the path")
        ) from None
    except OSError as e:
        raise InputError(f"the notebook cannot be read: {e.strerror}", where=str(notebook), fix="name a file") from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError, AttributeError) as e:
        raise InputError(f"this is not a notebook: {e}", where=str(notebook), fix="save it in Jupyter") from None


def _check_target(target: Path) -> None:
    """Find out before hours of work whether the executed notebook can be written."""
    there = target.exists()
    try:
        with target.open("a"):
            pass
    except OSError as e:
        what, fix = f"the executed notebook cannot be written: {e.strerror}", "name a file in a folder that is there"
        raise InputError(what, where=str(target), fix=f"{fix}: --output") from None
    if not there:
        target.unlink()
