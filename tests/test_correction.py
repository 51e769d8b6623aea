from __future__ import annotations

import numpy as np
import pytest

from streamer.correction import Answers, corrected, room_shares, unfolded
from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.mood import RoomMood
from tests.rooms import person

NEUTRAL, HAPPINESS, SADNESS = (LABELS.index(label) for label in ("neutral", "happiness", "sadness"))


def confused() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A neutral face is given 0.6 neutral and 0.4 sadness, a sad one 0.2 and 0.8; nothing else is mistaken."""
    mean = np.eye(len(LABELS))
    mean[NEUTRAL, [NEUTRAL, SADNESS]] = 0.6, 0.4
    mean[SADNESS, [NEUTRAL, SADNESS]] = 0.2, 0.8
    return mean


def answers(faces: int = 100_000) -> Answers:
    return Answers.of(confused().tolist(), [faces] * len(LABELS), range(len(LABELS)))


def test_the_shares_of_a_large_room_are_found_back() -> None:
    """80 % neutral, 10 % sad, 10 % happy read as 50 % neutral, 40 % sad: 0.8 · 0.6 + 0.1 · 0.2 = 0.5."""
    truth = np.zeros(len(LABELS))
    truth[[NEUTRAL, SADNESS, HAPPINESS]] = 0.8, 0.1, 0.1
    plain = truth @ confused()
    assert plain[NEUTRAL] == pytest.approx(0.5)
    assert unfolded(confused(), plain) == pytest.approx(truth, abs=0.03)


def test_the_estimate_is_the_likeliest() -> None:
    """Among thousands of other shares none explains the mean reading better than what it converges to."""
    rng, plain = np.random.default_rng(1), np.array([0.5, 0.1, 0.0, 0.4, 0, 0, 0, 0])
    found = unfolded(confused(), plain)

    def likelihood(shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        return float(plain @ np.log(np.maximum(shares @ confused(), 1e-12)))

    others = [likelihood(shares) for shares in rng.dirichlet(np.full(8, 0.3), 5000)]
    assert likelihood(found) > max(others) - 1e-3
    assert likelihood(found) > likelihood(plain)


def test_few_people_are_corrected_less_than_many() -> None:
    reading = np.zeros(len(LABELS))
    reading[[NEUTRAL, SADNESS]] = 0.6, 0.4
    found = [
        room_shares(answers(), np.tile(reading, (people, 1)), np.ones(people))[NEUTRAL] for people in (1, 3, 12, 100)
    ]
    assert found == sorted(found)
    assert found[0] < 0.75
    assert found[-1] > 0.93


def test_a_reading_that_is_certain_stays_so() -> None:
    """One who is certainly sad among many who are neutral is not explained away."""
    rows = np.zeros((12, len(LABELS)))
    rows[:, NEUTRAL], rows[0] = 1.0, 0.0
    rows[0, SADNESS] = 1.0
    assert corrected(answers(), rows, np.ones(12))[0, SADNESS] == pytest.approx(1.0)


def test_a_doubtful_reading_goes_with_the_room() -> None:
    rows = np.zeros((12, len(LABELS)))
    rows[:, NEUTRAL], rows[0] = 1.0, 0.0
    rows[0, [NEUTRAL, SADNESS]] = 0.45, 0.55
    given = corrected(answers(), rows, np.ones(12))
    assert given[0, NEUTRAL] > 0.8
    assert given.sum(axis=1) == pytest.approx(1.0)


def test_a_model_without_one_of_the_labels_answers_for_those_it_has() -> None:
    order = [LABELS.index(label) for label in ("anger", "neutral")]
    made = Answers.of([[0.7, 0.3], [0.1, 0.9]], [10, 30], order)
    assert made.mean[order[0], order] == pytest.approx([0.7 * 10 / 30 + 0.85 * 20 / 30, 0.3 * 10 / 30 + 0.15 * 20 / 30])
    assert made.mean.sum(axis=1) == pytest.approx(1.0)
    assert made.mean[HAPPINESS, HAPPINESS] == 1.0  # right on average: (10 · 0.7 + 30 · 0.9) / 40 = 0.85
    assert made.shares[order] == pytest.approx([0.25, 0.75], abs=0.001)
    assert made.shares.min() > 0


def test_what_is_of_no_face_is_refused() -> None:
    with pytest.raises(ConfigError, match="of some faces"):
        Answers.of([[1.0, 0.0], [0.0, 1.0]], [0, 0], [0, 1])


@pytest.mark.parametrize(
    ("mean", "faces"), [([[1.0, 0.0]], [1, 1]), ([[1.0, 0.0], [0.0, 1.0]], [1]), ([[2.0, -1.0], [0.0, 1.0]], [1, 1])]
)
def test_what_is_no_table_of_answers_is_refused(mean: list[list[float]], faces: list[int]) -> None:
    with pytest.raises(ConfigError, match="2 rows of 2"):
        Answers.of(mean, faces, [0, 1])


def test_the_room_of_a_confused_model_is_corrected() -> None:
    """Twelve neutral people, read as this model reads neutral faces: a third of the sadness is left, or less."""
    people = [person(index, 0.0, sadness=0.4) for index in range(12)]
    plain, right = RoomMood().update("a", people, 0.0), RoomMood(answers=answers()).update("a", people, 0.0)
    assert plain is not None
    assert plain.shares is not None
    assert right is not None
    assert right.shares is not None
    assert plain.shares[SADNESS] == pytest.approx(0.4)
    assert right.shares[SADNESS] < 0.14
