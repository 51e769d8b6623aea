"""The figures of an evaluation and its sheet of mistakes: what is drawn where."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from cv2.typing import MatLike

from streamer.emotions import LABELS
from streamer.types import Box
from tests.looks import emotion, look, person, reading, truth
from tools.evaluate import pairs, plots, sheet, written
from tools.evaluate.expressions import expression_scores
from tools.evaluate.result import DetectionScores, Evaluation, Mistake, SizeScores, SliceScores
from tools.evaluate.samples import reading_samples
from tools.evaluate.tables import agreement, share, spread
from tools.evaluate.worst import FACE, MISSED, NO_FACE
from tools.figures import GREEN
from tools.scores import Estimate
from tools.train.intervals import wilson

BOX = (40.0, 40.0, 80.0, 100.0)
ONE = Estimate(0.5, 0.25, 0.75)


def detection(*sizes: SizeScores) -> DetectionScores:
    return DetectionScores(1, 10, 5, 0, 0.5, ONE, ONE, ONE, sizes)


def test_recall_by_size_has_the_interval_of_its_faces() -> None:
    found = plots.found_by_size(detection(SizeScores(0, 16, 0, None, None), SizeScores(96, None, 8, 0.25, None)))
    assert found == [plots.Dot("≥96 px", 8, 0.25, *wilson(2, 8))]


def test_accuracy_by_size_is_that_of_the_slices_by_size() -> None:
    parts = (SliceScores("size", "24–32 px", 12, 9, ONE, ONE, ONE), SliceScores("pose", "turned", 9, 9, ONE, ONE, ONE))
    assert plots.read_by_size(parts) == [plots.Dot("24–32 px", 12, 0.5, 0.25, 0.75)]


def test_sizes_are_drawn_with_and_without_expressions(tmp_path: Path) -> None:
    scores = detection(SizeScores(24, 32, 12, 0.5, 0.4), SizeScores(96, None, 8, 0.25, 0.2))
    parts = (SliceScores("size", "24–32 px", 12, 9, ONE, ONE, ONE),)
    plots.draw_sizes(scores, parts, tmp_path / "with.png")
    plots.draw_sizes(scores, (), tmp_path / "without.png")
    both, bare = (cv2.imread(str(tmp_path / name)) for name in ("with.png", "without.png"))
    assert coloured(both, GREEN) > 40
    assert coloured(bare, GREEN) == 0


def coloured(picture: MatLike, colour: str) -> int:
    """Pixels of just that colour."""
    blue, green, red = (int(colour[at : at + 2], 16) for at in (5, 3, 1))
    return int((picture == (blue, green, red)).all(axis=2).sum())


def mistake(truth: str, said: str, confidence: float = 0.9, medium: str = "a/b.jpg", frame: int = 0) -> Mistake:
    return Mistake(medium, frame, BOX, truth, said, confidence)


def test_a_mistake_is_told_in_three_lines() -> None:
    assert sheet.caption(mistake("neutral", "anger", 0.876)) == ("anger 88%", "labelled neutral", "b.jpg")
    assert sheet.caption(mistake(NO_FACE, FACE, 0.61, frame=7)) == (
        "score 0.61",
        "no face labelled here",
        "b.jpg, frame 7",
    )
    assert sheet.caption(mistake("fear", MISSED, 0.0)) == ("missed, 60 px", "labelled fear", "b.jpg")
    assert sheet.caption(mistake(FACE, MISSED, 0.0))[1] == "no expression labelled"


def test_mistakes_stand_by_their_kind() -> None:
    grey = np.zeros((sheet.CROP, sheet.CROP, 3), np.uint8)
    given = [mistake("fear", MISSED), mistake(NO_FACE, FACE), mistake("anger", "neutral"), mistake(NO_FACE, FACE)]
    made = sheet.kinds([sheet.Tile(one, grey) for one in given])
    assert [(kind.title, len(kind.tiles)) for kind in made] == [
        ("Found where no face is labelled", 2),
        ("Expressions said wrongly", 1),
        ("Faces that were missed", 1),
    ]


def test_a_tile_shows_the_box_in_its_middle_and_is_large_enough() -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[40:100, 40:80] = 255
    made = sheet.tile(mistake("neutral", "anger"), picture).image
    assert min(made.shape[:2]) >= 120
    rows, columns = np.nonzero(made[..., 0] > 127)
    middle = (sheet.CROP - 1) / 2
    assert (rows.mean(), columns.mean()) == pytest.approx((middle, middle), abs=1)
    assert np.ptp(rows) + 1 == pytest.approx(sheet.CROP / sheet.AROUND, abs=2)


def test_the_sheet_grows_with_its_mistakes(tmp_path: Path) -> None:
    picture = np.full((200, 300, 3), 90, np.uint8)
    made = sheet.tile(mistake("neutral", "anger", medium="a-very-long-name-that-does-not-fit-below.jpg"), picture)
    sheet.draw([made], "x", tmp_path / "one.jpg")
    sheet.draw([made] * (sheet.COLUMNS + 1), "x", tmp_path / "many.jpg")
    one, many = (cv2.imread(str(tmp_path / name)) for name in ("one.jpg", "many.jpg"))
    assert one.shape[1] == many.shape[1] == sheet.WIDTH
    assert many.shape[0] - one.shape[0] == sheet.CROP + sheet.CAPTION


def test_what_is_labelled_and_what_is_found_stand_side_by_side() -> None:
    box = Box(*BOX)
    made = look("a.png", 3, [truth("f0", box, "contempt")], people=[person(box, emotion(anger=0.9), "anger")])
    picture = np.full((200, 300, 3), 90, np.uint8)
    page = np.asarray(pairs.drawn(made, picture))
    assert page.shape == (200 + pairs.BAR, 2 * 300 + 8, 3)
    left, right = page[pairs.BAR :, :300], page[pairs.BAR :, 308:]
    assert (left != right).any()
    assert all((half != 90).any() for half in (left, right))
    assert pairs.name(made) == "a-3.jpg"
    (shown,) = pairs.labelled(made)
    assert (shown.label, shown.confidence) == ("contempt", 1.0)


def test_of_every_medium_one_sample_is_shown_first() -> None:
    looks = tuple(look(name, frame, [truth("f0")]) for name in "ab" for frame in range(20))
    found = pairs.chosen((*looks, look("empty", 0, [])))
    assert len(found) == pairs.MOST
    assert [(one.medium, one.frame) for one in found[:2]] == [("a", 0), ("b", 0)]
    assert len({(one.medium, one.frame) for one in found}) == pairs.MOST
    assert {one.medium for one in found[2:]} == {"a", "b"}


def test_a_confusion_table_is_dark_where_most_are(tmp_path: Path) -> None:
    answers = [emotion(happiness=0.9), emotion(happiness=0.9), emotion(anger=0.9)]
    looks = [
        look(f"{number}", 0, [truth("f", label="happiness")], readings=[reading(one)])
        for number, one in enumerate(answers)
    ]
    scores = expression_scores(reading_samples(looks))
    assert scores is not None
    plots.draw_confusion({"alone": scores}, tmp_path / "c.png")
    plots.draw_confusion({"alone": scores, "again": scores}, tmp_path / "cc.png")
    one, two = (cv2.imread(str(tmp_path / name)) for name in ("c.png", "cc.png"))
    assert two.shape[1] > 1.8 * one.shape[1]
    assert scores.confusion[LABELS.index("happiness")][LABELS.index("anger")] == 1


def test_what_cannot_be_told_is_a_dash_in_tables_and_nothing_in_json() -> None:
    assert spread(None) == share(None) == "–"
    assert spread(ONE) == "0.500 (0.250–0.750)"
    assert written.rounded({"a": [float("nan"), 0.123456, 3]}) == {"a": [None, 0.1235, 3]}
    assert "cannot be told" in agreement_of(None)
    assert "0.25 on average" in agreement_of(0.25)


def agreement_of(kappa: float | None) -> str:
    return agreement(Evaluation("l", "d", "c", 1, 0, 1, kappa, detection(), None, None, (), (), (), {}, "python", {}))
