"""Requirements from imports, files and pyproject.toml."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from k8snb.analysis.installs import Install
from k8snb.errors import RequirementsError
from k8snb.images.requirements import (
    Imported,
    constraints,
    from_file,
    from_imports,
    from_pyproject,
    name_of,
    relevant,
    with_installed,
)


def install(folder: Path, name: str, version: str, module: str, **files: str) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{files.pop('more', '')}")
    (info / "RECORD").write_text(f"{module}.py,,\n")
    for file, text in files.items():
        (info / file.replace("_json", ".json")).write_text(text)
    (folder / f"{module}.py").touch()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of sys.path that has distributions."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path


def test_imports_are_pinned_by_distribution() -> None:
    version = metadata.version("scikit-learn")
    found = from_imports({"sklearn", "json", "helper", "no_such_module", "k8snb", "__main__"}, {"helper"})
    numpy = f"numpy=={metadata.version('numpy')}"  # what k8snb itself needs in a step
    assert found == Imported((numpy, f"scikit-learn=={version}"), ("no_such_module",))
    assert from_imports({"sklearn"}).requirements == (f"scikit-learn=={version}",)


def test_what_no_index_has_is_unknown(site: Path) -> None:
    install(site, "Here", "1", "here", direct_url_json='{"url": "file:///x", "dir_info": {"editable": true}}')
    install(site, "Conda.Made", "2", "conda_made", direct_url_json='{"url": "file:///y"}', INSTALLER="conda\n")
    install(site, "torch", "2.9.0+cu130", "torch")
    found = from_imports({"here", "conda_made", "torch"})
    assert found == Imported(("conda-made==2", "torch==2.9.0"), ("here",))
    assert constraints() == ("conda-made==2", "torch==2.9.0")


def test_something_installed_meanwhile_is_seen(site: Path) -> None:
    assert from_imports({"later"}).unknown == ("later",)
    install(site, "later", "1", "later")
    assert from_imports({"later"}).requirements == ("later==1",)


def test_constraints_are_those_that_can_matter(site: Path) -> None:
    install(site, "a", "1", "a", more="Requires-Dist: B_x>=1\nRequires-Dist: c ; extra == 'more'\n")
    for name in ("b-x", "c", "d"):
        install(site, name, "1", name.replace("-", "_"))
    pins = constraints()
    assert relevant(["a==1"], pins) == ("b-x==1",)
    assert relevant(["a[more]==1"], pins) == ("b-x==1", "c==1")
    assert relevant(["a==1", "not-here"], pins) == ("b-x==1", "c==1", "d==1")
    assert relevant(["--pre", "d==2"], pins) == ()


def test_file(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("pandas>=2  # tables\n-r requirements.txt\n")
    (tmp_path / "requirements.txt").write_text(
        "--index-url https://example.org/simple\n# comment\n\nscikit-learn==1.7.2 \\\n    --hash=sha256:aa\n"
        "-r more.txt\nk8snb\nnumpy ; python_version > '3'\npkg @ https://example.org/p.whl#sha256=ab\n"
    )
    assert from_file(tmp_path / "requirements.txt") == (
        "--index-url https://example.org/simple",
        "scikit-learn==1.7.2 --hash=sha256:aa",
        "pandas>=2",
        "numpy ; python_version > '3'",
        "pkg @ https://example.org/p.whl#sha256=ab",
    )


@pytest.mark.parametrize("line", ["-e .", "./pkg", "pkg @ file:///x", "--editable=.", "-c other.txt"])
def test_file_with_what_cannot_travel(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"numpy\n{line}\n")
    with pytest.raises(RequirementsError, match="cannot be installed into an image") as caught:
        from_file(tmp_path / "requirements.txt")
    assert caught.value.where.endswith("requirements.txt, line 2")


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(RequirementsError, match="cannot be read"):
        from_file(tmp_path / "requirements.txt")
    (tmp_path / "requirements.txt").write_text("-r absent.txt")
    with pytest.raises(RequirementsError) as caught:
        from_file(tmp_path / "requirements.txt")
    assert caught.value.where.endswith("requirements.txt")


def test_pyproject(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    assert from_pyproject(file) == ()
    file.write_text("[tool.other]\n")
    assert from_pyproject(file) == ()
    file.write_text('[tool.k8snb]\nrequirements = ["a==1", "b"]\n')
    assert from_pyproject(file) == ("a==1", "b")
    file.write_text('[tool.k8snb]\nrequirements = "a"\n')
    with pytest.raises(RequirementsError, match="list of strings"):
        from_pyproject(file)
    file.write_text("[")
    with pytest.raises(RequirementsError, match="cannot be read"):
        from_pyproject(file)


@pytest.mark.parametrize(
    ("line", "name"), [("Scikit_Learn==1", "scikit-learn"), ("a.b-_c[x]>1", "a-b-c"), ("x @ http://y", "x"), ("", "")]
)
def test_name_of(line: str, name: str) -> None:
    assert name_of(line) == name


def test_what_cells_install_is_added(tmp_path):
    (tmp_path / "more.txt").write_text("b==2\n")
    installs = [
        Install(1, "%pip install", ("numpy", "A>=1", "c", "pip", "k8snb", "--pre"), ("more.txt", "gone.txt"), (".",)),
        Install(2, "%pip install", ("cloudpickle", "not-installed-here")),
    ]
    found = with_installed(("a==0.5", "c==3"), installs, tmp_path)
    numpy, cloudpickle = (f"{name}=={metadata.version(name)}" for name in ("numpy", "cloudpickle"))
    assert found == ("c==3", numpy, "A>=1", "--pre", "b==2", cloudpickle, "not-installed-here")
    assert with_installed(("a",), [], tmp_path) == ("a",)
