from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from streamer.emotions import LABELS
from streamer.types import UNSURE
from tools.labelled.agreement import agreement, cohens_kappa
from tools.labelled.document import LabelFile, LabelledFace, Mark, Medium, Said
from tools.labelled.summary import limits, outside, summary

MARK = Mark(x1=0, y1=0, x2=9, y2=9)


def face(
    name: str, *words: tuple[str, int, str], ignore: bool = False, marks: tuple[Mark, ...] = (MARK,)
) -> LabelledFace:
    said = tuple(Said(annotator=who, frame=frame, label=label) for who, frame, label in words)
    return LabelledFace(id=name, marks=marks, said=said, ignore=ignore)


def picture(*faces: LabelledFace, name: str = "a.png", complete: bool = False) -> Medium:
    return Medium(file=name, kind="image", sha256="0" * 64, width=90, height=90, complete=complete, faces=faces)


def film(*faces: LabelledFace, frames: int = 21) -> Medium:
    return Medium(file="b.mp4", kind="video", sha256="1" * 64, width=90, height=90, frames=frames, fps=10, faces=faces)


def labels(*media: Medium, names: tuple[str, ...] = ("ann", "bob")) -> LabelFile:
    return LabelFile(annotators=names, media=media)


@pytest.mark.parametrize("seed", range(6))
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    words = np.array([*LABELS, UNSURE])
    one = words[random.integers(0, len(words), 200)]
    other = np.where(random.random(200) < 0.7, one, words[random.integers(0, 3, 200)])
    assert cohens_kappa(one.tolist(), other.tolist()) == pytest.approx(cohen_kappa_score(one, other), abs=1e-12)


def test_kappa_where_it_cannot_be_told() -> None:
    assert cohens_kappa([], []) is None
    assert cohens_kappa(["fear"] * 5, ["fear"] * 5) is None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert math.isnan(cohen_kappa_score(["fear"] * 5, ["fear"] * 5))
    assert cohens_kappa(["fear"] * 5, ["anger"] * 5) == 0


def test_pictures_by_hand() -> None:
    """Both 3 of 4 times alike: p = 0.75; ann 2 fear 2 anger, bob 3 fear 1 anger: e = (2·3 + 2·1) / 16 = 0.5."""
    words = [("fear", "fear"), ("fear", "fear"), ("anger", "anger"), ("anger", "fear")]
    faces = [face(f"f{at}", ("ann", 0, one), ("bob", 0, other)) for at, (one, other) in enumerate(words)]
    silent = face("alone", ("ann", 0, "sadness"))
    ignored = face("drawing", ("ann", 0, "sadness"), ("bob", 0, "neutral"), ignore=True)
    made = agreement(labels(picture(*faces, silent, ignored)))
    assert len(made.pairs) == 1
    assert (made.pairs[0].one, made.pairs[0].other, made.pairs[0].looks) == ("ann", "bob", 4)
    assert (made.agreed, made.kappa) == (0.75, 0.5)


def test_a_video_counts_twice_a_second_while_the_face_is_there() -> None:
    """Frames 0, 5, 10, 15, 20; gone from 18 on; bob begins at 4 and changes his mind at 15."""
    marks = (MARK, Mark(frame=18, x1=0, y1=0, x2=9, y2=9, gone=True))
    words = (("bob", 4, "fear"), ("ann", 0, "fear"), ("bob", 15, "anger"))
    made = agreement(labels(film(face("f1", *words, marks=marks))))
    assert made.pairs[0].looks == 3  # 5, 10 and 15
    assert made.agreed == pytest.approx(2 / 3)


def test_one_annotator_or_none_in_common_is_none() -> None:
    assert agreement(labels(picture(face("f1", ("ann", 0, "fear"))), names=("ann",))).kappa is None
    apart = agreement(labels(picture(face("f1", ("ann", 0, "fear")), face("f2", ("bob", 0, "fear")))))
    assert (apart.kappa, apart.agreed, apart.pairs[0].looks, apart.pairs[0].kappa) == (None, None, 0, None)
    assert agreement(LabelFile()).pairs == ()


def test_the_mean_is_over_pairs_that_have_one() -> None:
    words = [("fear", "fear"), ("anger", "anger")]
    faces = [face(f"f{at}", ("ann", 0, one), ("bob", 0, other)) for at, (one, other) in enumerate(words)]
    made = agreement(labels(picture(*faces), names=("ann", "bob", "cy")))
    assert len(made.pairs) == 3
    assert made.kappa == made.agreed == 1


def test_limits_of_nothing() -> None:
    assert limits(summary(LabelFile())) == ("there are no pictures or videos in it",)
    made = " ".join(limits(summary(labels(picture()))))
    assert "no face is marked" in made
    assert "no medium is complete" in made
    assert "annotator" not in made


def test_limits_of_one_annotator_and_empty_classes() -> None:
    one = face("f1", ("ann", 0, "fear"))
    said = limits(summary(labels(picture(one, face("f2"), complete=True), picture(name="b.png"), names=("ann", "bob"))))
    assert said == (
        "only 1 of 2 media are complete: wrong finds count there",
        "one annotator only: how far people agree on these faces is not known",
        "1 of 2 faces have no expression",
        "nobody shows neutral, happiness, surprise, sadness, anger, disgust, contempt: nothing can be said of them",
        "fewer than 30 looks, so that scores say little: fear (1)",
    )


def test_what_is_counted() -> None:
    still = picture(
        face("f1", ("ann", 0, "fear"), ("bob", 0, "anger")),
        face("f2", ("ann", 0, "unsure")),
        face("f3"),
        face("f4", ("ann", 0, "fear"), ignore=True),
        complete=True,
    )
    made = summary(labels(still, film(face("f1", ("ann", 0, "happiness"), ("ann", 10, "neutral")))))
    assert (made.pictures, made.videos, made.complete) == (1, 1, 1)
    assert (made.faces, made.ignored, made.unsaid) == (4, 1, 1)
    assert (made.words["ann"]["fear"], made.words["ann"]["unsure"], made.words["bob"]["anger"]) == (1, 1, 1)
    assert (made.looks["happiness"], made.looks["neutral"], made.looks["fear"]) == (2, 3, 0)
    assert made.undecided == 2


def test_a_file_that_only_marks_faces_scores_detectors() -> None:
    assert limits(summary(labels(picture(face("f1"), complete=True)))) == (
        "nobody said an expression: only detectors can be scored",
    )


def test_faces_outside_the_picture_are_named() -> None:
    marks = (MARK, Mark(frame=4, x1=90, y1=0, x2=99, y2=9), Mark(frame=8, x1=90, y1=0, x2=99, y2=9, gone=True))
    assert outside(labels(picture(face("f1")), film(face("f2"), face("f3", marks=marks)))) == (
        "b.mp4: face f3 lies outside the picture on frame 4",
    )
