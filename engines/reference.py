"""A card's reference vector: does this engine answer as the model did when the card was written?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.base import Array, Engine
from engines.cards import Card
from engines.errors import ModelRejected

TOLERANCE = {"fp32": 1e-4, "fp16": 0.02, "bf16": 0.05}
"""The largest accepted difference of a probability. fp32: what different summation orders leave. bf16 keeps 8 bits of
a number: the shipped emotion cards differ by up to 0.014 on a CPU with amx_bf16. fp16
keeps 11: ``engines.gate`` judges it more closely."""


def drawn(count: int, side: int) -> NDArray[np.uint8]:
    """Gray pictures (count, side, side) of a drawn face whose mouth turns from a frown to a smile; integers only, so
    that every machine makes the same ones."""
    y, x = (100 * (2 * grid + 1) // side - 100 for grid in np.mgrid[0:side, 0:side].astype(np.int64))
    return np.stack([_face(x, y, index) for index in range(count)]).astype(np.uint8)


def _face(x: NDArray[np.int64], y: NDArray[np.int64], index: int) -> NDArray[np.int64]:
    gray = 200 - (3 * x * x + 2 * y * y) // 300
    for eye in (-38, 38):
        gray = gray - np.maximum(0, 110 - ((x - eye) ** 2 + (y + 25) ** 2 * (1 + index % 2)) // 2)
    mouth = abs(y - 45 + 14 * (index - 1) * (x * x - 900) // 1800)
    face: NDArray[np.int64] = np.clip(gray - np.where(abs(x) < 48, np.maximum(0, 90 - 9 * mouth), 0), 0, 255)
    return face


def reference_input(card: Card, count: int) -> Array:
    """The first ``count`` reference pictures as the card's model is fed, in its layout, normalised."""
    if card.input.side == "dynamic":
        raise ValueError(f"{card.name} has no fixed input side, so no reference picture")
    gray = drawn(count, card.input.side)
    pictures = gray[..., None] if card.input.colour == "gray" else np.repeat(gray[..., None], 3, axis=3)
    return as_input(card, pictures)


def as_input(card: Card, pictures: NDArray[np.uint8]) -> Array:
    """Pictures (N, side, side, channels) in the card's colour order, as one float32 batch in its layout."""
    mean = np.asarray(card.input.mean, np.float32)
    std = np.asarray(card.input.std, np.float32)
    batch = (pictures.astype(np.float32) - mean) / std
    return np.ascontiguousarray(batch.transpose(0, 3, 1, 2)) if card.input.layout == "nchw" else batch


def check_reference(card: Card, engine: Engine) -> float:
    """The largest difference between what the open engine answers and what the card expects; 0.0 without a reference.

    Raises:
        ModelRejected: it is larger than the engine's precision allows, or not a number.
    """
    if card.reference is None:
        return 0.0
    expected = np.array(card.reference.expected)
    feeds = {engine.inputs[0].name: reference_input(card, len(expected))}
    got = engine.run(feeds)[engine.outputs[0].name]
    if got.shape != expected.shape:
        raise ModelRejected(f"{card.name}: the reference answer must have shape {expected.shape}, got {got.shape}")
    difference = float(np.abs(got - expected).max())
    info = engine.info()
    bound = TOLERANCE.get(info.precision, max(TOLERANCE.values()))
    if not difference <= bound:
        raise ModelRejected(
            f"{card.name}: {info.backend} {info.precision} differs from the card's reference by {difference:.2g}, "
            f"allowed {bound:g}: use another engine or precision"
        )
    return difference
