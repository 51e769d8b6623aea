"""Suppression, by cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from streamer.detectors.nms import Candidates, suppress


def kept(boxes: list[list[float]], scores: list[float]) -> list[int]:
    return suppress(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32))


def test_nothing_in_nothing_out() -> None:
    assert kept([], []) == []


def test_of_two_boxes_on_one_face_the_better_one_stays() -> None:
    # They share 90 of 110.
    assert kept([[0, 0, 10, 10], [1, 0, 11, 10]], [0.6, 0.9]) == [1]


def test_faces_side_by_side_stay_best_first() -> None:
    # They share 20 of 180, 0.11.
    assert kept([[0, 0, 10, 10], [8, 0, 18, 10]], [0.6, 0.9]) == [1, 0]


def test_the_limit_is_three_tenths_of_the_union() -> None:
    # 45 of 155 is 0.29, 47 of 153 is 0.31.
    assert kept([[0, 0, 10, 10], [5.5, 0, 15.5, 10]], [0.9, 0.6]) == [0, 1]
    assert kept([[0, 0, 10, 10], [5.3, 0, 15.3, 10]], [0.9, 0.6]) == [0]


def test_a_part_of_a_better_face_falls_though_the_union_is_large() -> None:
    # 16 of 100 is only 0.16 of the union, but all of the small box.
    assert kept([[0, 0, 10, 10], [3, 3, 7, 7]], [0.9, 0.6]) == [0]


def test_a_small_better_face_leaves_the_large_one_behind_it() -> None:
    assert kept([[0, 0, 10, 10], [3, 3, 7, 7]], [0.6, 0.9]) == [1, 0]


def test_what_fell_pushes_nobody_out() -> None:
    # The middle one falls to the first; the last overlaps only the middle one.
    assert kept([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], [0.9, 0.8, 0.7]) == [0, 2]


def test_equal_scores_keep_their_order() -> None:
    boxes = [[20.0 * i, 0, 20.0 * i + 10, 10] for i in range(5)]
    assert kept(boxes, [0.5] * 5) == [0, 1, 2, 3, 4]


def test_boxes_without_area_harm_nobody() -> None:
    assert kept([[5, 5, 5, 5], [0, 0, 10, 10], [5, 5, 5, 5]], [0.9, 0.8, 0.7]) == [0, 1, 2]


def test_candidates_become_faces_in_frame_pixels() -> None:
    points = np.arange(10, dtype=np.float32).reshape(1, 5, 2)
    candidates = Candidates(np.array([[10, 20, 30, 60]], np.float32), np.array([0.75], np.float32), points)
    (face,) = candidates.faces((0.5, 0.25))
    assert (face.box.x1, face.box.y1, face.box.x2, face.box.y2) == (20, 80, 60, 240)
    assert face.score == 0.75
    assert face.landmarks.dtype == np.float32
    np.testing.assert_array_equal(face.landmarks[4], [16, 36])


def test_candidates_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected shapes \(1, 4\), \(1,\), \(1, 5, 2\)"):
        Candidates(np.zeros((2, 4), np.float32), np.zeros(1, np.float32), np.zeros((1, 5, 2), np.float32))
