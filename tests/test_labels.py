from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.known import KEPT, MOST_KEPT
from streamer.labels import LabelRules, Labels, smooth
from streamer.types import UNSURE, Emotion
from tests.rooms import changes, emotion, every, look, once, share, track, watch


def smiles_from(start: float) -> Callable[[float], Emotion]:
    return lambda pts: emotion(pts, happiness=0.95 if pts >= start else 0.02)


def test_one_person_a_track_in_the_same_order() -> None:
    people = Labels().update((track(3), track(1), track(2)), {1: emotion(0.0, anger=0.9)}, {2: 0.5}, 0.0)
    assert [person.track.id for person in people] == [3, 1, 2]
    assert [person.label for person in people] == [UNSURE, "anger", UNSURE]
    assert people[0].emotion is None
    assert people[2].quality == 0.5


def test_the_first_reading_is_taken_as_it_is() -> None:
    person = once(Labels(), 5.0, happiness=0.9)
    assert person.label == "happiness"
    assert person.confidence == pytest.approx(0.9)
    assert person.emotion is not None
    assert person.emotion.pts == 5.0


def test_smoothing_follows_the_formula() -> None:
    labels = Labels(LabelRules(tau=0.4))
    once(labels, 0.0)
    first = once(labels, 0.2, happiness=1.0)
    assert share(first, "happiness") == pytest.approx(1 - math.exp(-0.5))
    second = once(labels, 0.5, happiness=1.0)
    assert share(second, "happiness") == pytest.approx(1 - math.exp(-1.25))


def test_thirty_frames_a_second_look_like_ten() -> None:
    """A smile that comes and goes over 2 s, read at both rates: at the same times the numbers differ by ≤ 0.02."""

    def read(pts: float) -> Emotion:
        return emotion(pts, happiness=0.45 - 0.45 * math.cos(math.pi * pts))

    slow = watch(Labels(), read, list(every(1 / 10, 8)))
    fast = watch(Labels(), read, list(every(1 / 30, 8)))[::3]
    step = smiles_from(2.0)
    slow_step, fast_step = (watch(Labels(), step, list(every(1 / rate, 4))) for rate in (10, 30))
    # A swing is sampled 1/15 s later on average by the slower one: that alone makes 0.45 π/15 = 0.09 at most, so the
    # numbers are compared where the reading holds still, and the swings by their means.
    assert share(slow_step[30], "happiness") == pytest.approx(share(fast_step[90], "happiness"), abs=0.02)
    means = [np.mean([share(person, "happiness") for person in people]) for people in (slow, fast)]
    assert means[0] == pytest.approx(means[1], abs=0.02)
    changed = [
        changes([person.label for person in people])[0] / rate for people, rate in ((slow_step, 10), (fast_step, 30))
    ]
    assert changed[0] == pytest.approx(changed[1], abs=0.1)


def test_a_reading_weighs_by_the_time_since_the_last_one() -> None:
    """Between t = 0 and 0.6 s nothing else is read than happiness: once, or six times, ends alike."""
    rare, often = Labels(), Labels()
    once(rare, 0.0)
    once(often, 0.0)
    for pts in every(0.1, 0.5, start=0.1):
        once(often, pts, happiness=1.0)
    assert share(once(rare, 0.6, happiness=1.0), "happiness") == pytest.approx(
        share(once(often, 0.6, happiness=1.0), "happiness")
    )


def test_a_true_change_settles_within_a_second_and_a_half() -> None:
    for step in (1 / 30, 0.1, 0.2, 0.25):
        times = list(every(step, 10))
        people = watch(Labels(), smiles_from(3.03), times)
        said = [person.label for person in people]
        assert [said[0], *(said[index] for index in changes(said))] == ["neutral", "happiness"]
        assert 0.7 <= times[changes(said)[0]] - 3.03 <= 1.5


def test_a_label_waits_for_its_hold() -> None:
    """Readings every 0.1 s; with so short a τ the smile leads at once, and is said 0.7 s after it led first."""
    times = list(every(0.1, 3))
    people = watch(Labels(LabelRules(tau=0.001)), smiles_from(1.0), times)
    assert times[changes([person.label for person in people])[0]] == pytest.approx(1.7)


@pytest.mark.parametrize("step", [1 / 30, 0.1, 0.25, 1.0])
def test_a_single_outlier_never_changes_a_label(step: float) -> None:
    times = list(every(step, 20))
    for wrong in ("happiness", "anger", "fear"):
        labels, odd = Labels(), times[len(times) // 2]
        people = watch(labels, lambda pts: emotion(pts, **{wrong: 1.0} if pts == odd else {}), times)  # noqa: B023
        assert {person.label for person in people} == {"neutral"}


def test_two_labels_that_lead_in_turn_are_unsure_once() -> None:
    """Sadness and neutral at 0.5 ± 0.02: "unsure" comes once and stays."""
    times = list(every(0.2, 60))
    labels = Labels()
    once(labels, -0.2)
    rng = np.random.default_rng(1)
    said = [
        person.label for person in watch(labels, lambda pts: emotion(pts, sadness=0.58 + rng.normal() * 0.02), times)
    ]
    assert [said[0], *(said[index] for index in changes(said))] == ["neutral", UNSURE]


def test_a_label_that_falls_a_little_behind_is_kept() -> None:
    times = list(every(0.2, 10))
    labels = Labels()
    once(labels, -0.2)
    assert {person.label for person in watch(labels, lambda pts: emotion(pts, sadness=0.52), times)} == {"neutral"}


def test_unsure_shows_the_likeliest_visible_label_as_its_confidence() -> None:
    """Sadness leads what may be said by far, and disgust leads it."""
    person = once(Labels(), 0.0, sadness=0.4, disgust=0.55)
    assert person.label == UNSURE
    assert person.confidence == pytest.approx(0.4)


def test_hidden_labels_are_never_said_but_stay_in_the_numbers() -> None:
    people = watch(Labels(), lambda pts: emotion(pts, disgust=0.9), list(every(0.2, 5)))
    assert {person.label for person in people} == {UNSURE}
    assert share(people[-1], "disgust") == pytest.approx(0.9)
    shown = watch(Labels(hidden=()), lambda pts: emotion(pts, disgust=0.9), list(every(0.2, 5)))
    assert {person.label for person in shown} == {"disgust"}


def test_a_hidden_label_that_takes_over_makes_unsure() -> None:
    people = watch(Labels(), lambda pts: emotion(pts, contempt=0.9 if pts > 2 else 0.0), list(every(0.2, 6)))
    assert people[-1].label == UNSURE


def test_low_quality_is_unsure() -> None:
    person = once(Labels(), 0.0, quality=0.1, happiness=0.9)
    assert person.label == UNSURE
    assert person.quality == 0.1


def test_one_blurred_frame_changes_nothing_and_lasting_blur_does() -> None:
    labels, said = Labels(), []
    for index, pts in enumerate(every(0.2, 6)):
        said.append(once(labels, pts, quality=0.1 if index == 5 or index >= 15 else 0.9, happiness=0.9).label)
    assert set(said[:15]) == {"happiness"}
    assert said[-1] == UNSURE
    assert len(changes(said)) == 1


def test_quality_around_its_threshold_does_not_flicker() -> None:
    labels, rng = Labels(LabelRules(min_quality=0.3)), np.random.default_rng(1)
    said = [once(labels, pts, quality=0.3 + 0.04 * rng.normal(), happiness=0.9).label for pts in every(0.2, 60)]
    assert len(changes(said)) <= 6


def test_the_quality_of_a_frame_without_a_judgement_is_the_last_one() -> None:
    labels = Labels()
    once(labels, 0.0, quality=0.7)
    assert look(labels, 0.1).quality == 0.7


def test_an_old_reading_is_unsure_and_the_next_one_is_taken_as_it_is() -> None:
    labels = Labels()
    once(labels, 0.0, happiness=0.9)
    assert look(labels, 2.0).label == "happiness"
    assert look(labels, 2.1).label == UNSURE
    person = once(labels, 2.5, sadness=0.9)
    assert person.label == "sadness"
    assert person.confidence == pytest.approx(0.9)


def test_a_reading_that_is_not_newer_is_left_out() -> None:
    labels = Labels()
    once(labels, 1.0, happiness=0.9)
    person = labels.update((track(),), {1: emotion(0.5, anger=1.0)}, {}, 1.1)[0]
    assert share(person, "happiness") == pytest.approx(0.9)


def test_smooth_by_hand() -> None:
    assert smooth(np.zeros(8), np.ones(8), 1.0, 1.0) == pytest.approx(np.full(8, 1 - 1 / math.e))


def test_doubtful_faces_are_those_that_lead_by_little_or_are_about_to_change() -> None:
    labels = Labels()
    assert not labels.doubtful(1)
    once(labels, 0.0, happiness=0.9)
    assert not labels.doubtful(1)
    once(labels, 1.0, sadness=0.95)  # far ahead, and not yet said
    assert labels.doubtful(1)
    close = Labels()
    once(close, 0.0, sadness=0.45)
    assert close.doubtful(1)


def test_a_poor_face_is_not_in_doubt() -> None:
    labels = Labels()
    once(labels, 0.0, quality=0.1, sadness=0.45)
    assert not labels.doubtful(1)


def test_a_track_that_comes_back_soon_keeps_its_label_and_a_late_one_is_new() -> None:
    labels = Labels()
    once(labels, 0.0, happiness=0.9)
    labels.update((), {}, {}, 1.0)
    assert look(labels, 1.5).label == "happiness"
    for pts in every(1.0, KEPT + 1, start=2.0):
        labels.update((), {}, {}, pts)
    assert look(labels, 9.0).emotion is None


@pytest.mark.parametrize("pts", [-0.1, 10.1])
def test_a_time_that_falls_or_leaps_is_a_new_session(pts: float) -> None:
    labels = Labels(LabelRules(stale=100))
    once(labels, 0.0, happiness=0.9)
    assert look(labels, pts).emotion is None


def test_what_is_remembered_is_bounded() -> None:
    labels = Labels()
    for first in range(0, 4000, 100):
        ids = range(first, first + 100)
        labels.update([track(id_) for id_ in ids], {id_: emotion(0.0, anger=0.9) for id_ in ids}, {}, first / 40_000)
    remembered = sum(labels.update((track(id_),), {}, {}, 0.1)[0].emotion is not None for id_ in range(4000))
    assert remembered <= MOST_KEPT + 100


@pytest.mark.parametrize("rules", [{"tau": 0.0}, {"stale": -1.0}, {"hold": -0.1}, {"margin": math.nan}])
def test_rules_that_cannot_be_are_refused(rules: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(rules))):
        LabelRules(**rules)  # type: ignore[arg-type]  # the values given are of the fields that are floats


def test_unknown_hidden_labels_and_nothing_to_show_are_refused() -> None:
    with pytest.raises(ConfigError, match="got joyful"):
        Labels(hidden=("joyful",))
    with pytest.raises(ConfigError, match="at least one"):
        Labels(hidden=LABELS)
