"""The figures of a run: what is read, what is counted, and that something is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tools.figures import BLUE, GREEN, VERMILION
from tools.scores import calibration_error
from tools.train import curves, reliability
from tools.train.intervals import wilson


def logged(folder: Path, accuracies: list[float]) -> Path:
    """The log of a run with these accuracies."""
    lines = [
        {"epoch": number, "loss": 2 / number, "rate": 0.1, "accuracy": accuracy, "macro_recall": accuracy - 0.2,
         "cross_entropy": 1 / number, "calibration_error": 0.1, "seconds": 30.0}
        for number, accuracy in enumerate(accuracies, 1)
    ]  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / curves.LOG).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def pixels(path: Path, colour: str) -> int:
    """How many pixels of a picture have this very colour."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    picture = cv2.imread(str(path))
    assert picture is not None
    return int((picture == (blue, green, red)).all(axis=2).sum())


def test_the_last_of_the_best_epochs_is_the_one_that_is_kept(tmp_path: Path) -> None:
    epochs = curves.read(logged(tmp_path, [0.5, 0.8, 0.7, 0.8, 0.6]))
    assert curves.best(epochs)["epoch"] == 4


@pytest.mark.parametrize("accuracies", [[0.5], [0.5, 0.7, 0.8, 0.79]])
def test_a_run_is_drawn_beside_its_log(tmp_path: Path, accuracies: list[float]) -> None:
    path = curves.draw(logged(tmp_path, accuracies))
    assert path == tmp_path / "curves.png"
    assert all(pixels(path, colour) > 20 for colour in (BLUE, GREEN, VERMILION))
    again = curves.draw(tmp_path, tmp_path / "elsewhere" / "again.png")
    assert again.read_bytes() == path.read_bytes()


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(curves.NoCurves, match=r"holds no epochs\.jsonl with an epoch in it: train first"):
        curves.draw(tmp_path)
    with pytest.raises(curves.NoCurves):
        curves.draw(logged(tmp_path, []))


def sure(confidence: list[float], right: list[bool]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Probabilities whose likeliest is label 0, so sure, and the true labels."""
    first = np.array(confidence)
    given = np.column_stack([first, *[(1 - first) / 7] * 7])
    return given, np.where(right, 0, 1)


def test_bins_by_hand() -> None:
    found = reliability.bins(*sure([0.99, 0.95, 0.96, 0.42, 1.0], [True, True, False, False, True]))
    assert [(one.faces, one.right) for one in found] == [(1, 0), (4, 3)]
    assert found[0].confidence == pytest.approx(0.42)
    assert found[1].confidence == pytest.approx((0.99 + 0.95 + 0.96 + 1.0) / 4)


def test_the_bins_are_those_of_the_calibration_error() -> None:
    dice = np.random.default_rng(3)
    given = dice.dirichlet(np.full(8, 0.4), 500)
    labels = dice.integers(0, 8, 500)
    gaps = sum(one.faces * abs(one.right / one.faces - one.confidence) for one in reliability.bins(given, labels)) / 500
    assert gaps == pytest.approx(calibration_error(given.max(axis=1), given.argmax(axis=1) == labels))


def test_a_diagram_has_a_column_for_each_set_of_faces(tmp_path: Path) -> None:
    dice = np.random.default_rng(3)
    part = (dice.dirichlet(np.full(8, 0.4), 300), dice.integers(0, 8, 300))
    widths = []
    for names in (["one"], ["one", "two"]):
        path = tmp_path / f"{len(names)}.png"
        reliability.draw(dict.fromkeys(names, part), path)
        picture = cv2.imread(str(path))
        assert picture is not None
        widths.append(picture.shape[1])
        left, right = (part for part in np.split(picture[:, : picture.shape[1] // 2 * 2], 2, axis=1))
        assert (left < 200).mean() > 0.01
        assert (right < 200).mean() > 0.01
    assert widths[0] == widths[1]


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_an_interval_is_wilsons(right: int, count: int, low: float, high: float) -> None:
    """81 of 263: R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I."""
    assert wilson(right, count) == pytest.approx((low, high), abs=5e-5)
