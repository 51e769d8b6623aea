"""The shares of the expressions: one thin bar, with words under the larger parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from streamer.emotions import LABELS
from streamer.overlay.canvas import Canvas, coloured
from streamer.overlay.colours import BLACK, EXPRESSIONS, GREY, SOFT, Colour
from streamer.overlay.scale import Scale
from streamer.overlay.shapes import Shapes
from streamer.overlay.text import Style, Typeface
from streamer.types import Box

OTHER = "other"

LEAST = 0.06
"""Smaller shares get no word."""

STAY = 0.06
"""A word that was there stays until another share is larger by this much."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the bar; ``start`` and ``share`` in 0…1."""

    word: str
    colour: Colour
    start: float
    share: float


class Shares:
    """``hidden`` labels are summed into "other"."""

    def __init__(self, typeface: Typeface, shapes: Shapes, hidden: Sequence[str]) -> None:
        self._typeface, self._shapes, self._hidden = typeface, shapes, hidden
        self.reset()

    def reset(self) -> None:
        self._named: frozenset[str] = frozenset()

    def draw(self, canvas: Canvas, box: Box, baseline: int, scale: Scale, shares: Sequence[float]) -> None:
        parts = parts_of(shares, self._hidden)
        self._bar(canvas, box, scale, parts)
        self._words(canvas, box, baseline, scale, parts)

    def _bar(self, canvas: Canvas, box: Box, scale: Scale, parts: Sequence[Part]) -> None:
        width, height = round(box.width), round(box.height)
        cut = max(1, scale.line // 2)
        row = np.zeros((width, 3), np.uint8)
        for part in parts:
            first, last = round(part.start * width), round((part.start + part.share) * width)
            row[first : last if last >= width else max(first, last - cut)] = part.colour
        rim = self._shapes.bar(width + 2, height + 2, BLACK, 0.6)
        canvas.lay(rim, round(box.x1) - 1, round(box.y1) - 1)
        canvas.lay(coloured(self._shapes.rounded(width, height, height // 2), row), round(box.x1), round(box.y1))

    def _words(self, canvas: Canvas, box: Box, baseline: int, scale: Scale, parts: Sequence[Part]) -> None:
        """Largest first, each at the start of its part, as long as there is room."""
        style = Style(scale.tiny, "Regular", SOFT)
        dot, space = 0.32 * scale.tiny, 0.9 * scale.tiny
        spans: list[tuple[float, float]] = []
        named = set()
        for part in sorted(parts, key=lambda part: -part.share - STAY * (part.word in self._named)):
            width = self._typeface.width(part.word, style) + 3.4 * dot
            x = min(box.x1 + part.start * box.width, box.x2 - width)
            fits = x >= box.x1 and all(x + width + space <= low or x >= high + space for low, high in spans)
            if part.share < LEAST or not fits:
                continue
            spans.append((x, x + width))
            named.add(part.word)
            side = max(3, round(2 * dot))
            mark = self._shapes.bar(side, side, part.colour)
            canvas.lay(mark, round(x), round(baseline - scale.tiny / 2 - side / 2))
            self._typeface.word(part.word, style).write(canvas, x + 3.4 * dot, baseline)
        self._named = frozenset(named)


def parts_of(shares: Sequence[float], hidden: Sequence[str]) -> tuple[Part, ...]:
    """The parts from left to right in the order of LABELS, "other" last."""
    total = sum(shares)
    if total <= 0:
        return ()
    named = [(label, share / total) for label, share in zip(LABELS, shares, strict=True) if label not in hidden]
    named.append((OTHER, max(0.0, 1.0 - sum(share for _, share in named))))
    parts, start = [], 0.0
    for word, share in named:
        parts.append(Part(word, EXPRESSIONS.get(word, GREY), start, share))
        start += share
    return tuple(parts)
