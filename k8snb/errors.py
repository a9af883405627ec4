"""Every error of k8snb.

::

    K8snbError
    ├── InputError                what was written is wrong; found before anything starts
    │   ├── AnnotationError       a step's line: its name or its options
    │   ├── PipelineError         the steps together: unknown, twice, a name that no cell makes, a cycle
    │   ├── StackError            k8snb.toml, or a stack that is not there
    │   ├── RequirementsError     packages that cannot be had for the image
    │   ├── UnpackableError       a value that cannot travel (a lock, a generator, a connection)
    │   └── HistoryError          a run of the past, its step or its value that is not there
    ├── ServiceError              something outside does not do what was asked of it
    │   ├── StoreError            the artifact store
    │   ├── RegistryError         the container registry
    │   └── ClusterError          the Kubernetes API
    │       └── ForbiddenError    the cluster refuses: names the permission
    ├── AttemptError              a step's pod or process did not run to its end
    │   ├── ImageError            the image cannot be pulled
    │   ├── UnschedulableError    no node has room
    │   ├── QuotaError            the namespace's quota is used up
    │   ├── ConfigError           the pod's configuration: a Secret or a volume that is not there
    │   ├── AdmissionError        the cluster's policy refuses the pod
    │   ├── OutOfMemoryError      killed for using more memory than its limit
    │   ├── DisruptedError        evicted, preempted, node lost, pod deleted by someone
    │   ├── StoppedError          its Job was deleted by someone
    │   ├── TimeoutExceededError  longer than the step's --timeout
    │   └── DiedError             ended without a word (a signal, a crash, ``os._exit``)
    ├── SkewError                 a gate: data have drifted
    ├── StepFailed                the step's own code raised
    └── RunCancelled              stopped on request

Each says *what* is wrong, *where*, and the way out (*fix*); a mistyped name is told in one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8snb.runner.spec import Failure

_MEANT = "did you mean "


def meant(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return which of the names that there are a mistyped one very likely stands for.

    Parameters
    ----------
    name : str
    known : iterable of str
    cutoff : float
        How alike they must be at least, from 0 to 1.
    """
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=cutoff)), None)


def suggest(name: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """Return the way out for a name that is not known.

    Parameters
    ----------
    name : str
    known : iterable of str
        The names that there are.
    otherwise : str, optional
        The way out where none of them is near; without it they are listed.

    Examples
    --------
    >>> suggest("trian", ["load", "train"])
    "did you mean 'train'?"
    >>> suggest("x", ["load", "train"])
    'one of: load, train'
    """
    names = sorted(known)
    if (near := meant(name, names)) is not None:
        return f"{_MEANT}{near!r}?"
    return otherwise or f"one of: {', '.join(names) or 'none'}"


class K8snbError(Exception):
    """Base of all errors of k8snb.

    Parameters
    ----------
    what : str
        What is wrong, in a sentence.
    where : str, optional
        The file and key, the cell and line, or the object that it is about.
    fix : str, optional
        What to do about it; where one exists, the command.
    """

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        super().__init__(what)
        self.what, self.where, self.fix = what, where, fix

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.fix))

    def __str__(self) -> str:
        if self.fix and self.fix.startswith(_MEANT):
            return f"{self.what} ({self.where}): {self.fix}" if self.where else f"{self.what}: {self.fix}"
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.fix:
            lines.append(f"  way out: {self.fix}")
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows in place of a traceback through k8snb's own code."""
        return f"{type(self).__name__}: {self}".splitlines()


def _rebuild(cls: type[K8snbError], what: str, where: str | None, fix: str | None) -> K8snbError:
    return cls(what, where=where, fix=fix)


class InputError(K8snbError):
    """What was written is wrong; found before anything starts."""


class AnnotationError(InputError):
    """A step's line: its name or its options."""


class PipelineError(InputError):
    """The steps together: unknown, twice, a name that no cell makes, a cycle."""


class StackError(InputError):
    """``k8snb.toml``, or a stack that is not there."""


class RequirementsError(InputError):
    """Packages that cannot be had for the image."""


class UnpackableError(InputError):
    """A value that cannot travel."""


class HistoryError(InputError, KeyError):
    """A run of the past, its step or its value that is not there."""


def not_loaded(what: str, error: Exception, *, where: str, missing: str, fix: str) -> InputError:
    """Return the error for a stored value that cannot be made again here.

    Parameters
    ----------
    what : str
        The value, in words.
    error : Exception
        Why: a package is missing, or the value's own code fails.
    where : str
    missing, fix : str
        The way out: where a package is missing, whose name takes the place of ``{}``; else.
    """
    text = f"{what}: {type(error).__name__}: {error}"
    if isinstance(error, ImportError):
        return RequirementsError(text, where=where, fix=missing.format(repr((error.name or "").partition(".")[0])))
    return UnpackableError(text, where=where, fix=fix)


class ServiceError(K8snbError):
    """Something outside does not do what was asked of it."""


class StoreError(ServiceError):
    """The artifact store cannot be reached, or refuses."""


class RegistryError(ServiceError):
    """The container registry cannot be reached, or refuses."""


class ClusterError(ServiceError):
    """The Kubernetes API cannot be reached, or refuses."""


class ForbiddenError(ClusterError):
    """The cluster does not permit it."""


class AttemptError(K8snbError):
    """A step's pod or process did not run to its end."""


class ImageError(AttemptError):
    """The image cannot be pulled."""


class UnschedulableError(AttemptError):
    """No node has room for the pod."""


class QuotaError(AttemptError):
    """The namespace's quota is used up."""


class ConfigError(AttemptError):
    """The pod's configuration names something that is not there."""


class AdmissionError(AttemptError):
    """The cluster's policy refuses the pod."""


class OutOfMemoryError(AttemptError):
    """The step was killed for using more memory than its limit."""


class DisruptedError(AttemptError):
    """The step's pod was evicted, preempted, deleted, or its node was lost."""


class StoppedError(AttemptError):
    """The step's Job was deleted: somebody does not want it to go on."""


class TimeoutExceededError(AttemptError):
    """The step ran longer than its ``--timeout``."""


class DiedError(AttemptError):
    """The step's process ended without a word."""


class SkewError(K8snbError):
    """Data have drifted further than a gate lets pass; says which features, and how far."""


class StepFailed(K8snbError):
    """The step's own code raised.

    What is raised is of a class that is also the class of the step's exception and bears its name: ``except
    ValueError`` catches a step's ``ValueError``.

    Attributes
    ----------
    step : str
        The step's name.
    failure : k8snb.runner.spec.Failure
        Name, text and traceback of the step's exception.
    """

    step: str
    failure: Failure

    def __str__(self) -> str:
        return self.failure.evalue

    def _render_traceback_(self) -> list[str]:
        return [f"step {self.step} failed:", *self.failure.traceback]


class RunCancelled(K8snbError):
    """The run was stopped on request."""
