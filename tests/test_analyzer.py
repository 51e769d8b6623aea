from __future__ import annotations

import numpy as np
import pytest

from streamer.analyzer import Analyzer, Models
from streamer.labels import Labels
from streamer.schedule import Plan, Schedule
from streamer.types import Box, Emotion, Face, Frame, Image
from tests.fakes import FakeClassifier, FakeDetector, FakeMood, FakeTracker, frame


def make(detector: FakeDetector, classifier: FakeClassifier, plan: Plan | None = None) -> Analyzer:
    return Analyzer(Models(detector, classifier), FakeTracker(), Labels(), FakeMood(), Schedule(plan or Plan()))


def test_a_frame_becomes_a_result_with_people_mood_and_times() -> None:
    with make(FakeDetector(faces=2), FakeClassifier()) as analyzer:
        result = analyzer.process(frame(7))
    assert (result.source, result.index) == ("fake", 7)
    assert [person.track.id for person in result.people] == [1, 2]
    assert [person.label for person in result.people] == ["happiness", "happiness"]
    assert result.mood is not None
    assert set(result.seconds) == {"convert", "detect", "track", "cut", "classify", "mood"}


def test_faces_are_read_when_due_and_keep_the_age_of_their_reading() -> None:
    classifier = FakeClassifier()
    with make(FakeDetector(), classifier, Plan(interval=0.25)) as analyzer:
        results = [analyzer.process(frame(index)) for index in range(17)]
    assert [n for n, count in enumerate(classifier.batches) if count] == [0, 8, 16]
    emotion = results[7].people[0].emotion
    assert emotion is not None
    assert results[7].pts - emotion.pts == pytest.approx(7 / 30)


def test_skipped_detection_costs_no_detector_call_and_no_reading() -> None:
    detector, classifier = FakeDetector(), FakeClassifier()
    with make(detector, classifier, Plan(detect_every=3, interval=0.02)) as analyzer:
        results = [analyzer.process(frame(index)) for index in range(9)]
    assert detector.calls == 3
    assert [bool(count) for count in classifier.batches] == [True, False, False] * 3
    assert all(len(result.people) == 1 for result in results)
    assert "detect" not in results[1].seconds


def test_a_bad_face_is_not_classified_and_its_person_is_unsure() -> None:
    class Tiny(FakeDetector):
        def detect(self, image: Image) -> tuple[Face, ...]:
            super().detect(image)
            return (Face(Box(5, 5, 15, 15), 0.9),)

    classifier = FakeClassifier()
    with make(Tiny(), classifier) as analyzer:
        result = analyzer.process(frame())
    assert classifier.batches == [0]
    assert result.people[0].label == "unsure"


def test_begin_and_finish_are_process_in_two_halves() -> None:
    whole, halves = (make(FakeDetector(faces=2), FakeClassifier()) for _ in range(2))
    picture = frame(3)
    with whole, halves:
        expected = whole.process(picture)
        pending = halves.begin(picture)
        got = halves.finish(pending, FakeClassifier().classify(pending.chips))
    assert [p.emotion for p in got.people] == [p.emotion for p in expected.people]


def test_an_emotion_too_few_is_an_error() -> None:
    with make(FakeDetector(faces=2), FakeClassifier()) as analyzer:
        pending = analyzer.begin(frame())
        with pytest.raises(ValueError, match="shorter"):
            analyzer.finish(pending, [Emotion((1.0,) + (0.0,) * 7, "x", 0.0)])


def test_readings_that_do_not_fit_beside_the_look_come_with_the_next_frame() -> None:
    classifier = FakeClassifier()
    with make(FakeDetector(faces=2), classifier, Plan(detect_every=3, interval=0.02)) as analyzer:
        analyzer.schedule.hold = True
        results = [analyzer.process(frame(index)) for index in range(6)]
    assert classifier.batches == [0, 2, 0, 0, 2, 0]
    read = [person.emotion and person.emotion.pts for result in results for person in result.people[:1]]
    assert read == [None, 0.0, 0.0, 0.0, 0.1, 0.1]


def test_the_frame_stays_as_it_was() -> None:
    picture = frame()
    before = picture.image.copy()
    with make(FakeDetector(), FakeClassifier()) as analyzer:
        analyzer.process(picture)
    assert np.array_equal(picture.image, before)


def test_a_dropped_frame_is_never_converted() -> None:
    calls = []

    def convert() -> Image:
        calls.append(1)
        return np.zeros((4, 4, 3), np.uint8)

    lazy = Frame("x", 0, 0.0, 0.0, convert)
    assert calls == []
    assert lazy.image is lazy.image
    assert calls == [1]
    with pytest.raises(ValueError, match="read-only"):
        lazy.image[0, 0, 0] = 1


def test_a_picture_of_another_kind_is_refused_with_both_shapes() -> None:
    with pytest.raises(ValueError, match=r"height × width × 3 of uint8, got shape \(4, 4\) of float64"):
        Frame("x", 0, 0.0, 0.0, np.zeros((4, 4)))  # type: ignore[arg-type]  # the fault that is tested
