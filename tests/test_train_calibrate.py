"""Temperature, adjustment for rare labels, confusion and answers."""

from __future__ import annotations

import numpy as np
import pytest

from streamer.emotions import LABELS
from tools.scores import cross_entropies
from tools.train.calibrate import (
    STRENGTHS,
    Calibration,
    CannotCalibrate,
    Known,
    Row,
    answers,
    choose,
    lines,
    offsets,
    softmax,
    table,
    temperature,
)

PRIOR = np.array([0.3, 0.25, 0.15, 0.1, 0.1, 0.03, 0.05, 0.02])


def drawn(true_temperature: float, count: int = 20_000, seed: int = 1) -> Known:
    """Logits, and labels drawn from softmax(logits / temperature)."""
    dice = np.random.default_rng(seed)
    logits = dice.normal(0, 3, (count, len(LABELS)))
    sums = softmax(logits / true_temperature).cumsum(axis=1)
    return Known(logits, (dice.random((count, 1)) > sums).sum(axis=1))


@pytest.mark.parametrize("true", [0.4, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(true: float) -> None:
    assert temperature(drawn(true)) == pytest.approx(true, rel=0.04)


def test_no_other_temperature_is_better() -> None:
    known = drawn(1.7, count=500)
    fitted = temperature(known)

    def loss(at: float) -> float:
        return float(cross_entropies(softmax(known.logits / at), known.labels).mean())

    assert loss(fitted) < min(loss(0.99 * fitted), loss(1.01 * fitted))


def test_logits_twice_as_large_need_twice_the_temperature() -> None:
    known = drawn(1.2, count=500)
    assert temperature(Known(2 * known.logits, known.labels)) == pytest.approx(2 * temperature(known), rel=1e-9)


@pytest.mark.parametrize("right", [True, False])
def test_faces_that_are_all_named_alike_are_refused(right: bool) -> None:
    logits = np.random.default_rng(0).normal(size=(50, len(LABELS)))
    labels = logits.argmax(axis=1) if right else logits.argmin(axis=1)
    with pytest.raises(CannotCalibrate, match=r"no temperature between 0\.05 and 20\.0 suits the 50 faces kept aside"):
        temperature(Known(logits, labels))


def test_the_offset_raises_rare_labels_by_the_log_of_their_share() -> None:
    shares = np.tile(PRIOR, (4, 1)).astype(np.float32)
    np.testing.assert_allclose(offsets(shares, 0.5), -0.5 * np.log(PRIOR), rtol=1e-6)
    assert offsets(shares, 0.0).tolist() == [0.0] * 8


def test_a_network_that_only_knows_the_shares_says_every_label_alike_when_fully_adjusted() -> None:
    shares = np.tile(PRIOR, (4, 1)).astype(np.float32)
    given = Calibration(0.7, offsets(shares, 1.0))(np.log(PRIOR)[None])
    np.testing.assert_allclose(given, np.full((1, 8), 1 / 8), atol=1e-6)


def test_the_table_has_a_row_for_each_strength_and_only_the_first_is_unadjusted() -> None:
    aside, valid = drawn(1.5, count=400, seed=2), drawn(1.5, count=400, seed=3)
    shares = np.tile(PRIOR, (4, 1)).astype(np.float32)
    rows = table(aside, valid, shares)
    assert tuple(row.strength for row in rows) == STRENGTHS
    assert STRENGTHS[:3] == (0, 0.02, 0.04)
    assert STRENGTHS[-1] == 0.5
    given = softmax(valid.logits / temperature(aside))
    assert rows[0].accuracy == (given.argmax(axis=1) == valid.labels).mean()
    assert rows[0].cross_entropy == pytest.approx(float(cross_entropies(given, valid.labels).mean()))
    assert rows[-1].accuracy < rows[0].accuracy


def row(strength: float, accuracy: float, recall: float, entropy: float = 0.3) -> Row:
    return Row(strength, 1.0, accuracy, recall, entropy, 0.01)


def test_recall_of_rare_labels_is_bought_with_little_accuracy_only() -> None:
    rows = [row(0.0, 0.8900, 0.68), row(0.1, 0.8905, 0.69), row(0.2, 0.8880, 0.71), row(0.3, 0.8870, 0.90)]
    assert choose(rows) == rows[2]


def test_for_more_recall_than_is_enough_no_accuracy_is_given() -> None:
    rows = [row(0.0, 0.8900, 0.70), row(0.1, 0.8890, 0.73), row(0.2, 0.8895, 0.72), row(0.3, 0.8895, 0.76)]
    assert choose(rows) == rows[2]


def test_nor_with_much_cross_entropy() -> None:
    rows = [row(0.0, 0.89, 0.60, 0.340), row(0.1, 0.89, 0.62, 0.344), row(0.2, 0.89, 0.75, 0.346)]
    assert choose(rows) == rows[1]


def test_of_equal_rows_the_weakest_adjustment_is_chosen() -> None:
    rows = [row(0.2, 0.88, 0.7), row(0.1, 0.88, 0.7), row(0.0, 0.88, 0.6)]
    assert choose(rows) == rows[1]


def test_the_chosen_row_is_marked() -> None:
    rows = [row(0.0, 0.89, 0.7), row(0.1, 0.885, 0.7)]
    text = lines(rows, rows[0])
    assert len(text) == 3
    assert [line.endswith("<- chosen") for line in text] == [False, True, False]
    assert "0.8900" in text[1]


def test_answers_are_the_mean_over_the_faces_of_a_label() -> None:
    labels = np.array([*range(8), 2])
    given = np.eye(8)[labels]
    given[2], given[8] = np.eye(8)[0], [0.5, 0, 0.25, 0.25, 0, 0, 0, 0]
    said = answers(given, labels)
    assert said[2].tolist() == [0.75, 0, 0.125, 0.125, 0, 0, 0, 0]
    assert said[7].tolist() == [0, 0, 0, 0, 0, 0, 0, 1]


def test_a_label_without_a_face_is_named() -> None:
    with pytest.raises(CannotCalibrate, match="no face kept aside shows fear, contempt: choose another"):
        answers(np.eye(8)[:6], np.arange(6))
