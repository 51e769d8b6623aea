"""Real videos through the whole analysis, built from a configuration as a run builds it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import pytest

from streamer import build
from streamer.analyzer import Models
from streamer.config import Config, check
from streamer.emotions import LABELS
from streamer.mood import RoomMood
from streamer.sinks.tally import Tally
from streamer.sources.file import FileSource
from streamer.stages import Classifier
from streamer.types import UNSURE, Chip, Crop, Emotion, Frame, FrameResult, Image
from tests.data import data
from tests.fakes import ListSink, Managed
from tests.weights import weights

SETTLED = 1.5
"""Seconds after a change of the readings within which the label must follow."""


def config(clip: str, classifier: str = "groupmood") -> Config:
    for name in ("mediapipe", "centerface"):
        weights(name)
    part = {"card": classifier}
    if classifier in ("groupmood", "mini_xception"):
        weights(classifier)
    else:
        part["weights"] = str(data(f"models/{classifier}.onnx"))
    made = check({"sources": {"clip": {"address": str(data(f"videos/{clip}"))}}, "classifier": part}, {})
    build.fetch_weights(made, offline=False)
    return made


class Overheard(Managed):
    """A classifier that keeps what another one reads."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self.readings: list[Emotion] = []

    def __enter__(self) -> Overheard:
        super().__enter__()
        self._classifier.__enter__()
        return self

    def __exit__(self, *ended: object) -> None:
        self._classifier.__exit__(None, None, None)

    @property
    def about(self) -> str:
        return self._classifier.about

    @property
    def crop(self) -> Crop:
        return self._classifier.crop

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        emotions = self._classifier.classify(chips)
        self.readings += emotions
        return emotions


@cache
def analysed(clip: str) -> tuple[FrameResult, ...]:
    """The results of a clip through the threaded pipeline."""
    sink = ListSink()
    made = build.pipeline(config(clip), build.Extras(result_sinks=(sink, Tally())))
    made.run()
    assert made.failed == []
    return tuple(sink.results)


def test_three_people_have_three_ids_throughout() -> None:
    results = analysed("three-at-the-camera.mp4")
    assert [r.index for r in results] == list(range(41))
    assert {person.track.id for r in results for person in r.people} == {1, 2, 3}
    assert all(len(r.people) == 3 for r in results[3:])
    assert results[-1].mood is not None
    assert results[-1].mood.people == 3


def test_three_people_at_the_camera_are_mostly_neutral() -> None:
    results = analysed("three-at-the-camera.mp4")
    labels = [person.label for r in results if r.pts >= 1.5 for person in r.people]
    assert labels.count("neutral") / len(labels) > 0.6
    mood = results[-1].mood
    assert mood is not None
    assert mood.valence is not None
    assert mood.interval is not None
    assert mood.shares is not None
    assert mood.shares[LABELS.index("neutral")] > 0.5
    assert -0.2 < mood.valence < 0.2
    assert mood.interval[0] <= mood.valence <= mood.interval[1]


def test_nobody_is_no_data_from_the_first_frame_to_the_last() -> None:
    results = analysed("nobody.mp4")
    assert len(results) == 95
    assert all(r.mood is None and r.people == () for r in results)


def test_whoever_leaves_is_gone_and_leaves_no_ghost() -> None:
    results = analysed("one-leaves.mov")
    assert {person.track.id for r in results for person in r.people} == {1}
    assert any(r.mood is not None for r in results)
    last = results[-1]
    assert last.people == ()
    assert last.mood is None
    # Gone a second after the face was last found, with the mood a second later at most.
    seen = max(r.pts for r in results if any(person.track.seen for person in r.people))
    assert all(not r.people for r in results if r.pts > seen + 1.1)
    assert all(r.mood is None for r in results if r.pts > seen + 2.2)


def test_detecting_on_each_third_frame_keeps_the_people() -> None:
    sink = ListSink()
    every = config("three-at-the-camera.mp4").model_copy(
        update={"detector": config("three-at-the-camera.mp4").detector.model_copy(update={"every": 3})}
    )
    build.pipeline(every, build.Extras(result_sinks=(sink,))).run()
    assert {person.track.id for r in sink.results for person in r.people} == {1, 2, 3}
    assert sum("detect" in r.seconds for r in sink.results) == 14


def pictures(clip: str) -> list[tuple[float, Image]]:
    with FileSource(data(f"videos/{clip}")) as source:
        return [(frame.pts, frame.image) for frame in source.frames()]


def there_and_back(clip: str) -> Iterable[Frame]:
    """A clip forward, then backward, then its first picture for as long as a label may take to follow."""
    forward = pictures(clip)
    step = forward[1][0] - forward[0][0]
    images = [image for _, image in (*forward, *reversed(forward))]
    images += [forward[0][1]] * round(SETTLED / step + 1)
    for index, image in enumerate(images):
        yield Frame("clip", index, index * step, 0.0, image)


@dataclass(frozen=True)
class Change:
    pts: float
    label: str


def changes(said: Iterable[tuple[float, str]]) -> list[Change]:
    """The first moment of each run of a label; "unsure" between two says nothing."""
    told = [(pts, label) for pts, label in said if label != UNSURE]
    return [Change(next(iter(run))[0], label) for label, run in groupby(told, key=lambda one: one[1])]


@pytest.mark.parametrize("classifier", ["groupmood", "mini_xception", "demo48"])
def test_a_smile_comes_and_goes(classifier: str) -> None:
    made = config("one-neutral-smile-neutral.mp4", classifier)
    overheard = Overheard(build.classifier(made, build.engines_of(made)))
    models = Models(build.detector(made, build.engines_of(made)), overheard)
    with build.analyzer(made, models, RoomMood(), live=False) as analyzer:
        results = [analyzer.process(frame) for frame in there_and_back("one-neutral-smile-neutral.mp4")]
    assert all(len(r.people) == 1 for r in results[3:])
    shown = changes((r.pts, r.people[0].label) for r in results if r.people)
    assert [change.label for change in shown] == ["neutral", "happiness", "neutral"]
    raw = changes((e.pts, LABELS[max(range(8), key=e.probabilities.__getitem__)]) for e in overheard.readings)
    smile = next(change.pts for change in raw if change.label == "happiness")
    rest = raw[-1]
    assert rest.label == "neutral"
    assert 0 <= shown[1].pts - smile <= SETTLED
    assert 0 <= shown[2].pts - rest.pts <= SETTLED
