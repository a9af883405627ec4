"""A step's exception comes back as its own type."""

from __future__ import annotations

import pytest

from k8snb.errors import StepFailed
from k8snb.run.failure import step_failed, way_out
from k8snb.runner.spec import Failure


class Custom(OSError):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(a)
        self.b = b


@pytest.mark.parametrize(
    "original",
    [
        ValueError("a", 1),
        KeyError("k"),
        UnicodeDecodeError("utf8", b"x", 0, 1, "bad"),
        FileNotFoundError(2, "No", "f"),
        ExceptionGroup("g", [ValueError(1)]),
        StopIteration(4),
        Custom(1, 2),
    ],
)
def test_it_is_what_the_step_raised(original: Exception) -> None:
    error = step_failed("s", Failure(type(original).__name__, str(original), ["line"]), original)
    assert isinstance(error, StepFailed)
    assert isinstance(error, type(original))
    assert type(error).__name__ == type(original).__name__
    assert str(error) == str(original)
    assert error.args == original.args
    assert error._render_traceback_() == ["step s failed:", "line"]


def test_attributes_come_along() -> None:
    error = step_failed("s", Failure("FileNotFoundError", "", []), FileNotFoundError(2, "No", "f"))
    assert isinstance(error, FileNotFoundError)
    assert (error.errno, error.filename) == (2, "f")
    assert step_failed("s", Failure("Custom", "", []), Custom(1, 2)).b == 2


def test_without_the_original_the_name_is_kept() -> None:
    error = step_failed("s", Failure("ConnectionLost", "gone", []), None)
    assert (type(error).__name__, str(error)) == ("ConnectionLost", "gone")


def test_what_is_no_ordinary_exception_is_caught_as_one() -> None:
    error = step_failed("s", Failure("SystemExit", "3", []), SystemExit(3))
    assert not isinstance(error, SystemExit)
    assert type(error).__name__ == "SystemExit"


@pytest.mark.parametrize(
    ("failure", "in_image", "here"),
    [
        (Failure("ModuleNotFoundError", "No module named 'torch.nn'", []), "package of 'torch'", "install"),
        (Failure("MemoryError", "", []), "--memory", ""),
        (Failure("ValueError", "No module named 'x'", []), "", ""),
    ],
)
def test_the_way_out_of_what_has_a_known_one(failure: Failure, in_image: str, here: str) -> None:
    for told, wanted in ((way_out(failure, are_images=True), in_image), (way_out(failure, are_images=False), here)):
        assert wanted in told
        assert bool(wanted) == bool(told)
