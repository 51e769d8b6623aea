"""The notebook runs from its first cell to its last, and carries nothing of the machine on which it was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.weights import weights

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "tools" / "notebooks" / "walkthrough.ipynb"
LONGEST = 32
"""Lines of a cell of code."""


def cells(kind: str) -> list[dict[str, Any]]:
    document = json.loads(NOTEBOOK.read_text("utf-8"))
    return [cell for cell in document["cells"] if cell["cell_type"] == kind]


def test_it_is_committed_without_outputs_and_without_a_machine() -> None:
    document = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert document["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert [cell["outputs"] for cell in cells("code") if cell["outputs"]] == []
    assert {cell["execution_count"] for cell in cells("code")} == {None}
    assert {str(cell["metadata"]) for cell in document["cells"]} == {"{}"}


def test_its_cells_have_names_and_are_short() -> None:
    document = json.loads(NOTEBOOK.read_text("utf-8"))
    names = [cell["id"] for cell in document["cells"]]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalpha() for name in names)
    assert {cell["id"]: len(cell["source"]) for cell in cells("code") if len(cell["source"]) > LONGEST} == {}


def test_every_part_is_introduced() -> None:
    document = json.loads(NOTEBOOK.read_text("utf-8"))
    headings = [line for cell in cells("markdown") for line in cell["source"] if line.startswith("## ")]
    assert [line.split()[1] for line in headings] == [f"{number}." for number in range(1, len(headings) + 1)]
    assert document["cells"][0]["cell_type"] == "markdown"


def test_it_runs_from_top_to_bottom() -> None:
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient: uv sync --group dev")
    nbformat = pytest.importorskip("nbformat", reason="needs nbformat: uv sync --group dev")
    pytest.importorskip("ipykernel", reason="needs ipykernel: uv sync --group dev")
    for card in ("centerface", "mediapipe", "groupmood"):
        weights(card)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(NOTEBOOK.parent)}}  # as whoever opens it there
    nbclient.NotebookClient(notebook, timeout=90, kernel_name="python3", resources=where).execute()
    said = {cell.id: texts(cell) for cell in notebook.cells if cell.cell_type == "code"}
    assert "4 of 4 people; valence +0." in said["mood"]
    assert "faces found, 0 boxes where none is" in said["evaluate"]
    assert "| accuracy |" in said["evaluate"]
    assert said["limits"].startswith("- ")
    pictures = ("picture", "detect", "chips", "expressions", "mood", "video", "course", "confusion")
    assert [name for name in pictures if "<picture>" not in said[name]] == []


def texts(cell: Any) -> str:
    """What a cell printed and returned, pictures as '<picture>'."""
    found = []
    for output in cell.outputs:
        data = output.get("data", {})
        found += [output.get("text", ""), data.get("text/markdown", "")]
        found += ["<picture>" for kind in data if kind.startswith("image/")]
    return "\n".join(filter(None, found))
