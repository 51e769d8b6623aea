"""What does not move on the meter's card, drawn once for each size."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from streamer.overlay.canvas import Canvas, Stamp, coloured, layer, stamp_of
from streamer.overlay.colours import BLACK, GREY, SOFT, UNKNOWN, WHITE, Colour
from streamer.overlay.layout import MINUTE, Card
from streamer.overlay.recent import Recent
from streamer.overlay.scale import Scale
from streamer.overlay.shapes import Shapes
from streamer.overlay.text import Style, Typeface
from streamer.types import Box

Tint = Callable[[float], Colour] | None
"""The valence bar's colour at a valence; None where only the band of too thin evidence lies."""

AROUSAL = "lively", "calm"
"""The upper and the lower end of the circumplex."""


def no_colour(_valence: float) -> Colour:
    return UNKNOWN


class Ground:
    """Plate, tracks, axes and their words."""

    def __init__(self, typeface: Typeface, shapes: Shapes) -> None:
        self._typeface, self._shapes = typeface, shapes
        self._stamps: Recent[Stamp] = Recent(8)

    def stamp(self, card: Card, scale: Scale, colour: Tint) -> Stamp:
        return self._stamps.get((scale, card, colour), lambda: self._make(card, scale, colour))

    def _make(self, card: Card, scale: Scale, colour: Tint) -> Stamp:
        """All that does not move."""

        def draw(canvas: Canvas) -> None:
            canvas.lay(self._shapes.plate(card.width, card.height, 2 * scale.radius), 0, 0)
            self._bar(canvas, card.bar, scale, colour)
            self._circle(canvas, card, scale)
            if card.trend:
                self._minute(canvas, card.trend, card.pad, scale)
            if card.shares:
                box = card.shares
                track = self._shapes.bar(round(box.width), round(box.height), BLACK, 0.35)
                canvas.lay(track, round(box.x1), round(box.y1))

        return layer(card.width, card.height, draw)

    def _bar(self, canvas: Canvas, bar: Box, scale: Scale, colour: Tint) -> None:
        width, height = round(bar.width), round(bar.height)
        if colour:
            mask = self._shapes.rounded(width, height, height // 2)
            row = np.array([colour((2 * i + 1) / width - 1) for i in range(width)], np.uint8)
            canvas.lay(coloured(mask, row), round(bar.x1), round(bar.y1))
        tick = np.full((round(2.4 * height), max(1, scale.line // 2)), 255, np.uint8)
        x, y = bar.center
        canvas.lay(stamp_of(tick, WHITE, 0.9), round(x - tick.shape[1] / 2), round(y - tick.shape[0] / 2))

    def _circle(self, canvas: Canvas, card: Card, scale: Scale) -> None:
        box = card.circle
        side = round(box.width)
        disc = self._shapes.rounded(side, side, side // 2)
        canvas.lay(stamp_of(disc, BLACK, 0.45), round(box.x1), round(box.y1))
        thin = max(1, scale.line // 2)
        start = (side - thin) // 2
        axes = np.zeros((side, side), np.uint8)
        axes[start : start + thin] = 255
        style = Style(scale.tiny, "Regular", GREY)
        words = [self._typeface.word(word, style) for word in AROUSAL]
        room = 0.0
        if max(word.width for word in words) < 0.55 * side:
            room = 1.9 * scale.tiny
            for word, baseline in zip(words, (1.45 * scale.tiny, side - 0.65 * scale.tiny), strict=True):
                word.write(canvas, box.x1 + (side - word.width) / 2, box.y1 + baseline)
        axes[round(room) : side - round(room), start : start + thin] = 255
        ring = disc - cv2.erode(disc, np.ones((2 * thin + 1, 2 * thin + 1), np.uint8), borderValue=(0,))
        canvas.lay(stamp_of(np.minimum(axes, disc), WHITE, 0.28), round(box.x1), round(box.y1))
        canvas.lay(stamp_of(np.asarray(ring, np.uint8), WHITE, 0.28), round(box.x1), round(box.y1))

    def _minute(self, canvas: Canvas, box: Box, left: int, scale: Scale) -> None:
        """The line of valence 0, and how long it is."""
        middle = round((box.y1 + box.y2) / 2)
        self._typeface.word(MINUTE, Style(scale.tiny, "Regular", SOFT)).write(canvas, left, middle + scale.tiny / 2)
        rule = np.full((1, round(box.width)), 255, np.uint8)
        canvas.lay(stamp_of(rule, WHITE, 0.3), round(box.x1), middle)
