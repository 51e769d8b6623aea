"""Smiles and frowns as yes or no, and that no emotion leaves the analysis where none may be inferred."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from streamer.analyzer import Analyzer, Models
from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.known import KEPT, MOST_KEPT
from streamer.mood import RoomMood
from streamer.schedule import Plan, Schedule
from streamer.signs import NoMood, SignReader, SignRules, label_of
from streamer.types import SIGNS, UNSURE, Emotion, FrameResult, GroupMood, Person, Signs
from tests.fakes import FakeClassifier, FakeDetector, FakeTracker, frame
from tests.heads import landmarks, swinging, times, track_at
from tests.rooms import changes, emotion, every, track
from tests.test_labels_clip import demo48, read

STILL = Signs(False, False, False, False, True)


def once(reader: SignReader, pts: float, *, quality: float | None = 0.9, **shares: float) -> Person:
    """One frame in which track 1 is read as this."""
    qualities = {} if quality is None else {1: quality}
    return reader.update((track(),), {1: emotion(pts, **shares)}, qualities, pts)[0]


def look(reader: SignReader, pts: float) -> Person:
    return reader.update((track(),), {}, {}, pts)[0]


def signs_of(person: Person) -> Signs:
    assert person.signs is not None
    return person.signs


def watch(reader: SignReader, read_at: Callable[[float], Emotion], at: Sequence[float], sign: str) -> list[bool | None]:
    people = [reader.update((track(),), {1: read_at(pts)}, {1: 0.9}, pts)[0] for pts in at]
    return [getattr(signs_of(person), sign) for person in people]


@pytest.mark.parametrize(
    ("shares", "smile", "frown"),
    [
        ({"happiness": 0.9}, True, False),
        ({"anger": 0.9}, False, True),
        ({"sadness": 0.4, "disgust": 0.4}, False, True),
        ({"surprise": 0.9}, False, False),
        ({"contempt": 0.9}, False, False),
        ({"fear": 0.9}, False, False),
        ({}, False, False),
    ],
)
def test_what_is_a_smile_and_what_a_frown(shares: Mapping[str, float], smile: bool, frown: bool) -> None:
    person = once(SignReader(), 0.0, **shares)
    assert (signs_of(person).smile, signs_of(person).frown) == (smile, frown)
    assert person.emotion is None
    assert person.label == ("smile" if smile else "frown" if frown else UNSURE)
    assert person.confidence == (1.0 if smile or frown else 0.0)


def test_one_person_a_track_in_the_same_order() -> None:
    people = SignReader().update((track(3), track(1), track(2)), {1: emotion(0.0, anger=0.9)}, {1: 0.9, 2: 0.5}, 0.0)
    assert [person.track.id for person in people] == [3, 1, 2]
    assert [signs_of(person).frown for person in people] == [None, True, None]
    assert [person.quality for person in people] == [0.0, 0.9, 0.5]


@pytest.mark.parametrize("step", [1 / 30, 0.1, 0.25])
def test_a_smile_is_told_within_a_second_and_ends_within_one(step: float) -> None:
    at = list(every(step, 9))
    told = watch(
        SignReader(), lambda pts: emotion(pts, happiness=0.95 if 3 <= pts < 6 else 0.02), at, "smile"
    )  # fmt: skip
    came, went = (at[index] for index in changes([str(one) for one in told]))
    assert 0.3 <= came - 3 <= 1.1
    assert 0.3 <= went - 6 <= 1.1


@pytest.mark.parametrize("step", [1 / 30, 0.1, 0.25, 1.0])
def test_a_single_outlier_changes_nothing(step: float) -> None:
    at = list(every(step, 20))
    odd = at[len(at) // 2]
    for wrong, sign in (("happiness", "smile"), ("anger", "frown")):
        told = watch(SignReader(), lambda pts: emotion(pts, **{wrong: 1.0} if pts == odd else {}), at, sign)  # noqa: B023
        assert set(told) == {False}


@pytest.mark.parametrize("level", [0.45, 0.5, 0.55])
def test_between_the_thresholds_it_stays_as_it_is(level: float) -> None:
    rng = np.random.default_rng(1)
    for before in (0.05, 0.95):
        reader = SignReader()
        once(reader, 0.0, happiness=before)
        told = watch(
            reader,
            lambda pts: emotion(pts, happiness=level + 0.03 * rng.normal()),
            list(every(0.2, 60, start=0.2)),
            "smile",
        )
        assert set(told) == {before > 0.5}


def test_an_old_reading_and_a_poor_face_tell_nothing() -> None:
    reader = SignReader()
    once(reader, 0.0, happiness=0.9)
    assert signs_of(look(reader, 2.0)).smile is True
    assert signs_of(look(reader, 2.1)).smile is None
    assert look(reader, 2.1).label == UNSURE
    assert signs_of(once(reader, 2.5, anger=0.9)).frown is True  # taken at once after so long
    poor = once(SignReader(), 0.0, quality=0.1, happiness=0.9)
    assert (signs_of(poor).smile, signs_of(poor).frown) == (None, None)


def test_one_blurred_picture_changes_nothing_and_lasting_blur_does() -> None:
    reader, told = SignReader(), []
    for index, pts in enumerate(every(0.2, 6)):
        quality = 0.1 if index == 5 or index >= 15 else 0.9
        told.append(signs_of(once(reader, pts, quality=quality, happiness=0.9)).smile)
    assert set(told[:15]) == {True}
    assert told[-1] is None
    assert len(changes([str(one) for one in told])) == 1


def test_a_reading_that_is_not_newer_is_left_out() -> None:
    reader = SignReader()
    once(reader, 1.0, happiness=0.9)
    assert signs_of(reader.update((track(),), {1: emotion(0.5, anger=1.0)}, {}, 1.1)[0]).frown is False


def test_a_resting_face_that_seems_to_frown_does_not_once_it_is_calibrated() -> None:
    reader = SignReader()
    assert signs_of(once(reader, 0.0, anger=0.4, sadness=0.35)).frown is True
    reader.calibrate()
    assert signs_of(look(reader, 0.1)).frown is False
    rested = watch(reader, lambda pts: emotion(pts, anger=0.4, sadness=0.35), list(every(0.2, 4, start=0.2)), "frown")
    assert set(rested) == {False}
    smiling = watch(reader, lambda pts: emotion(pts, happiness=0.95), list(every(0.2, 4, start=4.2)), "smile")
    assert smiling[-1] is True


def test_faces_between_the_thresholds_or_about_to_change_are_in_doubt() -> None:
    reader = SignReader()
    assert not reader.doubtful(1)
    once(reader, 0.0, happiness=0.9)
    assert not reader.doubtful(1)
    once(reader, 1.5)
    assert reader.doubtful(1)  # the smile is over, and not yet said to be
    near = SignReader()
    once(near, 0.0, happiness=0.5)
    assert near.doubtful(1)
    poor = SignReader()
    once(poor, 0.0, quality=0.1, happiness=0.5)
    assert not poor.doubtful(1)


def test_a_nod_goes_before_a_smile() -> None:
    reader, angle, said = SignReader(), swinging(15, 2.0), []
    for pts in times(15, 4):
        seen = track_at(landmarks((angle(pts), 0)))
        said.append(reader.update((seen,), {1: emotion(pts, happiness=0.95)}, {1: 0.9}, pts)[0].label)
    assert [said[0], *(said[index] for index in changes(said))] == ["smile", "nod", "smile"]


def test_a_predicted_face_does_not_nod() -> None:
    reader, angle = SignReader(), swinging(15, 2.0, start=0.0, cycles=8)
    told = set()
    for pts in times(15, 4):
        seen = track_at(landmarks((angle(pts), 0)), seen=False)
        told.add(signs_of(reader.update((seen,), {}, {}, pts)[0]).nod)
    assert told == {None}


@pytest.mark.parametrize(
    ("signs", "label"),
    [
        (STILL, "facing"),
        (dataclasses.replace(STILL, facing=False), "away"),
        (dataclasses.replace(STILL, facing=None), UNSURE),
        (dataclasses.replace(STILL, smile=True), "smile"),
        (dataclasses.replace(STILL, frown=True, facing=False), "frown"),
        (dataclasses.replace(STILL, smile=True, shake=True), "shake"),
        (Signs(True, False, True, False, True), "nod"),
        (Signs(None, None, None, None, None), UNSURE),
    ],
)
def test_the_word_that_is_said(signs: Signs, label: str) -> None:
    assert label_of(signs) == label
    assert label in (*SIGNS, UNSURE)


def test_a_track_that_comes_back_soon_is_remembered_and_a_late_one_is_new() -> None:
    reader = SignReader()
    once(reader, 0.0, happiness=0.9)
    reader.update((), {}, {}, 1.0)
    assert signs_of(look(reader, 1.5)).smile is True
    for pts in every(1.0, KEPT + 1, start=2.0):
        reader.update((), {}, {}, pts)
    assert signs_of(look(reader, 9.0)).smile is None


@pytest.mark.parametrize("pts", [-0.1, 10.1])
def test_a_time_that_falls_or_leaps_is_a_new_session(pts: float) -> None:
    reader = SignReader(SignRules(stale=100))
    once(reader, 0.0, happiness=0.9)
    assert signs_of(look(reader, pts)).smile is None


def test_what_is_remembered_is_bounded() -> None:
    reader = SignReader()
    for first in range(0, 4000, 100):
        ids = range(first, first + 100)
        readings = {id_: emotion(0.0, anger=0.9) for id_ in ids}
        reader.update([track(id_) for id_ in ids], readings, dict.fromkeys(ids, 0.9), first / 40_000)
    known = sum(signs_of(reader.update((track(id_),), {}, {}, 0.1)[0]).frown is not None for id_ in range(4000))
    assert known <= MOST_KEPT + 100


@pytest.mark.parametrize(
    "rules",
    [
        {"smile": (0.4, 0.6)},
        {"frown": (1.0, 0.5)},
        {"tau": 0.0},
        {"stale": math.nan},
        {"hold": -0.1},
        {"blurred": -1.0},
    ],
)
def test_rules_that_cannot_be_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(rules))):
        SignRules(**rules)


def test_a_real_face_smiles_and_stops() -> None:
    """Forward, backward, and then the first picture stands still."""
    readings = read("demo48.onnx", demo48)
    told = watch(SignReader(), readings.__getitem__, list(readings), "smile")
    assert [told[0], *(told[index] for index in changes([str(one) for one in told]))] == [False, True, False]
    frowns = watch(SignReader(), readings.__getitem__, list(readings), "frown")
    assert set(frowns) == {False}


def analysed(signs: bool, label: str) -> list[FrameResult]:
    models = Models(FakeDetector(faces=2), FakeClassifier(label))
    labels: Any = SignReader() if signs else None
    mood = NoMood() if signs else RoomMood()
    if labels is None:
        from streamer.labels import Labels

        labels = Labels()
    with Analyzer(models, FakeTracker(), labels, mood, Schedule(Plan())) as analyzer:
        return [analyzer.process(frame(index)) for index in range(45)]


def leaves(value: object) -> Iterator[object]:
    """Everything that a value holds, itself included."""
    yield value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for part in dataclasses.fields(value):
            yield from leaves(getattr(value, part.name))
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from leaves(key)
            yield from leaves(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from leaves(one)


def emotional(result: FrameResult, read_as: float) -> list[object]:
    """What of a result tells an emotion: one read, a mood, a word for one, or the number that was read."""
    return [
        leaf
        for leaf in leaves(dataclasses.replace(result, seconds={}))
        if isinstance(leaf, Emotion | GroupMood)
        or (isinstance(leaf, str) and leaf in LABELS)
        or (isinstance(leaf, float) and leaf == pytest.approx(read_as, abs=1e-3))
    ]


@pytest.mark.parametrize("label", ["happiness", "anger", "neutral", "fear"])
def test_no_emotion_leaves_the_analysis(label: str) -> None:
    """The classifier of these frames reads everybody with probability 0.93."""
    results = analysed(True, label)
    assert [emotional(result, 0.93) for result in results] == [[]] * len(results)
    assert {person.label for result in results for person in result.people} <= {*SIGNS, UNSURE}
    assert all(person.signs is not None for person in results[-1].people)


def test_an_emotion_would_be_seen() -> None:
    found = emotional(analysed(False, "happiness")[-1], 0.93)
    assert {type(leaf) for leaf in found} == {Emotion, GroupMood, str, float}


def test_there_is_no_mood_and_nobody_votes() -> None:
    mood = NoMood()
    assert mood.update("camera", (), 0.0) is None
    assert (mood.members(), mood.left_out()) == (frozenset(), {})


def test_signs_are_read_by_the_whole_analysis() -> None:
    assert {person.label for person in analysed(True, "happiness")[-1].people} == {"smile"}
    assert {person.label for person in analysed(True, "sadness")[-1].people} == {"frown"}
