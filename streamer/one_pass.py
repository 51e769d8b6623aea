"""Detection and emotion in one pass on the GPU, as the two stages that the program knows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import numpy as np

from engines.cards import Card
from engines.one_pass import OnePass
from streamer.classifiers.carded import emotions
from streamer.passes import Passes
from streamer.stages import Classifier, Detector
from streamer.types import Chip, Crop, Emotion, Face, Fit, Image


class PassDetector:
    """Finds faces in a pass that reads them too; ``inner`` is CenterFace, for frames that no pass takes."""

    def __init__(self, inner: Detector, passes: Passes) -> None:
        self._inner, self._passes = inner, passes
        self._stack = ExitStack()
        passes.instead_of(inner)

    def __enter__(self) -> Self:
        """Raises:
        EngineError: the inner detector's own.
        """
        with ExitStack() as stack:
            stack.enter_context(self._inner)
            stack.enter_context(self._passes)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def about(self) -> str:
        """Of what ran last."""
        if self._passes.running is None:
            return self._inner.about
        info, _ = self._passes.running.info()
        return f"{_model(self._inner.about)}, {info.backend} {info.device} {info.precision}"

    @property
    def news(self) -> str:
        """What the inner detector is busy with besides; "" while it is not asked."""
        return getattr(self._inner, "news", "") if self._passes.running is None else ""

    @property
    def fit(self) -> Fit:
        return self._inner.fit

    def detect(self, image: Image) -> tuple[Face, ...]:
        """See ``streamer.stages.Detector``."""
        faces = self._passes.see(image)
        return self._inner.detect(image) if faces is None else faces


class PassClassifier:
    """Says what the pass read, and asks ``inner`` for faces of frames that no pass saw; ``card`` is that of both."""

    def __init__(self, inner: Classifier, card: Card, passes: Passes) -> None:
        self._inner, self._card, self._passes = inner, card, passes
        self._ran: OnePass | None = None
        passes.instead_of(inner)

    def __enter__(self) -> Self:
        """Raises:
        EngineError: the inner classifier's own.
        """
        self._inner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ran = None
        self._inner.__exit__(kind, error, trace)

    @property
    def about(self) -> str:
        """Of what ran last."""
        if self._ran is None:
            return self._inner.about
        _, info = self._ran.info()
        return f"{_model(self._inner.about)}, {info.backend} {info.precision}"

    @property
    def news(self) -> str:
        """What the inner classifier is busy with besides; "" while it is not asked."""
        return getattr(self._inner, "news", "") if self._ran is None else ""

    @property
    def crop(self) -> Crop:
        return self._inner.crop

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        """See ``streamer.stages.Classifier``.

        Raises:
            ModelRejected: the network gave what are no probabilities.
        """
        rows = self._passes.read(chips)
        numbers = sorted(rows)
        rest = [number for number in range(len(chips)) if number not in rows]
        answers = dict(zip(rest, self._inner.classify([chips[number] for number in rest]), strict=True)) if rest else {}
        if rows:
            said = np.stack([rows[number] for number in numbers])
            answers |= zip(numbers, emotions(self._card, said, [chips[number] for number in numbers]), strict=True)
        if chips:
            self._ran = None if rest else self._passes.running
        return tuple(answers[number] for number in range(len(chips)))


def _model(about: str) -> str:
    """ "CenterFace" of "CenterFace, openvino CPU bf16"."""
    return about.partition(",")[0]
