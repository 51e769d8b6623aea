"""A detector and a classifier that take their own time, apart from each other and from everything around them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from statistics import median

from streamer.stages import Classifier, Detector
from streamer.types import Chip, Crop, Emotion, Face, Fit, Image
from tools.around import Around

WARM_UP, MOST = 5, 200
"""Faces that do not count, and those that do at most."""


class TimedDetector(Around[Detector]):
    """Looks at every picture once, however often it is asked: all classifiers get the very same faces. A size of
    picture that is new is looked at once more before, because engines get ready for a size when they meet it."""

    def __init__(self, inner: Detector, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__(inner)
        self._clock = clock
        self._found: dict[bytes, tuple[Face, ...]] = {}
        self._sizes: set[tuple[int, ...]] = set()
        self._seconds: list[float] = []

    @property
    def fit(self) -> Fit:
        return self._inner.fit

    @property
    def milliseconds(self) -> float | None:
        """A picture, the median; None before the first."""
        return 1000 * median(self._seconds) if self._seconds else None

    def detect(self, image: Image) -> tuple[Face, ...]:
        key = hashlib.blake2b(image.data, person=str(image.shape).encode()[:16]).digest()
        if key not in self._found:
            self._found[key] = self._timed(image)
        return self._found[key]

    def _timed(self, image: Image) -> tuple[Face, ...]:
        if image.shape not in self._sizes:
            self._sizes.add(image.shape)
            self._inner.detect(image)
        start = self._clock()
        faces = self._inner.detect(image)
        self._seconds.append(self._clock() - start)
        return faces


class TimedClassifier(Around[Classifier]):
    """Reads the first ``WARM_UP`` + ``MOST`` faces once more, one at a time, to take the time of one."""

    def __init__(self, inner: Classifier, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__(inner)
        self._clock = clock
        self._seconds: list[float] = []

    @property
    def crop(self) -> Crop:
        return self._inner.crop

    @property
    def milliseconds(self) -> float | None:
        """A face, cutting it out included, the median; None before the first."""
        counted = self._seconds[WARM_UP:] or self._seconds
        return 1000 * median(counted) if counted else None

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        for chip in chips[: WARM_UP + MOST - len(self._seconds)]:
            start = self._clock()
            self._inner.classify((chip,))
            self._seconds.append(self._clock() - start)
        return self._inner.classify(chips)
