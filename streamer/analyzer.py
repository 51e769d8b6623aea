"""Frame in, FrameResult out: detect, track, classify, sum up. No thread, no I/O, no clock but the stopwatch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from streamer.chips import MIN_QUALITY, cut, quality
from streamer.labels import Labels
from streamer.schedule import Schedule
from streamer.stages import Classifier, Detector, MoodMeter, Tracker
from streamer.types import Chip, Emotion, Face, Frame, FrameResult, Track


class Models:
    """The detector and the classifier, which all cameras share; open, use and close them in one thread."""

    def __init__(self, detector: Detector, classifier: Classifier) -> None:
        self.detector, self.classifier = detector, classifier

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.detector)
            stack.enter_context(self.classifier)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def eyes(self) -> Detector:
        """The detector for one camera: the same for all, unless it adapts itself to what it sees."""
        return self.detector.apart() if isinstance(self.detector, Adapting) else self.detector


@runtime_checkable
class Adapting(Protocol):
    """A detector that chooses by what it sees, so that each camera needs a choice of its own."""

    def apart(self) -> Detector:
        """Another choice over the same networks, which stay open as long as this one is."""
        ...


@runtime_checkable
class Telling(Protocol):
    """A detector or classifier that is busy with something besides its work: a better engine is being made."""

    @property
    def news(self) -> str: ...


def _news(part: Detector | Classifier) -> str:
    return part.news if isinstance(part, Telling) else ""


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A frame on its way: what was found, and the chips that wait for the classifier."""

    frame: Frame
    tracks: tuple[Track, ...]
    chosen: tuple[int, ...]
    chips: tuple[Chip, ...]
    qualities: Mapping[int, float]
    seconds: Mapping[str, float]


class Analyzer:
    """The analysis of one camera. ``process`` is ``begin``, the classifier, and ``finish``; whoever has several cameras
    calls them one by one and classifies the chips of all in one batch."""

    def __init__(self, models: Models, tracker: Tracker, labels: Labels, mood: MoodMeter, schedule: Schedule) -> None:
        self._models, self._detector, self._tracker, self._labels = models, models.eyes(), tracker, labels
        self._mood, self._schedule = mood, schedule
        self._faces: tuple[Face, ...] = ()

    def __enter__(self) -> Self:
        self._models.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._models.__exit__(kind, error, trace)

    @property
    def about(self) -> str:
        """Both models with their engines, once opened."""
        return f"{self._detector.about} + {self._models.classifier.about}"

    @property
    def brief(self) -> str:
        """The same for a line on the picture: detector · model · the model's engine. While a better engine is being
        made, what is done about that stands in the place of the first two; the last part is always what runs."""
        name, *engine = self._models.classifier.about.split(", ")
        news = _news(self._detector) or _news(self._models.classifier)
        return " · ".join([*([news] if news else [self._detector.about.partition(",")[0], name]), *engine])

    @property
    def detect_every(self) -> int:
        """Detection runs on each k-th frame; this is the k of now."""
        return self._schedule.every

    def process(self, frame: Frame, lag: float = 0.0) -> FrameResult:
        """Analyse one frame; ``lag`` seconds have passed since it was captured (0 for a file)."""
        pending = self.begin(frame, lag)
        start = time.perf_counter()
        emotions = self._models.classifier.classify(pending.chips)
        return self.finish(pending, emotions, time.perf_counter() - start)

    def begin(self, frame: Frame, lag: float = 0.0) -> Pending:
        """Detect, track, and cut the chips of the faces that are due."""
        seconds: dict[str, float] = {}
        with stopwatch(seconds, "convert"):
            image = frame.image
        faces = None
        if self._schedule.detect_now(frame.index, frame.pts, lag):
            with stopwatch(seconds, "detect"):
                faces = self._faces = self._detector.detect(image)
        with stopwatch(seconds, "track"):
            tracks = self._tracker.update(faces, frame.pts)
        with stopwatch(seconds, "cut"):
            # A predicted box sits a little off, so faces are cut only from frames that were detected on.
            due = () if faces is None else self._schedule.choose(tracks, frame.pts, self._labels.doubtful)
            qualities = {track.id: quality(image, track.face) for track in due}
            good = tuple(track for track in due if qualities[track.id] >= MIN_QUALITY)
            fit, crop = self._detector.fit, self._models.classifier.crop
            chips = tuple(cut(image, track.face, fit, crop, frame.pts) for track in good)
        return Pending(frame, tracks, tuple(track.id for track in good), chips, qualities, seconds)

    def finish(self, pending: Pending, emotions: Sequence[Emotion], classify: float = 0.0) -> FrameResult:
        """Join the emotions, in the order of the pending chips, to their people. ``classify``: seconds they took."""
        frame, seconds = pending.frame, dict(pending.seconds)
        if pending.chips:
            seconds["classify"] = classify
        readings = dict(zip(pending.chosen, emotions, strict=True))
        with stopwatch(seconds, "mood"):
            people = self._labels.update(pending.tracks, readings, pending.qualities, frame.pts)
            mood = self._mood.update(frame.source, people, frame.pts, frame.size)
        rest = sum(seconds.values()) - seconds.get("detect", 0.0) - seconds.get("classify", 0.0)
        self._schedule.learn(detect=seconds.get("detect"), rest=rest, classify=classify, faces=len(emotions))
        return FrameResult(
            frame.source,
            frame.index,
            frame.pts,
            frame.captured,
            people,
            mood,
            seconds,
            faces=self._faces,
            size=frame.size,
        )

    def calibrate(self) -> None:
        """Take each person's expression of now as that person's resting face."""
        self._labels.calibrate()


@contextmanager
def stopwatch(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
