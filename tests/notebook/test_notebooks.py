"""The notebooks that users learn from, executed from first to last cell on the embedded default."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest
from homes import own_home

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

SAYS = {
    "digits": [
        "898 images to train with, 899 to test with",
        "Test accuracy: 0.9688",
        "96.9% of the test images are recognised",
        "array([0, 1, 2, 3, 4, 9, 6, 7, 8, 9])",
        "evaluator: succeeded",
        "comparison compared with reference: 1 of 64 features has drifted (3)",
    ],
    "drift": [
        "spring compared with train: none of 11 features has drifted",
        "SkewError: autumn compared with train: 3 of 11 features have drifted (glucose, age, bp)",
        "['glucose', 'age', 'bp']",
        "corrected compared with train: 2 of 11 features have drifted (age, bp)",
    ],
}


WRITTEN = sorted(path for path in NOTEBOOKS.glob("*.ipynb") if not path.stem.endswith(".executed"))


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_a_notebook_runs_on_the_local_stack(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_home(monkeypatch, tmp_path)
    notebook = nbformat.read(path, 4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "notebooks are committed without outputs"
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    outputs = "\n".join(str(cell.get("outputs", "")) for cell in notebook.cells)
    assert [text for text in SAYS[path.stem] if text not in outputs] == []
