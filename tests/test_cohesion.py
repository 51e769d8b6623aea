from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.cohesion import MOST_TRACKS, Cohesion, CohesionRules, Together, mean_correlation, standardise
from streamer.errors import ConfigError

Matrix = NDArray[np.float64]

READING = 0.4
"""Seconds over which a face's readings are smoothed before they come here."""


def smoothed(raw: Matrix, rate: float) -> Matrix:
    """Of (samples, people) the moving average over READING."""
    kept = math.exp(-1 / (rate * READING))
    rows = [raw[0]]
    for row in raw[1:]:
        rows.append(kept * rows[-1] + (1 - kept) * row)
    return np.array(rows)


def wanderers(rng: np.random.Generator, people: int, seconds: float, tau: float = 2.0, rate: float = 5.0) -> Matrix:
    """Ornstein–Uhlenbeck processes of variance 1, alike over ``tau`` seconds: (samples, people), independent."""
    kept = math.exp(-1 / (rate * tau))
    rows = [rng.normal(size=people)]
    for shock in math.sqrt(1 - kept * kept) * rng.normal(size=(round(seconds * rate) - 1, people)):
        rows.append(kept * rows[-1] + shock)
    return np.array(rows)


def smilers(rng: np.random.Generator, people: int, seconds: float, rate: float = 5.0) -> Matrix:
    """People who each smile for 3 s on average and pause for 6 s, read with noise: (samples, people), independent."""
    smiling = rng.random(people) < 1 / 3
    rows = []
    for _ in range(round(seconds * rate)):
        smiling = smiling ^ (rng.random(people) < np.where(smiling, 1 / (3 * rate), 1 / (6 * rate)))
        rows.append(0.8 * smiling + 0.15 * rng.normal(size=people))
    return np.array(rows)


def watch(valences: Matrix, rate: float = 5.0, cohesion: Cohesion | None = None) -> list[Together | None]:
    """What is said at each row of (samples, people); NaN: the person does not vote then."""
    cohesion = cohesion or Cohesion()
    said = []
    for index, row in enumerate(valences):
        votes = {("a", person): float(valence) for person, valence in enumerate(row) if not math.isnan(valence)}
        said.append(cohesion.update(votes, index / rate))
    return said


def told(together: Together | None) -> Together:
    assert together is not None
    return together


def share_above_chance(valences: Matrix, rate: int = 5, window: int = 20) -> float:
    """Of the windows that have no sample in common."""
    said = watch(valences, rate)[window * rate + 1 :: window * rate]
    return float(np.mean([told(together).above_chance for together in said]))


def waves(times: Matrix, shifts: Iterable[float]) -> Matrix:
    """Faces that follow one course, each later by a shift in seconds."""
    rows = [np.sin(0.9 * (times - s)) + np.sin(2.3 * (times - s)) + np.sin(0.41 * (times - s)) for s in shifts]
    return 0.2 * np.array(rows).T


@pytest.mark.parametrize("people", [2, 6])
@pytest.mark.parametrize("faces", [wanderers, smilers])
def test_strangers_are_rarely_together(faces: Callable[[np.random.Generator, int, float], Matrix], people: int) -> None:
    """240 independent windows; by chance 5 % are above chance."""
    valences = smoothed(faces(np.random.default_rng(people), people, 4820), 5)
    assert 0.02 <= share_above_chance(valences) <= 0.08


@pytest.mark.parametrize(("people", "least"), [(4, 0.8), (6, 0.9)])
def test_a_common_drive_is_found(people: int, least: float) -> None:
    """Half of each face's variance is that of all."""
    rng = np.random.default_rng(5)
    valences = 0.15 * smoothed(wanderers(rng, people, 1620) + wanderers(rng, 1, 1620), 5)
    assert share_above_chance(valences) >= least


def test_cohesion_is_the_share_of_variance_in_common() -> None:
    rng = np.random.default_rng(6)
    said = watch(smoothed(wanderers(rng, 6, 620) + wanderers(rng, 1, 620), 5))
    assert np.mean([told(together).cohesion for together in said[101:]]) == pytest.approx(0.5, abs=0.1)


def test_the_mean_is_that_of_all_pairs() -> None:
    tracks = wanderers(np.random.default_rng(1), 5, 20).T + np.arange(5)[:, None]
    pairs = np.corrcoef(tracks)[np.triu_indices(5, 1)]
    assert mean_correlation(standardise(tracks)) == pytest.approx(pairs.mean())


def test_alike_and_opposite() -> None:
    course = 0.3 * wanderers(np.random.default_rng(2), 1, 21)
    alike = told(watch(np.hstack([course, course + 0.2]))[-1])
    assert 0.999 < alike.cohesion <= 1.0
    assert alike.above_chance
    assert (alike.tracks, alike.seconds) == (2, 20.0)
    opposite = told(watch(np.hstack([course, -0.5 * course]))[-1])
    assert opposite.cohesion == pytest.approx(-1.0)
    assert not opposite.above_chance


def test_a_drift_of_all_counts_as_together() -> None:
    """Said in the module's docstring: what drives them is not known."""
    valences = 0.05 * wanderers(np.random.default_rng(3), 4, 21, tau=0.5) + np.linspace(0, 0.4, 105)[:, None]
    assert told(watch(valences)[-1]).above_chance


def test_flat_faces_say_nothing() -> None:
    rng = np.random.default_rng(4)
    flat = 0.1 + 0.005 * rng.normal(size=(125, 5))
    assert watch(flat)[-1] is None
    flat[:, 0] = 0.3 * rng.normal(size=125)
    assert watch(flat)[-1] is None, "one that moves is no pair"
    flat[:, 1] = 0.3 * rng.normal(size=125)
    assert told(watch(flat)[-1]).tracks == 2


def test_one_person_and_nobody() -> None:
    one = wanderers(np.random.default_rng(4), 1, 25)
    assert watch(one)[-1] is None
    assert watch(np.full((125, 1), np.nan))[-1] is None


@pytest.mark.parametrize("rate", [7.0, 15.0, 29.97, 60.0])
def test_the_frame_rate_does_not_matter(rate: float) -> None:
    shifts = (0.0, 0.3, 0.9, 2.0)
    at_five, other = (told(watch(waves(np.arange(0, 25, 1 / fps), shifts), fps)[-1]) for fps in (5.0, rate))
    assert other.cohesion == pytest.approx(at_five.cohesion, abs=0.03)
    assert 0.2 < at_five.cohesion < 0.8
    assert (other.above_chance, other.tracks, other.seconds) == (at_five.above_chance, 4, 20.0)


def test_nothing_is_said_before_most_of_the_window_has_passed_and_then_once_a_second() -> None:
    said = watch(waves(np.arange(0, 22, 0.1), (0.0, 0.2)), 10)
    first = next(index for index, together in enumerate(said) if together)
    assert first / 10 == pytest.approx(16, abs=0.3)
    assert told(said[first]).seconds == pytest.approx(16, abs=0.3)
    changes = [index for index in range(first + 1, 220) if said[index] is not said[index - 1]]
    assert np.diff(changes).tolist() == [10] * (len(changes) - 1)


def test_the_window_can_be_set() -> None:
    valences = waves(np.arange(0, 12, 0.2), (0.0, 0.2))
    assert told(watch(valences, cohesion=Cohesion(CohesionRules(window=10)))[-1]).seconds == 10
    assert watch(valences)[-1] is None
    for window in (9.9, 30.1, math.nan):
        with pytest.raises(ConfigError, match="10…30 seconds"):
            CohesionRules(window=window)


def test_a_person_who_leaves_and_one_who_comes() -> None:
    valences = waves(np.arange(0, 60, 0.2), (0.0, 0.2, 0.4, 0.6))
    valences[150:, 0] = np.nan  # leaves at 30 s
    valences[: 5 * 20, 3] = np.nan  # comes at 20 s
    valences[5 * 50 :, 1:3] = np.nan
    tracks = [together.tracks if together else 0 for together in watch(valences)]
    assert [tracks[5 * second + 1] for second in (19, 29, 34, 37, 49, 57)] == [3, 3, 3, 3, 3, 0]
    assert min(tracks[5 * 35 : 5 * 36]) == 2, "gone for a fifth of the window, the other not yet there for the rest"


def test_short_gaps_are_held_over_and_half_a_track_is_none() -> None:
    valences = waves(np.arange(0, 30, 0.1), (0.0, 0.2, 0.4))
    for start in range(0, 300, 20):
        valences[start : start + 9, 1] = np.nan
    assert told(watch(valences, 10)[-1]).tracks == 3
    for start in range(0, 300, 60):
        valences[start : start + 40, 2] = np.nan
    assert told(watch(valences, 10)[-1]).tracks == 2


def test_a_crowd_is_bounded_to_those_who_were_there_first() -> None:
    rng = np.random.default_rng(8)
    course = 0.3 * wanderers(rng, 1, 21)
    first, later = np.tile(course, MOST_TRACKS), rng.normal(size=(105, 20))
    together = told(watch(np.hstack([first, later]))[-1])
    assert together.tracks == MOST_TRACKS
    assert together.cohesion == pytest.approx(1.0)


def test_beyond_the_bound_nobody_is_followed_before_another_has_left() -> None:
    valences = waves(np.arange(0, 45, 0.2), [0.0] * (MOST_TRACKS + 5))
    valences[:5, MOST_TRACKS:] = np.nan
    valences[5 * 22 :, :MOST_TRACKS] = np.nan
    tracks = [together.tracks if together else 0 for together in watch(valences)]
    assert [tracks[5 * second + 1] for second in (21, 30, 41)] == [MOST_TRACKS, 0, 5]


def test_a_leap_in_time_is_a_gap() -> None:
    cohesion = Cohesion()
    assert watch(waves(np.arange(0, 25, 0.2), (0.0, 0.2)), cohesion=cohesion)[-1] is not None
    assert cohesion.update({("a", 0): 0.1, ("a", 1): 0.1}, 1e9) is None


def test_the_same_values_always_give_the_same_answer() -> None:
    valences = wanderers(np.random.default_rng(9), 3, 60)
    assert watch(valences) == watch(valences)
