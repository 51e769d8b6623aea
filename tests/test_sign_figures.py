"""What the figures of the signs are made with: heads turned in pictures, scores."""

from __future__ import annotations

import math

import numpy as np
import pytest

from streamer.types import Box, Face, Image
from tests.heads import landmarks
from tools.head_motions import DEPTH, TIP, Motion, Told, begun, told_of, turned
from tools.signs import expression, f1_parts

EYES = 40.0


def dotted(face: Face) -> Image:
    """White dots at the points of a face, and one far away from it."""
    picture = np.zeros((480, 640, 3), np.uint8)
    for x, y in (*face.landmarks[:3], (30, 30)):
        picture[round(float(y)) - 3 : round(float(y)) + 4, round(float(x)) - 3 : round(float(x)) + 4] = 255
    return picture


def around(face: Face, point: int) -> Box:
    x, y = face.landmarks[point].tolist()
    return Box(x - 14, y - 14, x + 14, y + 14)


def middle(picture: Image, box: Box) -> tuple[float, float]:
    rows, columns = np.nonzero(picture[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2), 0] > 100)
    return float(columns.mean()) + box.x1, float(rows.mean()) + box.y1


@pytest.mark.parametrize("angle", [0.0, 0.1, -0.1])
def test_a_turned_head_moves_as_deep_as_it_is_and_nothing_else_does(angle: float) -> None:
    face = Face(Box(230, 140, 370, 320), 0.9, landmarks(eyes=EYES))
    picture = dotted(face)
    nodded, shaken = turned(picture, face, angle, 0.0), turned(picture, face, 0.0, angle)
    eye, nose = around(face, 0), around(face, 2)
    x, y = face.landmarks[0].tolist()
    way = DEPTH * EYES * math.sin(angle)
    # The eye lies beside the middle, where the head is less deep.
    assert middle(nodded, eye)[1] - y == pytest.approx(0.9 * way, abs=1.0)
    assert middle(shaken, eye)[0] - x == pytest.approx(0.9 * way, abs=1.0)
    ahead = middle(nodded, nose)[1] - float(face.landmarks[2, 1])
    assert ahead == pytest.approx((DEPTH + TIP) * EYES * math.sin(angle), abs=1.0)
    assert np.array_equal(nodded[:60, :60], picture[:60, :60])
    assert (angle == 0.0) == np.array_equal(nodded, picture)


def test_a_motion_by_hand() -> None:
    motion = Motion("nod", 20, 1.0)
    assert [motion.angle(pts) for pts in (0.9, 1.0, 3.0)] == [0.0, 0.0, 0.0]
    assert motion.angle(1.25) == pytest.approx(math.radians(10))
    assert motion.angle(1.75) == pytest.approx(-math.radians(10))


def test_what_is_told_is_counted_by_hand() -> None:
    nods = [None, False, True, True, None, True, False]
    assert begun(nods) == 2
    rows = [(0.1 * number, nod, None if nod is None else False, True) for number, nod in enumerate(nods)]
    told = told_of(rows)
    assert told == Told(2, 0, told.known, 1.0, 7)
    assert told.known == pytest.approx(0.5)


def test_precision_recall_and_f1_by_hand() -> None:
    said = np.array([True, True, True, False, False])
    true = np.array([True, False, True, True, False])
    whole, first = np.ones((1, 5)), np.array([[1.0, 1, 0, 0, 0]])
    precision, recall, f1 = f1_parts(said, true)
    assert [float(measure(whole)[0]) for measure in (precision, recall, f1)] == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    assert [float(measure(first)[0]) for measure in (precision, recall, f1)] == pytest.approx([0.5, 1.0, 2 / 3])


def test_an_expression_counts_its_faces_and_the_neutral_ones_it_mistakes() -> None:
    labels = np.array([0, 0, 0, 0, 3, 4, 5, 7])  # four neutral; sadness, anger, disgust; contempt
    said = np.array([True, False, False, False, True, True, False, False])
    row = expression("frown", said, labels)
    assert (row.faces, row.among) == (3, 8)
    assert (row.precision.value, row.recall.value, row.neutral.value) == pytest.approx((2 / 3, 2 / 3, 0.25))
