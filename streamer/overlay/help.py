"""The card that lists the keys."""

from __future__ import annotations

from collections.abc import Sequence

from streamer.overlay.berth import Berth
from streamer.overlay.canvas import Canvas, Stamp, layer
from streamer.overlay.colours import BLACK, WHITE
from streamer.overlay.recent import Recent
from streamer.overlay.scale import Scale
from streamer.overlay.shapes import Shapes, lay_plate
from streamer.overlay.text import Style, Typeface
from streamer.types import Box

KEYS = (
    ("q", "quit"),
    ("b", "blur faces"),
    ("l", "labels"),
    ("m", "meter"),
    ("c", "calibrate neutral"),
    ("s", "snapshot"),
    ("r", "record"),
    ("p", "pause analysis"),
    ("h", "help"),
)


class Help:
    def __init__(self, typeface: Typeface, shapes: Shapes) -> None:
        self._typeface, self._shapes = typeface, shapes
        self._cards: Recent[Stamp] = Recent(4)
        self.reset()

    def reset(self) -> None:
        self._berth = Berth()

    def draw(self, canvas: Canvas, scale: Scale, faces: Sequence[Box], pts: float) -> None:
        """In the middle of the picture, beside it if a face is there; nothing where it does not fit."""
        stamp = self._cards.get(scale, lambda: self._card(scale))
        width, height = stamp.size
        if width > scale.width or height > scale.height:
            return
        y, right = (scale.height - height) // 2, scale.width - width
        places = [Box(x, y, x + width, y + height) for x in (right // 2, right // 5, right - right // 5)]
        place, _ = self._berth.choose(places, faces, pts)
        at = round(place.x1), round(place.y1)
        lay_plate(canvas, self._shapes, stamp, at, (2 * scale.radius, 3 * scale.frost))

    def _card(self, scale: Scale) -> Stamp:
        style = Style(scale.small, "Regular", WHITE)
        step, cap = round(2.15 * scale.small), round(1.75 * scale.small)
        pad = 2 * scale.pad
        words = max(self._typeface.width(text, style) for _, text in KEYS)
        width = 2 * pad + cap + round(scale.small) + words
        height = 2 * pad + step * (len(KEYS) - 1) + cap

        def draw(canvas: Canvas) -> None:
            canvas.lay(self._shapes.plate(width, height, 2 * scale.radius), 0, 0)
            for number, (key, text) in enumerate(KEYS):
                y = pad + number * step
                baseline = y + (cap + scale.small) / 2
                self._key(canvas, scale, key, (pad, y, cap))
                self._typeface.word(text, style).write(canvas, pad + cap + round(scale.small), baseline)

        return layer(width, height, draw)

    def _key(self, canvas: Canvas, scale: Scale, key: str, at: tuple[int, int, int]) -> None:
        """A light key with a dark letter."""
        x, y, side = at
        canvas.lay(self._shapes.bar(side, side, WHITE, 0.9, max(2, side // 5)), x, y)
        letter = self._typeface.word(key, Style(scale.small, "Semibold", BLACK))
        letter.write(canvas, x + (side - letter.width) / 2, y + (side + 0.74 * scale.small) / 2)
