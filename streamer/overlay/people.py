"""The people in the picture: an outline around each face, and a plate that says what it seems to express, or does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from streamer.emotions import LABELS
from streamer.overlay.canvas import Canvas, Stamp, layer
from streamer.overlay.colours import BLACK, EXPRESSIONS, GREY, SIGNED, SOFT, WHITE, Colour
from streamer.overlay.easing import Eased
from streamer.overlay.placement import Ground, Placement, Wish
from streamer.overlay.recent import Recent
from streamer.overlay.scale import Scale
from streamer.overlay.shapes import Corner, Shapes, lay_plate
from streamer.overlay.text import Style, Typeface, plain
from streamer.types import UNSURE, Box, FrameResult, Person

STALE = 0.4
"""Opacity of the outline and the bar when a reading is two intervals old. The word stays legible."""


@dataclass(slots=True)
class Look:
    """How a track is drawn now: values on their way."""

    opacity: Eased = field(default_factory=Eased)
    confidence: Eased = field(default_factory=Eased)


@dataclass(frozen=True, slots=True)
class Tag:
    """What is written on a person's plate: a word and, unless unsure, how sure. A sign has no bar: it is a yes."""

    word: str
    colour: Colour
    sure: bool
    bar: bool = True


class People:
    """``interval``: seconds between two readings of a face; ``hidden``: labels that are never written."""

    def __init__(self, typeface: Typeface, shapes: Shapes, interval: float, hidden: Sequence[str]) -> None:
        self._typeface, self._shapes = typeface, shapes
        self._interval, self._hidden = interval, hidden
        self._plates: Recent[Stamp] = Recent(64)
        self._bars: Recent[tuple[int, int, int, int]] = Recent(4)
        self.reset()

    def reset(self) -> None:
        self._placement = Placement()
        self._looks: dict[int, Look] = {}
        self._pts: float | None = None

    def draw(self, canvas: Canvas, scale: Scale, result: FrameResult, taken: tuple[Box, ...]) -> None:
        """Outlines, then plates; ``taken`` is where no plate may lie."""
        seconds = 0.0 if self._pts is None else result.pts - self._pts
        self._pts = result.pts
        shown = [(person, box) for person in result.people if (box := visible(person.track.face.box, scale))]
        self._looks = {p.track.id: self._looks.get(p.track.id) or Look() for p, _ in shown}
        tags = {p.track.id: tag for p, _ in shown if (tag := self.tag(p))}
        wishes = [Wish(p.track.id, box, *self._size(tags[p.track.id], scale)) for p, box in shown if p.track.id in tags]
        others = tuple(box for p, box in shown if p.track.id not in tags)
        ground = Ground(scale.width, scale.height, scale.gap, 0.5 * scale.gap, taken, others)
        places = self._placement.place(wishes, ground, result.pts)
        for person, _ in shown:
            look = self._looks[person.track.id]
            look.opacity.step(freshness(person, result.pts, self._interval), seconds)
            look.confidence.step(person.confidence, seconds)
            self._outline(canvas, scale, person, tags.get(person.track.id) if person.track.id in places else None)
        for key, place in places.items():
            self._plate(canvas, scale, tags[key], place, self._looks[key])

    def tag(self, person: Person) -> Tag | None:
        """None before the first reading."""
        word = plain(person.label)
        if person.signs is not None:
            sure = word != UNSURE and bool(word)
            return Tag(word if sure else UNSURE, SIGNED.get(word, GREY), sure, bar=False)
        if person.emotion is None:
            return None
        if word == UNSURE or word in self._hidden or not word:
            return Tag(UNSURE, GREY, sure=False)
        return Tag(word, EXPRESSIONS.get(word, GREY), sure=True)

    def _outline(self, canvas: Canvas, scale: Scale, person: Person, tag: Tag | None) -> None:
        """Brackets at the corners. Coloured only with the word beside it; thinner before the first reading."""
        opacity = self._looks[person.track.id].opacity.value or STALE
        line = scale.line if person.emotion or person.signs else max(1, scale.line // 2)
        box = person.track.face.box
        side = min(box.width, box.height)
        arm = int(min(0.3 * side, 0.06 * scale.unit)) // 2 * 2
        radius = min(scale.radius, arm)
        if arm < 3:
            return
        shape = Corner(arm, line, radius, not person.track.seen)
        stamps = self._shapes.corners(shape, tag.colour if tag else GREY, opacity)
        size = stamps[0].size[0]
        inset = max(1, line // 2) + line
        x1, y1 = round(box.x1) - inset, round(box.y1) - inset
        x2, y2 = round(box.x2) + inset - size, round(box.y2) + inset - size
        for stamp, at in zip(stamps, ((x1, y1), (x2, y1), (x1, y2), (x2, y2)), strict=True):
            canvas.lay(stamp, *at)

    def _plate(self, canvas: Canvas, scale: Scale, tag: Tag, place: Box, look: Look) -> None:
        key = (tag, scale)
        stamp = self._plates.get(key, lambda: self._picture(tag, scale))
        x, y = round(place.x1), round(place.y1)
        lay_plate(canvas, self._shapes, stamp, (x, y), (scale.radius, scale.frost))
        if not (tag.sure and tag.bar):
            return
        left, top, width, height = self._bar(scale)
        filled = round(width * min(1.0, max(0.0, look.confidence.value or 0.0)))
        if filled >= height:
            fill = self._shapes.bar(filled, height, tag.colour, look.opacity.value or STALE)
            canvas.lay(fill, x + left, y + top)

    def _picture(self, tag: Tag, scale: Scale) -> Stamp:
        width, height = self._size(tag, scale)
        style = self._style(tag, scale)

        def draw(canvas: Canvas) -> None:
            canvas.lay(self._shapes.plate(width, height, scale.radius), 0, 0)
            self._typeface.word(tag.word, style).write(canvas, scale.pad, scale.pad + round(scale.name))
            if tag.sure and tag.bar:
                left, top, length, thick = self._bar(scale)
                canvas.lay(self._shapes.bar(length, thick, BLACK, 0.7), left, top)

        return layer(width, height, draw)

    def _style(self, tag: Tag, scale: Scale) -> Style:
        if tag.sure:
            return Style(scale.name, "Semibold", WHITE)
        return Style(scale.name, "It", SOFT)

    def _size(self, tag: Tag, scale: Scale) -> tuple[int, int]:
        _, top, length, thick = self._bar(scale)
        width = self._typeface.width(tag.word, self._style(tag, scale))
        if not (tag.sure and tag.bar):
            return width + 2 * scale.pad, 2 * scale.pad + round(1.25 * scale.name)
        return max(width, length) + 2 * scale.pad, top + thick + scale.pad

    def _bar(self, scale: Scale) -> tuple[int, int, int, int]:
        return self._bars.get(scale, lambda: self._measure(scale))

    def _measure(self, scale: Scale) -> tuple[int, int, int, int]:
        """Left, top, width and height of the confidence bar on a plate. 0.12 H wide, or as wide as the longest word,
        so that all bars have one length and all plates one edge."""
        style = Style(scale.name, "Semibold", WHITE)
        words = (self._typeface.width(label, style) for label in LABELS if label not in self._hidden)
        width = max(round(0.12 * scale.unit), *words)
        top = scale.pad + round(1.5 * scale.name)
        return scale.pad, top, width, max(3, round(0.0055 * scale.unit))


def visible(box: Box, scale: Scale) -> Box | None:
    """What of a face lies in the picture; None if nothing does."""
    if not math.isfinite(box.x1 + box.y1 + box.x2 + box.y2):
        return None
    seen = Box(max(0.0, box.x1), max(0.0, box.y1), min(float(scale.width), box.x2), min(float(scale.height), box.y2))
    return seen if seen.width >= 1 and seen.height >= 1 else None


def freshness(person: Person, pts: float, interval: float) -> float:
    """Opacity by the age of the reading: 1 within the interval in which the next one is due, STALE at twice it."""
    if person.emotion is None:
        return 1.0
    late = (pts - person.emotion.pts - interval) / interval
    return 1.0 - (1.0 - STALE) * min(1.0, max(0.0, late))
