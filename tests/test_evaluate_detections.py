"""Matching and detection scores against COCOeval, and against cases worked by hand."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from streamer.types import Box, Face
from tests.looks import face, look, truth
from tools.evaluate.detections import SIZES, detection_scores, longer
from tools.evaluate.matching import matched
from tools.evaluate.seen import Look

COCO = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed (extra dev)").COCO
COCOeval = pytest.importorskip("pycocotools.cocoeval", reason="pycocotools is not installed (extra dev)").COCOeval


def random_looks(seed: int, media: int = 12, frames: int = 3, *, complete: bool = True) -> list[Look]:
    """Faces of 8 to 200 pixels, some ignored; boxes near them or anywhere, with scores of which some are equal."""
    chance = np.random.default_rng(seed)
    made = []
    for medium in range(media):
        for frame in range(frames):
            truths = [
                truth(f"f{number}", somewhere(chance), ignore=bool(chance.random() < 0.15))
                for number in range(chance.integers(0, 7))
            ]
            near = [shaken(one.box, chance) for one in truths for _ in range(chance.integers(0, 3))]
            boxes = near + [somewhere(chance) for _ in range(chance.integers(0, 3))]
            faces = [Face(box, round(float(chance.random()), 1)) for box in boxes]
            made.append(look(f"m{medium}", frame, truths, sorted(faces, key=lambda one: -one.score), complete=complete))
    return made


def somewhere(chance: np.random.Generator) -> Box:
    x, y = chance.uniform(0, 500, 2)
    width, height = 8 * np.exp(chance.uniform(0, np.log(25), 1)) * chance.uniform(0.8, 1.25, 2)
    return Box(x, y, x + width, y + height)


def shaken(box: Box, chance: np.random.Generator) -> Box:
    off = chance.normal(0, 0.12, 4) * (box.width, box.height, box.width, box.height)
    return Box(box.x1 + off[0], box.y1 + off[1], box.x2 + abs(off[2]), box.y2 + abs(off[3]))


def coco(looks: Sequence[Look]) -> dict[str, Any]:
    """Precision by recall, area and size (``eval`` of COCOeval), where a box's area is its longer side: COCO never
    computes one from the other. Ranges hold their ends there, so they end a hair earlier."""
    images = [{"id": number} for number in range(1, len(looks) + 1)]
    truths = [
        part(one.box) | {"image_id": number, "iscrowd": int(one.ignore)}
        for number, seen in enumerate(looks, 1)
        for one in seen.truths
    ]
    boxes = [
        part(one.box) | {"image_id": number, "score": one.score}
        for number, seen in enumerate(looks, 1)
        for one in seen.faces
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        made = COCOeval(dataset(images, truths), dataset(images, boxes), "bbox")
        ends = [(low, 1e9 if high is None else high - 1e-9) for low, high in ((0.0, None), *SIZES)]
        made.params.iouThrs, made.params.maxDets, made.params.areaRng = np.array([0.5]), [1000], ends
        made.params.areaRngLbl = [str(end) for end in ends]
        made.evaluate()
        made.accumulate()
    return dict(made.eval)


def dataset(images: list[dict[str, Any]], annotations: list[dict[str, Any]]) -> Any:
    made = COCO()
    numbered = [one | {"id": number, "category_id": 1} for number, one in enumerate(annotations, 1)]
    made.dataset = {"images": images, "annotations": numbered, "categories": [{"id": 1}]}
    made.createIndex()
    return made


def part(box: Box) -> dict[str, Any]:
    return {"bbox": [box.x1, box.y1, box.width, box.height], "area": longer(box)}


@pytest.mark.parametrize("seed", range(8))
def test_recall_and_average_precision_are_cocos_for_all_faces_and_for_each_size(seed: int) -> None:
    looks = random_looks(seed)
    made, theirs = detection_scores(looks), coco(looks)
    assert made.recall is not None
    assert made.average_precision is not None
    ours: list[tuple[float | None, float | None]] = [(made.recall.value, made.average_precision.value)]
    ours += [(size.recall, size.average_precision) for size in made.sizes]
    for area, (recall, precision) in enumerate(ours):
        if recall is None:
            assert theirs["recall"][0, 0, area, 0] == -1
        else:
            assert recall == pytest.approx(theirs["recall"][0, 0, area, 0], abs=1e-12)
            assert precision == pytest.approx(theirs["precision"][0, :, 0, area, 0].mean(), abs=1e-12)


def test_the_best_box_is_matched_first_and_takes_its_best_face() -> None:
    """The surer box takes the face that it overlaps more; the other one gets what is left, or nothing."""
    truths = [truth("a", Box(0, 0, 100, 100)), truth("b", Box(30, 0, 130, 100))]
    boxes = [face(Box(20, 0, 120, 100), 0.6), face(Box(18, 0, 118, 100), 0.9), face(Box(25, 0, 125, 100), 0.5)]
    made = matched(truths, boxes)
    assert made.boxes == (0, 1)
    assert made.verdicts == ("hit", "hit", "wrong")


def test_an_iou_of_just_the_threshold_is_enough() -> None:
    """Half of a face, all of it inside: intersection 50, union 100."""
    truths = [truth("a", Box(0, 0, 10, 10))]
    assert matched(truths, [face(Box(0, 0, 10, 5))]).boxes == (0,)
    assert matched(truths, [face(Box(0, 0, 10, 4.99))]).boxes == (None,)
    assert matched(truths, [face(Box(0, 0, 10, 10))], iou=1.0).boxes == (0,)


def test_an_ignored_face_absorbs_any_number_of_boxes_but_none_that_fits_another() -> None:
    truths = [truth("crowd", Box(0, 0, 100, 100), ignore=True), truth("a", Box(0, 0, 20, 20))]
    boxes = [face(Box(0, 0, 20, 20)), face(Box(30, 30, 60, 60)), face(Box(40, 40, 70, 70)), face(Box(90, 90, 150, 150))]
    made = matched(truths, boxes)
    assert made.boxes == (None, 0)
    assert made.verdicts == ("hit", "ignored", "ignored", "wrong")


def test_nothing_matches_nothing() -> None:
    assert matched([], []) == matched((), ())
    assert matched([], [face(Box(0, 0, 1, 1))]).verdicts == ("wrong",)
    assert matched([truth("a", Box(0, 0, 1, 1))], []).boxes == (None,)
    assert matched([truth("a", Box(0, 0, 9, 9), ignore=True)], [face(Box(3, 3, 3, 3))]).verdicts == ("wrong",)


def by_hand() -> list[Look]:
    """Two faces found of three, and boxes that are right, wrong, right by falling score: precisions 1, ½, ⅔."""
    boxes = [Box(0, 0, 40, 40), Box(100, 0, 140, 40), Box(200, 0, 220, 20), Box(300, 0, 340, 40)]
    truths = [truth("a", boxes[0]), truth("b", boxes[2]), truth("c", Box(400, 0, 440, 40))]
    return [look("one", 0, truths, [face(boxes[0], 0.9), face(boxes[1], 0.8), face(boxes[2], 0.7)])]


def test_scores_by_hand() -> None:
    made = detection_scores(by_hand())
    assert (made.frames, made.faces, made.found, made.wrong) == (1, 3, 2, 1)
    assert made.recall is not None
    assert made.precision is not None
    assert made.average_precision is not None
    assert made.recall.value == made.precision.value == pytest.approx(2 / 3)
    # Recalls 0 … .33 are reached with precision 1, .34 … .66 with ⅔, the others never.
    assert made.average_precision.value == pytest.approx((34 * 1 + 33 * 2 / 3) / 101)
    assert (made.recall.low, made.recall.high) == (0, 1)
    assert [(size.faces, size.recall) for size in made.sizes] == [
        (0, None),
        (1, 1),
        (0, None),
        (2, 0.5),
        (0, None),
        (0, None),
    ]
    # The wrong box has 40 pixels: it counts there alone.
    assert made.sizes[1].average_precision == 1
    assert made.sizes[3].average_precision == pytest.approx(51 / 101)


def test_precision_is_of_complete_media_only() -> None:
    (known,) = by_hand()
    other = look("two", 0, known.truths, known.faces, complete=False)
    made, alone = detection_scores([known, other]), detection_scores([known])
    assert (made.faces, made.found, made.wrong) == (6, 4, 1)
    assert made.precision == alone.precision
    assert made.average_precision == alone.average_precision
    nothing = detection_scores([other])
    assert nothing.recall is not None
    assert (nothing.precision, nothing.average_precision, nothing.wrong) == (None, None, 0)
    assert all(size.average_precision is None for size in nothing.sizes)


def test_a_picture_without_faces_and_a_detector_that_finds_none() -> None:
    empty = detection_scores([look("one", 0, [], [])])
    assert (empty.recall, empty.precision, empty.average_precision) == (None, None, None)
    blind = detection_scores([look("one", 0, [truth("a", Box(0, 0, 40, 40))], [])])
    assert blind.recall is not None
    assert blind.average_precision is not None
    assert (blind.recall.value, blind.precision, blind.average_precision.value) == (0, None, 0)
    wrong = detection_scores([look("one", 0, [], [face(Box(0, 0, 40, 40))])])
    assert wrong.precision is not None
    assert (wrong.recall, wrong.precision.value, wrong.wrong) == (None, 0, 1)
    nothing = detection_scores([])
    assert (nothing.frames, nothing.recall, nothing.precision, nothing.average_precision) == (0, None, None, None)


def test_the_intervals_are_of_resampled_media() -> None:
    """Frames of one medium are the same ten times: ten times the frames must not make the interval narrower."""
    once, often = random_looks(3, frames=1), random_looks(3, frames=1) * 10
    one, ten = detection_scores(once), detection_scores(often)
    assert one.recall is not None
    assert one.recall == ten.recall
    assert one.recall.low < one.recall.value < one.recall.high
    assert one.average_precision is not None
    assert one.average_precision.low < one.average_precision.value < one.average_precision.high
    assert one.precision == ten.precision


def test_a_detector_that_found_all_faces_of_three_pictures_may_still_miss_some() -> None:
    """Clopper and Pearson: three of three is a lower bound of .025^⅓."""
    boxes = [Box(0, 0, 40, 40), Box(100, 0, 140, 40)]
    truths = [truth("a", boxes[0]), truth("b", boxes[1])]
    made = detection_scores([look(name, 0, truths, [face(box) for box in boxes]) for name in ("one", "two", "three")])
    assert made.recall is not None
    assert (made.recall.value, made.recall.low, made.recall.high) == pytest.approx((1, 0.025 ** (1 / 3), 1))
