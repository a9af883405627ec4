"""A step's own exception, raised again on the notebook's side as its own type."""

from __future__ import annotations

import functools
import re

from k8snb.errors import StepFailed
from k8snb.runner.spec import Failure


def shown(step: str, failure: Failure) -> str:
    """Return what a failed step raised, as text."""
    return "\n".join([f"step {step} failed:", *failure.traceback, ""])


_MORE_MEMORY = "give the step more: --memory"
_MISSING = "name the package of {!r} in the step's requirements: --requirements FILE"
_NOT_INSTALLED = "install the package of {!r} where the kernel runs"


def way_out(failure: Failure, *, are_images: bool) -> str:
    """Return what to do about a step's exception, where that is known.

    Parameters
    ----------
    failure : Failure
    are_images : bool
        Each step runs in an image of its own.
    """
    if failure.ename == "MemoryError" and are_images:
        return _MORE_MEMORY
    missing = re.fullmatch(r"No module named '([\w.]+)'.*", failure.evalue, re.DOTALL)
    if failure.ename == "ModuleNotFoundError" and missing is not None:
        return (_MISSING if are_images else _NOT_INSTALLED).format(missing[1].partition(".")[0])
    return ""


def step_failed(step: str, failure: Failure, original: BaseException | None) -> StepFailed:
    """Make the exception to raise for a step that raised.

    Parameters
    ----------
    step : str
        The step's name.
    failure : Failure
        From the step's result record.
    original : BaseException or None
        The exception itself, where it could be unpacked here.

    Returns
    -------
    StepFailed
        Of a class that is also the original's class, so that ``except ValueError`` works, with the original's name,
        text, arguments and attributes, and shown as the step's own traceback.
    """
    error = _instance(failure, original)
    error.what, error.where, error.fix = failure.evalue, f"step {step}", None
    error.step, error.failure = step, failure
    if original is not None:
        _fill(error, original)
        error.__dict__.update(original.__dict__)
        for note in getattr(original, "__notes__", ()):
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)
    return error


def _fill(error: StepFailed, original: BaseException) -> None:
    """Give the error what the original keeps outside of its ``__dict__`` (``args``, ``errno``, ``filename`` ...)."""
    builtin = next(cls for cls in type(original).__mro__ if cls.__module__ == "builtins")
    if isinstance(error, builtin):
        arguments = builtin.__reduce__(original)[1]  # type: ignore[call-arg]  # an unbound method
        assert isinstance(arguments, tuple)
        builtin.__init__(error, *arguments)  # type: ignore[misc]  # the instance is of that class
    error.args = original.args


def _instance(failure: Failure, original: BaseException | None) -> StepFailed:
    """Return an empty instance of the class for an original, else of one that has only its name."""
    if original is not None and isinstance(original, Exception):
        try:
            cls = _class(type(original))  # type: ignore[arg-type]  # classes are hashable
            return cls.__new__(cls, *original.args)
        except TypeError:  # a class that cannot be a base of another, or whose __new__ wants something else
            pass
    return _named(failure.ename).__new__(_named(failure.ename))


@functools.lru_cache(maxsize=64)
def _class(original: type[Exception]) -> type[StepFailed]:
    """Return the class that is both `StepFailed` and the original's class."""
    return type(original.__name__, (StepFailed, original), {"__module__": original.__module__})


@functools.lru_cache(maxsize=64)
def _named(name: str) -> type[StepFailed]:
    return type(name, (StepFailed,), {"__module__": StepFailed.__module__})
