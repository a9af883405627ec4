"""The notebook's code: what travels, and what is refused."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from k8snb.errors import InputError
from k8snb.images import code as module
from k8snb.images.code import Code, code_layer, collect, imported_by, local_modules


@pytest.fixture
def root(tmp_path: Path) -> Path:
    def write(path: str, text: str = "") -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    write("helper.py", "import numpy\nfrom deep.inner import x\n")
    write("unused.py")
    write("deep/__init__.py", "from . import inner\n")
    write("deep/inner.py", "def f():\n    import spaced.sub\n")
    write("deep/table.csv", "1,2")
    write("deep/__pycache__/inner.cpython-311.pyc", "x")
    write("deep/.git/config", "x")
    write("spaced/sub.py", "import helper\nimport broken")
    write("broken.py", "def f(:\n")
    write("data/one.csv", "1")
    write("data/two/three.csv", "2")
    return tmp_path


def test_modules_bring_what_they_import(root: Path) -> None:
    found = collect({"a": "import helper"}, {"helper", "sklearn"}, root, ())
    assert set(found.modules) == {
        "helper.py", "deep/__init__.py", "deep/inner.py", "deep/table.csv", "spaced/sub.py", "broken.py"
    }  # fmt: skip
    assert found.steps == {"steps/a.py": b"import helper"}
    assert found.modules["deep/table.csv"] == b"1,2"


def test_what_local_modules_import_is_told(root: Path) -> None:
    modules = local_modules({"helper"}, [root])
    assert set(modules) == {"helper", "deep", "spaced", "broken"}
    assert imported_by(modules) == {"helper", "deep", "spaced", "broken", "numpy"}


def test_a_folder_of_data_is_no_module(root: Path) -> None:
    assert local_modules({"data"}, [root]) == {}


def test_k8snb_itself_never_travels(root: Path) -> None:
    (root / "k8snb").mkdir()
    (root / "k8snb" / "__init__.py").touch()
    assert local_modules({"k8snb"}, [root]) == {}


@pytest.mark.parametrize("name", ["data", "data/", "./data"])
def test_folders_travel_whole(root: Path, name: str) -> None:
    assert set(collect({}, (), root, {name}).modules) == {"data/one.csv", "data/two/three.csv"}


def test_missing_file(root: Path) -> None:
    with pytest.raises(InputError, match=r"'data/four\.csv' is not there"):
        collect({}, (), root, {"data/four.csv"})


@pytest.mark.parametrize("name", ["../secret", "data/../../secret", "/etc/passwd", "C:\\x"])
def test_file_outside(root: Path, name: str) -> None:
    with pytest.raises(InputError, match="outside the notebook's folder"):
        collect({}, (), root, {name})


def test_too_large(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 1 << 20)
    (root / "deep" / "model.bin").write_bytes(bytes(3 << 20))
    with pytest.raises(InputError, match=r"are 3 MiB, more than the 1 MiB .* largest is deep/model\.bin with 3 MiB"):
        collect({}, {"deep"}, root, ())


def test_layer() -> None:
    layer = code_layer(Code(steps={"steps/a.py": b"1"}, modules={"m.py": b"2"}))
    with tarfile.open(fileobj=io.BytesIO(layer.content)) as archive:
        assert archive.getnames() == [
            "k8snb", "k8snb/code", "k8snb/code/m.py", "k8snb/code/steps", "k8snb/code/steps/a.py"
        ]  # fmt: skip


def test_anyone_may_write_to_what_travels() -> None:
    files = {"m.py": b"2", "data/two/three.csv": b"3"}
    layer = code_layer(Code(steps={"steps/a.py": b"1"}, modules=files))
    with tarfile.open(fileobj=io.BytesIO(layer.content)) as archive:
        modes = {member.name: member.mode for member in archive}
    assert modes.pop("k8snb") == 0o755
    folders = ("", "/data", "/data/two", "/steps")
    assert {modes.pop(f"k8snb/code{folder}") for folder in folders} == {0o777}
    assert set(modes.values()) == {0o666}
    again = code_layer(Code(steps={"steps/a.py": b"1"}, modules=dict(reversed(files.items()))))
    assert again.digest == layer.digest
    empty = code_layer(Code({}, {}))
    with tarfile.open(fileobj=io.BytesIO(empty.content)) as archive:
        assert {member.name: member.mode for member in archive} == {"k8snb": 0o755, "k8snb/code": 0o777}


def test_modules_of_other_folders_travel_as_if_they_stood_beside_the_notebook(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "src"
    other.mkdir()
    (other / "feat.py").write_text("import helper")
    (other / "helper.py").write_text("that of the notebook's folder comes first")
    found = collect({}, {"feat"}, root, (), [other]).modules
    assert found["feat.py"] == b"import helper"
    assert found["helper.py"] == (root / "helper.py").read_bytes()
