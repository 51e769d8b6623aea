"""Any emotion model that comes as ONNX with a card: the card differs, the class does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.base import Array, Engine
from engines.cards import Card
from engines.errors import ModelRejected
from engines.opening import news_of
from engines.reference import as_input, check_reference
from streamer.chips import warp
from streamer.emotions import LABELS, order_of
from streamer.types import Chip, Crop, Emotion, Image

MOST_AT_ONCE = 32
"""Chips in one run: more gain nothing in speed and a lot in memory."""


class CardedClassifier:
    """``opener`` makes the engine, in the thread that enters the classifier."""

    def __init__(self, card: Card, opener: Callable[[], Engine]) -> None:
        """Raises:
        ModelRejected: the card is not that of an emotion model.
        ConfigError: it has a label that stands for no known one, or two for the same.
        """
        if card.task != "emotion" or card.crop is None or card.input.side == "dynamic":
            raise ModelRejected(f"{card.name} is a model for {card.task}, an emotion model is wanted")
        self._card, self._opener = card, opener
        order_of(card.labels)  # refuses unknown ones now, not with the first face
        self._crop = Crop(card.input.side, card.crop.scale, card.crop.margin)
        self._smooth = card.crop.resample == "area"
        self._stack = ExitStack()
        self._engine: Engine | None = None
        self._about = card.title

    def __enter__(self) -> Self:
        """Open the engine and compare it with the card.

        Raises:
            EngineUnavailable: it cannot run here.
            ModelRejected: the model is not what the card says.
        """
        with ExitStack() as stack:
            engine = stack.enter_context(self._opener())
            _check_ports(self._card, engine)
            check_reference(self._card, engine)
            self._stack = stack.pop_all()
        self._about = _named(self._card, engine)
        self._engine = engine
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine = None
        self._stack.close()

    @property
    def about(self) -> str:
        """Model, engine and precision, once opened: of the engine that ran last, for another may take over."""
        return self._about

    @property
    def news(self) -> str:
        """What the engine is busy with besides running; "" for nothing."""
        return "" if self._engine is None else news_of(self._engine)

    @property
    def crop(self) -> Crop:
        return self._crop

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        """See ``streamer.stages.Classifier``.

        Raises:
            ModelRejected: the model gave what are no probabilities.
        """
        return tuple(emotion for part in _parts(chips) for emotion in self._classify(part))

    def _classify(self, chips: Sequence[Chip]) -> Iterator[Emotion]:
        if self._engine is None:
            raise RuntimeError(f"{self._card.title} must be opened before it classifies: use it in a with statement")
        pictures = np.stack([self._picture(chip) for chip in chips])
        answer = self._engine.run({self._engine.inputs[0].name: as_input(self._card, pictures)})
        self._about = _named(self._card, self._engine)
        yield from emotions(self._card, answer[self._engine.outputs[0].name], chips)

    def _picture(self, chip: Chip) -> Image:
        """(side, side, channels) in the card's colours."""
        return coloured(warp(chip, smooth=self._smooth), self._card.input.colour)


def emotions(card: Card, answer: Array, chips: Sequence[Chip]) -> Iterator[Emotion]:
    """What the card's network answered (N, its labels) to N chips.

    Raises:
        ModelRejected: these are no probabilities.
    """
    for chip, row in zip(chips, _canonical(card, answer), strict=True):
        yield Emotion(tuple(float(p) for p in row), card.name, chip.pts)


def _canonical(card: Card, answer: Array) -> NDArray[np.float64]:
    """(N, 8) in the order of ``LABELS``, summing to 1; 0 for a label the model does not know.

    The temperature T softens: p^(1/T), summing to 1 again (Guo et al. 2017, https://arxiv.org/abs/1706.04599, which
    divides the logits by T; the same thing on probabilities).
    """
    given = np.asarray(answer, np.float64)
    if not (np.isfinite(given).all() and (given >= 0).all() and (given.sum(axis=1) > 0).all()):
        raise ModelRejected(f"{card.name} gave what are no probabilities: {given.min()} … {given.max()}")
    rows = np.zeros((len(given), len(LABELS)))
    rows[:, list(order_of(card.labels))] = given ** (1 / card.temperature)
    shared: NDArray[np.float64] = rows / rows.sum(axis=1, keepdims=True)
    return shared


def _named(card: Card, engine: Engine) -> str:
    info = engine.info()
    return f"{card.title}, {info.backend} {info.precision}"


def coloured(image: Image, colour: str) -> Image:
    """A BGR picture as "bgr", "rgb" or "gray" (one channel, ITU-R BT.601 luma); always three dimensions."""
    if colour == "gray":
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)[..., None]
    return image if colour == "bgr" else np.asarray(image[..., ::-1])


def _parts(chips: Sequence[Chip]) -> Iterator[Sequence[Chip]]:
    for start in range(0, len(chips), MOST_AT_ONCE):
        yield chips[start : start + MOST_AT_ONCE]


def _check_ports(card: Card, engine: Engine) -> None:
    """Raises:
    ModelRejected: the network does not take or give what the card says.
    """
    side, channels = card.input.side, 1 if card.input.colour == "gray" else 3
    wanted = (channels, side, side) if card.input.layout == "nchw" else (side, side, channels)
    shape, given = engine.inputs[0].shape, engine.outputs[0].shape
    if shape[0] != -1 or not _fits(shape[1:], wanted):
        raise ModelRejected(f"{card.name}: the card says its input is (any batch, *{wanted}), the network says {shape}")
    if not _fits(given[1:], (len(card.labels),)):
        raise ModelRejected(f"{card.name}: the card has {len(card.labels)} labels, the network's output is {given}")


def _fits(shape: tuple[int, ...], wanted: tuple[int | str, ...]) -> bool:
    return len(shape) == len(wanted) and all(n in (-1, w) for n, w in zip(shape, wanted, strict=True))
