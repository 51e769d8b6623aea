"""Each score against a case worked by hand or a formula of its own; the intervals against the truth they must cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.emotions import LABELS
from tools.scores import (
    RESAMPLES,
    calibration_error,
    calibration_interval,
    confusion,
    cross_entropies,
    interval,
    macro_recall,
    recall_measure,
    resamples,
    scores,
    share_measure,
)

NEUTRAL, HAPPINESS, SADNESS = (LABELS.index(name) for name in ("neutral", "happiness", "sadness"))
ROUNDS = 300


def chances(*rows: dict[int, float]) -> NDArray[np.float64]:
    """(N, 8) probabilities; what a row does not name is 0."""
    return np.array([[row.get(label, 0.0) for label in range(len(LABELS))] for row in rows])


def covered(inside: list[bool]) -> bool:
    """Whether a 95 % interval held what it promises: 95 % of so many rounds, give or take three standard errors."""
    return bool(np.mean(inside) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / len(inside)))


def test_macro_recall_by_hand() -> None:
    labels, said = np.array([0, 0, 0, 0, 2, 2, 5]), np.array([0, 0, 0, 2, 2, 0, 0])
    assert macro_recall(said, labels) == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)


def test_calibration_error_by_hand() -> None:
    """Two bins: three faces at 0.9 of which one is right, one at 0.5 that is right; a bin's ends are its own."""
    confidence, right = np.array([0.9, 0.9, 0.9, 0.5]), np.array([True, False, False, True])
    assert calibration_error(confidence, right) == pytest.approx(3 / 4 * (0.9 - 1 / 3) + 1 / 4 * 0.5)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0


def test_calibration_error_is_guos_sum() -> None:
    """Over chance data, bin after bin as the paper's equation 3 is written."""
    chance = np.random.default_rng(3)
    confidence = chance.uniform(0.125, 1, 500)
    right = chance.random(500) < confidence**2
    expected = 0.0
    for m in range(15):
        rows = (confidence >= m / 15) & (confidence < (m + 1) / 15)
        if rows.any():
            expected += rows.sum() / 500 * abs(right[rows].mean() - confidence[rows].mean())
    assert calibration_error(confidence, right) == pytest.approx(expected)


def test_cross_entropy_by_hand() -> None:
    given = chances({0: 0.5, 1: 0.5}, {1: 0.25, 2: 0.75}, {0: 1.0})
    nats = cross_entropies(given, np.array([0, 1, 7]))
    assert nats == pytest.approx([math.log(2), math.log(4), 7 * math.log(10)])


def test_confusion_by_hand() -> None:
    table = confusion(np.array([0, 1, 1, 2]), np.array([0, 0, 0, 1]), 3)
    assert table.tolist() == [[1, 2, 0], [0, 0, 1], [0, 0, 0]]


def test_scores_by_hand() -> None:
    given = chances({NEUTRAL: 0.8, SADNESS: 0.2}, {SADNESS: 1.0}, {HAPPINESS: 0.6, NEUTRAL: 0.4}, {SADNESS: 1.0})
    made = scores(given, np.array([NEUTRAL, NEUTRAL, NEUTRAL, SADNESS]))
    assert made.faces == 4
    assert made.accuracy.value == 0.5
    assert made.macro_recall.value == pytest.approx((1 / 3 + 1) / 2)
    assert made.cross_entropy.value == pytest.approx((-math.log(0.8) + 7 * math.log(10) - math.log(0.4)) / 4)
    assert made.calibration_error.value == pytest.approx((0.2 + 0.6 + 1) / 4)
    assert made.neutral_misread.value == pytest.approx(1 / 3)
    assert [(of.label, of.faces, of.recall) for of in made.recalls] == [
        ("neutral", 3, pytest.approx(1 / 3)),
        ("sadness", 1, 1.0),
    ]
    assert [made.confusion[NEUTRAL][label] for label in (NEUTRAL, HAPPINESS, SADNESS)] == [1, 1, 1]
    assert sum(map(sum, made.confusion)) == 4


def test_a_sample_is_as_many_faces_drawn_again() -> None:
    times = resamples(50)
    assert times.shape == (RESAMPLES, 50)
    assert (times.sum(axis=1) == 50).all()
    # Of a face's RESAMPLES × 50 draws with chance 1/50; the limit is five standard errors.
    assert np.abs(times.mean(axis=0) - 1).max() < 5 / math.sqrt(RESAMPLES)
    assert times.std() == pytest.approx(math.sqrt(1 - 1 / 50), abs=0.02)


def test_a_sample_is_scored_as_if_its_faces_had_come_so_often() -> None:
    """Weights against the faces themselves, repeated; with a label that some samples do not have."""
    chance = np.random.default_rng(5)
    labels = np.concatenate([chance.integers(0, 3, 39), [7]])
    said, values = chance.integers(0, 3, 40), chance.random(40)
    said[-1] = 7
    some = resamples(40)[:60]
    assert (some[:, -1] == 0).any()
    assert (some[:, -1] > 0).any()
    recalls, means = recall_measure(said, labels)(some), share_measure(values, labels == 1)(some)
    for times, recall, mean in zip(some.astype(int), recalls, means, strict=True):
        rows = np.repeat(np.arange(40), times)
        shares = [np.mean(said[rows][labels[rows] == label] == label) for label in set(labels[rows].tolist())]
        assert recall == pytest.approx(np.mean(shares))
        assert mean == pytest.approx(values[rows][labels[rows] == 1].mean())


def test_the_interval_of_an_accuracy_is_about_that_of_the_normal_approximation() -> None:
    right = np.arange(1000) < 880
    found = interval(share_measure(right), 1000)
    half = 1.96 * math.sqrt(0.88 * 0.12 / 1000)
    assert (found.low, found.value, found.high) == pytest.approx((0.88 - half, 0.88, 0.88 + half), abs=0.002)


def test_the_interval_of_an_accuracy_covers_the_truth() -> None:
    chance = np.random.default_rng(11)
    inside = []
    for _ in range(ROUNDS):
        found = interval(share_measure(chance.random(300) < 0.8), 300)
        inside.append(found.low <= 0.8 <= found.high)
    assert covered(inside)
    assert not all(inside)  # else it would be wider than it says


def test_the_interval_of_a_macro_recall_covers_the_truth() -> None:
    """Three labels of very different numbers, recalled with .9, .7 and .4, the number of each by chance too."""
    chance = np.random.default_rng(13)
    recalls, inside = np.array([0.9, 0.7, 0.4]), []
    for _ in range(ROUNDS):
        labels = chance.choice(3, 400, p=[0.6, 0.3, 0.1])
        said = np.where(chance.random(400) < recalls[labels], labels, (labels + 1) % 3)
        found = interval(recall_measure(said, labels), 400)
        inside.append(found.low <= recalls.mean() <= found.high)
    assert covered(inside)
    assert not all(inside)


@pytest.mark.parametrize("power", [1.0, 1.1, 2.0])
def test_the_interval_of_a_calibration_error_covers_the_truth(power: float) -> None:
    """Of a classifier that is right with chance confidence^power: calibrated, nearly so, far from it."""
    chance = np.random.default_rng(17)
    grid = np.linspace(0.4, 1, 60_001)[:-1]
    bins = (grid * 15).astype(int)
    truth = float(np.abs(np.bincount(bins, grid**power - grid)).sum() / len(grid))
    inside = []
    for _ in range(100):
        confidence = chance.uniform(0.4, 1, 300)
        found = calibration_interval(confidence, chance.random(300) < confidence**power)
        inside.append(found.low <= truth + 1e-12 and truth <= found.high and found.low <= found.value <= found.high)
    assert covered(inside)


def test_the_interval_of_a_calibration_error_tells_a_calibrated_classifier_from_one_that_is_not() -> None:
    chance = np.random.default_rng(19)
    confidence = chance.uniform(0.4, 1, 3000)
    calm = calibration_interval(confidence, chance.random(3000) < confidence)
    wild = calibration_interval(confidence, chance.random(3000) < confidence**2)
    assert calm.low < 0.005
    assert wild.low > calm.high
