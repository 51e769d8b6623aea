"""Frame in, FrameResult out: detect, track, classify, sum up. No thread, no I/O, no clock but the stopwatch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from streamer.chips import MIN_QUALITY, cut, quality
from streamer.schedule import Schedule
from streamer.stages import Classifier, Detector, MoodMeter, Tracker
from streamer.types import Chip, Emotion, Face, Frame, FrameResult, Image, Person, Track


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


class Reader(Protocol):
    """Says what is known of each person: ``Labels``, or ``SignReader`` where no emotion is inferred."""

    def update(
        self, tracks: Sequence[Track], readings: Mapping[int, Emotion], qualities: Mapping[int, float], pts: float
    ) -> tuple[Person, ...]: ...

    def doubtful(self, track_id: int) -> bool: ...

    def calibrate(self) -> None: ...


@runtime_checkable
class Seeing(Protocol):
    """A tracker that looks at the picture as well, to notice a cut or a new layout of a meeting's tiles."""

    def see(self, image: Image, pts: float) -> bool:
        """Whether the picture is another one than the last, so that everybody in it is new."""
        ...


def _news(part: Detector | Classifier) -> str:
    return part.news if isinstance(part, Telling) else ""


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A frame on its way: what was found, and the chips that wait for the classifier: its own, or of a frame before."""

    frame: Frame
    tracks: tuple[Track, ...]
    chosen: tuple[int, ...]
    chips: tuple[Chip, ...]
    qualities: Mapping[int, float]
    seconds: Mapping[str, float]


class Analyzer:
    """The analysis of one camera. ``process`` is ``begin``, the classifier, and ``finish``; whoever has several cameras
    calls them one by one and classifies the chips of all in one batch."""

    def __init__(
        self,
        models: Models,
        tracker: Tracker,
        labels: Reader,
        mood: MoodMeter,
        schedule: Schedule,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._models, self._detector, self._tracker, self._labels = models, models.eyes(), tracker, labels
        self._mood, self.schedule, self._clock = mood, schedule, clock
        self._faces: tuple[Face, ...] = ()
        self._held: tuple[tuple[int, Chip], ...] = ()

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

    def process(self, frame: Frame, lag: float = 0.0) -> FrameResult:
        """Analyse one frame; ``lag`` seconds have passed since it was captured (0 for a file)."""
        pending = self.begin(frame, lag)
        start = self._clock()
        emotions = self._models.classifier.classify(pending.chips)
        return self.finish(pending, emotions, self._clock() - start)

    def begin(self, frame: Frame, lag: float = 0.0) -> Pending:
        """Detect, track, and cut the chips of the faces that are due. ``lag``: see Schedule.detect_now()."""
        seconds: dict[str, float] = {}
        with self._stopwatch(seconds, "convert"):
            image = frame.image
        faces = None
        if isinstance(self._tracker, Seeing) and self._tracker.see(image, frame.pts):
            self._held = ()
            self.schedule.look_again()
        if self.schedule.detect_now(frame.index, frame.pts, lag):
            with self._stopwatch(seconds, "detect"):
                faces = self._faces = self._detector.detect(image)
        with self._stopwatch(seconds, "track"):
            tracks = self._tracker.update(faces, frame.pts)
        with self._stopwatch(seconds, "cut"):
            # A predicted box sits a little off, so faces are cut only from frames that were detected on.
            due = () if faces is None else self.schedule.choose(tracks, frame.pts, self._labels.doubtful)
            qualities = {track.id: quality(image, track.face) for track in due}
            good = tuple(track for track in due if qualities[track.id] >= MIN_QUALITY)
            fit, crop = self._detector.fit, self._models.classifier.crop
            fresh = tuple((track.id, cut(image, track.face, fit, crop, frame.pts)) for track in good)
        ready = self._ready(fresh)
        chosen, chips = tuple(id_ for id_, _ in ready), tuple(chip for _, chip in ready)
        return Pending(frame, tracks, chosen, chips, qualities, seconds)

    def _ready(self, fresh: tuple[tuple[int, Chip], ...]) -> tuple[tuple[int, Chip], ...]:
        """The chips to classify with this frame: its own, or those of the frame before where the schedule spreads look
        and readings over two frames."""
        held, self._held = self._held, fresh if self.schedule.hold else ()
        return held if self.schedule.hold else (*held, *fresh)

    def finish(self, pending: Pending, emotions: Sequence[Emotion], classify: float = 0.0) -> FrameResult:
        """Join the emotions, in the order of the pending chips, to their people. ``classify``: seconds they took."""
        frame, seconds = pending.frame, dict(pending.seconds)
        if pending.chips:
            seconds["classify"] = classify
        readings = dict(zip(pending.chosen, emotions, strict=True))
        with self._stopwatch(seconds, "mood"):
            people = self._labels.update(pending.tracks, readings, pending.qualities, frame.pts)
            mood = self._mood.update(frame.source, people, frame.pts, frame.size)
        look = seconds["detect"] + seconds["cut"] if "detect" in seconds else None
        rest = sum(seconds.values()) - (look or 0.0) - seconds.get("classify", 0.0)
        self.schedule.learn(look=look, rest=rest, classify=classify, faces=len(emotions))
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

    @property
    def held(self) -> int:
        """Faces of an earlier frame that will be classified with the next one."""
        return len(self._held)

    def calibrate(self) -> None:
        """Take each person's expression of now as that person's resting face."""
        self._labels.calibrate()

    @contextmanager
    def _stopwatch(self, seconds: dict[str, float], name: str) -> Iterator[None]:
        start = self._clock()
        yield
        seconds[name] = self._clock() - start
