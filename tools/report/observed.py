"""The demo's scene through the live loop's own analysis, with everything that a figure needs on the way.

Nobody else is shown: the people are public-domain portraits, and their truth is known.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import median

from streamer import build
from streamer.analyzer import Analyzer, Models
from streamer.chips import warp
from streamer.config import Config, check
from streamer.explain import Explained
from streamer.mood import RoomMood
from streamer.sources.synthetic import SyntheticSource
from streamer.types import Emotion, Face, Frame, FrameResult, Image

SPEC = "people=4,size=1280x720,fps=15,seconds=20"


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The latest time that a track was read: what the model was shown, how good a picture that is (0…1), and what it
    said of this one picture alone."""

    track: int
    chip: Image
    quality: float
    emotion: Emotion


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """``still``: the frame in which everybody is to be seen best, ``annotated`` as the program shows it, ``shown`` what
    is known of it, ``faces`` found in it and ``readings`` of its people, from left to right; ``explained``: where its
    number comes from. ``results`` of all frames, ``truth``: how many faces could be seen in each. ``detector`` and
    ``classifier`` as they name themselves, with their engines."""

    spec: str
    detector: str
    classifier: str
    still: Image
    annotated: Image
    shown: FrameResult
    faces: tuple[Face, ...]
    readings: tuple[Reading, ...]
    explained: Explained | None
    results: tuple[FrameResult, ...]
    truth: tuple[int, ...]

    def seconds(self, stage: str) -> float | None:
        """The median of a stage, over the frames that have it."""
        times = [result.seconds[stage] for result in self.results if stage in result.seconds]
        return median(times) if times else None


def configuration(spec: str = SPEC) -> Config:
    return check({"sources": {"scene": {"address": f"synthetic:{spec}"}}}, {}, "demo scene")


def observed(spec: str = SPEC, *, offline: bool = False) -> Observed:
    """
    Raises:
        StreamerError, EngineError: a portrait, a model or an engine cannot be had.
    """
    config = configuration(spec)
    build.fetch_weights(config, offline=offline)
    models, mood = build.models(config), build.room_mood(config, config.room_of("scene")[1])
    source = SyntheticSource(spec, realtime=False, name="scene")
    with source, build.analyzer(config, models, mood, live=False) as analysis:
        return _Watching(config, models, analysis, mood).through(source)


class _Watching:
    def __init__(self, config: Config, models: Models, analysis: Analyzer, mood: RoomMood) -> None:
        self._spec = config.sources["scene"].address.get_secret_value().removeprefix("synthetic:")
        self._models, self._analysis, self._mood = models, analysis, mood
        self._overlay, self._view = build.overlay(config), build.view(config)
        self._readings: dict[int, Reading] = {}
        self._results: list[FrameResult] = []

    def through(self, source: SyntheticSource) -> Observed:
        best = round(min(source.scene.best_moment * source.spec.fps, source.seconds * source.spec.fps - 1))
        for frame in source.frames():
            result = self._analyse(frame)
            if frame.index <= best:  # the meter's tail and its easing need the frames before
                annotated = self._overlay.draw(frame, result, self._view, None)
            if frame.index == best:
                still, shown, readings, explained = frame, result, self._of(result), ordered(self._mood.explain())
        detector, _, classifier = self._analysis.about.partition(" + ")
        return Observed(
            self._spec,
            detector,
            classifier,
            still.image,
            annotated.image,
            shown,
            tuple(sorted(shown.faces, key=lambda face: face.box.x1)),
            readings,
            explained,
            tuple(self._results),
            tuple(source.expected_people(result.index) for result in self._results),
        )

    def _analyse(self, frame: Frame) -> FrameResult:
        """As ``Analyzer.process``, with a look at what the classifier is given."""
        pending = self._analysis.begin(frame)
        start = time.perf_counter()
        emotions = self._models.classifier.classify(pending.chips)
        taken = time.perf_counter() - start
        for track, chip, emotion in zip(pending.chosen, pending.chips, emotions, strict=True):
            self._readings[track] = Reading(track, warp(chip), pending.qualities[track], emotion)
        self._results.append(self._analysis.finish(pending, emotions, taken))
        return self._results[-1]

    def _of(self, result: FrameResult) -> tuple[Reading, ...]:
        people = sorted(result.people, key=lambda person: person.track.face.box.x1)
        known: Mapping[int, Reading] = self._readings
        return tuple(known[person.track.id] for person in people if person.track.id in known)


def ordered(explained: Explained | None) -> Explained | None:
    """With the largest parts first."""
    if explained is None:
        return None
    return replace(explained, shares=tuple(sorted(explained.shares, key=lambda one: (-one.weight, one.track))))
