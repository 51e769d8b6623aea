"""Stages made by hand for tests: each does the least that its protocol asks for, and notes what was done to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from types import TracebackType
from typing import Self

import numpy as np

from streamer.emotions import LABELS
from streamer.errors import SourceLost
from streamer.packets import Packet, VideoFormat
from streamer.types import (
    Box,
    Chip,
    Crop,
    Emotion,
    Face,
    Fit,
    Frame,
    FrameResult,
    GroupMood,
    Image,
    Person,
    Status,
    Track,
    View,
)


class Managed:
    """Counts openings and closings and knows the thread that opened it."""

    opened = closed = 0
    thread = ""

    def __enter__(self) -> Self:
        self.opened += 1
        self.thread = threading.current_thread().name
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed += 1


def picture(width: int = 320, height: int = 240, grey: int = 0) -> Image:
    """A picture with some texture, so that faces cut from it count as sharp."""
    noise = np.random.default_rng(grey).integers(0, 255, (height, width, 3), np.uint8)
    return noise.astype(np.uint8)


def frame(index: int = 0, *, fps: float = 30.0, source: str = "fake", image: Image | None = None) -> Frame:
    return Frame(source, index, index / fps, time.monotonic(), picture() if image is None else image)


class FakeSource(Managed):
    """``count`` frames, ``period`` seconds apart; lost after ``lose_at`` frames."""

    def __init__(
        self, count: int, *, live: bool, period: float = 0.0, name: str = "fake", lose_at: int | None = None
    ) -> None:
        self.count, self.live, self.period, self.name, self.lose_at = count, live, period, name, lose_at
        self._image = picture()

    def frames(self) -> Iterator[Frame]:
        for index in range(self.count):
            if self.period:
                time.sleep(self.period)
            if index == self.lose_at:
                raise SourceLost("the cable was pulled")
            yield Frame(self.name, index, index / 30, time.monotonic(), self._image)


class FakeDetector(Managed):
    """One sharp face of 100 px in every picture; takes ``seconds``, fails at the ``fail_at``-th call."""

    about = "fake detector"
    fit = Fit()

    def __init__(self, seconds: float = 0.0, fail_at: int = -1, faces: int = 1) -> None:
        self.seconds, self.fail_at, self.faces, self.calls = seconds, fail_at, faces, 0

    def detect(self, image: Image) -> tuple[Face, ...]:
        self.calls += 1
        if self.calls == self.fail_at:
            raise RuntimeError("engine died")
        time.sleep(self.seconds)
        return tuple(Face(Box(20 + 110 * n, 20, 120 + 110 * n, 120), 0.9) for n in range(self.faces))


class FakeTracker:
    """The n-th face is always the n-th track, until all are new."""

    def __init__(self) -> None:
        self._faces: tuple[Face, ...] = ()
        self._given = 0

    def update(self, faces: Sequence[Face] | None, pts: float) -> tuple[Track, ...]:
        if faces is not None:
            self._faces = tuple(faces)
        return tuple(Track(self._given + number + 1, face, pts, True) for number, face in enumerate(self._faces))

    def reset(self) -> None:
        self._given += len(self._faces)
        self._faces = ()


class FakeClassifier(Managed):
    """Everybody shows ``label`` with probability 0.93; keeps the sizes of its batches."""

    about = "fake classifier"
    crop = Crop(48)

    def __init__(self, label: str = "happiness") -> None:
        self.label = label
        self.batches: list[int] = []

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        self.batches.append(len(chips))
        return tuple(emotion(self.label, chip.pts) for chip in chips)


def emotion(label: str, pts: float = 0.0, probability: float = 0.93) -> Emotion:
    """One label with a probability, the rest shared by the others."""
    rest = (1 - probability) / (len(LABELS) - 1)
    return Emotion(tuple(probability if name == label else rest for name in LABELS), "fake", pts)


class FakeMood:
    def update(
        self, source: str, people: Sequence[Person], pts: float, size: tuple[int, int] | None = None
    ) -> GroupMood | None:
        if not people:
            return None
        n = len(people)
        return GroupMood(n, n, 0.5, 0.2, None, emotion("happiness").probabilities, 0.0, None, 1.0, 5.0)


class FakeOverlay:
    """Paints everything white; keeps the views it was given."""

    def __init__(self, fail_at: int = -1) -> None:
        self.views: list[View] = []
        self.statuses: list[Status] = []
        self.fail_at = fail_at

    def draw(self, frame: Frame, result: FrameResult, view: View, status: Status | None) -> Frame:
        if len(self.views) == self.fail_at:
            raise RuntimeError("out of paint")
        self.views.append(view)
        if status is not None:
            self.statuses.append(status)
        return Frame(frame.source, frame.index, frame.pts, frame.captured, np.full_like(frame.image, 255))


class ListSink(Managed):
    """Keeps what it gets; takes ``seconds`` for each, fails at the ``fail_at``-th."""

    def __init__(self, seconds: float = 0.0, fail_at: int = -1, after: Callable[[int], None] | None = None) -> None:
        self.results: list[FrameResult] = []
        self.seconds, self.fail_at, self.after = seconds, fail_at, after

    def write(self, result: FrameResult) -> None:
        if len(self.results) == self.fail_at:
            raise OSError("disk full")
        time.sleep(self.seconds)
        self.results.append(result)
        if self.after is not None:
            self.after(len(self.results))


class StuckSink(Managed):
    """Never comes back from its first write until it is let go."""

    def __init__(self) -> None:
        self.stuck, self.let_go = threading.Event(), threading.Event()

    def write(self, result: FrameResult) -> None:
        self.stuck.set()
        self.let_go.wait()


class PictureList(Managed):
    def __init__(self, seconds: float = 0.0) -> None:
        self.pictures: list[Frame] = []
        self.seconds = seconds

    def write(self, picture: Frame, result: FrameResult) -> None:
        time.sleep(self.seconds)
        self.pictures.append(picture)


class FakeWindow(PictureList):
    """A window whose viewer presses keys: ``keys`` maps a count of pictures, or less than 0 of idle calls, to an
    action."""

    def __init__(self, keys: dict[int, Callable[[], object]]) -> None:
        super().__init__()
        self.keys, self.idles = keys, 0

    def write(self, picture: Frame, result: FrameResult) -> None:
        super().write(picture, result)
        if (action := self.keys.get(len(self.pictures))) is not None:
            action()

    def idle(self) -> None:
        self.idles += 1
        if (action := self.keys.get(-self.idles)) is not None:
            action()


FORMAT = VideoFormat("h264", 320, 240, Fraction(30), b"")


class FakeEncoder(Managed):
    """A packet for each picture, a keyframe every tenth, after a flush and when asked; holds one packet back until
    flushed."""

    def __init__(self, fail_at: int = -1) -> None:
        self.encoded, self.fail_at = 0, fail_at
        self._held: list[Packet] = []
        self._fresh = True

    def encode(self, picture: Frame) -> Sequence[Packet]:
        if self.encoded == self.fail_at:
            raise RuntimeError("encoder died")
        pts = round(picture.pts * 90000)
        key = self._fresh or self.encoded % 10 == 0
        out, self._held, self._fresh = self._held, [Packet(b"x", pts, pts, key, self.encoded, FORMAT)], False
        self.encoded += 1
        return out

    def ask_keyframe(self) -> None:
        self._fresh = True

    def flush(self) -> Sequence[Packet]:
        self._fresh = True
        out, self._held = self._held, []
        return out


class PacketList(Managed):
    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def write(self, packet: Packet) -> None:
        self.packets.append(packet)
