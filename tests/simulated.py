"""Live cameras whose analysis costs what a test says, on a clock that nothing but these costs and waiting moves: the
product's own rounds, schedule, tracker, labels and mood, without a thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streamer.analyzer import Analyzer, Models
from streamer.governor import Governor
from streamer.labels import Labels
from streamer.line import Camera, Line
from streamer.mailbox import Mailbox
from streamer.metrics import Metrics
from streamer.mood import RoomMood
from streamer.rounds import Rounds
from streamer.schedule import Plan, Schedule
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.types import Box, Chip, Emotion, Face, Frame, FrameResult, Image, Track, View
from tests.fakes import FakeClassifier, FakeDetector, FakeOverlay, FakeSource, ListSink, emotion, picture

APART = 110
"""Pixels between two faces."""


@dataclass
class Costs:
    """Seconds of a look, of one reading, and of everything else a frame; may be changed in mid-run."""

    look: float = 0.0
    face: float = 0.0
    rest: float = 0.0


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Looking(FakeDetector):
    """Faces in a row, swaying a little."""

    def __init__(self, clock: Clock, costs: Costs, faces: int, meanwhile: Callable[[], None]) -> None:
        super().__init__(faces=faces)
        self._clock, self._costs, self._meanwhile = clock, costs, meanwhile

    def detect(self, image: Image) -> tuple[Face, ...]:  # noqa: ARG002
        self.calls += 1
        self._meanwhile()
        sway = 4 * math.sin(self._clock.now)
        self._clock.now += self._costs.look
        return tuple(Face(Box(x, 20, x + 100, 120), 0.9) for x in (10 + APART * n + sway for n in range(self.faces)))


class Reading(FakeClassifier):
    """Each face has a happy and a calm time in turn, at a rhythm of its own."""

    def __init__(self, clock: Clock, costs: Costs) -> None:
        super().__init__()
        self._clock, self._costs = clock, costs

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        self.batches.append(len(chips))
        self._clock.now += self._costs.face * len(chips)
        return tuple(emotion(shown(person(chip), chip.pts), chip.pts, 0.8) for chip in chips)


class Following(NorfairTracker):
    def __init__(self, clock: Clock, costs: Costs) -> None:
        super().__init__()
        self._clock, self._costs = clock, costs

    def update(self, faces: Sequence[Face] | None, pts: float) -> tuple[Track, ...]:
        self._clock.now += self._costs.rest
        return super().update(faces, pts)


def person(chip: Chip) -> int:
    """Which of the faces in the row."""
    middle = chip.affine[0] @ (chip.size / 2, chip.size / 2, 1)
    return int(middle // APART)


def shown(number: int, pts: float) -> str:
    return "happiness" if int(pts / (7 + 2 * number)) % 2 == number % 2 else "neutral"


@dataclass
class World:
    """``fps`` of each camera; every camera sees ``faces``. ``results`` in the order in which they came, with ages;
    ``told``: what each round was said to give. ``meanwhile`` is called in each look."""

    fps: Sequence[float]
    costs: Costs
    faces: int = 3
    target: float | None = 0.1
    clock: Clock = field(default_factory=Clock)
    results: list[tuple[FrameResult, float]] = field(default_factory=list)
    told: list[Sequence[FrameResult]] = field(default_factory=list)
    meanwhile: Callable[[World], None] = lambda _: None
    on_results: Callable[[Sequence[FrameResult]], None] = lambda _: None

    def __post_init__(self) -> None:
        self.detector = Looking(self.clock, self.costs, self.faces, lambda: self.meanwhile(self))
        models = Models(self.detector, Reading(self.clock, self.costs))
        self.governor = None if self.target is None else Governor(self.target)
        self.metrics = Metrics()
        self.room = RoomMood()
        self.lines = [self._line(models, f"camera {n}") for n in range(len(self.fps))]
        self.errors: list[Exception] = []
        self.rounds = Rounds(models, self.lines, View(), self.errors, self._hear, self.clock)
        self._image = picture(20 + APART * self.faces, 140)
        self._next = [0] * len(self.fps)
        self._start = self.clock.now

    def _hear(self, results: Sequence[FrameResult]) -> None:
        self.told.append(results)
        self.on_results(results)

    def _line(self, models: Models, name: str) -> Line:
        plan = Plan(detect_every=1 if self.governor is None else None)
        schedule = Schedule(plan, self.governor)
        tracker = Following(self.clock, self.costs)
        analyzer = Analyzer(models, tracker, Labels(), self.room, schedule, self.clock)
        camera = Camera(FakeSource(0, live=True, name=name), analyzer, FakeOverlay(), [ListSink()])
        return Line(camera, Mailbox("latest"), self.metrics, windowed=False, clock=self.clock)

    def run(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        """Go on for so long; ``each`` is called after every round."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self._deliver()
            round_ = [(line, frame) for line in self.lines if (frame := line.frames.take(0)) is not None]
            if not round_:
                self.clock.now = min(map(self._due, range(len(self.fps))))
                continue
            self.rounds.run(round_)
            for line in self.lines:
                for _, box in line.results:
                    while (result := box.take(0)) is not None:
                        self.results.append((result, self.clock.now - result.captured))
            each()

    def _due(self, camera: int) -> float:
        return self._start + self._next[camera] / self.fps[camera]

    def _deliver(self) -> None:
        """The frames whose time has come."""
        for number, line in enumerate(self.lines):
            while self._due(number) <= self.clock.now:
                index = self._next[number]
                frame = Frame(line.name, index, index / self.fps[number], self._due(number), self._image)
                line.frames.put(frame)
                self._next[number] += 1

    def ages(self, after: float = 0.0) -> list[float]:
        """Of the results whose media time is at least so much."""
        return [age for result, age in self.results if result.pts >= after]
