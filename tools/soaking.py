"""A day at a camera, without the day: time that passes with each picture, people who come and go, a cable that is
pulled, and models that know who is there."""

from __future__ import annotations

import os
import random
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self

import numpy as np

from streamer.emotions import LABELS
from streamer.errors import SourceLost
from streamer.sources.reconnect import OnState, Reconnecting, Waiting
from streamer.types import Box, Chip, Crop, Emotion, Face, Fit, Frame, FrameResult, Image

RATE = 5.0
"""Pictures a second of that day."""

WIDTH, HEIGHT, SIDE = 200, 136, 36
"""Pixels of a picture, and of a face in it."""

ACROSS, SEATS = 4, 8
AWAY = 0.6
"""How long a seat is empty, of the time that somebody stays there."""

LOUD = 0.85
"""Probability of the label that a face shows most."""


class Clock:
    """Seconds that pass only when they are told to; read by all threads. ``passed`` is told of each wait's end."""

    def __init__(self, passed: Callable[[float], None] = lambda _: None) -> None:
        self.now = 1000.0
        self.passed = passed

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        self.passed(self.now)
        return False


@dataclass(frozen=True, slots=True)
class Seat:
    """Where it is, and when somebody comes or goes, in turns, beginning with a coming."""

    x: float
    y: float
    changes: tuple[float, ...]

    def sitter(self, seconds: float) -> int | None:
        """The number of who sits there then; None for nobody."""
        number = bisect_right(self.changes, seconds)
        return number // 2 if number % 2 else None


class Day:
    """Who sits where when, each for ``stay`` seconds on average (exponential); the same for the same seed."""

    def __init__(self, seconds: float, stay: float = 600.0, seed: int = 1) -> None:
        chance = random.Random(seed)
        self.seats = tuple(self._seat(number, seconds, stay, chance) for number in range(SEATS))
        noise = np.random.default_rng(seed)
        self.ground = noise.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        self._jitter = noise.normal(0.0, 0.6, 4096)

    @staticmethod
    def _seat(number: int, seconds: float, stay: float, chance: random.Random) -> Seat:
        changes, at, there = [], chance.uniform(0.0, AWAY * stay), True
        while at < seconds:
            changes.append(at)
            at += chance.expovariate(1.0 / (stay if there else AWAY * stay))
            there = not there
        row, column = divmod(number, ACROSS)
        return Seat(6 + 48 * column, 16 + 60 * row, tuple(changes))

    def picture(self, tick: int) -> Image:
        """The picture of a tick (1 / RATE), its number written into it."""
        image = self.ground.copy()
        image[0, :4, 0] = [tick >> shift & 255 for shift in (24, 16, 8, 0)]
        return image

    def faces(self, image: Image) -> tuple[Face, ...]:
        """Those in that picture."""
        tick = int.from_bytes(image[0, :4, 0].tobytes(), "big")
        found = []
        for number, seat in enumerate(self.seats):
            if seat.sitter(tick / RATE) is not None:
                x = seat.x + self._jitter[(7 * tick + number) % 4096]
                y = seat.y + self._jitter[(11 * tick + 3 * number) % 4096]
                found.append(Face(Box(x, y, x + SIDE, y + SIDE), 0.9))
        return tuple(found)


class Camera:
    """Gives pictures until its cable is pulled; holds a descriptor while it is open."""

    name = "desk"

    def __init__(self, day: Day, clock: Clock, pulls: Sequence[int]) -> None:
        """``pulls``: the ticks at which it is lost."""
        self._day, self._clock, self._pulls = day, clock, pulls
        self._descriptor = -1

    def __enter__(self) -> Self:
        self._descriptor = os.open(os.devnull, os.O_RDONLY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def frames(self) -> Iterator[Frame]:
        first = self._tick()
        for index in range(2**31):
            self._clock.wait(1 / RATE)
            tick = self._tick()
            if bisect_right(self._pulls, tick) != bisect_right(self._pulls, first):
                raise SourceLost("the cable was pulled")
            yield Frame(self.name, index, index / RATE, self._clock.now, self._day.picture(tick))

    def _tick(self) -> int:
        return round((self._clock.now - 1000.0) * RATE)


class Watched:
    """That camera, brought back by the product's own wrapper. Nothing of it is dropped, as of a file: so that every
    picture of the day is analysed, however fast the day passes."""

    live = False

    def __init__(self, make: Callable[[], Camera], clock: Clock, count: int, on_state: OnState) -> None:
        waiting = Waiting(clock.wait, clock, random.Random(2).random)
        self._inner = Reconnecting(make, threading.Event(), on_state=on_state, waiting=waiting)
        self._count = count
        self.name = self._inner.name
        self.given = 0

    @property
    def reconnects(self) -> int:
        return self._inner.reconnects

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inner.__exit__(kind, error, trace)

    def frames(self) -> Iterator[Frame]:
        for frame in islice(self._inner.frames(), self._count):
            self.given += 1
            yield frame


class Glances:
    """Somebody who glances at the pictures again and again, all day long, so that all that draws is at work."""

    EVERY, LONG = 250, 3
    """Pictures from one glance to the next, and of a glance."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self.seen = clock, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    @property
    def wanted(self) -> bool:
        return round(self._clock() * RATE) % self.EVERY < self.LONG

    def write(self, picture: Frame, result: FrameResult) -> None:  # noqa: ARG002  (a PictureSink's)
        self.seen += 1


class Open:
    """A model that needs no opening."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class KnowingDetector(Open):
    about, fit = "who is there, known", Fit()

    def __init__(self, day: Day) -> None:
        self._day = day

    def detect(self, image: Image) -> tuple[Face, ...]:
        return self._day.faces(image)


class ChangingClassifier(Open):
    """Another label each half minute."""

    about, crop = "what is shown, made up", Crop(48)

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        return tuple(self._emotion(number, chip) for number, chip in enumerate(chips))

    @staticmethod
    def _emotion(number: int, chip: Chip) -> Emotion:
        shown = (number + int(chip.pts / 30)) % len(LABELS)
        rest = (1 - LOUD) / (len(LABELS) - 1)
        return Emotion(tuple(LOUD if one == shown else rest for one in range(len(LABELS))), "made up", chip.pts)
