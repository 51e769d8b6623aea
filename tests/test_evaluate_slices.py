"""Parts of the faces scored apart, the worst mistakes, and what is said of the figures' limits."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace

import pytest

from streamer.emotions import LABELS
from streamer.types import Box
from tests.looks import emotion, face, look, reading, truth
from tools.evaluate.notes import notes
from tools.evaluate.samples import reading_samples
from tools.evaluate.seen import Look, Reading
from tools.evaluate.slices import slice_scores, too_small
from tools.evaluate.worst import mistakes, shared
from tools.labelled.document import LabelFile, LabelledFace, Mark, Medium, Said
from tools.labelled.truth import Truth

GLAD, SAD = emotion(happiness=0.9), emotion(sadness=0.8)


def crowd(count: int, answer: Reading, *, label: str = "happiness", medium: str = "m", **about: str) -> Look:
    truths = [truth(f"f{number}", at(50 * number), label, about=about) for number in range(count)]
    return look(medium, 0, truths, readings=[answer] * count)


def at(x: float, side: float = 40) -> Box:
    return Box(x, 0, x + side, side)


def test_slices_by_hand() -> None:
    """Twelve small blurred faces that are read wrongly, ten large sharp ones that are read rightly, three without."""
    looks = [
        crowd(12, reading(SAD, size=20, sharpness=0.1), medium="far", glasses="yes"),
        crowd(10, reading(GLAD, size=96, sharpness=1.0), medium="near", glasses="no"),
        crowd(3, reading(GLAD, size=15.9, sharpness=1.0, pose=0.1), medium="odd"),
    ]
    made = slice_scores(reading_samples(looks))
    found = {(one.by, one.value): (one.faces, one.people, one.accuracy.value) for one in made}
    assert found == {
        ("size", "16–24 px"): (12, 12, 0.0),
        ("size", "≥96 px"): (10, 10, 1.0),
        ("sharpness", "blurred"): (12, 12, 0.0),
        ("sharpness", "sharp"): (13, 13, 1.0),
        ("pose", "facing the camera"): (22, 22, pytest.approx(10 / 22)),
        ("glasses", "no"): (10, 10, 1.0),
        ("glasses", "yes"): (12, 12, 0.0),
    }
    assert made[0].cross_entropy.value == pytest.approx(-math.log(0.2 / 7))
    assert made[0].macro_recall.value == 0
    json.dumps([asdict(one) for one in made], allow_nan=False)
    assert too_small(reading_samples(looks)) == (("size", "<16 px", 3), ("pose", "turned away", 3))
    assert slice_scores(reading_samples(looks), least=26) == ()


def test_every_face_is_in_one_part_of_each_kind_and_one_whose_pose_is_unknown_in_none() -> None:
    edges = [0, 15.99, 16, 24, 32, 48, 96, 4000]
    levels = [0, 0.29, 0.3, 0.65, 0.94, 0.95, 1, math.nan]
    pairs = zip(edges, levels, strict=True)
    answers = [reading(GLAD, size, 0.0 if math.isnan(level) else level, level) for size, level in pairs]
    truths = [truth(str(number), label="happiness") for number in range(8)]
    made = slice_scores(reading_samples([look("m", 0, truths, readings=answers)]), least=1)
    counts = {by: sum(one.faces for one in made if one.by == by) for by in ("size", "sharpness", "pose")}
    assert counts == {"size": 8, "sharpness": 8, "pose": 7}


def test_no_samples_have_no_slices() -> None:
    assert slice_scores(reading_samples([])) == ()


def test_mistakes_of_each_kind_the_worst_first() -> None:
    truths = [truth("a", at(0), "anger"), truth("b", at(100), "anger"), truth("c", at(200, 60)), truth("d", at(300))]
    boxes = [face(at(0)), face(at(100)), face(at(500), 0.6), face(at(600), 0.8)]
    readings = [reading(SAD), reading(GLAD), reading(SAD), reading(SAD)]
    made = mistakes([look("m", 7, truths, boxes, readings=readings)])
    assert [(one.truth, one.said, one.confidence, one.box[0]) for one in made] == [
        ("no face", "face", 0.8, 600),
        ("no face", "face", 0.6, 500),
        ("anger", "happiness", pytest.approx(0.9), 100),
        ("anger", "sadness", pytest.approx(0.8), 0),
        ("face", "missed", 0.0, 200),
        ("face", "missed", 0.0, 300),
    ]
    assert {(one.medium, one.frame) for one in made} == {("m", 7)}


def test_nothing_is_wrongly_found_where_not_all_faces_are_marked_or_one_is_to_be_ignored() -> None:
    truths = [truth("a", at(0), ignore=True)]
    boxes = [face(at(0)), face(at(200))]
    assert mistakes([look("m", 0, truths, boxes, complete=False)]) == ()
    assert [one.box[0] for one in mistakes([look("m", 0, truths, boxes)])] == [200]


def test_a_video_shows_each_mistake_once_at_its_worst() -> None:
    surer = emotion(happiness=0.95)
    film = [
        look(
            "film",
            frame,
            [truth("a", at(0), "anger"), truth("b", at(100, side))],
            [face(at(0)), face(at(500 + frame), score)],
            readings=[reading(answer), reading(answer)],
        )
        for frame, (side, score, answer) in enumerate([(20, 0.5, GLAD), (30, 0.7, surer), (25, 0.6, GLAD)])
    ]
    made = mistakes(film)
    assert [(one.frame, one.said) for one in made] == [(1, "face"), (1, "happiness"), (1, "missed")]
    assert len(mistakes([*film, replace(film[0], medium="other")])) == 6


def test_the_kinds_share_the_places_evenly_and_what_one_leaves_the_others_have() -> None:
    assert shared([9, 9, 9], 9) == [3, 3, 3]
    assert shared([9, 1, 9], 9) == [4, 1, 4]
    assert shared([0, 0, 9], 5) == [0, 0, 5]
    assert shared([1, 1, 1], 9) == [1, 1, 1]
    assert shared([], 9) == []
    assert shared([3, 3], 0) == [0, 0]
    boxes = [face(at(100 * number), 0.5) for number in range(60)]
    assert len(mistakes([look("m", 0, [truth("a", at(9000), "anger")], boxes)])) == 48


def labels_of(*annotators: str) -> LabelFile:
    said = tuple(Said(annotator=name, label="happiness") for name in annotators)
    one = LabelledFace(id="a", marks=(Mark(x1=0, y1=0, x2=9, y2=9),), said=said)
    medium = Medium(file="m.png", kind="image", sha256="0" * 64, width=99, height=99, faces=(one,))
    return LabelFile(annotators=annotators, media=(medium,))


def told(looks: Sequence[Look], *annotators: str) -> str:
    return " ".join(notes(labels_of(*annotators), looks))


def test_what_limits_one_picture_is_said() -> None:
    """One annotator, one medium that is not complete, no face found, one label, few people, one of a kind."""
    said = told([replace(crowd(2, reading(GLAD), glasses="yes"), complete=False)], "me")
    assert "found none of the 2 labelled faces" in said
    assert "precision and average precision cannot be told" in said
    assert "single medium" in said
    assert "One annotator alone" in said
    assert "No face is labelled neutral, surprise, sadness, anger, disgust, fear and contempt" in said
    assert "Fewer than 10 faces are labelled happiness (2)" in said
    assert "called no face neutral, surprise, sadness, anger, disgust, fear and contempt" in said
    assert "those of 2 people" in said
    assert "size 32–48 px (2), sharpness sharp (2), pose facing the camera (2) and glasses yes (2)" in said


def test_what_does_not_limit_is_not_said() -> None:
    """Two annotators, two complete media, every label known and said, enough people of the same kind."""
    looks = []
    for medium in ("one", "two"):
        truths = [truth(f"{label}{number}", at(50 * number), label) for label in LABELS for number in range(10)]
        answers = [reading(emotion(**{label: 0.9})) for label in LABELS for _ in range(10)]
        looks.append(look(medium, 0, truths, [face(at(0))], readings=answers))
    assert notes(labels_of("me", "you"), looks) == (
        "Average precision is that of the boxes which the detector gives at its own threshold.",
    )


def test_faces_without_a_label_are_counted_by_why() -> None:
    split = Truth("split", at(0), None, (1, 1, 0, 0, 0, 0, 0, 0))
    unsure = Truth("unsure", at(50), None, (0,) * 8, 2)
    silent = [Truth(f"silent{number}", at(100 + 50 * number), None, (0,) * 8) for number in range(2)]
    ignored = truth("ignored", at(300), ignore=True)
    said = told([look("m", 0, [split, unsure, *silent, ignored], [face(at(0))])], "me", "you")
    assert "1 face is left out of the expressions: no label has more than half the votes." in said
    assert "1 face is left out of the expressions: nobody could tell them." in said
    assert "2 faces are left out of the expressions: nobody labelled them." in said
    assert "1 face marked to be ignored is neither missed nor wrongly found." in said
    assert "expressions cannot be scored" in said
    assert "found none" not in said


def test_videos_empty_pictures_and_unknown_poses() -> None:
    film = [replace(crowd(1, reading(GLAD, pose=math.nan)), frame=frame) for frame in range(3)]
    still = replace(crowd(1, reading(GLAD)), medium="still", complete=False)
    said = told([*film, still], "me")
    assert "3 of 4 frames are of 1 video" in said
    assert "of the 1 of 2 media" in said
    assert "How far 3 faces are turned is not known." in said
    assert "those of 2 people" in said
    assert "No face is labelled: neither recall nor expressions" in told([look("m", 0, [], [face()])])
    assert notes(labels_of(), []) == ("Nothing is labelled: no picture and no frame was looked at.",)
