"""What every orchestrator is: the interface that the engine drives and that one contract suite checks.

An orchestrator keeps nothing that another object of its class could not read back from where the attempts run: any
engine can take a run over by the keys alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Self

from k8snb.errors import AttemptError
from k8snb.images.code import Code
from k8snb.pipeline.options import StepOptions
from k8snb.runner.spec import Key
from k8snb.stacks.model import Stack


class Capability(Enum):
    """What not every orchestrator can do; a case of the contract suite may be skipped for one of these only."""

    IMAGES = "runs each step in an image of its own"
    MEMORY_LIMIT = "ends a step that uses more memory than its limit"
    SECRETS = "gives a step secrets by reference"


@dataclass(frozen=True)
class Environment:
    """What a step's image must hold below the code.

    Parameters
    ----------
    base : str or None
        Base image; None: the stack's own.
    requirements : tuple of str
        Pinned requirements, one per line of a requirements file, sorted.
    constraints : tuple of str
        Versions of what else is installed in the kernel (``name==version``), for indirect requirements.
    """

    base: str | None = None
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """One attempt as the orchestrator gets it. Its spec is in the store already.

    Parameters
    ----------
    key : Key
    nonce : str
        Of its control strings.
    pipeline : str
        The pipeline's name, for labels.
    image : str
        What `Orchestrator.prepare` returned for the step.
    handshake : float
        Seconds that its runner waits for a line on stdin (0: it does not).
    options : StepOptions
    """

    key: Key
    nonce: str
    pipeline: str
    image: str
    handshake: float
    options: StepOptions


@dataclass(frozen=True)
class Output:
    """The next bytes of the attempt's raw log: each byte once, in order."""

    data: bytes


@dataclass(frozen=True)
class Waiting:
    """Why the attempt has not begun, in words; said when it changes."""

    reason: str


@dataclass(frozen=True)
class Gone:
    """The attempt's pod or process is over and no more output will come.

    Parameters
    ----------
    code : int or None
        Exit code, negative for a signal; None where it cannot be known.
    error : AttemptError or None
        What the platform says of the end; None where the process simply ended.
    """

    code: int | None
    error: AttemptError | None = None


Report = Output | Waiting | Gone

Tell = Callable[[str], None]


class Orchestrator(ABC):
    """Starts attempts, follows their output, ends them.

    All coroutines run in one event loop. Errors are of `k8snb.errors`.
    """

    capabilities: frozenset[Capability] = frozenset()

    handshake: float = 0.0
    """Seconds for `Spec.handshake`: how long a runner waits for this orchestrator's reader."""

    @classmethod
    @abstractmethod
    def of_stack(cls, stack: Stack, folder: Path) -> Self:
        """Return the orchestrator of a stack for a notebook in a folder; does no I/O."""

    @classmethod  # noqa: B027 - not every orchestrator imports much
    def load(cls) -> None:
        """Import what takes long, in any thread: else the first call that needs it does."""

    @abstractmethod
    async def check(self) -> None:
        """Find out whether attempts can be started, before any is; make what is missing and may be made.

        Raises
        ------
        ServiceError
            What is wrong, where, and the way out.
        """

    async def look(self) -> str:
        """Find out whether attempts can be started where they run; make nothing there, unless `check` is all there is.

        Returns
        -------
        str
            What there is to say of it; mostly nothing.

        Raises
        ------
        ServiceError
            What is wrong, where, and the way out.
        """
        await self.check()
        return ""

    async def check_steps(self, options: Mapping[str, StepOptions]) -> None:  # noqa: B027 - some have nothing to find
        """Find out whether what the steps name is there (Secrets, volumes), before anything is written.

        Parameters
        ----------
        options : mapping of str to StepOptions
            By step name.

        Raises
        ------
        AttemptError, ServiceError
        """

    @abstractmethod
    async def prepare(self, code: Code, environments: Mapping[str, Environment], tell: Tell) -> dict[str, str]:
        """Bring code and environments to where the attempts run.

        Parameters
        ----------
        code : Code
            The notebook's code, the same for all steps.
        environments : mapping of str to Environment
            By step name.
        tell : callable
            Told in words what is done where that may take long.

        Returns
        -------
        dict of str to str
            For each step name what `Attempt.image` is to be: an image pinned by digest, or a folder.

        Raises
        ------
        InputError, ServiceError
            Before anything was written where it can be known.
        """

    @abstractmethod
    async def start(self, attempt: Attempt) -> None:
        """Start an attempt; one that runs already under its key is adopted."""

    @abstractmethod
    def follow(self, attempt: Attempt) -> AsyncIterator[Report]:
        """Report on a started attempt from the first byte of its log until `Gone`, or until the iterator is closed.

        Survives lost connections. Works on attempts that another object started.
        """

    @abstractmethod
    async def cancel(self, keys: Sequence[Key]) -> None:
        """End attempts and delete what was made for them; returns when the cluster has accepted it. Idempotent."""

    @abstractmethod
    async def running(self, run: str) -> list[Key]:
        """Attempts of a run that are not over yet."""

    async def aclose(self) -> None:  # noqa: B027 - not every orchestrator holds something open
        """Close connections; attempts go on."""
