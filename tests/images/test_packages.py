"""What uv says is turned into errors; bytecode stays valid."""

from __future__ import annotations

import os
import py_compile
from pathlib import Path

import pytest

from k8snb.errors import RequirementsError, ServiceError
from k8snb.images import packages
from k8snb.images.packages import Platform, compile_bytecode, install

LINUX = Platform("linux/amd64", "3.11")


@pytest.fixture
def uv(monkeypatch: pytest.MonkeyPatch):
    """Stands in for uv: says what it is told to for `install`, and chooses from versions for `compile`."""

    def says(text: str, versions: dict[str, str] | None = None) -> None:
        def run(command: str, *options: str) -> tuple[int, str]:
            if command == "install":
                return 1, text
            asked = Path(options[-3]).read_text().strip()
            if found := (versions or {}).get(asked):
                Path(options[-1]).write_text(f"# by uv\n{asked.split('<')[0].split('>')[0]}=={found}\n    # via x\n")
            return 0 if found else 1, ""

        monkeypatch.setattr(packages, "_uv", run)

    return says


SAID = """\
error: No solution found when resolving dependencies
  cause: Because a-b==1.0 has no usable wheels and you require a-b==1.0, we can conclude that your requirements are \
unsatisfiable.

hint: Wheels are required for `a-b` because building from source is disabled for all packages
"""
SAID_IN_A_BOX = """\
  x No solution found when resolving dependencies:
  ╰─▶ Because there is no version of a-b==1.0 and you
      require a-b==1.0, we can conclude
      that your requirements are unsatisfiable."""


@pytest.mark.parametrize("text", [SAID, SAID_IN_A_BOX])
def test_reason_and_nearest_versions(uv, tmp_path: Path, text: str) -> None:
    uv(text, {"a-b<1.0": "0.9", "a-b>1.0": "1.1"})
    with pytest.raises(
        RequirementsError, match=r"a-b 1\.0 cannot be had for the image: .* you require a-b==1\.0"
    ) as caught:
        install(["a-b==1.0"], [], LINUX, tmp_path)
    assert caught.value.where == "Python 3.11 on linux/amd64"
    assert caught.value.fix == "the nearest with a wheel for it: 0.9 and 1.1; in the kernel: %pip install a-b==1.1"
    uv(text)
    with pytest.raises(RequirementsError) as caught:
        install(["a-b==1.0"], [], LINUX, tmp_path)
    assert "no version has a wheel" in caught.value.fix


def test_versions_that_exclude_each_other(uv, tmp_path: Path) -> None:
    uv("error: No solution found\n  cause: Because a==1 depends on b>2 and you require b<2, we can conclude that ...")
    with pytest.raises(RequirementsError) as caught:
        install(["a==1", "b<2"], [], LINUX, tmp_path)
    assert caught.value.what == "The packages cannot be had together: a==1 depends on b>2 and you require b<2"


def test_index_that_does_not_answer(uv, tmp_path: Path) -> None:
    uv("error: Failed to fetch: `https://pypi.example/simple/a/`\n  Caused by: dns error")
    with pytest.raises(ServiceError, match="index does not answer"):
        install(["a"], [], LINUX, tmp_path)


def test_unknown_platform(tmp_path: Path) -> None:
    with pytest.raises(RequirementsError, match="linux/s390x"):
        install(["a"], [], Platform("linux/s390x", "3.11"), tmp_path)


def test_bytecode_does_not_depend_on_times(tmp_path: Path) -> None:
    for name in ("pkg/__init__.py", "pkg/tests/test_x.py", "pkg/broken.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = (" if "broken" in name else "x = 1\n")
    compile_bytecode(tmp_path, "/k8snb/packages")
    assert not list(tmp_path.glob("pkg/tests/__pycache__"))
    (made,) = tmp_path.glob("pkg/__pycache__/*.pyc")
    data = made.read_bytes()
    assert int.from_bytes(data[4:8], "little") == 1  # by hash, and not checked
    assert b"/k8snb/packages/pkg/__init__.py" in data
    assert str(tmp_path).encode() not in data
    os.utime(tmp_path / "pkg/__init__.py", (0, 0))
    py_compile.compile(str(tmp_path / "pkg/__init__.py"), cfile=str(tmp_path / "t"))
    assert int.from_bytes((tmp_path / "t").read_bytes()[4:8], "little") == 0  # what it would be without


def test_scripts_of_this_machine_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: str, *options: str) -> tuple[int, str]:
        folder = Path(options[options.index("--target") + 1])
        (folder / "bin").mkdir()
        (folder / "bin" / "script").write_text("#!/home/me/python\n")
        (folder / "bin" / "program").write_bytes(b"\x7fELF")
        (folder / ".lock").touch()
        return 0, ""

    monkeypatch.setattr(packages, "_uv", run)
    install(["a"], [], LINUX, tmp_path)
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["program"]
