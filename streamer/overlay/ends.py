"""The words under the two ends of the valence bar, with how many people are on each side: a mean hides dissent."""

from __future__ import annotations

from streamer.overlay.canvas import Canvas
from streamer.overlay.colours import SOFT, WHITE
from streamer.overlay.history import Camps
from streamer.overlay.layout import Card
from streamer.overlay.scale import Scale
from streamer.overlay.text import Style, Typeface

NAMES = ("negative", "positive"), ("neg", "pos"), ("−", "+")
"""The ends, from the words to what any card has room for."""

Words = tuple[str, str]
"""A count, '' without one, and the name of its end."""


class Ends:
    def __init__(self, typeface: Typeface) -> None:
        self._typeface = typeface

    def draw(self, canvas: Canvas, card: Card, scale: Scale, camps: Camps | None) -> None:
        """With the counts where somebody is on a side; else the words alone, as where ``camps`` is None: not known."""
        left, right = self.words(card, scale, camps)
        self._write(canvas, card, scale, left, card.bar.x1)
        self._write(canvas, card, scale, right, card.bar.x2 - self._width(right, scale))

    def words(self, card: Card, scale: Scale, camps: Camps | None) -> tuple[Words, Words]:
        """The longest names that leave some space between the two; a person on one side shows that the other has 0."""
        counts = [str(count) for count in camps] if camps and any(camps) else ["", ""]
        for names in NAMES:
            left, right = zip(counts, names, strict=True)
            if self._width(left, scale) + self._width(right, scale) + 0.9 * scale.tiny <= card.bar.width:
                break
        return left, right

    def _width(self, words: Words, scale: Scale) -> float:
        count, name = words
        number, word = styles(scale)
        ahead = self._typeface.width(count, number) + gap(scale) if count else 0.0
        return ahead + self._typeface.width(name, word)

    def _write(self, canvas: Canvas, card: Card, scale: Scale, words: Words, x: float) -> None:
        count, name = words
        number, word = styles(scale)
        if count:
            self._typeface.word(count, number).write(canvas, x, card.ends)
            x += self._typeface.width(count, number) + gap(scale)
        self._typeface.word(name, word).write(canvas, x, card.ends)


def styles(scale: Scale) -> tuple[Style, Style]:
    """Of a count and of a word."""
    return Style(scale.tiny, "Semibold", WHITE), Style(scale.tiny, "Regular", SOFT)


def gap(scale: Scale) -> float:
    """Between a count and its word."""
    return 0.3 * scale.tiny
