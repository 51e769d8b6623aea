"""What detectors say of their boxes is what was measured, and the measure is right."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamer.types import Box, Face, Fit, unknown_landmarks
from tools.box_fit import NAMES, RESULTS, fit_of, main, matched, pictures


def face(x1: float, y1: float, x2: float, y2: float) -> Face:
    return Face(Box(x1, y1, x2, y2), 0.9, unknown_landmarks())


def test_the_square_that_was_made_smaller_and_lifted_is_found_again() -> None:
    """A detector whose box is the square's upper, narrower part: 1.25 times as large, 0.1 of its height lower."""
    squares = [Box(100 * n, 50, 100 * n + 50, 100) for n in range(9)]
    given = [Box(one.x1 + 5, 51, one.x2 - 5, 91) for one in squares]
    fit = fit_of(list(zip(squares, given, strict=True)))
    assert (fit.faces, fit.scale, fit.shift) == (9, 1.25, 0.1)


def test_each_box_is_of_one_face_and_the_nearest_are_taken() -> None:
    known = [face(0, 0, 100, 100), face(60, 0, 160, 100)]
    found = [face(40, 0, 140, 100), face(5, 0, 105, 100), face(500, 500, 600, 600)]
    pairs = {(one.x1, other.x1) for one, other in matched(known, found)}
    assert pairs == {(0, 5), (60, 40)}


def test_photographs_come_first_and_are_seen_by_all(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    for name in ("2008_a.jpg", "2007_b.jpg", "dogs.jpg"):
        cv2.imwrite(str(tmp_path / "faces" / name), np.full((40, 40, 3), 7, np.uint8))
    assert [number for number, _ in pictures(tmp_path, 1)] == [0, 0]


def test_nothing_to_look_at_and_unknown_names_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in ((["haar"], "holds no faces"), (["hogg"], "unknown detector 'hogg'")):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--data", str(tmp_path), "--out", str(tmp_path / "out.json")])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_detectors_fit_is_what_was_measured(name: str) -> None:
    measured = json.loads((RESULTS / "box_fit.json").read_text("utf-8"))["fits"][name]
    fit = declared(name)
    assert fit.scale == pytest.approx(measured["scale"], abs=0.02)
    assert fit.shift == pytest.approx(measured["shift"], abs=0.02)


def declared(name: str) -> Fit:
    if name == "centerface":
        return Fit()
    module = pytest.importorskip(
        f"streamer.detectors.{'mediapipe_face' if name == 'mediapipe' else name}",
        reason=f"what {name} needs is not installed",
        exc_type=ImportError,
    )
    fit: Fit = module.FIT
    return fit
