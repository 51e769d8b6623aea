"""Scores of expressions against scikit-learn, and against cases worked by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, precision_recall_fscore_support

from streamer.emotions import LABELS
from tests.looks import emotion, look, person, reading, truth
from tools.evaluate.expressions import MOST_NATS, expression_scores
from tools.evaluate.result import ExpressionScores
from tools.evaluate.samples import UNIFORM, chosen, reading_samples, told_samples
from tools.evaluate.seen import UNTOLD, Place, Samples
from tools.scores import BINS, group_interval, share_measure

EVERY = list(range(len(LABELS)))


def samples(
    labels: ArrayLike, given: NDArray[np.float64], said: ArrayLike | None = None, groups: ArrayLike | None = None
) -> Samples:
    count = len(given)
    told = given.argmax(axis=1) if said is None else np.array(said, np.int64)
    people = np.arange(count) if groups is None else np.asarray(groups, np.int64)
    ones = np.ones(count)
    places = tuple(Place("m", 0, str(number)) for number in range(count))
    return Samples(places, given, np.array(labels, np.int64), told, people, 40 * ones, ones, ones, ({},) * count)


def random_samples(seed: int, count: int, of: Sequence[int]) -> Samples:
    """Labels of ``of`` alone; any may be said; a tenth unsure."""
    chance = np.random.default_rng(seed)
    labels = chance.choice(of, count)
    given = chance.dirichlet(np.ones(8) * 0.4, count) * 0.6 + 0.4 * chance.dirichlet(np.ones(8) * 5, count)
    said = np.where(chance.random(count) < 0.1, UNTOLD, given.argmax(axis=1))
    return samples(labels, given, said, chance.integers(0, max(1, count // 3), count))


def scored(of: Samples) -> ExpressionScores:
    made = expression_scores(of)
    assert made is not None
    json.dumps(asdict(made), allow_nan=False)
    return made


CASES = [
    (400, EVERY),  # every label
    (60, [0, 1, 3]),  # labels without faces
    (25, [2]),  # one label
    (1, [5]),  # one face
]


@pytest.mark.parametrize(("count", "of"), CASES)
@pytest.mark.parametrize("seed", range(3))
def test_the_scores_are_those_of_scikit_learn(count: int, of: list[int], seed: int) -> None:
    given = random_samples(seed, count, of)
    made, (labels, said) = scored(given), (given.labels, given.said)
    assert made.accuracy.value == pytest.approx(accuracy_score(labels, said))
    assert made.cross_entropy.value == pytest.approx(log_loss(labels, given.given, labels=EVERY))
    table = confusion_matrix(labels, np.where(said == UNTOLD, 8, said), labels=[*EVERY, 8])[:8]
    assert np.array_equal(made.confusion, table)
    theirs = precision_recall_fscore_support(labels, said, labels=EVERY, zero_division=0.0)
    for label, (precision, recall, f1, faces) in enumerate(zip(*theirs, strict=True)):
        ours = made.classes[label]
        assert (ours.label, ours.faces) == (LABELS[label], faces)
        assert ours.precision == (pytest.approx(precision) if (said == label).any() else None)
        assert ours.recall == (pytest.approx(recall) if faces else None)
        assert ours.f1 == (pytest.approx(f1) if faces else None)
    occurring = np.unique(labels)
    macro = precision_recall_fscore_support(labels, said, labels=occurring, average="macro", zero_division=0.0)
    ours_macro = (made.macro_precision.value, made.macro_recall.value, made.macro_f1.value)
    assert ours_macro == pytest.approx(macro[:3])
    assert made.unsure == pytest.approx(np.mean(said == UNTOLD))


@pytest.mark.parametrize("seed", range(3))
def test_the_calibration_error_is_that_of_scikit_learns_bins(seed: int) -> None:
    """Of the faces of which something was said."""
    given = random_samples(seed, 300, EVERY)
    told = given.said != UNTOLD
    confidence, right = given.given[told].max(axis=1), (given.said == given.labels)[told]
    shares, means = calibration_curve(right, confidence, n_bins=BINS)
    faces = np.histogram(confidence, np.linspace(0, 1, BINS + 1))[0]
    expected = np.sum(faces[faces > 0] * np.abs(shares - means)) / told.sum()
    assert scored(given).calibration_error.value == pytest.approx(expected)


def test_by_hand() -> None:
    """Two neutral faces, one called sad, and a happy one that is unsure."""
    rows = [emotion(neutral=0.8), emotion(sadness=0.6, neutral=0.3), emotion(happiness=0.5)]
    given = np.array([one.probabilities for one in rows])
    made = scored(samples([0, 0, 1], given, [0, 3, UNTOLD]))
    assert (made.faces, made.people, made.unsure) == pytest.approx((3, 3, 1 / 3))
    assert made.accuracy.value == pytest.approx(1 / 3)
    assert made.macro_recall.value == pytest.approx((1 / 2 + 0) / 2)
    assert made.macro_precision.value == pytest.approx((1 + 0) / 2)
    assert made.macro_f1.value == pytest.approx((2 / 3 + 0) / 2)
    assert made.cross_entropy.value == pytest.approx(-(math.log(0.8) + math.log(0.3) + math.log(0.5)) / 3)
    assert made.calibration_error.value == pytest.approx((0.2 + 0.6) / 2)
    neutral, happiness, surprise, sadness = made.classes[:4]
    assert (neutral.precision, neutral.recall, neutral.f1) == pytest.approx((1, 0.5, 2 / 3))
    assert (happiness.precision, happiness.recall, happiness.f1) == (None, 0, 0)
    assert (surprise.precision, surprise.recall, surprise.f1) == (None, None, None)
    assert (sadness.precision, sadness.recall, sadness.f1) == (0, None, None)
    assert made.confusion[0] == (1, 0, 0, 1, 0, 0, 0, 0, 0)
    assert made.confusion[1] == (0, 0, 0, 0, 0, 0, 0, 0, 1)


def test_no_face_is_no_score() -> None:
    assert expression_scores(reading_samples([])) is None


def test_nothing_said_of_anybody_is_stated_without_a_number_that_is_none() -> None:
    made = scored(samples([0, 1], np.array([UNIFORM, UNIFORM]), [UNTOLD, UNTOLD]))
    assert (made.accuracy.value, made.unsure, made.macro_precision.value) == (0, 1, 0)
    assert (made.calibration_error.low, made.calibration_error.high) == (0, 1)
    assert made.cross_entropy.value == pytest.approx(math.log(8))


def test_what_was_thought_impossible_has_the_highest_cross_entropy() -> None:
    made = scored(samples([1], np.eye(8)[[0]]))
    assert made.cross_entropy.value == pytest.approx(MOST_NATS)


def test_looks_at_the_same_people_do_not_make_the_intervals_narrower() -> None:
    once = random_samples(4, 40, EVERY)
    often = chosen(once, np.ones(40, np.bool_))
    again = samples(
        np.tile(often.labels, 9),
        np.tile(often.given, (9, 1)),
        np.tile(often.said, 9),
        np.tile(often.groups, 9),
    )
    one, nine = scored(once), scored(again)
    for name in ("accuracy", "macro_precision", "macro_recall", "macro_f1", "cross_entropy", "calibration_error"):
        ours, theirs = asdict(getattr(one, name)), asdict(getattr(nine, name))
        assert ours == pytest.approx(theirs)
        assert ours["low"] < ours["value"] < ours["high"]
    assert (nine.faces, nine.people) == (360, one.people)
    assert scored(once) == one  # the same whenever it is made


def test_an_interval_over_people_covers_the_truth_where_one_over_faces_does_not() -> None:
    """People who are read rightly with a chance of their own, uniform in 0…1, each seen ten times: the truth is ½."""
    chance, groups, inside, faces_inside = np.random.default_rng(5), np.repeat(np.arange(30), 10), [], []
    for _ in range(100):
        right = chance.random(300) < chance.random(30)[groups]
        by_people, by_faces = (group_interval(share_measure(right), some) for some in (groups, np.arange(len(groups))))
        inside.append(by_people.low <= 0.5 <= by_people.high)
        faces_inside.append(by_faces.low <= 0.5 <= by_faces.high)
    assert np.mean(inside) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 100)
    assert np.mean(faces_inside) < 0.7


def test_one_person_tells_nothing_of_others() -> None:
    made = scored(samples([0, 0], np.eye(8)[[0, 1]], groups=[3, 3]))
    assert (made.accuracy.value, made.accuracy.low, made.accuracy.high) == (0.5, 0, 1)
    assert (made.cross_entropy.low, made.cross_entropy.high) == (0, MOST_NATS)
    assert (made.calibration_error.low, made.calibration_error.high) == (0, 1)
    right = scored(samples([0], np.eye(8)[[0]])).accuracy
    wrong = scored(samples([0], np.eye(8)[[1]])).accuracy
    assert (right.value, right.low, right.high) == pytest.approx((1, 0.025, 1))
    assert (wrong.value, wrong.low, wrong.high) == pytest.approx((0, 0, 0.975))


def test_readings_are_of_the_labelled_faces_alone() -> None:
    """Neither an ignored face nor one without a label counts; a person of two frames is one."""
    answer = reading(emotion(anger=0.9), size=33, sharpness=0.5, pose=0.2)
    truths = [
        truth("a", label="anger", about={"glasses": "yes"}),
        truth("b"),
        truth("c", label="anger", ignore=True),
        truth("d", label="fear"),
    ]
    readings = [answer] * 4
    looks = [look("film", frame, truths, readings=readings) for frame in (0, 5)] + [
        look("picture", 0, truths[:1], readings=[answer])
    ]
    made = reading_samples(looks)
    assert made.places == (
        Place("film", 0, "a"),
        Place("film", 0, "d"),
        Place("film", 5, "a"),
        Place("film", 5, "d"),
        Place("picture", 0, "a"),
    )
    assert made.groups.tolist() == [0, 1, 0, 1, 2]
    assert [LABELS[label] for label in made.labels] == ["anger", "fear", "anger", "fear", "anger"]
    assert [LABELS[label] for label in made.said] == ["anger"] * 5
    assert (made.size[0], made.sharpness[0], made.pose[0], made.attributes[0]) == (33, 0.5, 0.2, {"glasses": "yes"})


def test_told_is_what_the_program_says_of_the_person_that_matches() -> None:
    """Told, unsure, a sign instead of an expression, not yet read, and missed."""
    boxes = [truth(name).box for name in "abcde"]
    boxes = [type(box)(100.0 * at, 0, 100.0 * at + 40, 40) for at, box in enumerate(boxes)]
    truths = [truth(name, box, "happiness") for name, box in zip("abcde", boxes, strict=True)]
    happy, glad = emotion(happiness=0.9), emotion(happiness=0.4)
    people = [
        person(boxes[3], None, "unsure", 3),
        person(boxes[2], glad, "smile", 2),
        person(boxes[1], glad, "unsure", 1),
        person(boxes[0], happy, "happiness", 0),
    ]
    readings = [reading(emotion(neutral=1.0))] * 5
    made = told_samples([look("m", 0, truths, readings=readings, people=people)])
    assert made.places == reading_samples([look("m", 0, truths, readings=readings)]).places
    assert made.said.tolist() == [LABELS.index("happiness"), UNTOLD, UNTOLD, UNTOLD, UNTOLD]
    expected = [happy.probabilities, glad.probabilities, glad.probabilities, UNIFORM, UNIFORM]
    assert made.given == pytest.approx(np.array(expected))
