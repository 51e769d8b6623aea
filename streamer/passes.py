"""The passes of a run: each finds and reads the faces of a frame on the GPU without going back to the host."""

from __future__ import annotations

import logging
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self, TypeAlias

import numpy as np

from engines.base import Array
from engines.cards import Card
from engines.cuda.boxes import Squares
from engines.cuda.crops import Look
from engines.errors import EngineError, EngineUnavailable, ModelRejected
from engines.face_chain import Seen, Task
from engines.one_pass import OnePass
from streamer.detectors import centerface
from streamer.stages import Classifier, Detector
from streamer.types import Box, Chip, Face, Fit, Image

log = logging.getLogger(__name__)

Make: TypeAlias = Callable[[int, int], OnePass | None]
"""A pass, not open yet, for frames of that width and height; None while their plans are not there. Nothing is built for
it, and whatever it cannot do is an EngineError, OSError or MemoryError."""

KEPT = 16
"""Frames whose answers are kept: a round of that many cameras."""

SIZES = 4
"""Passes that are open at most; the detector's input differs between them. Further sizes go the usual way."""

SAME = 1e-6
"""Pixels of the frame: what rounding leaves between two computations of the same square."""


def task_of(card: Card, fit: Fit, min_score: float = centerface.MIN_SCORE) -> Task:
    """What CenterFace and an emotion card's network do in one pass; ``fit`` of CenterFace's boxes.

    Raises:
        ModelRejected: the card is not that of an emotion model.
    """
    given, crop = card.input, card.crop
    if card.task != "emotion" or crop is None or given.side == "dynamic":
        raise ModelRejected(f"{card.name} is a model for {card.task}, an emotion model is wanted")
    squares = Squares(given.side, fit.scale, fit.shift, crop.scale, crop.margin, crop.resample == "area")
    look = Look(given.side, given.colour, given.layout, given.mean, given.std)
    maps = centerface.HEATMAP, centerface.SCALE, centerface.OFFSET, centerface.LANDMARKS
    return Task(maps, min_score, squares, look)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a pass saw in a picture, which is kept by others or not at all."""

    image: weakref.ref[Image]
    by: OnePass
    seen: Seen

    def place(self, chip: Chip) -> int | None:
        """Which of the squares of the pass the chip is."""
        off = np.abs(self.seen.squares - chip.affine).reshape(len(self.seen.squares), -1)
        same = np.flatnonzero((off <= SAME).all(axis=1))
        return int(same[0]) if len(same) else None


class Passes:
    """The passes of a run, which a PassDetector and a PassClassifier share; the detector opens and closes them.

    Each is made and opened in the background, as soon as a frame of its size came; until then, and for sizes without
    one, the usual parts work. ``make`` is asked again for a size when another engine took over in these, because its
    plan may be there now. A pass that gives up (out of memory) ends all of them for good.
    """

    def __init__(self, make: Make, pool: Callable[[], Executor] | None = None) -> None:
        """``pool`` makes what runs in the background, one thing at a time."""
        self._make = make
        self._new_pool = pool or partial(ThreadPoolExecutor, 1, thread_name_prefix="one pass")
        self._usual: list[Detector | Classifier] = []
        self._pool: Executor | None = None
        self._coming: Future[OnePass | None] | None = None
        self._open: list[OnePass] = []
        self._asked: dict[tuple[int, int], str] = {}
        self._answers: deque[Answer] = deque(maxlen=KEPT)
        self.running: OnePass | None = None

    def __enter__(self) -> Self:
        self._pool = self._new_pool()
        self._asked.clear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        self._take()
        self._close()

    def instead_of(self, usual: Detector | Classifier) -> None:
        """A part that works where there is no pass."""
        self._usual.append(usual)

    def see(self, image: Image) -> tuple[Face, ...] | None:
        """The faces, best first, in pixels of the frame; None where there is no pass for such a frame.

        Raises:
            EngineError: the device failed, or refuses the run.
        """
        self.running = None
        suited = self._suited(image.shape[1], image.shape[0])
        if suited is None:
            return None
        try:
            seen = suited.run(image)
        except EngineUnavailable as error:
            self._give_up(error)
            return None
        self.running = suited
        self._answers.appendleft(Answer(weakref.ref(image), suited, seen))
        return tuple(_face(record) for record in seen.faces)

    def read(self, chips: Sequence[Chip]) -> Mapping[int, Array]:
        """What the emotion network says, by the numbers of those chips whose frame was seen in a pass: other squares
        than those of the pass are read only as long as the frame is still on the device.

        Raises:
            EngineError: the device failed, or refuses the run.
        """
        rows: dict[int, Array] = {}
        others: dict[Answer, list[int]] = {}
        for number, chip in enumerate(chips):
            answer = next((one for one in self._answers if one.image() is chip.image), None)
            if answer is None:
                continue
            place = answer.place(chip)
            if place is not None:
                rows[number] = answer.seen.probabilities[place]
            elif answer.by.holds(answer.seen):
                others.setdefault(answer, []).append(number)
        try:
            for answer, numbers in others.items():
                squares = np.stack([chips[number].affine for number in numbers])
                rows |= zip(numbers, answer.by.again(answer.seen, squares), strict=True)
        except EngineUnavailable as error:
            self._give_up(error)
        return rows

    def _suited(self, width: int, height: int) -> OnePass | None:
        self._take()
        for one in self._open:
            if one.takes(width, height):
                return one
        if self._pool is not None and self._coming is None and len(self._open) < SIZES:
            engines = "; ".join(part.about for part in self._usual)
            if self._asked.get((width, height)) != engines:
                self._asked[width, height] = engines
                self._coming = self._pool.submit(self._opened, width, height)
                self._take()
                return next((one for one in self._open if one.takes(width, height)), None)
        return None

    def _opened(self, width: int, height: int) -> OnePass | None:
        """In the background."""
        made = self._make(width, height)
        return None if made is None else made.__enter__()

    def _take(self) -> None:
        """What became ready in the background."""
        coming = self._coming
        if coming is None or not coming.done():
            return
        self._coming = None
        if coming.cancelled():
            return
        try:
            made = coming.result()
        except (EngineError, OSError, MemoryError) as error:
            log.warning("faces are found and read in two steps (%s)", error)
            return
        if made is not None:
            self._open.append(made)
            log.info("faces are found and read in one pass on the GPU")

    def _give_up(self, error: EngineUnavailable) -> None:
        log.warning("faces are found and read in two steps from now on (%s)", error)
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        self._take()
        self._close()

    def _close(self) -> None:
        self.running = None
        self._answers.clear()
        with ExitStack() as stack:
            for one in self._open:
                stack.push(one)
            self._open.clear()


def _face(record: Array) -> Face:
    """Of a record of ``engines.cuda.boxes.FACE``."""
    return Face(Box(*record["box"].tolist()), float(record["score"]), record["points"].copy())
