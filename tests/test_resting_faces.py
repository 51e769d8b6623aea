from __future__ import annotations

import numpy as np
import pytest

from streamer.labels import RESTED, LabelRules, Labels, from_rest
from streamer.types import Emotion
from tests.rooms import emotion, every, look, once, share, watch


def test_calibrating_turns_a_resting_sad_face_to_neutral_and_still_shows_a_smile() -> None:
    def read(pts: float) -> Emotion:
        return emotion(pts, sadness=0.1, happiness=0.75) if pts >= 8 else emotion(pts, sadness=0.7, anger=0.1)

    labels, times = Labels(), list(every(0.2, 4))
    assert watch(labels, read, times)[-1].label == "sadness"
    labels.calibrate()
    after = watch(labels, read, list(every(0.2, 4, start=4.0)))
    assert {person.label for person in after} == {"neutral"}
    assert after[-1].confidence == pytest.approx(0.86, abs=0.01)
    assert watch(labels, read, list(every(0.2, 3, start=8.0)))[-1].label == "happiness"


def test_a_calibrated_face_that_turns_much_sadder_is_still_sad() -> None:
    """r = 0.4 neutral, 0.6 sad; p = 1 sad. s = 0.6, so sadness 1 + 0.6 (0.04 − 0.6) = 0.664, neutral 0.276."""
    labels = Labels()
    once(labels, 0.0, sadness=0.6)
    labels.calibrate()
    said = watch(labels, lambda pts: emotion(pts, sadness=1.0), list(every(0.2, 5, start=0.2)))[-1]
    assert said.label == "sadness"
    assert share(said, "sadness") == pytest.approx(0.664 / (0.664 + 0.276 + 0.6 * 0.1), abs=0.001)


def test_faces_without_a_fresh_reading_are_not_calibrated() -> None:
    labels = Labels()
    once(labels, 0.0, sadness=0.9)
    look(labels, 3.0)
    labels.calibrate()
    assert once(labels, 3.1, sadness=0.9).label == "sadness"


def test_nothing_is_changed_by_a_resting_face_unless_asked_for() -> None:
    people = watch(Labels(), lambda pts: emotion(pts, sadness=0.9), list(every(0.5, 120)))
    assert share(people[-1], "sadness") == pytest.approx(0.9)


def test_the_rolling_baseline_shifts_a_calm_face_slowly_and_by_half() -> None:
    """After 10 τ r = p: p + 0.5 (n − p), sadness 0.9 → 0.47, and 0.08 is cut nowhere."""
    labels = Labels(LabelRules(baseline=True))
    people = watch(labels, lambda pts: emotion(pts, sadness=0.9), list(every(0.5, 300)))
    assert share(people[10], "sadness") > 0.75
    assert share(people[-1], "sadness") == pytest.approx((0.9 + 0.04) / 2, abs=0.01)


def test_the_rolling_baseline_never_takes_a_smile_for_rest() -> None:
    people = watch(Labels(LabelRules(baseline=True)), lambda pts: emotion(pts, happiness=0.9), list(every(0.5, 120)))
    assert share(people[-1], "happiness") > 0.85


def test_from_rest_by_hand() -> None:
    rest = np.array([0.1, 0.0, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0])
    assert from_rest(rest, rest, 1.0) == pytest.approx(RESTED)
    other = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert from_rest(other, rest, 1.0) == pytest.approx(other)
    assert from_rest(rest, rest, 0.0) is rest
    assert from_rest(rest, RESTED, 1.0) == pytest.approx(rest)


def test_from_rest_stays_a_distribution() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        result = from_rest(rng.dirichlet(np.full(8, 0.3)), rng.dirichlet(np.full(8, 0.3)), rng.uniform())
        assert result.sum() == pytest.approx(1.0)
        assert result.min() >= 0
